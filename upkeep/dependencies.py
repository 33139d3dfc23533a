"""What the lock holds, which part of the project brings each package, and how large that is (run it to see)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
#: What is installed without any extra, and what only who works on the code needs.
CORE, DEVELOPMENT = "core", "dev"
_LINE = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n"
)


@dataclass(frozen=True)
class Locked:
    """A package in the lock.

    Attributes
    ----------
    name, version : str
        As installers know them.
    marker : str
        Where it is installed; empty for everywhere.
    hashes : tuple of str
        SHA-256 of every file that may be installed for it.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def read_lock(text: str) -> list[Locked]:
    """Packages of a lock.

    Raises
    ------
    ValueError
        If anything stands there but a name, one version, a marker and checksums: an address, a path, an option, a
        range of versions, a package without checksum.
    """
    found, place = [], 0
    while place < len(text):
        match = _LINE.match(text, place)
        if match is None:
            line = text.count("\n", 0, place) + 1
            raise ValueError(f"line {line}: {text[place:].splitlines()[0]!r} is no package with its checksums")
        hashes = tuple(re.findall(r"sha256:([0-9a-f]{64})", match["hashes"]))
        found.append(Locked(canonicalize_name(match["name"]), match["version"], match["marker"] or "", hashes))
        place = match.end()
    return found


def extras() -> list[str]:
    """Extras of the project that are in the lock, in the order of the project file."""
    left_out = ("spark", "benchmark")
    return [extra for extra in _project()["optional-dependencies"] if extra not in left_out]


def brought_by() -> dict[str, tuple[str, ...]]:
    """Which parts of the project bring each installed package: ``core``, or the extras that need it.

    A package that the core brings is told as that alone.
    """
    core = _reached(_project()["dependencies"])
    parts: dict[str, list[str]] = {name: [CORE] for name in core}
    for extra in extras():
        for name in _reached(_project()["optional-dependencies"][extra]) - core:
            parts.setdefault(name, []).append(extra)
    return {name: tuple(found) for name, found in parts.items()}


def _project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project: dict[str, Any] = tomllib.load(file)["project"]
    return project


def _reached(lines: Iterable[str]) -> set[str]:
    """Packages that some requirements bring on this system, by way of whatever those need."""
    seen: set[tuple[str, str]] = set()
    waiting = list(_named(lines, ""))
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) not in seen:
            seen.add((name, extra))
            waiting += _named(distribution(name).requires or (), extra)
    return {name for name, _ in seen}


def _named(lines: Iterable[str], extra: str) -> Iterator[tuple[str, str]]:
    """Package and extra that each requirement names, of those that count here when an extra is asked for."""
    for requirement in map(Requirement, lines):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            for more in ("", *requirement.extras):
                yield canonicalize_name(requirement.name), more


def sizes() -> dict[str, tuple[int, int, float]]:
    """What the core and every extra bring: requirements of their own, packages in all, and MiB of files.

    An extra is told with what it brings beyond the core. Files that Python compiles at first use do not count.
    """
    project = _project()
    core = _reached(project["dependencies"])
    parts = {CORE: (project["dependencies"], core)}
    for extra in extras():
        lines = project["optional-dependencies"][extra]
        parts[extra] = (lines, _reached(lines) - core)
    return {
        part: (len(lines), len(packages), sum(map(_bytes, packages)) / 2**20)
        for part, (lines, packages) in parts.items()
    }


def _bytes(package: str) -> int:
    paths = [Path(str(file.locate())) for file in distribution(package).files or ()]
    return sum(path.stat().st_size for path in paths if path.is_file() and "__pycache__" not in path.parts)


if __name__ == "__main__":
    print(f"{'part':10} {'own lines':>9} {'packages':>9} {'MiB':>7}")
    for part, (lines, packages, size) in sizes().items():
        print(f"{part:10} {lines:9} {packages:9} {size:7,.0f}")
