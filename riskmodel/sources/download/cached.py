"""Files of the download cache: complete ones with their description, and the parts of unfinished ones.

A complete file ``NAME`` has its address, length and SHA-256 in ``NAME.json`` beside it. While it is fetched its
bytes are in ``NAME.part``, and ``NAME.part.json`` says to which version of the file they belong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from riskmodel.errors import InputError, unreadable
from riskmodel.sources.formats.files import sha256_of


class Part:
    """The bytes of a file so far, and the version that they belong to.

    Attributes
    ----------
    file : Path
        Path of the bytes.
    total : int or None
        Bytes of the whole file, None when the publisher does not give their number.
    validator : str
        ETag or Last-Modified; empty when the publisher names no version, so that nothing can be continued.
    whole : bool
        Whether all bytes are there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.with_name(f"{path.name}.part")
        self._about = path.with_name(f"{path.name}.part.json")
        self.total: int | None = None
        self.validator = ""
        self.whole = False

    def size(self) -> int:
        """Bytes so far."""
        return self.file.stat().st_size if self.file.exists() else 0

    def resume(self, url: str) -> int:
        """Number of bytes of an earlier attempt that can be continued; others are removed."""
        about = _read_json(self._about)
        validator, total, size = about.get("validator"), about.get("total"), self.size()
        if about.get("url") != url or not validator or not isinstance(total, int) or not 0 < size <= total:
            self.discard()
            return 0
        self.total, self.validator, self.whole = total, str(validator), size == total
        return size

    def begin(self, url: str, total: int | None, validator: str) -> None:
        """Remove earlier bytes and note the version that begins now."""
        self.discard()
        self.total, self.validator = total, validator if total is not None else ""
        if self.validator:
            about = {"url": url, "validator": self.validator, "total": total}
            self._about.write_text(json.dumps(about), encoding="utf-8")

    def discard_without_version(self) -> None:
        """Remove the bytes of an incomplete file without a version, which can never be continued."""
        if not self.whole and not self.validator:
            self.discard()

    def discard(self) -> None:
        """Remove the bytes and their description."""
        self.file.unlink(missing_ok=True)
        self._about.unlink(missing_ok=True)
        self.total, self.validator, self.whole = None, "", False

    def install(self, facts: Mapping[str, object]) -> None:
        """Turn a whole part into the complete file, with its description."""
        version = {"version": self.validator} if self.validator else {}
        install(self.file, self.path, {**facts, **version})
        self.discard()


def is_complete(path: Path) -> bool:
    """Whether a file is in the cache with the bytes that were downloaded."""
    if not path.exists():
        return False
    about = _read_json(description_of(path))
    again = "Move the file away to download it again."
    if "sha256" not in about:
        raise InputError(path, f"a file without its description {path.name}.json", "both or neither", again)
    try:
        found = sha256_of(path)
    except OSError as error:
        raise unreadable(path, error) from error
    if found != about["sha256"]:
        expected = f"{str(about['sha256'])[:12]}, as downloaded"
        raise InputError(path, f"bytes with SHA-256 {found[:12]}", expected, again)
    return True


def description_of(path: Path) -> Path:
    """Path of the description of a cached file."""
    return path.with_name(f"{path.name}.json")


def install(content: Path, path: Path, facts: Mapping[str, object]) -> None:
    """Move a finished file to its path in the cache and describe it there."""
    about = {
        **facts,
        "length": content.stat().st_size,
        "sha256": sha256_of(content),
        "downloaded": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    # The description first: a crash between the two leaves it without a file, and that counts as nothing.
    temporary = path.with_name(f"{path.name}.json.part")
    temporary.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    temporary.replace(description_of(path))
    content.replace(path)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
