"""Download official files from their publishers into a cache folder.

Addresses are in ``catalogue/download.toml``. A file that is complete in the cache is not fetched again; its
address, length and SHA-256 are in ``NAME.json`` beside it. After cut connections and busy servers pauses double,
``Retry-After`` is honoured, and an incomplete file is continued, not begun again: see
:mod:`riskmodel.sources.download.fetch` for files and :mod:`riskmodel.sources.download.paged` for tables in pages.
"""

from __future__ import annotations

import struct
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import requests

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.download import paged
from riskmodel.sources.download.cached import is_complete
from riskmodel.sources.download.fetch import Fetcher, Progress
from riskmodel.sources.formats.archives import DAMAGED, Bounds, blocks, check_members
from riskmodel.sources.formats.files import first_bytes

#: Every publisher here began later than the first and is asked for nothing beyond the last.
FIRST_YEAR, LAST_YEAR = 1995, 2049
#: Largest sum of what an archive of a publisher unpacks to, and how many times larger than packed.
LARGEST_UNPACKED, LARGEST_RATIO = 32 << 30, 200
LATER = "Try again later."
LINK = "{http://www.w3.org/2005/Atom}link"


@dataclass(frozen=True)
class Publisher:
    """The publisher of a source, and how the source is published.

    Attributes
    ----------
    source : str
        Name of the source.
    label : str
        Contents, publisher, licence.
    host : str
        Key of the base address.
    kind : {"file", "atom", "odata", "wfs"}
        How it is published.
    years : tuple of int
        Years that can be downloaded; empty when all from ``first_year`` on.
    first_year : int
        First year.
    entry : mapping
        The other keys of the catalogue.
    """

    source: str
    label: str
    host: str
    kind: str
    years: tuple[int, ...]
    first_year: int
    entry: Mapping[str, Any] = field(repr=False)


def publishers() -> dict[str, Publisher]:
    """All sources that can be downloaded, by name."""
    found = {}
    for source, entry in load("download")["sources"].items():
        years = tuple(sorted(map(int, entry.get("years", {}))))
        first = int(entry["first_year"]) if not years else years[0]
        found[source] = Publisher(source, entry["label"], entry["host"], entry["kind"], years, first, entry)
    return found


def download(
    source: str,
    years: Sequence[int],
    cache: Path,
    base_urls: Mapping[str, str] | None = None,
    *,
    progress: Progress | None = None,
    sleep: Callable[[float], object] = time.sleep,
    attempts: int = 5,
    timeout: tuple[float, float] = (10.0, 60.0),
) -> list[Path]:
    """Download the files of a source for some years.

    Examples
    --------
    >>> download("kwb", [2016, 2022], Path("cache"))  # doctest: +SKIP
    [PosixPath('cache/kwb/83487NED_2016.csv'), PosixPath('cache/kwb/85318NED_2022.csv')]
    """
    publisher = _find(source)
    wanted = list(dict.fromkeys(years))
    if not wanted:
        raise InputError("years", "none", f"at least one year of {source}")
    for year in wanted:
        _check_year(publisher, year)
    base = _base_url(publisher.host, base_urls or {})
    if attempts < 1:
        raise InputError("attempts", str(attempts), "1 or more")
    with requests.Session() as session:
        session.headers["User-Agent"] = f"riskmodel/{version('riskmodel')}"
        fetcher = Fetcher(session, progress, sleep, attempts, timeout)
        get = {"file": _get_file, "atom": _get_atom, "odata": _get_table, "wfs": _get_layer}[publisher.kind]
        return [get(fetcher, publisher, year, base, Path(cache) / source) for year in wanted]


def _find(source: str) -> Publisher:
    known = publishers()
    if source not in known:
        raise InputError("source", repr(source), f"one of {', '.join(known)}")
    return known[source]


def _check_year(publisher: Publisher, year: int) -> None:
    if publisher.years and year not in publisher.years:
        expected = f"a year of {publisher.source}: {', '.join(map(str, publisher.years))}"
        raise InputError("years", str(year), expected)
    if not max(publisher.first_year, FIRST_YEAR) <= year <= LAST_YEAR:
        raise InputError("years", str(year), f"a year of {publisher.source}, from {publisher.first_year} on")


