"""What a notebook shows: the live display, the panel and the magics. Empty until they are built."""
