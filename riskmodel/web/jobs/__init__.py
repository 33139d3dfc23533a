"""Scoring jobs: uploads, their inspection, the queue and the worker processes."""
