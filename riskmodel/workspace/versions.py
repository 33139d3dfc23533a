"""Versions of the code, and of what else may change a bit of its results."""

from __future__ import annotations

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: Packages whose arithmetic or file formats forecasts depend on.
PACKAGES = ("lightgbm", "numba", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy")


@cache
def code_version() -> str:
    """Version of the package and, in a git checkout, its commit when the process first asked."""
    try:
        asked = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:  # an installation without git, such as a container
        return version("riskmodel")
    commit = asked.stdout.strip() if asked.returncode == 0 else ""
    return f"{version('riskmodel')}+{commit}" if commit else version("riskmodel")


def versions() -> dict[str, str]:
    """Versions of riskmodel with its commit, of Python and of :data:`PACKAGES`, and the kind of machine."""
    return {
        "riskmodel": code_version(),
        "python": platform.python_version(),
        **{name: package_version(name) for name in PACKAGES},
        "machine": f"{platform.system()} {platform.machine()}",
    }


def package_version(name: str) -> str:
    """Installed version of a package; empty when it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
