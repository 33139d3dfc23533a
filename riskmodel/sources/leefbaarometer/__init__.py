"""Readers of the Leefbaarometer, editions 2.0 and 3.0."""
