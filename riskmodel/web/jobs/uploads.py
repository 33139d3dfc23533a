"""Files that somebody uploaded: stored whole or not at all, and seen by their owner and administrators only.

A file streams into a hidden folder, is read once by a process of its own, gets its place by one rename, and only
then a row in the database. What has no row does not exist, and is swept away. A name that came with the file is a
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
from sqlalchemy import Engine, func, insert, select, update

from riskmodel.errors import InputError
from riskmodel.web.access.identity import Identity
from riskmodel.web.access.ownership import from_json, noted, visible_to
from riskmodel.web.database import tables
from riskmodel.web.database.database import as_json, now, reading, writing
from riskmodel.web.jobs.inspecting import kind_of
from riskmodel.web.jobs.process import inspected
from riskmodel.web.jobs.worker import sync_folder, told
from riskmodel.web.problems import Problem
from riskmodel.web.settings import Settings

FOLDER = "uploads"
STEM = "upload"
#: Bytes that are written in one go.
BLOCK = 2**20
#: Files that are read at the same time.
READERS = 2
#: Files that one login may have here.
MOST_UPLOADS = 100
#: Disk that must be left.
FREE = 256 * 2**20
#: Seconds after which a folder without a row is nobody's, beside the longest request.
LEFT = 300.0


@dataclass(frozen=True)
class Upload:
    """A file.

    Attributes
    ----------
    id, name : str
        Its id, and what its owner calls it.
    municipality : str
        Whose it is; empty for the organisation.
    who : str
        Who uploaded it.
    kind : {"csv", "parquet"}
        What it is.
    sha256 : str
        Fingerprint.
    bytes, rows : int
        Its size.
    header : dict of str to bool
        Columns, and whether they can hold numbers.
    created_at : str
        The moment.
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
    """Takes files in, finds them, and removes them."""

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
        """Take a file in."""
        draft = await anyio.to_thread.run_sync(self._draft, identity)
        try:
            size, sha256 = await self._store(pieces, draft / STEM)
            about: dict[str, Any] = {"name": name(), "bytes": size, "sha256": sha256}
            about |= {"who": identity.name, "municipality": municipality}
            accept = partial(self._accept, draft, about, identity, address)
            return await anyio.to_thread.run_sync(accept, limiter=self._readers)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def find(self, identity: Identity, upload: str) -> Upload:
        """An upload by its id."""
        table = tables.uploads
        asked = select(table).where(
            table.c.id == upload, table.c.deleted_at.is_(None), visible_to(identity, table)
        )
        with reading(self._engine) as connection:
            row = connection.execute(asked).first()
        if row is None:
            raise Problem(404, "There is no such upload.")
        return _upload(dict(row._mapping))

    def page(self, identity: Identity, offset: int, limit: int) -> tuple[int, list[Upload]]:
        """How many uploads somebody may see, and some of them, newest first."""
        table = tables.uploads
        condition = (table.c.deleted_at.is_(None), visible_to(identity, table))
        asked = select(table).where(*condition).order_by(table.c.created_at.desc(), table.c.id)
        with reading(self._engine) as connection:
            total = connection.execute(select(func.count()).select_from(table).where(*condition)).scalar_one()
            rows = connection.execute(asked.offset(offset).limit(limit))
            return int(total), [_upload(dict(row._mapping)) for row in rows]

    def remove(self, identity: Identity, upload: str, address: str) -> None:
        """Remove an upload for good."""
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
            noted(connection, identity, address, "upload removed", upload=found.id)
        shutil.rmtree(self.folder / found.id, ignore_errors=True)

    def sweep(self, age: float | None = None) -> int:
        """Remove what a killed service left: folders without a row."""
        oldest = time.time() - (self._settings.request_timeout + LEFT if age is None else age)
        found = [path for path in self.folder.glob("*") if _changed(path) < oldest]
        column = tables.uploads.c
        with reading(self._engine) as connection:
            kept = set(connection.execute(select(column.id).where(column.deleted_at.is_(None))).scalars())
        gone = [path for path in found if path.name not in kept and path.is_dir()]
        for path in gone:
            shutil.rmtree(path, ignore_errors=True)
        return len(gone)

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

    def _accept(self, draft: Path, about: dict[str, Any], identity: Identity, address: str) -> Upload:
        try:
            kind = kind_of(draft / STEM)
        except InputError as error:
            raise Problem(422, told(error, [str(draft)])) from error
        path = (draft / STEM).rename(draft / f"{STEM}.{kind}")
        inside = inspected(path, self._settings.max_upload_rows)
        place = self.folder / secrets.token_hex(8)
        sync_folder(draft)
        draft.chmod(0o750)
        draft.rename(place)
        sync_folder(self.folder)
        row = {"id": place.name, "kind": kind, "rows": inside["rows"], "created_at": now(), **about}
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(tables.uploads).values(**row, header=as_json(inside["header"])))
                what = {key: row[key] for key in ("municipality", "sha256", "bytes", "rows")}
                noted(connection, identity, address, "upload", upload=place.name, **what)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return Upload(**row, header=inside["header"])


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # its upload has just come to an end
        return time.time()


def _upload(row: dict[str, Any]) -> Upload:
    kept = {name: row[name] for name in Upload.__dataclass_fields__ if name != "header"}
    return Upload(**kept, header=from_json(row["header"]))
