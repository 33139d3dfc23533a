"""What every benchmark says in the same words: the machine, and one line for each ratio that `run.py` collects."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

#: How a line with a ratio begins.
RATIO = "ratio: "


def machine() -> str:
    """Processor, cores, memory and Python, and how busy the machine is."""
    name, about = platform.machine(), Path("/proc/cpuinfo")
    for line in about.read_text(encoding="utf-8").splitlines() if about.exists() else []:
        if line.startswith("model name"):
            name = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores, python, load = os.cpu_count(), platform.python_version(), os.getloadavg()[0]
    return f"{name}, {cores} processors, {memory:.0f} GiB, Python {python}, load {load:.1f}"


def ratio(what: str, value: float, each: Sequence[float] = (), aim: str = "") -> None:
    """Print one ratio, the runs behind it, and what was aimed at."""
    runs = ", ".join(f"{one:.2f}" for one in each) if len(each) > 1 else ""
    print(f"{RATIO}{what} | {value:.2f} | {runs} | {aim}")
