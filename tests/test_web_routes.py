"""Promises that hold for every route of the service; the routes are those of the app itself."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from browsing import browser, needs_browser, watching
from fastapi.routing import iter_route_contexts
from web_worlds import Client, copy_of, running, settings_of, trained, until

from riskmodel.errors import InputError
from riskmodel.web.access.tokens import create_token
from riskmodel.web.app import create_app
from riskmodel.web.pages.frame import static_files
from riskmodel.web.service import Service
from riskmodel.web.settings import Settings
from riskmodel.workflow.score import find_release, write_features
from riskmodel.workspace.store import Workspace

__all__ = ["browser"]
API = "/api/v1"
#: Formats of a list that this world has all it takes for: it has no polygons.
FORMATS = ("csv", "xlsx", "html", "parquet")
#: Headers that speak of the bytes that are sent, and of the moment.
OF_THE_BODY = {"content-length", "content-type", "content-encoding", "date", "content-range", "accept-ranges"}
#: What a page looks like: colour, size and room of everything on it.
LOOKS = """[...document.querySelectorAll('body, body *')].map((each) => {
  const style = getComputedStyle(each);
  return [each.tagName, style.color, style.backgroundColor, style.font, style.display, style.padding].join(' ');
})"""


@dataclass(frozen=True)
class Site:
    """A running service with a list, an upload and a job that is done, and a login that may see them all."""

    address: str
    service: Service
    login: dict[str, str]
    values: dict[str, tuple[str, ...]]

    def addresses(self) -> list[str]:
        """Every address that can be read, of each route with each value of its parameters."""
        templates = [
            route.path
            for route in iter_route_contexts(create_app(self.service.settings, self.service).routes)
            if "GET" in route.methods
        ]
        return [path for each in templates for path in _filled(each, self.values)]

    def pages(self) -> list[str]:
        """Addresses of pages for people."""
        answers = {path: self.get(path).headers for path in self.addresses()}
        return [
            path
            for path, headers in answers.items()
            if headers.get("content-type", "").startswith("text/html") and "content-disposition" not in headers
        ]

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask as the login, without following anything."""
        return httpx.get(self.address + path, headers={**self.login, **headers}, timeout=120)


def _filled(template: str, values: dict[str, tuple[str, ...]]) -> list[str]:
    found = re.search(r"\{(\w+)\}", template)
    if found is None:
        return [template]
    # A parameter that is not known here fails the test: give it a value below.
    return [
        path
        for value in values[found.group(1)]
        for path in _filled(template[: found.start()] + value + template[found.end() :], values)
    ]


def _site(address: str, service: Service, workspace: Workspace, folder: Path) -> Site:
    """Fill a service that has just started with one of everything."""
    text, _ = create_token(service.engine, "admin", "everything")
    login = {"authorization": f"Bearer {text}"}
    until(lambda: service.snapshots.serving)
    features = write_features(find_release("decline-2y", workspace), workspace, folder)

    def post(path: str, **named: Any) -> dict[str, Any]:
        named["headers"] = {**login, **named.get("headers", {})}
        answer = httpx.post(address + path, timeout=120, **named)
        assert answer.is_success, answer.text
        return dict(answer.json())

    number = post(f"{API}/lists", json={"municipalities": ["GM9001"], "capacity": 3})["number"]
    kind = {"content-type": "application/octet-stream"}
    upload = post(f"{API}/uploads", content=features.read_bytes(), headers=kind)["id"]
    job = post(f"{API}/jobs", json={"upload": upload})["id"]
    until(lambda: httpx.get(f"{address}{API}/jobs/{job}", headers=login).json()["state"] == "done")
    values = {
        "number": (str(number),),
        "code": (str(pq.read_table(features, columns=["location"])["location"][0]),),
        "experiment": ("decline-2y",),
        "form": FORMATS,
        "upload_id": (upload,),
        "job_id": (job,),
        "name": tuple(static_files()),
    }
    return Site(address, service, login, values)


ROOT, FORWARDED = "/eigen/risico", "/van.de-proxy"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("routes")
    workspace = copy_of(trained(tmp_path_factory.getbasetemp()), folder)
    settings = settings_of(workspace, root_path=ROOT, trusted_proxies=("127.0.0.1",))
    with running(settings) as (address, service):
        yield _site(address, service, workspace, folder)


def test_an_answer_that_has_not_changed_has_the_headers_of_the_whole_one(site: Site) -> None:
    tagged = 0
    for path in site.addresses():
        # From the route, and then from the shelf if the route puts its answer there.
        for _ in range(2):
            whole = site.get(path)
            assert whole.status_code in (200, 303), path
            if "etag" not in whole.headers:
                continue
            again = site.get(path, **{"if-none-match": whole.headers["etag"]})
            if again.status_code == 304:
                tagged += 1
                assert _lasting(again) == _lasting(whole), path
    assert tagged > 30


def _lasting(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OF_THE_BODY}


