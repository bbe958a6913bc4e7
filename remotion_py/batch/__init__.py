"""Batches: many renders of one composition. Checks all rows, renders them in parallel, and resumes from a manifest."""
