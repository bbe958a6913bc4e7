"""The version of this package, read by the build and sent on the wire."""

__version__ = "0.1.0"

PROTOCOL = 1
"""Raised when a client and a function that differ in it cannot talk to each other. Versions alone may differ."""
