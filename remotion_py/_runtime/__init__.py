"""The code that runs inside the user's interpreter: the background loop, tracebacks, waiting."""
