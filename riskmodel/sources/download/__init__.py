"""Download official files, with retries and a cache."""
