"""With what something was made: the versions that may change a bit of it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

#: Packages whose arithmetic or file format stands behind forecasts.
THAT_MATTER = ("lightgbm", "numba", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy")


def made_with() -> dict[str, str]:
    """Version of riskmodel with its commit, of Python and of the packages that matter, and the kind of machine."""
    from riskmodel.tracking import code_version

    return {
        "riskmodel": code_version(),
        "python": platform.python_version(),
        **{name: _version(name) for name in THAT_MATTER},
        "machine": f"{platform.system()} {platform.machine()}",
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
