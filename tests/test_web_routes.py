"""Promises that hold for every route of the service; the routes are those of the app itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from browsing import browser, needs_browser, watching
from fastapi.routing import iter_route_contexts
from web_worlds import copy_of, running, settings_of, trained, until

from riskmodel.web.access.tokens import create_token
from riskmodel.web.app import create_app
from riskmodel.web.pages.frame import static_files
from riskmodel.web.service import Service
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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("routes")
    workspace = copy_of(trained(tmp_path_factory.getbasetemp()), folder)
    with running(settings_of(workspace)) as (address, service):
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
