"""Risk lists on request: recorded with a number, made once, and the same bytes for that number ever after.

Three places keep a list, each for its own reason: memory, so that it is fast; a file under ``service/lists``, so
that not even another version of riskmodel changes what somebody was given; and the frozen inputs of its snapshot,
so that a form nobody asked for yet is made from what the list was made from.
"""

from __future__ import annotations

import gzip
import hashlib
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import BoundedSemaphore, Lock

from sqlalchemy import Engine

from riskmodel.errors import InputError
from riskmodel.products.outcomes.lists import list_record, save_list
from riskmodel.products.risk_list.formats import STEM, chosen_forms, write_forms
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.web.serving.making import Asked, make
from riskmodel.web.serving.recorded import (
    Request,
    add_file,
    add_request,
    bytes_kept,
    files_of,
    find_request,
    key_of,
)
from riskmodel.web.serving.snapshot import Snapshot
from riskmodel.web.serving.snapshots import Snapshots
from riskmodel.web.settings import Settings
from riskmodel.workspace.atomic import write_atomically
from riskmodel.workspace.versions import code_version

#: Lists in memory as data, from which forms are made.
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
#: Forms that shrink.
COMPRESSIBLE = ("csv", "html", "geojson")


class BusyError(Exception):
    """So much is being made that this has to wait longer than anybody would."""


@dataclass(frozen=True)
class Body:
    """Bytes that are sent as they are.

    Attributes
    ----------
    plain, zipped : bytes
        As it is, and with gzip; the latter empty for forms that do not shrink.
    etag : str
        Name of the contents, as it stands in the header.
    media_type : str
        What it is.
    local : frozenset of str
        Municipalities whose local sources are behind it: only they may see it.
    """

    plain: bytes
    zipped: bytes
    etag: str
    media_type: str
    local: frozenset[str] = frozenset()


class Lists:
    """Make, record and find lists."""

    def __init__(self, engine: Engine, snapshots: Snapshots, settings: Settings) -> None:
        self._engine, self._snapshots, self._settings = engine, snapshots, settings
        self._made: OrderedDict[int, RiskList] = OrderedDict()
        self._requests: OrderedDict[int, Request] = OrderedDict()
        self._bodies: OrderedDict[tuple[int, str], Body] = OrderedDict()
        self._size = 0
        self._lock = Lock()
        self._makers = BoundedSemaphore(settings.makers)
        self._turns: dict[tuple[int, str], Lock] = {}

    def record(self, snapshot: Snapshot, asked: Asked, who: str) -> tuple[Request, bool]:
        """Give a list a number; the same question of the same person on the same day has one already."""
        day = datetime.now(tz=UTC).date()
        found = find_request(self._engine, key=key_of(snapshot, asked, who, day))
        if found is not None:
            return found, False
        with self._place_to_work():
            made = make(snapshot, asked, day)
        request = add_request(self._engine, snapshot, asked, who, day)
        if asked.capacity is not None:
            record = list_record(made, snapshot.stored.level, asked.municipalities, asked.audit_share)
            save_list(self._snapshots.workspace, record)
        self._remember(request.number, made)
        return request, True

    def find(self, number: int) -> Request | None:
        """The list of a number; None when there is none."""
        held = self._requests.get(number)
        if held is not None:
            return held
        found = find_request(self._engine, number=number)
        if found is not None:
            with self._lock:
                self._requests[number] = found
                while len(self._requests) > REQUESTS:
                    self._requests.popitem(last=False)
        return found

    def snapshot_of(self, request: Request) -> Snapshot:
        """The snapshot that a list was made from."""
        return self._snapshots.of_request(request.snapshot_id, request.experiment, request.forecast_id)

    def made(self, request: Request) -> RiskList:
        """The list itself, from memory or made again."""
        held = self._made.get(request.number)
        if held is None:
            snapshot = self.snapshot_of(request)
            with self._place_to_work():
                held = make(snapshot, request.asked, request.made_on)
            self._remember(request.number, held)
        return held

    def held(self, number: int, form: str) -> Body | None:
        """A form of a list, if it is in memory."""
        return self._bodies.get((number, form))

    def body(self, request: Request, form: str) -> Body:
        """A form of a list."""
        key = (request.number, form)
        held = self._bodies.get(key)
        if held is not None:
            return held
        with self._lock:
            turn = self._turns.setdefault(key, Lock())
        with turn:  # whoever asks for the same form meanwhile waits for it rather than making it too
            held = self._bodies.get(key)
            if held is None:
                made = self._kept(request, form) or self._render(request, form)
                held = replace(made, local=self._local(request))
                self._keep(key, held)
        with self._lock:
            self._turns.pop(key, None)
        return held

    def _local(self, request: Request) -> frozenset[str]:
        snapshot = self.snapshot_of(request)
        return snapshot.local & set(request.asked.municipalities or snapshot.municipalities)

    def _kept(self, request: Request, form: str) -> Body | None:
        """A form that was given before, from its file, if that is what was given."""
        told = files_of(self._engine, request.number).get(form)
        if told is None:
            return None
        try:
            content = self._place(request.number, form).read_bytes()
        except OSError:
            return None
        return body_of(content, form) if hashlib.sha256(content).hexdigest() == told.sha256 else None

    def _render(self, request: Request, form: str) -> Body:
        chosen_forms([form])
        made = self.made(request)
        with self._place_to_work(), tempfile.TemporaryDirectory() as folder:
            content = write_forms(made, folder, [form])[form].read_bytes()
        self._note(request, form, content)
        return body_of(content, form)

    def _note(self, request: Request, form: str, content: bytes) -> None:
        """Keep a form that is given for the first time: the file first, so that a row always has one."""
        told = files_of(self._engine, request.number).get(form)
        if told is None:
            if bytes_kept(self._engine) + len(content) <= self._settings.kept_bytes:
                write_atomically(self._place(request.number, form), lambda path: path.write_bytes(content))
            add_file(self._engine, request.number, form, content)
        elif told.sha256 != hashlib.sha256(content).hexdigest():
            raise InputError(
                f"list {request.number}",
                f"a {form} that would differ from the one first given, of which no copy was kept",
                "the same file",
                f"It was made with riskmodel {told.code_version}; this is {code_version()}.",
            )

    def _place(self, number: int, form: str) -> Path:
        # Both parts are ours: the number of a row, and the key of a writer.
        return self._settings.folder / "lists" / str(int(number)) / f"{STEM}.{form}"

    def _keep(self, key: tuple[int, str], body: Body) -> None:
        with self._lock:
            if key in self._bodies:
                return
            self._bodies[key] = body
            self._size += len(body.plain) + len(body.zipped)
            while self._size > self._settings.cache_bytes and len(self._bodies) > 1:
                _, old = self._bodies.popitem(last=False)
                self._size -= len(old.plain) + len(old.zipped)

    def _remember(self, number: int, made: RiskList) -> None:
        with self._lock:
            self._made[number] = made
            while len(self._made) > MADE:
                self._made.popitem(last=False)

    @contextmanager
    def _place_to_work(self) -> Iterator[None]:
        if not self._makers.acquire(timeout=self._settings.request_timeout):
            raise BusyError
        try:
            yield
        finally:
            self._makers.release()


def body_of(content: bytes, form: str) -> Body:
    """Bytes of a form, ready to be sent."""
    zipped = gzip.compress(content, compresslevel=9, mtime=0) if form in COMPRESSIBLE else b""
    # Weak, because the same name stands for the bytes with and without gzip.
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Body(content, zipped, etag, MEDIA_TYPES[form])
