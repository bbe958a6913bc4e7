"""The version of this package, read by the build and sent on the wire."""

__version__ = "0.1.0"
