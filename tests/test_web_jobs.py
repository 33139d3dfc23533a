"""Files of one's own: taken in whole or not at all, every row scored or rejected, and what survives a kill."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest
from postgres_server import postgres
from web_worlds import (
    OTHER,
    ROOT,
    TOWN,
    Client,
    copy_of,
    is_problem,
    running,
    serving,
    settings_of,
    trained,
    until,
)

import riskmodel
from riskmodel.errors import InputError
from riskmodel.web.access.tokens import create_token
from riskmodel.web.database import tables
from riskmodel.web.database.database import connect, reading, upgrade, writing
from riskmodel.web.jobs.inspecting import LONGEST_LOCATION, MOST_COLUMNS, inspect_file, kind_of
from riskmodel.web.jobs.jobs import MOST_OPEN, Jobs
from riskmodel.web.jobs.runner import MOST_ATTEMPTS, Runner
from riskmodel.web.jobs.uploads import Uploads
from riskmodel.web.jobs.worker import score_upload
from riskmodel.workflow.score import find_release, write_features
from riskmodel.workspace.store import Workspace

__all__ = ["postgres"]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills and limits of memory are those of POSIX")
API = "/api/v1"
ROWS = 600_000


@dataclass(frozen=True)
class World:
    """A workspace, a file to score, and what scoring it without a service gives."""

    workspace: Workspace
    features: Any
    file: Path
    oracle: dict[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Some 600,000 rows, in four chunks."""
    folder = tmp_path_factory.mktemp("jobs")
    workspace = copy_of(trained(tmp_path_factory.getbasetemp()), folder)
    release = find_release("decline-2y", workspace)
    features = pq.read_table(write_features(release, workspace, folder))
    file = folder / "upload.parquet"
    many = pa.concat_tables([features] * (ROWS // features.num_rows))
    pq.write_table(many, file, row_group_size=50_000)
    scored = riskmodel.score(file, release.folder, folder / "alone")
    paths = sorted(scored.folder.rglob("*.parquet"))
    oracle = {path.relative_to(scored.folder).as_posix(): _sha(path.read_bytes()) for path in paths}
    return World(workspace, features, file, oracle)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _logins(url: str) -> dict[str, dict[str, str]]:
    engine = connect(url)
    upgrade(engine)
    wanted: dict[str, tuple[Any, list[str] | None]] = {
        "own": ("analyst", [TOWN]),
        "colleague": ("analyst", [TOWN]),
        "other": ("analyst", [OTHER]),
        "both": ("analyst", [TOWN, OTHER]),
        "reader": ("reader", [TOWN]),
        "admin": ("admin", None),
        "admin here": ("admin", [TOWN]),
        "admin there": ("admin", [OTHER]),
    }
    made = {name: create_token(engine, role, name, codes)[0] for name, (role, codes) in wanted.items()}
    engine.dispose()
    return {name: {"authorization": f"Bearer {token}"} for name, token in made.items()}


@pytest.fixture(scope="module")
def door(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, dict[str, str]]]:
    """The service without its runner: uploads are taken in, jobs stay in the queue."""
    workspace = copy_of(world.workspace, tmp_path_factory.mktemp("door"))
    service = serving(workspace, max_upload_bytes=4_000_000, max_upload_rows=500_000)
    logins = _logins(service.settings.database_url)
    client = Client(service)
    yield client, logins["own"]
    assert not list(Uploads(service.engine, service.settings).folder.glob(".*"))


def _csv(table: Any) -> bytes:
    out = io.BytesIO()
    pv.write_csv(table, out)
    return out.getvalue()


def _parquet(table: Any, **named: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **named)
    return out.getvalue()


def _send(client: Any, content: Any, headers: dict[str, str], **query: str) -> httpx.Response:
    kind = {"content-type": "application/octet-stream"}
    return client.post(f"{API}/uploads", content=content, headers={**kind, **headers}, params=query)


# --- the door ---


def _bombs(features: Any) -> dict[str, bytes]:
    plain = _parquet(features)
    table = pa.table({"deviation": np.zeros(100_000)})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("upload.csv", b"0" * 2_000_000)
    long = pa.array(["x" * 20_000] * 10_000)
    huge = pa.DictionaryArray.from_arrays(pa.array(np.zeros(300_000, dtype=np.int32)), ["x" * 30_000_000])
    nested = pa.table({"deviation": [0.0], "location": [["a"]]})
    return {
        "nothing": b"",
        "zip": packed.getvalue(),
        "gzip bomb": gzip.compress(b"a,b\n" + b"1,2\n" * 500_000),
        "header alone": b"location,deviation\n",
        "a column twice": b"deviation,deviation\n1,2\n",
        "a column without a name": b"deviation,\n1,2\n",
        "NULs": b"location,deviation\nA,\x001\n",
        "UTF-16": "location,deviation\nA,1\n".encode("utf-16"),
        "latin-1": "location,deviation\nSúdwest,1\n".encode("latin-1"),
        "a quote that stays open": b'location,deviation\n"A,1\nB,2\n',
        "many columns": ",".join(f"c{n}" for n in range(MOST_COLUMNS + 1)).encode() + b"\n1\n",
        "a header of a megabyte": b"x" * 1_500_000 + b"\n1\n",
        "many rows in CSV": b"deviation\n" + b"1\n" * 500_001,
        "a long name in CSV": b"location,deviation\n" + b"x" * (LONGEST_LOCATION + 1) + b",1\n",
        "cut off": plain[: len(plain) // 2],
        "only magic": b"PAR1PAR1",
        "footer longer than the file": b"PAR1" + b"\xff\xff\xff\x7f" + b"PAR1",
        "noise between magic": b"PAR1" + random.Random(1).randbytes(500) + b"\xf4\x01\x00\x00PAR1",
        "pages of noise": b"PAR1" + random.Random(2).randbytes(len(plain) // 2) + plain[len(plain) // 2 + 4 :],
        "declared rows": _parquet(pa.concat_tables([table] * 6)),
        "unpacks to 200 MB": _parquet(pa.table({"location": long, "deviation": np.zeros(10_000)}),
                                      use_dictionary=False, compression="zstd"),
        "a dictionary that unpacks to 9 TB": _parquet(pa.table({"location": huge, "deviation": np.zeros(300_000)}),
                                                      compression="zstd"),
        "a nested location": _parquet(nested),
    }  # fmt: skip


BOMBS = (
    "nothing", "zip", "gzip bomb", "header alone", "a column twice", "a column without a name", "NULs", "UTF-16",
    "latin-1", "a quote that stays open", "many columns", "a header of a megabyte", "many rows in CSV",
    "a long name in CSV", "cut off", "only magic", "footer longer than the file", "noise between magic",
    "pages of noise", "declared rows", "unpacks to 200 MB", "a dictionary that unpacks to 9 TB",
    "a nested location",
)  # fmt: skip


#: These can do no harm to whoever reads them, so they are read here, which is quicker than by a process each.
HARMLESS = (
    "header alone", "a column twice", "a column without a name", "latin-1", "a quote that stays open",
    "many columns", "a header of a megabyte", "a long name in CSV",
)  # fmt: skip


def test_what_is_no_whole_table_is_refused(
    door: tuple[Client, dict[str, str]], world: World, tmp_path: Path
) -> None:
    client, own = door
    bombs = _bombs(world.features)
    assert tuple(bombs) == BOMBS
    for name, content in bombs.items():
        assert len(content) < 4_000_000, name
        if name in HARMLESS:
            path = tmp_path / "upload.csv"
            path.write_bytes(content)
            assert kind_of(path) == "csv"
            with pytest.raises(InputError):
                inspect_file(path, 500_000)
            continue
        response = _send(client, content, own)
        assert is_problem(response, 422), (name, response.text)
        assert response.json()["detail"].startswith("Found "), name
    assert client.get(f"{API}/uploads", headers=own).json()["total"] == 0


def test_flipped_bytes_are_refused_or_harmless(door: tuple[Client, dict[str, str]], world: World) -> None:
    """A damaged file is refused, or, where the damage can be read, taken as it is; nothing falls over."""
    client, own = door
    plain, draw = _parquet(world.features), random.Random(7)
    footer = int.from_bytes(plain[-8:-4], "little")
    for _ in range(4):
        damaged = bytearray(plain)
        for _ in range(3):
            damaged[draw.randrange(len(plain) - 8 - footer, len(plain) - 8)] = draw.randrange(256)
        response = _send(client, bytes(damaged), own)
        assert response.status_code in (201, 422), response.text
        if response.status_code == 201:
            assert client("DELETE", response.headers["location"], headers=own).status_code == 204


def test_a_large_file_is_refused_while_it_streams(door: tuple[Client, dict[str, str]]) -> None:
    client, own = door
    given = 0

    async def endless() -> Any:
        nonlocal given
        while given < 400_000_000:
            given += 65_536
            yield b"1,2\n" * 16_384

    assert is_problem(_send(client, endless(), own), 413)
    assert given < 4_000_000 + 3 * 65_536
    assert is_problem(_send(client, b"", {**own, "content-length": "5000000"}), 413)


def test_who_may_send_what_for_whom(door: tuple[Client, dict[str, str]]) -> None:
    client, own = door
    logins = _logins(client.service.settings.database_url)
    content = b"location,deviation\nA,0.1\nB,0.2\n"
    assert is_problem(_send(client, content, {}), 401)
    assert is_problem(_send(client, content, logins["reader"]), 403)
    assert is_problem(_send(client, content, own, municipality=OTHER), 403)
    assert is_problem(_send(client, content, logins["both"]), 422)
    assert is_problem(_send(client, content, own, municipality="../x"), 422)
    assert is_problem(_send(client, content, {**own, "content-type": "application/json"}), 415)
    assert _send(client, content, logins["both"], municipality=OTHER).json()["municipality"] == OTHER
    assert _send(client, content, logins["admin"]).json()["municipality"] is None
    made = _send(client, content, own, name="../../etc/passwd")
    told = made.json()
    assert (made.status_code, told["name"], told["municipality"]) == (201, "passwd", TOWN)
    assert (told["kind"], told["rows"], told["columns"], told["bytes"]) == ("csv", 2, 2, len(content))
    assert told["sha256"] == _sha(content)
    form = client.post(f"{API}/uploads", headers=own, files={"file": ("C:\\x\\cel\u202elen.csv", content)})
    assert (form.status_code, form.json()["name"], form.json()["sha256"]) == (201, "cellen.csv", _sha(content))
    assert is_problem(client.post(f"{API}/uploads", headers=own, files={"other": ("a", content)}), 422)
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert is_problem(client.post(f"{API}/uploads", headers={**own, **broken}, content=b"--x\r\n"), 400)
    files = [path.name for path in client.service.settings.folder.glob("uploads/*/*")]
    assert set(files) == {"upload.csv"}

    # Whoever is not the owner, nor an administrator of that municipality, finds nothing.
    place = f"{API}/uploads/{told['id']}"
    for name, status in {"own": 200, "admin": 200, "admin here": 200, "colleague": 404, "other": 404, "both": 404,
                         "admin there": 404, "reader": 403}.items():  # fmt: skip
        login = own if name == "own" else logins[name]
        assert client.get(place, headers=login).status_code == status, name
        if status == 404:
            assert client("DELETE", place, headers=login).status_code == 404
            assert is_problem(client.post(f"{API}/jobs", headers=login, json={"upload": told["id"]}), 404)
            page = client.get(f"{API}/uploads?limit=1000", headers=login).json()["items"]
            assert told["id"] not in [each["id"] for each in page]
    assert client.get(place).status_code == 401
    # Without the columns that the model needs it is no job.
    response = client.post(f"{API}/jobs", headers=own, json={"upload": told["id"]})
    assert is_problem(response, 422) and "no column of numbers named" in response.text
    assert client("DELETE", place, headers=own).status_code == 204
    assert client.get(place, headers=own).status_code == 404
    assert told["id"] not in [path.name for path in client.service.settings.folder.glob("uploads/*")]


def test_jobs_are_bounded_and_wait(door: tuple[Client, dict[str, str]], world: World) -> None:
    client, own = door
    sent = _send(client, _csv(world.features), own).json()
    asked = {"upload": sent["id"]}
    for wrong in (
        {},
        {"upload": "../../x"},
        {**asked, "version": "0"},
        {**asked, "model": "/etc"},
        {**asked, "drivers": 1},
    ):
        assert is_problem(client.post(f"{API}/jobs", headers=own, json=wrong), 422)
    for unknown in ({"upload": "0" * 16}, {**asked, "version": "99"}, {**asked, "experiment": ".."}):
        assert is_problem(client.post(f"{API}/jobs", headers=own, json=unknown), 404)
    made = [client.post(f"{API}/jobs", headers=own, json=asked) for _ in range(MOST_OPEN)]
    assert [each.status_code for each in made] == [202] * MOST_OPEN
    first = made[0].json()
    assert (first["state"], first["rows_total"], first["progress"]) == ("queued", world.features.num_rows, 0)
    assert first["model_version"] == find_release("decline-2y", world.workspace).id
    assert is_problem(client.post(f"{API}/jobs", headers=own, json=asked), 429)
    assert is_problem(client.get(f"{API}/jobs/{first['id']}/result", headers=own), 409)
    assert is_problem(client("DELETE", f"{API}/uploads/{sent['id']}", headers=own), 409)
    for each in made:
        place = each.headers["location"]
        assert client("DELETE", place, headers=own).json()["state"] == "cancelled"
        assert client("DELETE", place, headers=own).status_code == 204
        assert client.get(place, headers=own).status_code == 404
    assert client("DELETE", f"{API}/uploads/{sent['id']}", headers=own).status_code == 204


def test_ten_jobs_of_a_login_may_be_open_and_only_open_ones_count(
    door: tuple[Client, dict[str, str]], world: World
) -> None:
    client, own = door
    other = _logins(client.service.settings.database_url)["admin"]
    sent = _send(client, _csv(world.features), own).json()

    def ask(login: dict[str, str] = own) -> httpx.Response:
        return client.post(f"{API}/jobs", headers=login, json={"upload": sent["id"]})

    def become(job: str, state: str) -> None:
        with writing(client.service.engine) as connection:
            connection.execute(tables.jobs.update().where(tables.jobs.c.id == job).values(state=state))

    made = [ask().json()["id"] for _ in range(10)]
    assert is_problem(ask(), 429) and ask().headers["retry-after"].isdigit()
    become(made[0], "running")
    assert is_problem(ask(), 429), "a job that runs is open"
    made.append(ask(other).json()["id"])  # the limit of one login is not that of another
    for state in ("done", "failed", "cancelled"):
        become(made[0], state)
        made.append(ask().json()["id"])
        assert is_problem(ask(), 429)
        become(made.pop(), "cancelled")
    for job in made:
        become(job, "cancelled")


def test_who_left_a_municipality_finds_nothing_of_it(world: World, tmp_path: Path) -> None:
    headers = {"trusted_header": "X-User", "trusted_groups_header": "X-Groups", "trusted_proxies": ("10.0.0.0/8",)}
    service = serving(copy_of(world.workspace, tmp_path), **headers)
    client = Client(service, address="10.1.1.1")

    def login(*codes: str) -> dict[str, str]:
        return {"x-user": "analyst", "x-groups": ",".join(f"riskmodel-{each}" for each in ("analyst", *codes))}

    upload = _send(client, _csv(world.features), login(TOWN)).json()["id"]
    job = client.post(f"{API}/jobs", headers=login(TOWN), json={"upload": upload}).json()["id"]
    with writing(service.engine) as connection:
        done = {"state": "done", "result": '{"totals": {}, "sha256": "0", "bytes": 0}'}
        connection.execute(tables.jobs.update().where(tables.jobs.c.id == job).values(**done))
    seen = (f"uploads/{upload}", f"jobs/{job}", f"jobs/{job}/result")
    for left in (login(OTHER), login()):
        for path in seen:
            assert is_problem(client.get(f"{API}/{path}", headers=left), 404), path
        for path in seen[:2]:
            assert is_problem(client("DELETE", f"{API}/{path}", headers=left), 404), path
        for kind in ("uploads", "jobs"):
            assert client.get(f"{API}/{kind}", headers=left).json()["total"] == 0
        assert is_problem(client.post(f"{API}/jobs", headers=left, json={"upload": upload}), 404)
    assert client.get(f"{API}/{seen[0]}", headers=login(OTHER, TOWN)).status_code == 200


def test_what_a_killed_service_left_is_swept(door: tuple[Client, dict[str, str]]) -> None:
    client, own = door
    sent = _send(client, b"deviation\n1\n", own).json()
    uploads = Uploads(client.service.engine, client.service.settings)
    for name in (".half", "0" * 16):
        (uploads.folder / name).mkdir()
        (uploads.folder / name / "upload").write_bytes(b"half")
    assert uploads.sweep() == 0  # it may still be under way
    assert uploads.sweep(age=-1) == 2
    assert client.get(f"{API}/uploads/{sent['id']}", headers=own).status_code == 200
    assert client("DELETE", f"{API}/uploads/{sent['id']}", headers=own).status_code == 204


# --- jobs ---


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    from sqlalchemy import text

    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'service.db'}"
    url = str(request.getfixturevalue("postgres"))
    engine = connect(url)
    with writing(engine) as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


class Remote:
    """A server on loopback, asked by somebody."""

    def __init__(self, base: str, login: dict[str, str]) -> None:
        self._client = httpx.Client(base_url=base, headers=login, timeout=120)

    def __call__(self, method: str, path: str, **named: Any) -> httpx.Response:
        return self._client.request(method, path, **named)

    def get(self, path: str, **named: Any) -> httpx.Response:
        return self("GET", path, **named)

    def post(self, path: str, **named: Any) -> httpx.Response:
        return self("POST", path, **named)

    def job(self, place: str) -> dict[str, Any]:
        """Where a job stands."""
        told: dict[str, Any] = self.get(place).json()
        return told

    def until(self, place: str, *states: str) -> dict[str, Any]:
        """Wait for a state."""
        until(lambda: self.job(place)["state"] in states)
        return self.job(place)


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def _worker_of(url: str, place: str) -> int | None:
    from sqlalchemy import select

    engine = connect(url)
    with reading(engine) as connection:
        asked = select(tables.jobs.c.pid).where(tables.jobs.c.id == place.rpartition("/")[2])
        pid = connection.execute(asked).scalar()
    engine.dispose()
    return None if pid is None else int(pid)


def _has_part(workspace: Workspace, place: str) -> bool:
    """Whether a job is in the middle: the first part of its output is there, and others are not."""
    return any(workspace.path("service", "jobs", place.rpartition("/")[2]).glob("out/scores/*.parquet"))


def _check_result(response: httpx.Response, told: dict[str, Any], oracle: dict[str, str]) -> None:
    assert response.status_code == 200 and response.headers["content-type"] == "application/zip"
    assert (_sha(response.content), len(response.content)) == (told["result"]["sha256"], told["result"]["bytes"])
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        parts = {name: _sha(archive.read(name)) for name in archive.namelist() if name.endswith(".parquet")}
        assert parts == oracle
        assert set(archive.namelist()) - set(parts) == {"manifest.json", "run.json"}
        assert b"/tmp" not in archive.read("run.json") + archive.read("manifest.json")


@pytest.mark.long
def test_every_row_is_scored_or_rejected_and_a_worker_may_fall_over(world: World, tmp_path: Path) -> None:
    """One service, three jobs: hand-counted rejects, a worker that is killed, and one that is cancelled."""
    workspace = copy_of(world.workspace, tmp_path)
    database = settings_of(workspace).database_url
    logins = _logins(database)
    rows = world.features.slice(0, 20).to_pylist()
    names = world.features.column_names
    spread = names.index("size.spread")
    lines = [",".join(names)]
    for place, row in enumerate(rows):
        cells = ["" if value is None or value != value else str(value) for value in row.values()]
        if place in (3, 4):
            cells[names.index("deviation")] = "NA"
        if place == 7:
            cells[spread] = "veel"
        if place == 11:
            cells[spread] = "1e999"
        if place == 13:
            cells = cells[:-1]
        lines.append(",".join(cells))
    text = "\n".join(lines).encode()

    with running(settings_of(workspace)) as (base, service):
        own, other = Remote(base, logins["own"]), Remote(base, logins["other"])
        small = _send(own, text, {}).json()["id"]
        large = _send(own, world.file.read_bytes(), {}).json()["id"]
        counted = own.post(f"{API}/jobs", json={"upload": small, "drivers": True}).headers["location"]
        killed = own.post(f"{API}/jobs", json={"upload": large}).headers["location"]
        stopped = own.post(f"{API}/jobs", json={"upload": large}).headers["location"]

        told = own.until(counted, "done", "failed")
        assert told["state"] == "done", told
        result = told["result"]
        assert (result["rows"], result["scored"], result["rejected"]) == (20, 15, 5)
        assert result["reasons"] == {"infinite": 1, "missing": 2, "not a number": 1, "wrong number of columns": 1}
        whole = own.get(result["href"])
        with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
            scores = pq.read_table(io.BytesIO(archive.read("scores/upload-00000.parquet")))
            rejects = pq.read_table(io.BytesIO(archive.read("rejects/upload-00000.parquet")))
        assert rejects.column("row").to_pylist() == [4, 5, 8, 12, 14]
        kept = [row["location"] for place, row in enumerate(rows) if place not in (3, 4, 7, 11, 13)]
        assert scores.column("location").to_pylist() == kept
        drivers = [scores.column(name).to_numpy() for name in scores.column_names if name.startswith("driver_")]
        np.testing.assert_allclose(sum(drivers), scores.column("expected_change").to_numpy(), atol=1e-12)
        part = own.get(result["href"], headers={"range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, whole.content[10:20])
        tag = {"if-none-match": whole.headers["etag"]}
        assert own.get(result["href"], headers=tag).status_code == 304
        assert own.get(counted, headers={"if-none-match": own.get(counted).headers["etag"]}).status_code == 304

        for place in (counted, f"{counted}/result", killed, f"{killed}/result"):
            assert is_problem(other.get(place), 404)
        assert is_problem(other("DELETE", killed), 404)
        assert other.get(f"{API}/jobs").json()["total"] == 0
        assert Remote(base, logins["admin here"]).get(f"{API}/jobs").json()["total"] == 3

        until(lambda: _worker_of(database, killed) is not None)
        pid = _worker_of(database, killed)
        assert pid is not None and os.getpgid(pid) == pid != os.getpgrp()
        assert os.getpriority(os.PRIO_PROCESS, pid) >= 10
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert "Max data size             4294967296" in limits
        assert b"RISKMODEL" not in Path(f"/proc/{pid}/environ").read_bytes()
        until(lambda: _has_part(workspace, killed))
        os.kill(pid, signal.SIGKILL)
        told = own.until(killed, "done", "failed")
        assert (told["state"], told["attempts"], told["result"]["scored"]) == ("done", 2, ROWS)
        _check_result(own.get(told["result"]["href"]), told, world.oracle)

        # Killed between the result and the row that tells of it: it is found, not made again.
        with writing(service.engine) as connection:
            lost = tables.jobs.update().where(tables.jobs.c.id == killed.rpartition("/")[2])
            connection.execute(lost.values(state="queued", result=None, attempts=0))
        own.until(stopped, "running")
        until(lambda: _worker_of(database, stopped) is not None)
        pid = _worker_of(database, stopped)
        assert own("DELETE", stopped).json()["state"] == "cancelled"
        until(lambda: pid is not None and not _alive(pid))
        folder = service.settings.folder / "jobs" / stopped.rpartition("/")[2]
        until(lambda: not folder.exists())
        assert is_problem(own.get(f"{stopped}/result"), 409)
        assert own("DELETE", stopped).status_code == 204 and own.get(stopped).status_code == 404
        again = own.until(killed, "done", "failed")
        assert (again["result"], again["attempts"]) == (told["result"], 1)
        assert own("DELETE", counted).status_code == 204 and is_problem(own.get(f"{counted}/result"), 404)


@pytest.mark.long
def test_a_job_that_never_comes_through_fails_with_a_reason(world: World, tmp_path: Path) -> None:
    workspace = copy_of(world.workspace, tmp_path)
    service = serving(workspace)
    own = _logins(service.settings.database_url)["own"]
    client = Client(service)
    sent = _send(client, _csv(world.features), own).json()
    place = client.post(f"{API}/jobs", headers=own, json={"upload": sent["id"]}).headers["location"]
    lost = client.post(f"{API}/jobs", headers=own, json={"upload": sent["id"]}).headers["location"]
    column = tables.jobs.c
    with writing(service.engine) as connection:
        connection.execute(
            tables.jobs.update()
            .where(column.id == place.rpartition("/")[2])
            .values(state="running", attempts=MOST_ATTEMPTS, pid=1)
        )
    for path in service.settings.folder.glob("uploads/*/upload.csv"):
        path.unlink()
    jobs, uploads = Jobs(service.engine, service.settings), Uploads(service.engine, service.settings)
    runners = [Runner(service.engine, service.settings, jobs, uploads) for _ in range(2)]
    for runner in runners:  # of two, one runs jobs
        runner.start()
    try:
        until(lambda: client.get(lost, headers=own).json()["state"] == "failed")
        told = client.get(place, headers=own).json()
        assert (told["state"], told["attempts"]) == ("failed", MOST_ATTEMPTS)
        assert "broken off every time" in told["message"]
        assert client.get(lost, headers=own).json()["message"] == "The file is no longer there."
        assert is_problem(client.get(f"{place}/result", headers=own), 409)
    finally:
        for runner in runners:
            runner.stop()


@pytest.mark.long
def test_what_a_power_cut_damaged_is_made_again(world: World, tmp_path: Path) -> None:
    """Names may survive a power cut without contents; an output that another version began is of no use either."""
    source = tmp_path / "upload.parquet"
    pq.write_table(world.features, source)
    release = find_release("decline-2y", world.workspace).folder
    found: list[dict[str, Any]] = []

    def run(folder: Path) -> dict[str, Any]:
        task = {"source": str(source), "release": str(release), "drivers": False}
        task |= {"output": str(folder / "out"), "result": str(folder / "result.zip")}
        return score_upload(task, found.append)

    alone = tmp_path / "alone"
    alone.mkdir()
    told = run(alone)
    assert told["totals"]["scored"] == world.features.num_rows == found[-1]["rows"]
    part = "scores/upload-00000.parquet"
    other = (alone / "out" / "run.json").read_bytes().replace(b'"drivers": false', b'"drivers": true')
    damages = {"manifest.json": b"", part: (alone / "out" / part).read_bytes()[:-9], "run.json": b"{", "gone": b""}
    for number, (name, content) in enumerate([*damages.items(), ("run.json", other)]):
        folder = tmp_path / str(number)
        shutil.copytree(alone, folder)
        (folder / "result.zip").unlink()
        (folder / ".half.zip").write_bytes(b"half")
        if name == "run.json":
            (folder / "out" / "manifest.json").unlink()
        if name == "gone":
            (folder / "out" / part).unlink()
        else:
            (folder / "out" / name).write_bytes(content)
        assert run(folder) == told, name
        assert sorted(path.name for path in folder.iterdir()) == ["out", "result.zip"]


# --- kill -9 ---

SERVER = """
import sys, uvicorn
from pathlib import Path
from riskmodel.web.app import create_app
from riskmodel.web.settings import Settings
settings = Settings(workspace=Path(sys.argv[1]), database=sys.argv[3], requests_per_minute=0)
uvicorn.run(create_app(settings), port=int(sys.argv[2]), log_level="warning")
"""


class Server:
    """The service as a process of its own, to be killed."""

    def __init__(self, workspace: Workspace, database: str, login: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._command = [sys.executable, "-c", SERVER, str(workspace.folder), str(self.port), database]
        self.remote = Remote(f"http://127.0.0.1:{self.port}", login)

    def start(self) -> None:
        """Start it and wait until it answers."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(self._command, env=environment, **quiet)
        until(self._answers)

    def end(self, how: signal.Signals) -> None:
        """``kill -9``, or ask it to stop."""
        self.process.send_signal(how)
        self.process.wait(60)

    def _answers(self) -> bool:
        try:
            return self.remote.get(f"{API}/health").status_code == 200
        except httpx.TransportError:
            return False


def _half_an_upload(server: Server, login: dict[str, str], content: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port))
    head = f"POST {API}/uploads HTTP/1.1\r\nHost: localhost\r\nAuthorization: {login['authorization']}\r\n"
    head += f"Content-Type: application/octet-stream\r\nContent-Length: {len(content)}\r\n\r\n"
    connection.sendall(head.encode() + content[: len(content) // 2])
    return connection


@pytest.mark.long
def test_killed_at_any_moment_nothing_accepted_is_lost(world: World, database: str, tmp_path: Path) -> None:
    """Killed with half an upload and a job in the queue, stopped, killed in the middle: the result is the same."""
    workspace = copy_of(world.workspace, tmp_path)
    login = _logins(database)["own"]
    server = Server(workspace, database, login)
    own, content = server.remote, world.file.read_bytes()
    drafts = workspace.path("service", "uploads")
    server.start()
    try:
        accepted = _send(own, content, {})
        assert accepted.status_code == 201
        asked = {"upload": accepted.json()["id"]}
        with _half_an_upload(server, login, content * 3):
            until(lambda: any(path.stat().st_size for path in drafts.glob(".*/upload")))
            place = own.post(f"{API}/jobs", json=asked).headers["location"]
            server.end(signal.SIGKILL)
        workers: list[int] = []
        attempts: list[int] = []
        # A server that is told to stop puts its job back by itself: that start does not count.
        ends = (signal.SIGKILL,) if database.startswith("postgresql") else (signal.SIGTERM, signal.SIGKILL)
        for how in ends:
            server.start()
            page = own.get(f"{API}/uploads").json()
            assert [each["sha256"] for each in page["items"]] == [_sha(content)]
            until(lambda: _worker_of(database, place) not in (None, *workers))
            workers.append(_worker_of(database, place) or 0)
            if how == signal.SIGKILL:
                until(lambda: _has_part(workspace, place))
            told = own.job(place)
            assert (told["state"], told["result"]) == ("running", None)
            attempts.append(told["attempts"])
            assert is_problem(own.get(f"{place}/result"), 409)
            server.end(how)
            until(lambda: not _alive(workers[-1]))
        server.start()
        told = own.until(place, "done", "failed")
        assert (told["state"], told["attempts"], told["rows_done"]) == ("done", attempts[-1] + 1, ROWS)
        assert len(set(attempts)) == 1
        _check_result(own.get(told["result"]["href"]), told, world.oracle)
        engine = connect(database)
        assert Uploads(engine, settings_of(workspace)).sweep(age=-1) == 1
        engine.dispose()
        assert [path.name for path in drafts.iterdir()] == [asked["upload"]]
        assert own.get(f"{API}/jobs?limit=5").json()["total"] == 1
        assert own("DELETE", place).status_code == 204 and own.get(place).status_code == 404
        assert own("DELETE", accepted.headers["location"]).status_code == 204 and not list(drafts.iterdir())
    finally:
        server.end(signal.SIGKILL)
