"""Contributions grouped by driver, and the words for them."""
