"""The present: scores, classes and developments."""
