"""Data that comes from outside - values, files, pages, stored documents - checked once, and results written whole."""
