"""What was found on the spot: lists as they were given, visits, and what both say of the list."""
