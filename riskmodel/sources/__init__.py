"""Readers of official files: one small file a source, each returning tidy observations."""
