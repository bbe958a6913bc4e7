"""The version of this package. The build reads it, and clients send it to functions."""

__version__ = "0.1.0"

PROTOCOL = 1
"""Raised when a client and a function that differ in it cannot talk to each other. Versions alone may differ."""
