"""Bytes and fingerprints of files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from riskmodel.errors import InputError, unreadable


def sha256_of(path: Path) -> str:
    """The SHA-256 of the bytes of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def first_bytes(path: Path, size: int) -> bytes:
    """The first bytes of a file."""
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise unreadable(path, error) from error


def read_bytes(path: Path, largest: int, expected: str = "a header line and rows") -> bytes:
    """Content of a file that is neither empty nor larger than any such table."""
    try:
        size = path.stat().st_size
        if size > largest:
            raise InputError(path, f"{size >> 20:,} MB", f"at most {largest >> 20:,} MB")
        if not path.is_file() and not path.is_dir():
            raise InputError(path, "a device or pipe", "a file")
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    if not content.strip():
        raise InputError(path, "an empty file", expected)
    return content
