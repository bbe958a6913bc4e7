"""How our code runs inside the interpreter of its user: the background loop, tracebacks, waiting."""
