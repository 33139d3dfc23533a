"""The path with which processes that the service starts import the same riskmodel."""

from __future__ import annotations

import os
from pathlib import Path


def import_path() -> str:
    """Return a ``PYTHONPATH`` for another process, also where riskmodel was not installed."""
    parts = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    return os.pathsep.join(part for part in parts if part)
