"""Say at once what this machine lacks to make the environment, and what to install. Run by ``make``."""

from __future__ import annotations

import ctypes
import sys
from importlib.util import find_spec

#: What LightGBM loads from the system. Its wheels for macOS and Windows need other files and say so themselves.
OPENMP = "libgomp.so.1"


def lacking() -> list[str]:
    """A line for each thing that is missing."""
    found = []
    if sys.version_info < (3, 11):  # noqa: UP036 -- this is what is asked
        found.append(f"Python 3.11 or newer (this is {sys.version.split()[0]}): make PYTHON=python3.12 ...")
    if find_spec("ensurepip") is None:
        found.append("Python's venv: apt install python3-venv (Debian, Ubuntu)")
    if sys.platform == "linux":
        try:
            ctypes.CDLL(OPENMP)
        except OSError:
            found.append("the OpenMP library: apt install libgomp1 (Debian, Ubuntu), dnf install libgomp (Fedora)")
    return found


if __name__ == "__main__":
    if missing := lacking():
        sys.exit("\n".join(["riskmodel needs on this machine:", *(f"  - {line}" for line in missing)]))
