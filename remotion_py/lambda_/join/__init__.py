"""Joins chunks to one file without a seam."""
