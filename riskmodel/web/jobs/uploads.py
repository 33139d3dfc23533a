"""Uploaded files: stored whole or not at all, and seen by their owner and administrators only.

A file streams into a hidden folder, is read once by a process of its own, gets its final path by one rename, and
only then a row in the database. A folder without a row is removed later. The name that came with a file is a
label: on disk every file is called ``upload``.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from sqlalchemy import ColumnElement, Engine, func, insert, select, update

from riskmodel.errors import InputError
from riskmodel.web.access.access_log import log_access
from riskmodel.web.access.identity import Identity
from riskmodel.web.access.ownership import visible_to
from riskmodel.web.database import tables
from riskmodel.web.database.database import as_json, from_json, now, page_of, reading, row_of, writing
from riskmodel.web.jobs.inspecting import kind_of
from riskmodel.web.jobs.process import inspect_apart
from riskmodel.web.jobs.worker import message
from riskmodel.web.problems import Problem
from riskmodel.web.settings import Settings
from riskmodel.workspace.atomic import sync

FOLDER = "uploads"
STEM = "upload"
#: Bytes that are written at once.
BLOCK = 2**20
#: Files that are read at the same time.
READERS = 2
#: Most files of one login.
MOST_UPLOADS = 100
#: Bytes of disk that stay free.
FREE = 256 * 2**20
#: Seconds beyond the longest request after which a folder without a row is removed.
ABANDONED = 300.0


@dataclass(frozen=True)
class Upload:
    """An uploaded file.

    Attributes
    ----------
    name : str
        What its owner calls it.
    municipality : str
        ``GM`` code of the municipality that owns it; empty for the organisation.
    who : str
        Name of the identity that uploaded it.
    kind : {"csv", "parquet"}
        Its format.
    header : dict of str to bool
        Columns, and whether they can hold numbers.
    """

    id: str
    name: str
    municipality: str
    who: str
    kind: str
    sha256: str
    bytes: int
    rows: int
    header: dict[str, bool]
    created_at: str


class Uploads:
    """The uploads of the service."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.folder = settings.folder / FOLDER
        self._engine, self._settings = engine, settings
        self._readers = anyio.CapacityLimiter(READERS)

    async def receive(
        self,
        pieces: AsyncIterator[bytes],
        name: Callable[[], str],
        identity: Identity,
        municipality: str,
        address: str,
    ) -> Upload:
        """Store a file, if it is a whole CSV or Parquet file.

        ``name`` returns what the sender calls the file, once all pieces were read. A problem with status 413 while
        the file streams and is too large, 409 for too many files, 422 for anything else than a table, 503 when the
        disk is full.
        """
        draft = await anyio.to_thread.run_sync(self._draft, identity)
        try:
            size, sha256 = await self._store(pieces, draft / STEM)
            columns: dict[str, Any] = {"name": name(), "bytes": size, "sha256": sha256}
            columns |= {"who": identity.name, "municipality": municipality}
            accept = partial(self._accept, draft, columns, identity, address)
            return await anyio.to_thread.run_sync(accept, limiter=self._readers)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def find(self, identity: Identity, upload: str) -> Upload:
        """Return an upload by its id; a problem with status 404 when there is none that somebody may see."""
        row = row_of(self._engine, tables.uploads, tables.uploads.c.id == upload, *self._visible(identity))
        if row is None:
            raise Problem(404, "There is no such upload.")
        return _upload(row)

    def page(self, identity: Identity, offset: int, limit: int) -> tuple[int, list[Upload]]:
        """Return how many uploads somebody may see, and one page of them, newest first."""
        table = tables.uploads
        order = (table.c.created_at.desc(), table.c.id)
        total, rows = page_of(self._engine, table, order, offset, limit, *self._visible(identity))
        return total, [_upload(row) for row in rows]

    def remove(self, identity: Identity, upload: str, address: str) -> None:
        """Remove an upload for good; a problem with status 409 while a job needs it."""
        found = self.find(identity, upload)
        column, jobs = tables.uploads.c, tables.jobs.c
        with writing(self._engine) as connection:
            connection.execute(select(column.id).where(column.id == found.id).with_for_update())
            waiting = connection.execute(
                select(jobs.id).where(jobs.upload_id == found.id, jobs.state.in_(("queued", "running")))
            ).first()
            if waiting is not None:
                raise Problem(409, "A job still needs this file: wait for it, or cancel it.")
            connection.execute(
                update(tables.uploads)
                .where(column.id == found.id, column.deleted_at.is_(None))
                .values(deleted_at=now())
            )
            log_access(connection, identity.name, address, "upload removed", upload=found.id)
        shutil.rmtree(self.folder / found.id, ignore_errors=True)

    def sweep(self, age: float | None = None) -> int:
        """Remove folders without a row, which a killed service left; return how many.

        ``age`` is how many seconds they did not change, by default longer than any request takes.
        """
        oldest = time.time() - (self._settings.request_timeout + ABANDONED if age is None else age)
        found = [path for path in self.folder.glob("*") if _changed(path) < oldest]
        column = tables.uploads.c
        with reading(self._engine) as connection:
            recorded = set(connection.execute(select(column.id).where(column.deleted_at.is_(None))).scalars())
        abandoned = [path for path in found if path.name not in recorded and path.is_dir()]
        for path in abandoned:
            shutil.rmtree(path, ignore_errors=True)
        return len(abandoned)

    def _visible(self, identity: Identity) -> tuple[ColumnElement[bool], ...]:
        return tables.uploads.c.deleted_at.is_(None), visible_to(identity, tables.uploads)

    def _draft(self, identity: Identity) -> Path:
        column = tables.uploads.c
        with reading(self._engine) as connection:
            asked = select(func.count()).where(column.who == identity.name, column.deleted_at.is_(None))
            if connection.execute(asked).scalar_one() >= MOST_UPLOADS:
                raise Problem(409, f"You have {MOST_UPLOADS} files here: remove some first.")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        if shutil.disk_usage(self.folder).free < self._settings.max_upload_bytes + FREE:
            raise Problem(503, "There is no room for another file now.", {"retry-after": "600"})
        return Path(tempfile.mkdtemp(dir=self.folder, prefix="."))

    async def _store(self, pieces: AsyncIterator[bytes], path: Path) -> tuple[int, str]:
        most, size, digest, block = self._settings.max_upload_bytes, 0, hashlib.sha256(), bytearray()
        async with await anyio.open_file(path, "wb") as stream:

            async def flush() -> None:
                digest.update(block)
                await stream.write(bytes(block))
                block.clear()

            async for piece in pieces:
                size += len(piece)
                if size > most:
                    raise Problem(413, f"A file may have at most {most} bytes.", {"connection": "close"})
                block += piece
                if len(block) >= BLOCK:
                    await flush()
            await flush()
            await stream.flush()
            await anyio.to_thread.run_sync(os.fsync, stream.wrapped.fileno())
        return size, digest.hexdigest()

    def _accept(self, draft: Path, columns: dict[str, Any], identity: Identity, address: str) -> Upload:
        try:
            kind = kind_of(draft / STEM)
        except InputError as error:
            raise Problem(422, message(error, [str(draft)])) from error
        path = (draft / STEM).rename(draft / f"{STEM}.{kind}")
        inside = inspect_apart(path, self._settings.max_upload_rows)
        folder = self.folder / secrets.token_hex(8)
        sync(draft)
        draft.chmod(0o750)
        draft.rename(folder)
        sync(self.folder)
        row = {"id": folder.name, "kind": kind, "rows": inside["rows"], "created_at": now(), **columns}
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(tables.uploads).values(**row, header=as_json(inside["header"])))
                what = {key: row[key] for key in ("municipality", "sha256", "bytes", "rows")}
                log_access(connection, identity.name, address, "upload", upload=folder.name, **what)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return Upload(**row, header=inside["header"])


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # its upload has just ended
        return time.time()


def _upload(row: dict[str, Any]) -> Upload:
    columns = {name: row[name] for name in Upload.__dataclass_fields__}
    return Upload(**columns | {"header": from_json(row["header"])})
