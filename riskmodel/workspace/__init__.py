"""The folder on disk: its store, lock, manifest and transactions."""
