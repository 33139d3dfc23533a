"""Risk lists on request: recorded with a number, made once, and the same bytes for that number ever after.

A list is stored three times, each for its own reason: in memory, for speed; in a file under ``service/lists``, so
that another version of riskmodel does not change what somebody was given; and as the frozen inputs of its
snapshot, from which further file formats are made.
"""

from __future__ import annotations

import gzip
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import BoundedSemaphore, Lock

from cachetools import LRUCache
from sqlalchemy import Engine

from riskmodel.errors import InputError
from riskmodel.products.outcomes.lists import list_record
from riskmodel.products.risk_list.formats import STEM, chosen_formats, write_formats
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.web.cache import SharedCache
from riskmodel.web.database.database import PATIENCE
from riskmodel.web.serving.making import ListOptions, make
from riskmodel.web.serving.recorded import (
    Request,
    add_file,
    add_request,
    bytes_stored,
    files_of,
    find_request,
    key_of,
)
from riskmodel.web.serving.snapshot import Snapshot
from riskmodel.web.serving.snapshots import Snapshots
from riskmodel.web.settings import Settings
from riskmodel.workflow.outcomes import new_list
from riskmodel.workspace.atomic import write_atomically
from riskmodel.workspace.versions import code_version

#: Lists in memory as data, from which files are made.
MADE = 8
#: Requests in memory.
REQUESTS = 10_000
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "gpkg": "application/geopackage+sqlite3",
    "geojson": "application/geo+json",
    "pdf": "application/pdf",
}
#: Formats that are worth compressing.
COMPRESSIBLE = ("csv", "html", "geojson")


class BusyError(Exception):
    """Raised when too many lists are being made to start another within the time of a request."""


@dataclass(frozen=True)
class Body:
    """The body of an answer, ready to be sent.

    Attributes
    ----------
    plain, zipped : bytes
        Without and with gzip; the latter empty for formats that do not shrink.
    etag : str
        The value of the ``ETag`` header.
    local : frozenset of str
        Municipalities whose local sources it was made from: only they may see it.
    """

    plain: bytes
    zipped: bytes
    etag: str
    media_type: str
    local: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return len(self.plain) + len(self.zipped)