def _base_url(host: str, base_urls: Mapping[str, str]) -> str:
    known: dict[str, str] = load("download")["base_urls"]
    strange = sorted(set(base_urls) - set(known))
    if strange:
        raise InputError("base_urls", repr(strange[0]), f"one of {', '.join(known)}")
    base = base_urls.get(host, known[host]).rstrip("/")
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).netloc:
        raise InputError(f"base_urls, {host}", repr(base), "an address such as https://mirror.example.nl")
    return base


def _get_file(fetcher: Fetcher, publisher: Publisher, year: int, base: str, folder: Path) -> Path:
    name = publisher.entry["years"][str(year)]
    return fetcher.fetch(base + publisher.entry["path"].format(name=name), folder / name, check_zip)


def _get_atom(fetcher: Fetcher, publisher: Publisher, year: int, base: str, folder: Path) -> Path:
    path = folder / f"{publisher.source}_{year}.gpkg"
    if is_complete(path):
        return path
    index = base + publisher.entry["path"].format(year=year)
    feeds = [href for href, _ in _links(fetcher.text(index), index) if href.endswith(".xml") and href != index]
    files = {link for feed in dict.fromkeys(feeds) for link in _geopackages(fetcher, feed, base)}
    if len(files) != 1:
        found = ", ".join(sorted(href for href, _ in files)) or "no GeoPackage"
        raise InputError(index, found, "a feed with one GeoPackage")
    url, length = files.pop()
    return fetcher.fetch(url, path, check_geopackage, length=length)


def _geopackages(fetcher: Fetcher, feed: str, base: str) -> list[tuple[str, int | None]]:
    _same_host(feed, feed, base)
    found = [link for link in _links(fetcher.text(feed), feed) if link[0].endswith(".gpkg")]
    for href, _ in found:
        _same_host(feed, href, base)
    return found


def _links(text: str, url: str) -> list[tuple[str, int | None]]:
    """Addresses in an Atom feed, with the length that the feed announces."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise InputError(url, f"text that is no XML ({error})", "an Atom feed") from error
    links = []
    for element in root.iter(LINK):
        length = element.get("length", "")
        links.append((element.get("href", ""), int(length) if length.isdigit() else None))
    return links


def _same_host(feed: str, href: str, base: str) -> None:
    """Refuse a feed with a link to another host."""
    if urlsplit(href)[:2] != urlsplit(base)[:2]:
        raise InputError(feed, f"a link to {href}", f"links to {base}")


def _get_table(fetcher: Fetcher, publisher: Publisher, year: int, base: str, folder: Path) -> Path:
    table = publisher.entry.get("table") or publisher.entry["years"][str(year)]
    query = publisher.entry.get("filter", "").format(year=year)
    return paged.fetch_pages(fetcher, paged.odata(base, table, query), folder / f"{table}_{year}.csv")


def _get_layer(fetcher: Fetcher, publisher: Publisher, year: int, base: str, folder: Path) -> Path:
    service = paged.wfs(base, publisher.entry["path"].format(year=year), publisher.entry["layer"])
    return paged.fetch_pages(fetcher, service, folder / f"{publisher.source}_{year}.geojson")


def check_zip(path: Path, url: str) -> None:
    """Refuse an archive that is damaged, unsafe to unpack, or unpacks to something enormous."""
    try:
        with zipfile.ZipFile(path) as archive:
            bounds = Bounds(min(LARGEST_UNPACKED, LARGEST_RATIO * path.stat().st_size))
            members = check_members(url, archive, bounds, LATER)
            if not members:
                raise InputError(url, "an empty zip", "a zip with files")
            for member in members:
                for _ in blocks(archive, member):
                    pass
    except InputError:
        raise
    except DAMAGED as error:
        raise InputError(url, f"a damaged zip ({error})", "a zip archive", LATER) from error


def check_geopackage(path: Path, url: str) -> None:
    """Refuse a file that is no SQLite database, or has another length than in its own header."""
    head = first_bytes(path, 100)
    if not head.startswith(b"SQLite format 3\x00") or len(head) < 100:
        raise InputError(url, f"a file that begins with {head[:8]!r}", "a GeoPackage")
    (size,) = struct.unpack(">H", head[16:18])
    changes, pages = struct.unpack(">II", head[24:32])
    (counted_at,) = struct.unpack(">I", head[92:96])
    # SQLite's own rule for when the number of pages in the header may be trusted.
    if pages == 0 or changes != counted_at:
        return
    expected = (65536 if size == 1 else size) * pages
    if path.stat().st_size != expected:
        raise InputError(url, f"{path.stat().st_size:,} bytes", f"{expected:,}, as the GeoPackage itself says")
