"""Pictures are made without a screen, unless whoever uses the package draws already, as in a notebook."""

from __future__ import annotations

import sys

import matplotlib


def off_screen() -> None:
    """Let pyplot draw into memory; where it was imported before, its owner has chosen."""
    if "matplotlib.pyplot" not in sys.modules:
        matplotlib.use("Agg")
