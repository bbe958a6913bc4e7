"""The version of this package. The build reads it, and clients send it to functions."""

__version__ = "0.1.0"

PROTOCOL = 1
"""The protocol version: increased when clients and functions of different versions can no longer work together."""
