"""The display of notebooks: live cards, results, the panel and the magics."""
