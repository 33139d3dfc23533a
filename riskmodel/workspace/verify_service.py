"""Check what the web service stores in a workspace: its database, frozen inputs, uploads, results and lists.

The service notes a fingerprint of every file in its own database or, for frozen inputs, in their name. Of the rows
themselves only the requests of lists carry one; for the others the structure of the database is checked.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from riskmodel.sources.formats.files import sha256_of

DATABASE, FOLDER = "service.db", "service"
OTHER_BYTES = "other bytes than were written"


@dataclass
class ServiceCheck:
    """Damages (path within the workspace, and what is wrong), notes of what was not checked, and files read."""

    damages: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    read: list[Path] = field(default_factory=list)


def check_service(folder: Path) -> ServiceCheck:
    """Check what the service stored in a workspace; nothing is found where it never ran."""
    found = ServiceCheck()
    for frozen in sorted((folder / FOLDER / "snapshots").glob("[!.]*")):
        files = sorted(path for path in frozen.rglob("*") if path.is_file())
        found.read += files
        if _name_of(frozen, files) != frozen.name:
            found.damages.append((frozen.relative_to(folder).as_posix(), OTHER_BYTES))
    database = folder / DATABASE
    if not database.exists():
        if (folder / FOLDER).is_dir():
            found.notes.append("no service.db here: uploads, results and lists by number were not looked at")
        return found
    found.read.append(database)
    wrong = integrity(database)
    found.damages += [(DATABASE, each) for each in wrong]
    if not wrong:
        found.notes.append("service.db: its structure and the requests of lists were checked, not every row")
        try:
            _check_rows(folder, found)
        except (sqlite3.Error, TypeError, ValueError) as error:
            found.damages.append((DATABASE, f"cannot be read ({error})"))
    return found


def integrity(path: Path) -> list[str]:
    """What SQLite finds wrong with the structure of a database."""
    try:
        with closing(_open(path)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
            found += [f"a row without its {row[2]}" for row in connection.execute("PRAGMA foreign_key_check")][:3]
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return [f"cannot be read ({error})"]
    return [line.splitlines()[0] for line in found if line != "ok"]


def _check_rows(folder: Path, found: ServiceCheck) -> None:
    with closing(_open(folder / DATABASE)) as connection:
        for number, text, key in _requests(connection):
            if hashlib.sha256(text.encode()).hexdigest() != key:
                found.damages.append((DATABASE, f"list {number} with another question than was asked"))
        for path, sha256 in _fingerprints(connection):
            file = folder / FOLDER / path
            # Copies of lists are kept as far as there is room, results until they are removed.
            if file.is_file():
                found.read.append(file)
                if sha256_of(file) != sha256:
                    found.damages.append((f"{FOLDER}/{path}", OTHER_BYTES))
            elif path.startswith("uploads/"):
                found.damages.append((f"{FOLDER}/{path}", "gone"))


def _requests(connection: sqlite3.Connection) -> Iterator[tuple[int, str, str]]:
    """Number, the text that decides its content, and fingerprint of every list that was requested."""
    columns = "number, who, what, snapshot_id, forecast_id, made_on, code_version, key"
    for number, who, what, *deciding, key in connection.execute(f"SELECT {columns} FROM list_requests"):
        parts = [who, json.loads(what), *deciding]
        yield number, json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True), key


def _fingerprints(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Path in the service's folder and fingerprint of every file that a row names."""
    for upload, kind, sha256 in connection.execute(
        "SELECT id, kind, sha256 FROM uploads WHERE deleted_at IS NULL"
    ):
        yield f"uploads/{upload}/upload.{kind}", sha256
    for number, form, sha256 in connection.execute("SELECT number, form, sha256 FROM list_files"):
        yield f"lists/{number}/risicolijst.{form}", sha256
    for job, result in connection.execute("SELECT id, result FROM jobs WHERE state = 'done'"):
        yield f"jobs/{job}/result.zip", json.loads(result or "{}").get("sha256", "")


def _name_of(frozen: Path, files: list[Path]) -> str:
    """The name that :func:`riskmodel.web.serving.snapshot.freeze` gives a folder."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(frozen).as_posix()} {sha256_of(path)}\n".encode())
    return digest.hexdigest()[:16]


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=60)
