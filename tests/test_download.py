"""Downloads against a server on this machine that serves the publishers' formats and injects faults."""

import csv
import gzip
import hashlib
import io
import json
import re
import socket
import sqlite3
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from riskmodel.errors import InputError
from riskmodel.sources.download.download import Publisher, download, publishers

ZIP = "/resources/open-data-leefbaarometer-meting-2024.zip"
NAME = "open-data-leefbaarometer-meting-2024.zip"
FEED = "/ODataFeed/odata/47018NED"
INDEX = "/cbs/wijkenbuurten/2022/atom/index.xml"
GPKG = "/cbs/wijkenbuurten/2022/atom/downloads/wijkenbuurten_2022_v2.gpkg"
WFS = "/cbs/wijkenbuurten/2022/wfs/v1_0"
MOVED = "The publisher may have moved it; addresses stand in riskmodel/catalogue/download.toml."
AGAIN = "Run the same command again later: complete files are kept, and the rest is asked for."
HTML = b"\n <!DOCTYPE html><html><body>Onderhoud</body></html>"


@dataclass
class Fault:
    """What goes wrong in one answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut_after: int = -1
    content_length: int = -1
    silent: float = 0.0


@dataclass
class Site:
    """A publisher: files, tables and layers; faults are used up in order, by the path that they are meant for."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    rows: list[dict[str, Any]] = field(default_factory=list)
    modified: list[str] = field(default_factory=lambda: ["2024-03-01T02:00:00"])
    features: list[dict[str, Any]] = field(default_factory=list)
    matched: int | None = None
    most: int = 10_000
    compress: bool = False
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def fault(self, path: str) -> Fault | None:
        for number, (at, fault) in enumerate(self.faults):
            if at in path:
                del self.faults[number]
                return fault
        return None

    def paths(self, part: str) -> list[str]:
        return [path for path, _ in self.asked if part in path]

    def ranges_asked(self) -> list[str | None]:
        return [headers.get("Range") for _, headers in self.asked]

    def answer(self, target: str) -> tuple[bytes, str] | None:
        parts = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path in self.files:
            return self.files[parts.path], "application/octet-stream"
        if parts.path == f"{FEED}/TableInfos":
            stamp = self.modified.pop(0) if len(self.modified) > 1 else self.modified[0]
            return json.dumps({"value": [{"ID": 0, "Modified": stamp}]}).encode(), "application/json"
        if parts.path == f"{FEED}/TypedDataSet":
            return self.table(query), "application/json;odata=minimalmetadata"
        if parts.path == WFS and query.get("resultType") == "hits":
            count = len(self.features) if self.matched is None else self.matched
            return f'<wfs:FeatureCollection numberMatched="{count}" numberReturned="0"/>'.encode(), "text/xml"
        if parts.path == WFS:
            start, count = int(query["startIndex"]), min(int(query["count"]), self.most)
            collection = {
                "type": "FeatureCollection",
                "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4326"}},
                "features": self.features[start : start + count],
            }
            return json.dumps(collection).encode(), "application/json; subtype=geojson"
        return None

    def table(self, query: dict[str, str]) -> bytes:
        top, skip = int(query["$top"]), int(query["$skip"])
        assert top <= 5000
        period = re.fullmatch(r"Perioden eq '(\w+)'", query["$filter"])
        assert period
        chosen = [row for row in self.rows if row["Perioden"] == period[1]]
        return json.dumps({"value": chosen[skip : skip + min(top, self.most)]}).encode()


class Handler(BaseHTTPRequestHandler):
    """Answers like a web server with ranges and versions."""

    site: Site

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        site = self.site
        site.asked.append((self.path, dict(self.headers)))
        fault = site.fault(self.path) or Fault()
        if fault.silent:
            threading.Event().wait(fault.silent)
        if fault.status:
            return self.send(fault.status, fault.body or b"", fault.headers, fault)
        found = site.answer(self.path)
        if found is None:
            return self.send(404, b"<html>niet gevonden</html>", {"Content-Type": "text/html"}, fault)
        body, kind = (found[0] if fault.body is None else fault.body), found[1]
        headers = {"Content-Type": kind, **fault.headers}
        status = 200
        etag = site.etags.get(urlsplit(self.path).path, "")
        if etag:
            headers["ETag"] = etag
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and site.ranges and self.headers.get("If-Range") == etag:
            start = int(wanted[1])
            headers = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} | headers
            status, body = 206, body[start:]
        if site.compress and "gzip" in self.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body)
        return self.send(status, body, headers, fault)

    def send(self, status: int, body: bytes, headers: dict[str, str], fault: Fault) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        length = fault.content_length if fault.content_length >= 0 else len(body)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body[: fault.cut_after] if fault.cut_after >= 0 else body)
        self.close_connection = True


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anywhere else fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        assert address[0] == "127.0.0.1", f"a connection to {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"site": site}))
    # A client that cuts the line is part of what is tested, and no news.
    server.handle_error = lambda request, address: None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def pauses() -> list[float]:
    """Seconds that were waited, without waiting."""
    return []


