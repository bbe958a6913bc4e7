"""External data - values, files, pages, stored documents - is checked once here, and results are written atomically."""
