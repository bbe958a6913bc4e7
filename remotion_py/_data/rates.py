"""The frame rates that pages, options and files may have (no I/O)."""

LOWEST_FPS, HIGHEST_FPS = 0.01, 1_000
"""Containers count time in whole numbers of 32 bits, which rates far beyond these leave."""
