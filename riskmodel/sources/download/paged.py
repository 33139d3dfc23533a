"""Long tables that a service gives in pages, joined into one file.

Every page is fetched into a file of its own, so that an interrupted download goes on at the page where it stopped.
A stamp of the table (when it was modified, or how many rows it has) is asked before the first and after the last
page: pages of two states of a table are never joined.

The package ``cbsodata`` also reads CBS tables. It is not used because it holds all rows in memory, follows links
from page to page so that nothing can be resumed, and checks no answer: a police table of one year has
close to a million rows.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from riskmodel.errors import InputError
from riskmodel.sources.download.cached import install, is_complete
from riskmodel.sources.download.fetch import Fetcher

#: CBS refuses larger pages of its v3 service; PDOK gives at most 1,000 features whatever is asked.
ODATA_PAGE, WFS_PAGE = 5_000, 1_000
MOST_PAGES = 20_000
LARGEST_PAGE = 512 << 20


@dataclass(frozen=True)
class Service:
    """How a service gives one table.

    Attributes
    ----------
    page : callable
        Address of the page that begins after a number of rows.
    rows : str
        Member of the answer with the rows.
    most : int
        Rows in a full page.
    stamp : callable
        The state of the table, according to the service.
    counted : bool
        Whether the stamp is the number of rows.
    write : callable
        Writes the pages into a file and returns the number of rows.
    """

    page: Callable[[int], str]
    rows: str
    most: int
    stamp: Callable[[Fetcher], str]
    counted: bool
    write: Callable[[Iterator[tuple[str, dict[str, Any]]], Path], int]


def odata(base: str, table: str, query: str = "") -> Service:
    """Rows of a CBS Open Data v3 table, written as CSV with the keys padded as they are published."""
    # Only the feed pages: the other v3 service, ODataApi, refuses $skip.
    root = f"{base}/ODataFeed/odata/{table}"
    filtered = f"&$filter={quote(query)}" if query else ""
    return Service(
        page=lambda skip: f"{root}/TypedDataSet?$format=json{filtered}&$top={ODATA_PAGE}&$skip={skip}",
        rows="value",
        most=ODATA_PAGE,
        stamp=partial(_modified, f"{root}/TableInfos?$format=json"),
        counted=False,
        write=_write_csv,
    )


def wfs(base: str, path: str, layer: str) -> Service:
    """Features of a WFS layer, written as one GeoJSON collection in EPSG:4326 (longitude first)."""
    asked = f"{base}{path}?service=WFS&version=2.0.0&request=GetFeature&typeNames={layer}"
    crs = "srsName=urn:ogc:def:crs:EPSG::4326"
    return Service(
        page=lambda skip: f"{asked}&outputFormat=application/json&{crs}&count={WFS_PAGE}&startIndex={skip}",
        rows="features",
        most=WFS_PAGE,
        stamp=partial(_matched, f"{asked}&resultType=hits"),
        counted=True,
        write=_write_geojson,
    )


def fetch_pages(fetcher: Fetcher, service: Service, path: Path) -> Path:
    """Fetch all pages of a table and join them, unless the file is there already."""
    if is_complete(path):
        return path
    start = service.page(0)
    stamp = service.stamp(fetcher)
    pages = path.with_name(f"{path.name}.pages")
    folder = pages / (re.sub(r"[^0-9A-Za-z]", "", stamp) or "unknown")
    _remove_others(pages, folder)
    quiet = replace(fetcher, progress=None)
    files: list[tuple[str, Path]] = []
    rows = 0
    for _ in range(MOST_PAGES):
        url = service.page(rows)
        file = folder / f"{rows:09d}.json"
        quiet.fetch(url, file, partial(_check_page, service), compressed=True, limit=LARGEST_PAGE)
        # A server may give less than is asked, so only an empty page is the end.
        given = len(_read_page(file, url)[service.rows])
        if given == 0:
            break
        files.append((url, file))
        rows += given
        if fetcher.progress is not None:
            fetcher.progress(path.name, rows, None)
    else:
        raise InputError(start, f"more than {MOST_PAGES:,} pages", "a table that ends")
    if rows == 0:
        shutil.rmtree(pages, ignore_errors=True)
        raise InputError(start, "no rows", "a table with rows", "This year may not have been published yet.")
    if service.stamp(fetcher) != stamp:
        shutil.rmtree(pages, ignore_errors=True)
        found = "a table that changed while it was downloaded"
        raise InputError(start, found, "one state of it", "Run the same command again.")
    facts = {"url": start, "version": stamp, "rows": rows, "pages": len(files)}
    try:
        _assemble(service, files, path, facts)
    except OSError as error:
        raise InputError(path, error.strerror or str(error), "a folder with room to write into") from error
    finally:
        # Pages that do not belong together would be refused again and again.
        shutil.rmtree(pages, ignore_errors=True)
    return path


def _assemble(service: Service, files: list[tuple[str, Path]], path: Path, facts: dict[str, object]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        written = service.write(((url, _read_page(file, url)) for url, file in files), temporary)
        if service.counted and str(written) != facts["version"]:
            raise InputError(files[0][0], f"{written:,} rows", f"{facts['version']}, as the service counts them")
        temporary.chmod(0o644)
        install(temporary, path, facts)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_others(pages: Path, folder: Path) -> None:
    """Remove the pages of other states of the table."""
    for old in pages.iterdir() if pages.is_dir() else ():
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)


def _modified(url: str, fetcher: Fetcher) -> str:
    found = _json(fetcher.text(url), url).get("value")
    if not isinstance(found, list) or not found or not isinstance(found[0], dict) or not found[0].get("Modified"):
        raise InputError(url, "no date of modification", "'Modified' in the table's description")
    return str(found[0]["Modified"])


def _matched(url: str, fetcher: Fetcher) -> str:
    found = re.search(r'numberMatched="(\d+)"', fetcher.text(url))
    if found is None:
        raise InputError(url, "no number of features", "numberMatched in the answer")
    return found[1]


def _check_page(service: Service, path: Path, url: str) -> None:
    rows = _read_page(path, url).get(service.rows)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(url, f"JSON without a list {service.rows!r}", "a page of the table")
    if len(rows) > service.most:
        raise InputError(url, f"{len(rows):,} rows", f"at most {service.most:,}")


def _read_page(path: Path, url: str) -> dict[str, Any]:
    try:
        return _json(path.read_text(encoding="utf-8-sig"), url)
    except UnicodeDecodeError as error:
        raise InputError(url, "bytes that are not UTF-8 text", "JSON") from error


def _json(text: str, url: str) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError(url, f"text that is no JSON ({text[:40]!r} ...)", "JSON") from error
    if not isinstance(found, dict):
        raise InputError(url, "JSON that is no object", "an object with rows")
    return found


def _no_number(text: str) -> float:
    raise ValueError(text)


def _write_csv(pages: Iterator[tuple[str, dict[str, Any]]], path: Path) -> int:
    names: list[str] = []
    last, count = -1, 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for url, page in pages:
            for row in page["value"]:
                if not names:
                    names = list(row)
                    writer.writerow(names)
                if list(row) != names:
                    raise InputError(url, f"columns {', '.join(row)}", f"{', '.join(names)}, as in the first row")
                number = row.get("ID")
                if type(number) is not int:
                    raise InputError(url, "a row without ID", "a number in every row")
                # The rows come in the order of their ID, so this finds pages that overlap or are given twice.
                if number <= last:
                    raise InputError(url, f"a row with ID {number} after {last}", "rows in the order of ID")
                last = number
                writer.writerow([_cell(value, url) for value in row.values()])
                count += 1
    return count


def _cell(value: object, url: str) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InputError(url, f"the value {value!r}", "a text, a number or null")
    return value


def _write_geojson(pages: Iterator[tuple[str, dict[str, Any]]], path: Path) -> int:
    count = 0
    seen: set[bytes] = set()
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for url, page in pages:
            for feature in page["features"]:
                if feature.get("type") != "Feature":
                    raise InputError(url, f"a feature of type {feature.get('type')!r}", "'Feature'")
                mark = hashlib.sha256(json.dumps(feature.get("properties"), sort_keys=True).encode()).digest()
                if mark in seen:
                    raise InputError(url, "a feature that was given before", "every feature once")
                seen.add(mark)
                if not count:
                    about = {key: value for key, value in page.items() if key in ("name", "crs")}
                    rest = "".join(f'"{key}": {json.dumps(value)}, ' for key, value in about.items())
                    file.write(f'{{"type": "FeatureCollection", {rest}"features": [\n')
                file.write(("" if not count else ",\n") + json.dumps(feature, ensure_ascii=False))
                count += 1
        file.write("\n]}\n")
    return count
