"""The valid frame rates of pages, options and files (no I/O)."""

LOWEST_FPS, HIGHEST_FPS = 0.01, 1_000
"""Containers count time in whole numbers of 32 bits, which rates far beyond these leave."""
