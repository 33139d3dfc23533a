"""Hostile input: files that are almost right, tried on every reader. See ``docs/reliability.md``."""