class Lists:
    """Make, record and find lists."""

    def __init__(self, engine: Engine, snapshots: Snapshots, settings: Settings) -> None:
        self._engine, self._snapshots, self._settings = engine, snapshots, settings
        self._made: SharedCache[int, RiskList] = SharedCache(LRUCache(MADE))
        self._requests: SharedCache[int, Request] = SharedCache(LRUCache(REQUESTS))
        self._bodies: SharedCache[tuple[int, str], Body] = SharedCache(
            LRUCache(settings.cache_bytes, getsizeof=lambda body: body.size)
        )
        self._lock = Lock()
        self._makers = BoundedSemaphore(settings.makers)
        self._turns: dict[tuple[int, str], Lock] = {}

    def record(
        self, snapshot: Snapshot, options: ListOptions, who: str, address: str = ""
    ) -> tuple[Request, bool]:
        """Make a list and give it a number; return its request and whether the number is new.

        The same question of the same person on the same day has a number already. A list gets its number when its
        record is on disk; when either cannot be written, neither is there.
        """
        day = datetime.now(tz=UTC).date()
        found = find_request(self._engine, key=key_of(snapshot, options, who, day))
        if found is not None:
            return found, False
        with self._maker():
            made = make(snapshot, options, day)
        # Without a capacity nobody visits areas by it, and there is no record.
        kept: AbstractContextManager[None] = nullcontext()
        if options.capacity is not None:
            record = list_record(made, snapshot.stored.level, options.municipalities, options.audit_share)
            kept = new_list(self._snapshots.workspace, record, PATIENCE)
        with kept:
            request, new = add_request(self._engine, snapshot, options, who, day, address)
        self._made.put(request.number, made)
        return request, new

    def find(self, number: int) -> Request | None:
        """Return the request of a number; None when there is none."""
        found = self._requests.get(number)
        if found is None:
            found = find_request(self._engine, number=number)
            if found is not None:
                self._requests.put(number, found)
        return found

    def snapshot_of(self, request: Request) -> Snapshot:
        """Return the snapshot that a list was made from."""
        return self._snapshots.of_request(request.snapshot_id, request.experiment, request.forecast_id)

    def made(self, request: Request) -> RiskList:
        """Return the list itself, from memory or made again."""
        made = self._made.get(request.number)
        if made is None:
            snapshot = self.snapshot_of(request)
            with self._maker():
                made = make(snapshot, request.options, request.made_on)
            self._made.put(request.number, made)
        return made

    def cached(self, number: int, file_format: str) -> Body | None:
        """Return a file of a list if it is in memory."""
        return self._bodies.get((number, file_format))

    def body(self, request: Request, file_format: str) -> Body:
        """Return a file of a list."""
        key = (request.number, file_format)
        body = self._bodies.get(key)
        if body is not None:
            return body
        with self._lock:
            turn = self._turns.setdefault(key, Lock())
        with turn:  # others who ask for the same file wait for it rather than making it too
            body = self._bodies.get(key)
            if body is None:
                made = self._stored(request, file_format) or self._render(request, file_format)
                body = replace(made, local=self._local(request))
                self._bodies.put(key, body)
        with self._lock:
            self._turns.pop(key, None)
        return body

    def _local(self, request: Request) -> frozenset[str]:
        snapshot = self.snapshot_of(request)
        return snapshot.local & set(request.options.municipalities or snapshot.municipalities)

    def _stored(self, request: Request, file_format: str) -> Body | None:
        """Return a file that was given before, unless it was changed on disk."""
        first = files_of(self._engine, request.number).get(file_format)
        if first is None:
            return None
        try:
            content = self._path(request.number, file_format).read_bytes()
        except OSError:
            return None
        return body_of(content, file_format) if hashlib.sha256(content).hexdigest() == first.sha256 else None

    def _render(self, request: Request, file_format: str) -> Body:
        chosen_formats([file_format])
        made = self.made(request)
        with self._maker(), tempfile.TemporaryDirectory() as folder:
            content = write_formats(made, folder, [file_format])[file_format].read_bytes()
        self._store(request, file_format, content)
        return body_of(content, file_format)

    def _store(self, request: Request, file_format: str, content: bytes) -> None:
        """Store a file when it is first given: the file before its row, so that every row has one."""
        first = files_of(self._engine, request.number).get(file_format)
        if first is None:
            if bytes_stored(self._engine) + len(content) <= self._settings.kept_bytes:
                write_atomically(self._path(request.number, file_format), content)
            add_file(self._engine, request.number, file_format, content)
        elif first.sha256 != hashlib.sha256(content).hexdigest():
            raise InputError(
                f"list {request.number}",
                f"a {file_format} that would differ from the one first given, of which no copy was kept",
                "the same file",
                f"It was made with riskmodel {first.code_version}; this is {code_version()}.",
            )

    def _path(self, number: int, file_format: str) -> Path:
        # Both parts are ours: the number of a row, and the key of a writer.
        return self._settings.folder / "lists" / str(int(number)) / f"{STEM}.{file_format}"

    @contextmanager
    def _maker(self) -> Iterator[None]:
        if not self._makers.acquire(timeout=self._settings.request_timeout):
            raise BusyError
        try:
            yield
        finally:
            self._makers.release()


def body_of(content: bytes, file_format: str) -> Body:
    """Return the body of an answer with the bytes of a file."""
    zipped = gzip.compress(content, compresslevel=9, mtime=0) if file_format in COMPRESSIBLE else b""
    # Weak, because it names the bytes with and without gzip.
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Body(content, zipped, etag, MEDIA_TYPES[file_format])
