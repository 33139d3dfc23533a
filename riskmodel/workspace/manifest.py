"""The manifest of a workspace: its files, with the fingerprint of each.

``manifest.json`` is one canonical text: its bytes follow from its content, and end with a seal over the rest. So a
flipped bit in the manifest itself is found too, and is not taken for damage to a file that it lists.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from riskmodel.errors import DAMAGE, InputError
from riskmodel.workspace.atomic import write_atomically

NAME = "manifest.json"
#: Version of the format of a workspace. A workspace without a manifest is of version 0.
FORMAT = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Database:
    """A SQLite database as riskmodel left it.

    Attributes
    ----------
    sha256 : str
        Fingerprint of its file.
    changes : int
        SQLite's own count of changes to it; another count means that another program wrote since.
    """

    sha256: str
    changes: int


@dataclass(frozen=True)
class Pending:
    """Drafts that are being renamed; left behind only by a process that was killed meanwhile.

    Attributes
    ----------
    moves : mapping of str to str
        Draft and the path that it is renamed to, both within the workspace.
    files : mapping of str to str
        Fingerprints of the files by the path they will have.
    """

    moves: Mapping[str, str]
    files: Mapping[str, str]


@dataclass(frozen=True)
class Manifest:
    """The files and databases of a workspace.

    Attributes
    ----------
    files : mapping of str to str
        SHA-256 of every file, by its path within the workspace with ``/`` between the parts.
    databases : mapping of str to Database
        The databases, by file name.
    pending : Pending or None
        What was being renamed.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    databases: Mapping[str, Database] = field(default_factory=dict)
    pending: Pending | None = None

    def with_files(self, paths: Iterable[str], files: Mapping[str, str]) -> Manifest:
        """The same with other files at some paths, or in some folders."""
        gone = tuple(paths)
        others = {path: sum_ for path, sum_ in self.files.items() if not any(inside(path, each) for each in gone)}
        return replace(self, files={**others, **files})


def inside(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it.

    Examples
    --------
    >>> inside("models/a/b", "models/a"), inside("models/ab", "models/a")
    (True, False)
    """
    return path == folder or path.startswith(f"{folder}/")


def manifest_text(manifest: Manifest) -> str:
    """The canonical text of a manifest."""
    content = {
        "format": FORMAT,
        "files": dict(sorted(manifest.files.items())),
        "databases": {name: asdict(each) for name, each in sorted(manifest.databases.items())},
        "pending": None if manifest.pending is None else asdict(manifest.pending),
    }
    return _sealed(content)


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a workspace; None for a workspace of version 0 or an empty one."""
    path = folder / NAME
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path) from error
    try:
        content = json.loads(text)
        del content["seal"]
        whole = _sealed(content) == text
        version = content["format"]
        # A newer format may hold other things, but is sealed in the same way.
        if whole and isinstance(version, int) and version > FORMAT:
            raise InputError(
                path,
                f"a workspace of format {version}",
                f"at most {FORMAT}",
                "It was written by a newer riskmodel: use that one, or restore a backup made before.",
            )
        if not whole or version != FORMAT:
            raise _damaged(path)
        return Manifest(
            files=_sums(content["files"]),
            databases={name: Database(**each) for name, each in content["databases"].items()},
            pending=None if content["pending"] is None else Pending(**content["pending"]),
        )
    except InputError:
        raise
    except DAMAGE as error:
        raise _damaged(path) from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest of a workspace."""
    write_atomically(folder / NAME, manifest_text(manifest).encode())


def _sealed(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, indent=1, ensure_ascii=True)
    return json.dumps({**content, "seal": hashlib.sha256(text.encode()).hexdigest()}, indent=1) + "\n"


def _sums(files: Any) -> dict[str, str]:
    if not all(isinstance(path, str) and _SHA256.fullmatch(sum_) for path, sum_ in files.items()):
        raise ValueError("no fingerprints")
    return dict(files)


def _damaged(path: Path) -> InputError:
    return InputError(
        path,
        "a damaged manifest",
        "the one that riskmodel wrote",
        "Restore it from a backup; or, when all other files are known to be good: riskmodel adopt --anew.",
    )
