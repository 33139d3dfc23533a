"""The service's own tables and their migrations."""