def get(site: Site, cache: Path, pauses: list[float], source: str = "leefbaarometer", *years: int) -> Path:
    hosts = dict.fromkeys(("leefbaarometer", "cbs", "third_parties", "pdok"), site.address)
    (path,) = download(source, years or (2024,), cache, hosts, sleep=pauses.append, attempts=4, timeout=(2, 0.5))
    return path


def refusal(site: Site, cache: Path, pauses: list[float], source: str = "leefbaarometer", *years: int) -> str:
    with pytest.raises(InputError) as caught:
        get(site, cache, pauses, source, *years)
    return str(caught.value)


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def a_zip(size: int = 500_000) -> bytes:
    """A zip that does not compress, so that it arrives in many pieces."""
    blocks = (hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(size // 32))
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(
            "Leefbaarometer 3.0 - Meting 2024 - open data/Leefbaarometer-scores.csv", b"".join(blocks)
        )
    return memory.getvalue()


def a_geopackage(folder: Path) -> bytes:
    path = folder / "made.gpkg"
    connection = sqlite3.connect(path)
    connection.execute("create table wijken (wijkcode text)")
    connection.executemany("insert into wijken values (?)", [(f"WK0014{number:02d}",) for number in range(99)])
    connection.commit()
    connection.close()
    content = path.read_bytes()
    path.unlink()
    return content


# --- A file ---------------------------------------------------------------------------------------------------


def test_bytes_checksum_and_progress_of_a_file(site: Site, tmp_path: Path) -> None:
    site.files[ZIP] = a_zip()
    site.etags[ZIP] = '"v1"'
    told: list[tuple[str, int, int | None]] = []
    (path,) = download(
        "leefbaarometer",
        [2024, 2024],
        tmp_path,
        {"leefbaarometer": f"{site.address}/"},
        progress=lambda *each: told.append(each),
    )
    assert path == tmp_path / "leefbaarometer" / NAME
    assert path.read_bytes() == site.files[ZIP]
    about = json.loads(path.with_name(f"{NAME}.json").read_text(encoding="utf-8"))
    assert about["sha256"] == hashlib.sha256(site.files[ZIP]).hexdigest()
    assert about["length"] == len(site.files[ZIP])
    assert about["url"] == site.address + ZIP
    assert about["version"] == '"v1"'
    assert files_in(tmp_path) == [f"leefbaarometer/{NAME}", f"leefbaarometer/{NAME}.json"]
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1] == (NAME, len(site.files[ZIP]), len(site.files[ZIP]))
    assert site.asked[0][1]["User-Agent"].startswith("riskmodel/")


def test_a_complete_file_is_not_fetched_again(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    first = get(site, tmp_path, pauses)
    stamp = first.stat().st_mtime_ns
    assert get(site, tmp_path, pauses) == first
    assert len(site.asked) == 1
    assert first.stat().st_mtime_ns == stamp


def test_a_changed_file_in_the_cache_is_not_used(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    path = get(site, tmp_path, pauses)
    path.write_bytes(b"PK changed")
    told = refusal(site, tmp_path, pauses)
    assert told == (
        f"{path}: found bytes with SHA-256 {hashlib.sha256(b'PK changed').hexdigest()[:12]}; expected "
        f"{hashlib.sha256(site.files[ZIP]).hexdigest()[:12]}, as downloaded. "
        "Move the file away to download it again."
    )
    assert path.read_bytes() == b"PK changed"


def test_a_file_that_was_put_there_by_hand_is_not_taken_over(
    site: Site, tmp_path: Path, pauses: list[float]
) -> None:
    path = tmp_path / "leefbaarometer" / NAME
    path.parent.mkdir()
    path.write_bytes(b"mine")
    assert refusal(site, tmp_path, pauses) == (
        f"{path}: found a file without its description {NAME}.json; expected both or neither. "
        "Move the file away to download it again."
    )
    assert site.asked == []


def test_a_cut_connection_goes_on_where_it_stopped(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.etags[ZIP] = '"v1"'
    site.faults = [(ZIP, Fault(cut_after=300_000)), (ZIP, Fault(cut_after=100_000))]
    path = get(site, tmp_path, pauses)
    assert path.read_bytes() == site.files[ZIP]
    first, second, third = site.ranges_asked()
    assert first is None
    offsets = [int(each.removeprefix("bytes=").removesuffix("-")) for each in (second or "", third or "")]
    assert 0 < 300_000 - offsets[0] <= 65_536 or offsets[0] == 300_000
    assert offsets[0] < offsets[1] <= 400_000
    assert [headers.get("If-Range") for _, headers in site.asked] == [None, '"v1"', '"v1"']
    assert {headers.get("Accept-Encoding") for _, headers in site.asked} == {"identity"}
    assert pauses == [1.0, 2.0]
    assert files_in(tmp_path) == [f"leefbaarometer/{NAME}", f"leefbaarometer/{NAME}.json"]


def test_a_later_call_goes_on_too(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.etags[ZIP] = '"v1"'
    site.faults = [(ZIP, Fault(cut_after=200_000)), *[(ZIP, Fault(status=500))] * 3]
    assert refusal(site, tmp_path, pauses) == (
        f"{site.address}{ZIP}: found status 500 (Internal Server Error), at the last of 4 attempts; "
        f"expected the file. {AGAIN}"
    )
    folder = tmp_path / "leefbaarometer"
    assert files_in(folder) == [f"{NAME}.part", f"{NAME}.part.json"]
    held = (folder / f"{NAME}.part").stat().st_size
    site.asked.clear()
    assert get(site, tmp_path, pauses).read_bytes() == site.files[ZIP]
    assert site.ranges_asked() == [f"bytes={held}-"]
    assert files_in(folder) == [NAME, f"{NAME}.json"]


def test_a_part_of_an_older_version_is_thrown_away(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.etags[ZIP] = '"v1"'
    site.faults = [(ZIP, Fault(cut_after=200_000)), *[(ZIP, Fault(status=503))] * 3]
    refusal(site, tmp_path, pauses)
    site.files[ZIP] = a_zip(400_000)
    site.etags[ZIP] = '"v2"'
    assert get(site, tmp_path, pauses).read_bytes() == site.files[ZIP]


def test_without_a_version_a_cut_file_begins_again(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.faults = [(ZIP, Fault(cut_after=200_000))]
    assert get(site, tmp_path, pauses).read_bytes() == site.files[ZIP]
    assert site.ranges_asked() == [None, None]


def test_a_weak_version_is_no_ground_to_go_on(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.etags[ZIP] = 'W/"v1"'
    site.faults = [(ZIP, Fault(cut_after=200_000))]
    assert get(site, tmp_path, pauses).read_bytes() == site.files[ZIP]
    assert site.ranges_asked() == [None, None]


def test_a_server_that_ignores_ranges_is_believed(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.etags[ZIP] = '"v1"'
    site.ranges = False
    site.faults = [(ZIP, Fault(cut_after=200_000))]
    assert get(site, tmp_path, pauses).read_bytes() == site.files[ZIP]
    assert [each is None for each in site.ranges_asked()] == [True, False]


def test_a_rest_that_does_not_follow_is_not_appended(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.etags[ZIP] = '"v1"'
    wrong = Fault(headers={"Content-Range": f"bytes 7-{len(a_zip()) - 1}/{len(a_zip())}"})
    site.faults = [(ZIP, Fault(cut_after=200_000)), (ZIP, wrong)]
    assert get(site, tmp_path, pauses).read_bytes() == site.files[ZIP]
    assert [each is None for each in site.ranges_asked()] == [True, False, True]


def test_a_range_that_cannot_be_had_begins_again(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.etags[ZIP] = '"v1"'
    site.faults = [(ZIP, Fault(cut_after=200_000)), (ZIP, Fault(status=416))]
    assert get(site, tmp_path, pauses).read_bytes() == site.files[ZIP]
    assert [each is None for each in site.ranges_asked()] == [True, False, True]


def test_a_connection_that_is_cut_every_time(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.faults = [(ZIP, Fault(cut_after=0))] * 4
    assert refusal(site, tmp_path, pauses) == (
        f"{site.address}{ZIP}: found a connection cut after 0 of {len(a_zip()):,} bytes, "
        f"at the last of 4 attempts; expected the whole file. {AGAIN}"
    )
    assert pauses == [1.0, 2.0, 4.0]
    assert files_in(tmp_path) == []


def test_a_length_that_is_too_long(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip(32_000)
    size = len(site.files[ZIP])
    site.faults = [(ZIP, Fault(content_length=size + 10))] * 4
    told = refusal(site, tmp_path, pauses)
    assert re.fullmatch(
        rf"{re.escape(site.address + ZIP)}: found a connection cut after [\d,]+ of {size + 10:,} bytes, "
        rf"at the last of 4 attempts; expected the whole file\. {re.escape(AGAIN)}",
        told,
    )
    assert files_in(tmp_path) == []


def test_a_length_that_is_too_short(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.faults = [(ZIP, Fault(content_length=200_000))]
    assert refusal(site, tmp_path, pauses) == (
        f"{site.address}{ZIP}: found a damaged zip (File is not a zip file); expected a zip archive. "
        "Try again later."
    )
    assert files_in(tmp_path) == []


def test_a_busy_server_is_given_the_time_it_asks(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    site.faults = [
        (ZIP, Fault(status=429, headers={"Retry-After": "17"})),
        (ZIP, Fault(status=503, headers={"Retry-After": soon})),
        (ZIP, Fault(status=429, headers={"Retry-After": "later"})),
    ]
    assert get(site, tmp_path, pauses).read_bytes() == site.files[ZIP]
    assert pauses == [17.0, pytest.approx(90, abs=5), 4.0]
    assert len(site.asked) == 4


def test_a_server_that_stays_busy(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.faults = [(ZIP, Fault(status=429, headers={"Retry-After": "3"}))] * 4
    assert refusal(site, tmp_path, pauses) == (
        f"{site.address}{ZIP}: found status 429 (Too Many Requests), at the last of 4 attempts; "
        f"expected the file. {AGAIN}"
    )
    assert pauses == [3.0, 3.0, 3.0]
    assert files_in(tmp_path) == []


def test_a_server_that_asks_for_hours(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.faults = [(ZIP, Fault(status=429, headers={"Retry-After": "7200"}))]
    assert refusal(site, tmp_path, pauses) == (
        f"{site.address}{ZIP}: found status 429 and the request to wait 7,200 seconds; expected the file. "
        "Run the same command again after that time."
    )
    assert pauses == []


def test_a_server_error_that_goes_away(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.faults = [(ZIP, Fault(status=500)), (ZIP, Fault(status=502))]
    assert get(site, tmp_path, pauses).read_bytes() == site.files[ZIP]
    assert pauses == [1.0, 2.0]


def test_pauses_double_up_to_a_minute(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.faults = [(ZIP, Fault(status=500))] * 9
    download(
        "leefbaarometer", [2024], tmp_path, {"leefbaarometer": site.address}, sleep=pauses.append, attempts=10
    )
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_silent_server(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    site.faults = [(ZIP, Fault(silent=1.0))]
    assert get(site, tmp_path, pauses).read_bytes() == site.files[ZIP]
    assert pauses == [1.0]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(headers={"Content-Type": "text/html; charset=utf-8"}, body=HTML),
        Fault(body=HTML),
        Fault(body=b"\xef\xbb\xbf<HTML><head>"),
    ],
    ids=["said", "unsaid", "with a byte order mark"],
)
def test_a_web_page_in_place_of_a_file(site: Site, tmp_path: Path, pauses: list[float], fault: Fault) -> None:
    site.files[ZIP] = a_zip()
    site.faults = [(ZIP, fault)]
    assert refusal(site, tmp_path, pauses) == (
        f"{site.address}{ZIP}: found a web page (HTML); expected data. "
        f"It may be a notice of the publisher, or the log-in page of a network. {MOVED}"
    )
    assert len(site.asked) == 1
    assert files_in(tmp_path) == []


def test_nothing_at_the_address(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    assert refusal(site, tmp_path, pauses) == (
        f"{site.address}{ZIP}: found status 404: nothing at this address; expected the file. {MOVED}"
    )
    assert len(site.asked) == 1
    assert files_in(tmp_path) == []


def test_another_status(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.faults = [(ZIP, Fault(status=403))]
    assert (
        refusal(site, tmp_path, pauses)
        == f"{site.address}{ZIP}: found status 403 (Forbidden); expected the file. {MOVED}"
    )


def test_an_empty_answer(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = b""
    assert refusal(site, tmp_path, pauses) == f"{site.address}{ZIP}: found an empty answer; expected the file."
    assert files_in(tmp_path) == []


def test_no_network(tmp_path: Path, pauses: list[float]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(InputError) as caught:
        download("leefbaarometer", [2024], tmp_path, {"leefbaarometer": address}, sleep=pauses.append, attempts=3)
    assert str(caught.value) == (
        f"{address}{ZIP}: found no connection, at the last of 3 attempts; expected an answer of the publisher. "
        "Is there a network? Files that were downloaded elsewhere can be ingested as they are."
    )
    assert pauses == [1.0, 2.0]
    assert files_in(tmp_path) == []


def test_a_cache_that_cannot_be_written(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[ZIP] = a_zip()
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    told = refusal(site, tmp_path / "cache", pauses)
    assert told.endswith("expected a folder with room to write into.")


# --- Archives and GeoPackages ---------------------------------------------------------------------------------


def zipped(*members: tuple[zipfile.ZipInfo | str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return memory.getvalue()


def a_link() -> zipfile.ZipInfo:
    link = zipfile.ZipInfo("scores.csv")
    link.external_attr = 0o120777 << 16
    return link


BOMB = zipped(("scores.csv", bytes(10_000_000)), compression=zipfile.ZIP_DEFLATED)
OUTSIDE = "found a path that leads outside the archive; expected paths inside it. Try again later."
ARCHIVES = {
    "cut": (
        a_zip()[:-30],
        ": found a damaged zip (File is not a zip file); expected a zip archive. Try again later.",
    ),
    "damaged": (
        zipped(("scores.csv", b"wk_code" * 9)).replace(b"wk_code", b"wk_kode", 1),
        ": found a damaged zip (Bad CRC-32 for file 'scores.csv'); expected a zip archive. Try again later.",
    ),
    "empty": (zipped(), ": found an empty zip; expected a zip with files."),
    "upwards": (zipped(("../scores.csv", b"x")), f", member '../scores.csv': {OUTSIDE}"),
    "absolute": (zipped(("/etc/scores.csv", b"x")), f", member '/etc/scores.csv': {OUTSIDE}"),
    "drive": (zipped(("C:/scores.csv", b"x")), f", member 'C:/scores.csv': {OUTSIDE}"),
    "link": (
        zipped((a_link(), b"/etc")),
        ", member 'scores.csv': found a link or special file; expected plain files. Try again later.",
    ),
    "bomb": (
        BOMB,
        f": found 10,000,000 bytes unpacked; expected at most {200 * len(BOMB):,}. Try again later.",
    ),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_an_archive_that_is_not_as_it_should_be(
    site: Site, tmp_path: Path, pauses: list[float], kind: str
) -> None:
    site.files[ZIP], told = ARCHIVES[kind]
    assert refusal(site, tmp_path, pauses) == f"{site.address}{ZIP}{told}"
    assert files_in(tmp_path) == []


def feeds(site: Site, content: bytes, length: int | None = None, link: str = "") -> None:
    """An Atom service feed that points to a data feed that points to the GeoPackage."""
    data = "/cbs/wijkenbuurten/2022/atom/wijken_en_buurten_2022.xml"
    site.files[INDEX] = (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f'<link rel="self" href="{site.address}{INDEX}"/>'
        f'<entry><link rel="alternate" type="application/atom+xml" href="{site.address}{data}"/></entry></feed>'
    ).encode()
    site.files[data] = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry>'
        f'<link rel="alternate" type="application/geopackage+sqlite3" href="{link or site.address + GPKG}" '
        f'length="{len(content) if length is None else length}"/></entry></feed>'
    ).encode()
    site.files[GPKG] = content


def test_a_geopackage_is_found_through_its_feed(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    feeds(site, a_geopackage(tmp_path))
    site.etags[GPKG] = '"g1"'
    site.faults = [(GPKG, Fault(cut_after=5_000))]
    path = get(site, tmp_path, pauses, "boundaries", 2022)
    assert path == tmp_path / "boundaries" / "boundaries_2022.gpkg"
    assert path.read_bytes() == site.files[GPKG]
    with sqlite3.connect(path) as connection:
        assert connection.execute("select count(*) from wijken").fetchone() == (99,)
    site.asked.clear()
    assert get(site, tmp_path, pauses, "boundaries", 2022) == path
    assert site.asked == []


def test_a_geopackage_of_another_length_than_announced(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    content = a_geopackage(tmp_path)
    feeds(site, content, length=len(content) + 4096)
    assert refusal(site, tmp_path, pauses, "boundaries", 2022) == (
        f"{site.address}{GPKG}: found {len(content):,} bytes; expected {len(content) + 4096:,}, "
        "as the publisher's list says. Try again later."
    )
    assert files_in(tmp_path) == []


def test_a_geopackage_that_is_shorter_than_it_says(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    content = a_geopackage(tmp_path)
    feeds(site, content[:4096])
    assert refusal(site, tmp_path, pauses, "boundaries", 2022) == (
        f"{site.address}{GPKG}: found 4,096 bytes; expected {len(content):,}, as the GeoPackage itself says."
    )


def test_something_else_than_a_geopackage(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    feeds(site, b"PK\x03\x04" + bytes(200))
    assert refusal(site, tmp_path, pauses, "boundaries", 2022) == (
        f"{site.address}{GPKG}: found a file that begins with b'PK\\x03\\x04\\x00\\x00\\x00\\x00'; "
        "expected a GeoPackage."
    )


def test_a_feed_that_points_elsewhere(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    feeds(site, b"", link="http://elsewhere.example/x.gpkg")
    assert refusal(site, tmp_path, pauses, "boundaries", 2022) == (
        f"{site.address}/cbs/wijkenbuurten/2022/atom/wijken_en_buurten_2022.xml: found a link to "
        f"http://elsewhere.example/x.gpkg; expected links to {site.address}."
    )


def test_a_feed_without_a_geopackage_or_that_is_no_xml(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.files[INDEX] = b'<feed xmlns="http://www.w3.org/2005/Atom"/>'
    assert refusal(site, tmp_path, pauses, "boundaries", 2022) == (
        f"{site.address}{INDEX}: found no GeoPackage; expected a feed with one GeoPackage."
    )
    site.files[INDEX] = b"<feed"
    assert refusal(site, tmp_path, pauses, "boundaries", 2022) == (
        f"{site.address}{INDEX}: found text that is no XML (unclosed token: line 1, column 0); "
        "expected an Atom feed."
    )


# --- Tables in pages ------------------------------------------------------------------------------------------


def offences(areas: int, periods: tuple[str, ...] = ("2021JJ00", "2022JJ00")) -> list[dict[str, Any]]:
    return [
        {
            "ID": number * len(periods) + place,
            "SoortMisdrijf": "0.0.0 ",
            "WijkenEnBuurten": f"BU0363{number:04d}",
            "Perioden": period,
            "GeregistreerdeMisdrijven_1": None if number % 7 == 0 else number / 4 if number % 2 else number,
        }
        for number in range(areas)
        for place, period in enumerate(periods)
    ]


def test_a_table_is_put_together_from_its_pages(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.rows = offences(6_200)
    site.most = 2_500
    path = get(site, tmp_path, pauses, "police", 2022)
    assert path == tmp_path / "police" / "47018NED_2022.csv"
    with path.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    expected = [row for row in site.rows if row["Perioden"] == "2022JJ00"]
    assert [row["WijkenEnBuurten"] for row in read] == [row["WijkenEnBuurten"] for row in expected]
    assert {row["SoortMisdrijf"] for row in read} == {"0.0.0 "}, "keys keep their padding"
    count = "GeregistreerdeMisdrijven_1"
    assert [float(row[count]) if row[count] else None for row in read] == [row[count] for row in expected]
    skips = [re.search(r"skip=(\d+)", each)[1] for each in site.paths("TypedDataSet")]  # type: ignore[index]
    assert skips == ["0", "2500", "5000", "6200"], "the server gave less than asked, and that was counted on"
    about = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
    assert (about["rows"], about["pages"], about["version"]) == (6_200, 3, "2024-03-01T02:00:00")
    assert about["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert files_in(tmp_path) == ["police/47018NED_2022.csv", "police/47018NED_2022.csv.json"]
    site.asked.clear()
    assert get(site, tmp_path, pauses, "police", 2022) == path
    assert site.asked == []


def test_pages_may_be_compressed_on_the_way(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.rows = offences(600)
    plain = get(site, tmp_path / "plain", pauses, "police", 2022).read_bytes()
    site.compress = True
    assert get(site, tmp_path / "packed", pauses, "police", 2022).read_bytes() == plain


def test_an_interrupted_table_goes_on_at_its_page(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.rows = offences(3_000)
    site.most = 1_000
    site.faults = [("skip=2000", Fault(status=500))] * 4
    query = "$format=json&$filter=Perioden%20eq%20%272022JJ00%27&$top=5000&$skip=2000"
    assert refusal(site, tmp_path, pauses, "police", 2022).startswith(
        f"{site.address}{FEED}/TypedDataSet?{query}: found status 500"
    )
    assert not (tmp_path / "police" / "47018NED_2022.csv").exists()
    assert not [name for name in files_in(tmp_path) if name.endswith(".part")]
    site.asked.clear()
    path = get(site, tmp_path, pauses, "police", 2022)
    assert [each.split("skip=")[1] for each in site.paths("TypedDataSet")] == ["2000", "3000"]
    assert path.read_text(encoding="utf-8").count("\n") == 3_001
    assert files_in(tmp_path) == ["police/47018NED_2022.csv", "police/47018NED_2022.csv.json"]


def test_pages_of_an_older_state_are_not_used(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.rows = offences(3_000)
    site.most = 1_000
    site.faults = [("skip=2000", Fault(status=500))] * 4
    refusal(site, tmp_path, pauses, "police", 2022)
    site.modified = ["2024-06-01T02:00:00"]
    site.asked.clear()
    get(site, tmp_path, pauses, "police", 2022)
    assert len(site.paths("TypedDataSet")) == 4


def test_a_table_that_changes_meanwhile(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.rows = offences(300)
    site.modified = ["2024-03-01T02:00:00", "2024-03-02T02:00:00"]
    told = refusal(site, tmp_path, pauses, "police", 2022)
    assert told.endswith(
        "found a table that changed while it was downloaded; expected one state of it. Run the same command again."
    )
    assert files_in(tmp_path) == []


def test_a_page_that_is_cut_or_a_web_page(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.rows = offences(300)
    site.faults = [("TypedDataSet", Fault(content_length=100))]
    assert (
        'found text that is no JSON (\'{"value": [{"ID": 1, "SoortMisdrijf": "0\' ...); expected JSON.'
        in refusal(site, tmp_path, pauses, "police", 2022)
    )
    site.faults = [("TypedDataSet", Fault(body=HTML))]
    assert "found a web page (HTML); expected data." in refusal(site, tmp_path, pauses, "police", 2022)
    site.faults = [("TypedDataSet", Fault(cut_after=100))]
    assert get(site, tmp_path, pauses, "police", 2022).is_file()
    assert pauses == [1.0]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"[1]", "found JSON that is no object; expected an object with rows."),
        (b'{"error": {}}', "found JSON without a list 'value'; expected a page of the table."),
        (b'{"value": [3]}', "found JSON without a list 'value'; expected a page of the table."),
        (b'{"value": [{"ID": NaN}]}', "expected JSON."),
        (b'{"value": ' + b"[" * 100_000, "expected JSON."),
        (b'{"value": [{"ID": 1}, {"X": 2}]}', "found columns X; expected ID, as in the first row."),
        (
            b'{"value": [{"ID": 1}, {"ID": 1}]}',
            "found a row with ID 1 after 1; expected rows in the order of ID.",
        ),
        (b'{"value": [{"X": 1}]}', "found a row without ID; expected a number in every row."),
        (b'{"value": [{"ID": 1, "X": []}]}', "found the value []; expected a text, a number or null."),
        (b'{"value": [' + b"{}," * 5000 + b"{}]}", "found 5,001 rows; expected at most 5,000."),
        (b'{"value": "\xff"}', "found bytes that are not UTF-8 text; expected JSON."),
    ],
)
def test_a_page_of_another_form(site: Site, tmp_path: Path, pauses: list[float], body: bytes, told: str) -> None:
    site.rows = offences(3)
    site.faults = [("skip=0", Fault(body=body))]
    assert refusal(site, tmp_path, pauses, "police", 2022).endswith(told)
    assert files_in(tmp_path) == []


def test_a_server_that_gives_the_same_page_for_ever(
    site: Site, tmp_path: Path, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riskmodel.sources.download.paged.MOST_PAGES", 5)
    page = json.dumps({"value": offences(2, ("2022JJ00",))}).encode()
    site.faults = [("TypedDataSet", Fault(body=page))] * 9
    assert refusal(site, tmp_path, pauses, "police", 2022).endswith(
        "found more than 5 pages; expected a table that ends."
    )


def test_a_year_without_rows(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.rows = offences(3)
    assert refusal(site, tmp_path, pauses, "police", 2023).endswith(
        "found no rows; expected a table with rows. This year may not have been published yet."
    )
    assert files_in(tmp_path) == []


def districts(number: int) -> list[dict[str, Any]]:
    return [
        {
            "type": "Feature",
            "properties": {"wijkcode": f"WK{each // 100:04d}{each % 100:02d}", "wijknaam": "Éénwijk"},
            "geometry": {"type": "Point", "coordinates": [5.1 + each / 1e6, 52.123456789012]},
        }
        for each in range(number)
    ]


def test_a_layer_is_put_together_from_its_pages(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.features = districts(2_300)
    path = get(site, tmp_path, pauses, "boundaries-wijk", 2022)
    assert path == tmp_path / "boundaries-wijk" / "boundaries-wijk_2022.geojson"
    collection = json.loads(path.read_text(encoding="utf-8"))
    assert collection["features"] == site.features
    assert collection["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::4326"
    assert "typeNames=wijkenbuurten:wijken" in site.asked[0][0]
    assert [re.search(r"startIndex=(\d+)", each)[1] for each in site.paths("startIndex")] == [  # type: ignore[index]
        "0",
        "1000",
        "2000",
        "2300",
    ]
    assert files_in(tmp_path / "boundaries-wijk") == [path.name, f"{path.name}.json"]


def test_a_layer_that_is_not_complete(site: Site, tmp_path: Path, pauses: list[float]) -> None:
    site.features = districts(20)
    site.matched = 25
    assert refusal(site, tmp_path, pauses, "boundaries-wijk", 2022).endswith(
        "found 20 rows; expected 25, as the service counts them."
    )
    site.matched = None
    site.features += site.features[:1]
    assert refusal(site, tmp_path, pauses, "boundaries-wijk", 2022).endswith(
        "found a feature that was given before; expected every feature once."
    )
    assert files_in(tmp_path) == []


# --- The call -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "years", "hosts", "told"),
    [
        (
            "kwp",
            [2020],
            {},
            "source: found 'kwp'; expected one of leefbaarometer, leefbaarometer-geometry, kwb,",
        ),
        ("kwb", [], {}, "years: found none; expected at least one year of kwb."),
        ("kwb", [2013], {}, "years: found 2013; expected a year of kwb: 2014, 2015,"),
        ("police", [2001], {}, "years: found 2001; expected a year of police, from 2010 on."),
        ("police", [2050], {}, "years: found 2050; expected a year of police, from 2010 on."),
        ("kwb", [2020], {"dutch": "http://x"}, "base_urls: found 'dutch'; expected one of leefbaarometer, cbs,"),
        (
            "kwb",
            [2020],
            {"cbs": "file:///etc"},
            "base_urls, cbs: found 'file:///etc'; expected an address such as",
        ),
    ],
)
def test_a_wrong_call(tmp_path: Path, source: str, years: list[int], hosts: dict[str, str], told: str) -> None:
    with pytest.raises(InputError, match=re.escape(told)):
        download(source, years, tmp_path, hosts)
    assert files_in(tmp_path) == []


def test_every_source_of_the_catalogue_is_whole() -> None:
    for name, publisher in publishers().items():
        assert isinstance(publisher, Publisher)
        assert publisher.label.endswith(")") and ("CC0" in publisher.label or "CC BY 4.0" in publisher.label), name
        assert publisher.kind in {"file", "atom", "odata", "wfs"}
        assert publisher.host in {"leefbaarometer", "cbs", "third_parties", "pdok"}
    assert publishers()["kwb"].entry["years"]["2024"] == "85984NED"