def test_what_was_made_is_read_while_nothing_can_be_written(site: Site) -> None:
    before = {path: site.get(path).status_code for path in site.addresses()}
    text, _ = create_token(site.service.engine, "admin", "seen for the first time")
    login = {"authorization": f"Bearer {text}"}
    with closing(sqlite3.connect(site.service.settings.workspace / "service.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for path, status in before.items():
            begun = time.monotonic()
            assert site.get(path, **login).status_code == status, path
            assert time.monotonic() - begun < 4, path
        other.execute("ROLLBACK")


# --- below a path -----------------------------------------------------------------------------------


def _links(answer: httpx.Response) -> set[str]:
    """Every address of the service in an answer: links, forms, style, script, next page, files."""
    kind = answer.headers.get("content-type", "")
    found = {answer.headers.get("location", "")}
    if kind.startswith("text/html"):
        found |= set(re.findall(r'(?:href|src|action)="([^"]*)"', answer.text))
    elif kind == "application/json" and "openapi" not in answer.json():
        found |= set(re.findall(r'"(?:href|next|areas)": ?"([^"]*)"', answer.text))
    return {link.partition("#")[0] for link in found if link and not link.startswith(("#", "data:", "https:"))}


@pytest.mark.parametrize("forwarded", [True, False], ids=["taken off, in a header", "in the settings"])
def test_every_link_of_every_answer_leads_somewhere_below_the_path(site: Site, forwarded: bool) -> None:
    root, header = (FORWARDED, {"x-forwarded-prefix": f"{FORWARDED}/"}) if forwarded else (ROOT, {})
    found: dict[str, str] = {}
    more = (f"{API}/areas?limit=1", "/lijst?nummer=1", "/lijst?nummer=", "/bestaat-niet", "/lijst/999")
    for path in [*site.addresses(), *more]:
        # Before and after the answer is ready on the shelf.
        for _ in range(2):
            whole = site.get(path, accept="text/html", **header)
            found |= dict.fromkeys(_links(whole), path)
    assert len(found) > 25
    for link, where in found.items():
        assert link.startswith(f"{root}/"), (where, link)
        if link.endswith((".gpkg", ".geojson")):  # there are no polygons here
            continue
        # A proxy that takes the path off sends this; with the setting it may stay.
        answer = site.get(link.removeprefix(root) if forwarded else link, **header)
        assert answer.status_code in (200, 303, 405), (where, link)


def test_the_path_below_which_it_is_shown_is_one_that_is_trusted(site: Site) -> None:
    described = site.get(f"{API}/openapi.json").json()
    assert described["servers"] == [{"url": ROOT}]
    odd_ones = ("//evil.example", "evil", "/a/../b", "/a b", "/<b>", "/a?b", "https://evil.example", "/a" * 9)
    for odd in odd_ones:
        page = site.get("/methode", **{"x-forwarded-prefix": odd}).text
        assert "evil" not in page and f'href="{ROOT}/nederland"' in page, odd
    twice = [*site.login.items(), ("x-forwarded-prefix", "/a"), ("x-forwarded-prefix", "/b")]
    assert f'href="{ROOT}/nederland"' in httpx.get(f"{site.address}/methode", headers=twice).text
    assert site.get(ROOT).status_code == site.get(f"{ROOT}/").status_code == site.get("/").status_code == 200
    stranger = Client(site.service, address="192.0.2.9", **{"x-forwarded-prefix": "/evil"})
    assert f'href="{ROOT}/nederland"' in stranger.get("/methode").text
    wrong = Settings(workspace=site.service.settings.workspace, root_path="/lijst/x")
    with pytest.raises(InputError, match="root_path"):
        create_app(wrong, site.service)
    for odd in ("risico", "/", "/a/", "//a", "/a/../b", "/é"):
        with pytest.raises(InputError, match="root_path"):
            Settings(workspace=site.service.settings.workspace, root_path=odd)


# --- in a browser, last: its thread has a loop of its own ---


@pytest.mark.long
@needs_browser
def test_every_page_looks_the_same_at_the_second_visit(browser: Any, site: Site) -> None:
    login = {"extra_http_headers": site.login}
    pages = [
        path for path in site.addresses() if site.get(path).headers.get("content-type", "").startswith("text/html")
    ]
    pages = [path for path in pages if "content-disposition" not in site.get(path).headers]
    assert len(pages) >= 6
    with watching(browser) as (visit, complaints):
        for path in pages:
            page = visit(site.address + path, site.address, **login)
            second = page.evaluate(LOOKS)
            page.context.clear_cookies()
            page.reload()
            assert page.evaluate(LOOKS) == second, path
            page.goto(site.address + "/methode#niet")
            page.go_back()
            assert page.evaluate(LOOKS) == second, path
            fresh = browser.new_context(viewport={"width": 1280, "height": 900}, **login).new_page()
            fresh.goto(site.address + path)
            assert fresh.evaluate(LOOKS) == second, path
            fresh.context.close()
    assert complaints == []


@pytest.mark.long
@needs_browser
def test_a_list_is_made_in_a_browser_below_a_path(browser: Any, site: Site) -> None:
    with watching(browser) as (visit, complaints):
        page = visit(f"{site.address}{ROOT}/", site.address + ROOT)
        page.fill("#gemeente-1", "Wolderdam (voorbeeld)")
        page.click("#maak")
        page.wait_for_url(f"**{ROOT}/lijst/*")
        page.click("nav.service summary")
        with page.expect_download() as download:
            page.locator('.files a[href$=".csv"]').click()
        assert Path(download.value.path()).read_text("utf-8-sig")
        page.click("text=Mijn lijsten")
        page.fill("#nummer", site.values["number"][0])
        page.press("#nummer", "Enter")
        page.wait_for_url(f"**{ROOT}/lijst/{site.values['number'][0]}")
    assert complaints == []
