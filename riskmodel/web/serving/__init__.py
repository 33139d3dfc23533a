"""Risk lists that are made once, stored, and served many times."""
