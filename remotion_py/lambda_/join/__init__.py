"""Chunks to one file, seamlessly."""
