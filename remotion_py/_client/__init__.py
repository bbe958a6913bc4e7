"""The client side of a render: from a call to a request, from progress to results. Private."""
