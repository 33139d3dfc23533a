"""The JSON API of the service."""
