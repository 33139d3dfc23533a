"""The Dutch pages in a real browser on a real server: Venlo and the Drechtsteden, on the official wijk files."""

from __future__ import annotations

import asyncio
import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
import yaml
from browsing import needs_browser, watching
from hypothesis import given
from hypothesis import strategies as st
from web_worlds import running, settings_of, until

from riskmodel.catalogue import regions
from riskmodel.forecasting import backtest as backtesting
from riskmodel.forecasting.backtest_record import record_of, write_record
from riskmodel.forecasting.drivers.alternative_models import explanation_of
from riskmodel.forecasting.drivers.contributions import by_driver, contributions_of
from riskmodel.forecasting.experiment import load_experiment
from riskmodel.forecasting.forecast_store import save_forecast
from riskmodel.forecasting.origins import latest_origin
from riskmodel.forecasting.stage import fit, forecast_with, stage_of
from riskmodel.forecasting.targets import READINGS
from riskmodel.web import problems
from riskmodel.web.access.identity import is_clean
from riskmodel.web.pages import errors as page_errors
from riskmodel.web.pages import national as page_national
from riskmodel.web.pages import record as page_record
from riskmodel.web.pages.choose import Choice, choice_of, validate
from riskmodel.web.pages.method import method_of
from riskmodel.web.pages.record_drawings import Interval, interval_rows, reliability
from riskmodel.web.service import Service
from riskmodel.web.serving.shelf import Pages, matches
from riskmodel.workflow import ingest as ingesting
from riskmodel.workspace.store import Workspace

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parents[2] / "shared" / "data"
PAGES = ("/", "/nederland", "/hoe-goed", "/methode", "/lijsten")
PLACES = {"Venlo": 5, "Drechtsteden": 12}
#: Names that try to do harm, given to a wijk of Almere and to one that the page of the country names.
HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202eneb ki"
MOVER = "Amstel III/Bullewijk"
HARM = "<script>alert(3)</script>"
#: Words that a municipality should not have to know.
TECHNICAL = re.compile(
    r"\b(server|error|exception|http|json|status|token|traceback|client|request|cookie|\d{3})\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Site:
    """A running service on the official files."""

    address: str
    service: Service
    scores: pd.DataFrame


def _hostile_copy(folder: Path) -> Path:
    """The official scores, with two names changed."""
    source = next((DATA / "leefbaarometer-3.0").glob("*scores wijken*"))
    with source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    code, name = rows[0].index("wk_code"), rows[0].index("wk_naam")
    almere = min(row[code] for row in rows if row[code].startswith("WK0034"))
    for row in rows:
        if row[code] == almere:
            row[name] = HOSTILE
        elif row[name] == MOVER:
            row[name] = MOVER + HARM
    target = folder / source.name
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return target


def _forecast(file: Path, workspace: Workspace) -> None:
    """Backtest and forecast of a small model, without a registry: that is tested elsewhere."""
    question, panel = load_experiment(file), workspace.panel("wijk")
    folder = workspace.path("backtests", question.name)
    folder.mkdir(parents=True)
    done = backtesting.run(question, panel, [2016, 2018])
    write_record(record_of(done, panel, "test"), file.read_text(encoding="utf-8"), folder)
    stage = stage_of(panel, latest_origin(panel, question.horizon))
    model = fit(question.model(question.champion), question, stage.training)
    made, features = forecast_with(question.champion, model, question, panel, stage.origin)
    told = contributions_of(model, features)
    assert told is not None
    parts = by_driver(features.names, told)
    parts.insert(0, "location", made.locations)
    save_forecast(
        workspace.path("forecasts", question.name),
        made,
        parts,
        file,
        release_id="lightgbm-test",
        code_version="test",
        level="wijk",
        inputs=tuple(each.sha256 for each in panel.files),
        explanation=explanation_of(model, panel, stage.origin.wave, made, features, told),
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    pytest.importorskip("geopandas", reason="the extra riskmodel[geo] is not installed")
    if not (DATA / "kwb" / "wijk_2022.geojson").exists():
        pytest.skip("the official files are not here (../shared/data)")
    folder = tmp_path_factory.mktemp("pages")
    scores, workspace = _hostile_copy(folder), Workspace(folder / "workspace")
    ingesting.ingest_leefbaarometer([scores], workspace)
    ingesting.ingest_kwb([DATA / "kwb" / f"wijk_{year}.csv" for year in (2016, 2022)], workspace)
    ingesting.ingest_boundaries(DATA / "kwb" / "wijk_2022.geojson", workspace, level="wijk")
    content = yaml.safe_load((ROOT / "experiments" / "decline-2y.yaml").read_text(encoding="utf-8"))
    kept = ("level_high", "last_rise", "lightgbm")
    content["models"] = [model for model in content["models"] if model["name"] in kept]
    content["models"][-1] |= {"trees": 8, "min_in_leaf": 40}
    content["challenger"] = "last_rise"
    experiment = folder / "decline-2y.yaml"
    experiment.write_text(yaml.safe_dump(content), encoding="utf-8")
    _forecast(experiment, workspace)
    settings = settings_of(
        workspace,
        trusted_header="x-user",
        trusted_proxies=("127.0.0.1",),
        refresh_seconds=600.0,
    )
    with running(settings) as (address, service):
        until(lambda: service.snapshots.serving)
        yield Site(address, service, pd.read_csv(scores))


@pytest.fixture
def opened(browser, site: Site) -> Iterator[Callable[..., Any]]:
    """Open a page of the service; whatever it does, it may not fetch elsewhere, complain or raise a dialog."""
    with watching(browser) as (visit, complaints):

        def open_page(path: str, width: int = 1280, javascript: bool = True, calm: bool = True):
            settings = {"java_script_enabled": javascript, "bypass_csp": not calm, "reduced_motion": "reduce"}
            return visit(site.address + path, site.address, width, **settings)

        yield open_page
    # A browser itself says that a page of a form with a mistake is one.
    assert [each for each in complaints if "status of 422" not in each] == []


def _ask(page, *names: str, capacity: str = "") -> None:
    for number, name in enumerate(names, start=1):
        if number > 1:
            page.click("#meer")
        page.fill(f"#gemeente-{number}", name)
    page.fill("#aantal", capacity)
    page.click("#maak")
    page.wait_for_url("**/lijst/*")


def _wijken(site: Site, *codes: str) -> pd.DataFrame:
    """Wijken of municipalities with a score in 2020, straight from the file."""
    scores = site.scores
    now = scores[(scores["jaar"] == 2020) & scores["lbm"].notna()]
    return now[now["wk_code"].str.slice(2, 6).isin([code[2:] for code in codes])]


# --- the journey ------------------------------------------------------------------------------------


@pytest.mark.long
@needs_browser
@pytest.mark.parametrize("place", sorted(PLACES))
def test_the_whole_journey(site: Site, opened, place: str) -> None:
    openpyxl, pypdf = pytest.importorskip("openpyxl"), pytest.importorskip("pypdf")
    expected = _wijken(site, *regions().get(place, ("GM0983",)))
    page = opened("/")
    assert page.locator(f'#namen option[value="{place}"]').count() == 1
    _ask(page, place, capacity=str(PLACES[place]))
    assert page.locator("h1").inner_text() == f"Risicolijst {place}"
    codes = page.locator("#rows a.open").evaluate_all("links => links.map((a) => a.hash.slice(1))")
    assert sorted(codes) == sorted(expected["wk_code"])

    # Sort by the score now: the lowest first.
    page.locator("th button", has_text="Score nu").click()
    codes = page.locator("#rows a.open").evaluate_all("links => links.map((a) => a.hash.slice(1))")
    score = expected.set_index("wk_code")["lbm"].round(3)
    assert score[codes].is_monotonic_increasing

    # Open an area and close it again.
    page.locator("#rows a.open").first.click()
    sheet = page.locator("dialog[open]")
    sheet.wait_for()
    lowest = expected.set_index("wk_code").loc[codes[0], "wk_naam"]
    assert lowest in sheet.inner_text()
    page.keyboard.press("Escape")

    # Take the workbook and the report with me, and read them.
    page.click("nav.service summary")
    files = {}
    for form in ("xlsx", "pdf"):
        with page.expect_download(timeout=180_000) as download:
            page.locator(f'.files a[href$=".{form}"]').click()
        files[form] = Path(download.value.path()).read_bytes()
        assert download.value.suggested_filename.startswith("risicolijst-")
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]), read_only=True)
    cells = [str(value) for sheet in book for row in sheet.iter_rows(values_only=True) for value in row if value]
    assert set(expected["wk_code"]) <= set(cells)
    report = pypdf.PdfReader(io.BytesIO(files["pdf"]))
    text = " ".join(each.extract_text() for each in report.pages)
    assert f"Risicolijst {place}" in text
    assert sum(code in text for code in expected["wk_code"]) == len(expected)


@pytest.mark.long
@needs_browser
def test_the_journey_without_javascript(site: Site, opened) -> None:
    page = opened("/", javascript=False, width=390)
    page.fill("#gemeente-1", "Venlo")
    page.click("#meer")
    assert page.input_value("#gemeente-1") == "Venlo"
    page.fill("#gemeente-2", "GM0505")
    page.fill("#aantal", "2")
    page.click("#maak")
    assert page.locator("h1").inner_text() == "Risicolijst Venlo, Dordrecht"
    number = page.url.rsplit("/", 1)[1]
    shown = page.locator("main").inner_text()
    assert all(code in shown for code in _wijken(site, "GM0983", "GM0505")["wk_code"])
    page.click("nav.service summary")
    links = page.locator(".files a").evaluate_all("links => links.map((a) => a.getAttribute('href'))")
    forms = ("xlsx", "pdf", "html", "csv", "gpkg", "geojson", "parquet")
    assert links == [f"/lijst/{number}/risicolijst.{form}" for form in forms]


@pytest.mark.long
@needs_browser
def test_enter_makes_the_list_and_a_field_can_go(opened) -> None:
    page = opened("/")
    page.click("#meer")
    page.click("#meer")
    page.fill("#gemeente-3", "Venlo")
    page.locator("#plaatsen button").first.click()
    assert page.locator("#plaatsen input").count() == 2
    assert page.input_value("#gemeente-2") == "Venlo"
    page.press("#gemeente-2", "Enter")
    page.wait_for_url("**/lijst/*")


@pytest.mark.long
@needs_browser
def test_mistakes_are_told_where_they_are(opened) -> None:
    page = opened("/")
    page.fill("#gemeente-1", "Venloo")
    page.fill("#aantal", "veel")
    page.click("#maak")
    page.wait_for_load_state()
    assert page.title().startswith("Fout: ")
    assert page.evaluate("document.activeElement.id") == "fouten"
    told = page.locator("#fouten li").all_inner_texts()
    assert told[0] == "‘Venloo’ kennen we niet. Bedoelt u Venlo?"
    assert page.input_value("#gemeente-1") == "Venloo" and page.input_value("#aantal") == "veel"
    page.click("#fouten a")
    assert page.evaluate("document.activeElement.id") == "gemeente-1"
    assert page.get_attribute("#gemeente-1", "aria-invalid") == "true"


# --- every page -------------------------------------------------------------------------------------


@pytest.mark.long
@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_accessibility(opened, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-playwright-python")
    # The policy of the pages refuses the script of the check too, so it is set aside for this test alone.
    page = opened("/", width=width, calm=False)
    rules = {
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        "resultTypes": ["violations"],
    }
    site = page.url.rstrip("/")

    def check(what: str, context: dict[str, Any] | None = None) -> None:
        found = axe.Axe().run(page, context=context, options=rules).response["violations"]
        serious = [(v["id"], v["nodes"][0]["html"][:150]) for v in found if v["impact"] in ("serious", "critical")]
        assert not serious, (what, serious)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, what

    # Tables and panels are made alike: the first ones stand for all.
    alike = {"exclude": [["tbody tr:nth-child(n+4)"], [".question:nth-child(n+3)"]]}
    for path in PAGES:
        page.goto(site + path)
        page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
        check(path, alike)
    page.goto(site + "/")
    page.fill("#gemeente-1", "Nergens")
    page.click("#maak")
    page.wait_for_load_state()
    check("mistakes")
    page.fill("#gemeente-1", "Venlo")
    page.click("#maak")
    page.wait_for_url("**/lijst/*")
    check("list", {"exclude": [["main"]]})
    page.click("nav.service summary")
    check("files", {"include": [["nav.service details"]]})


@pytest.mark.long
@needs_browser
@pytest.mark.parametrize("width", [320, 390])
def test_no_page_scrolls_sideways_and_the_keyboard_comes_in(site: Site, opened, width: int) -> None:
    page = opened("/", width=width)
    for path in PAGES:
        page.goto(site.address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.get_attribute("html", "lang") == "nl"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "inhoud"
        marked = page.locator("nav.service [aria-current=page]").evaluate_all("all => all.map((a) => a.pathname)")
        assert marked == [path]


@pytest.mark.long
@needs_browser
def test_hostile_names_do_no_harm(site: Site, opened) -> None:
    page = opened(
        "/?gemeente=" + "%22%3E%3Cscript%3Ealert(4)%3C/script%3E&aantal=%22onfocus=alert(5)%20autofocus%3D"
    )
    assert page.input_value("#gemeente-1") == '"><script>alert(4)</script>'
    page.click("#maak")
    page.wait_for_load_state()
    assert "<script>alert(4)</script>" in page.locator("#fouten").inner_text()
    page.goto(site.address + "/")
    _ask(page, "Almere")
    page.locator("#rows a.open", has_text="alert(1)").click()
    title = page.locator("dialog[open] h2").first.inner_text()
    assert title.startswith("</script><script>alert(1)</script>") and "\u202e" not in title
    page.goto(site.address + "/nederland")
    assert MOVER + HARM in page.locator(".words").inner_text()


# --- what leaves the service ------------------------------------------------------------------------


class Reader:
    """Asks for pages as a browser does, without one; nothing is followed and nothing is kept."""

    def __init__(self, address: str, **headers: str) -> None:
        self.address, self._headers = address, {"accept": "text/html", **headers}

    def __call__(self, method: str, path: str, headers: Mapping[str, str] | None = None, **named: Any) -> Any:
        return httpx.request(
            method, self.address + path, headers=self._headers | dict(headers or {}), timeout=120, **named
        )

    def get(self, path: str, **named: Any) -> Any:
        return self("GET", path, **named)

    def post(self, path: str, **named: Any) -> Any:
        return self("POST", path, **named)


@pytest.fixture
def client(site: Site) -> Reader:
    return Reader(site.address)


def _post(client: Reader, **fields: Any) -> Any:
    return client.post("/lijst", data=fields, headers={"origin": client.address})


def test_a_list_is_its_file_with_a_bar(client: Reader) -> None:
    answer = _post(client, gemeente="Venlo", aantal="5", lot="ja")
    assert answer.status_code == 303
    address = answer.headers["location"]
    page, file = client.get(address), client.get(f"{address}/risicolijst.html")
    assert page.status_code == file.status_code == 200
    # Without bar, its style, and the policy that moved to the header, the page is the file to the letter.
    bar = re.search(r'\n<nav class="service list".*?</nav>', page.text, re.S)
    style = re.search(r"<style>(nav\.service.*?)</style>\n", page.text, re.S)
    meta = re.search(r"<meta http-equiv=.*?>\n", file.text)
    assert bar and style and meta
    bare = page.text.replace(bar.group(0), "").replace(style.group(0), "")
    assert bare == file.text.replace(meta.group(0), "")
    policy = page.headers["content-security-policy"]
    shown = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert f"'sha256-{shown}'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    given = re.search(r'content="([^"]*)"', meta.group(0))
    assert given and set(re.findall("'sha256-[^']+'", given.group(1))) < set(re.findall("'sha256-[^']+'", policy))
    # The same question has the same number and the same bytes; who has the page is told so.
    assert _post(client, gemeente="venlo ", aantal="5", lot="ja").headers["location"] == address
    again = client.get(address, headers={"if-none-match": page.headers["etag"]})
    assert again.status_code == 304 and matches(page.headers["etag"], again.headers["etag"])


@pytest.mark.long
def test_every_form_can_be_downloaded(client: Reader) -> None:
    address = _post(client, gemeente="Venlo", aantal="5", lot="ja").headers["location"]
    begins = {
        "csv": b"rank,",
        "xlsx": b"PK",
        "pdf": b"%PDF",
        "parquet": b"PAR1",
        "gpkg": b"SQLite",
        "geojson": b"{",
    }
    for form, first in begins.items():
        found = client.get(f"{address}/risicolijst.{form}")
        assert found.status_code == 200 and found.content.startswith(first), form
        assert found.headers["content-disposition"].startswith("attachment")
    assert client.get(f"{address}/risicolijst.exe").status_code == 404
    assert client.get(f"{address}/../../etc/passwd").status_code == 404


def test_a_list_is_found_by_its_number(client: Reader) -> None:
    assert client.get("/lijst?nummer=%2012%20").headers["location"] == "/lijst/12"
    assert client.get("/lijst?nummer=1.234").headers["location"] == "/lijst/1234"
    assert client.get("/lijst").headers["location"] == "/"
    for wrong in ("x", "0", "-1", "99999999999", "1e3", "//evil.example"):
        assert client.get("/lijst", params={"nummer": wrong}).status_code == 404


def test_forms_of_other_sites_are_refused(client: Reader) -> None:
    for headers in (
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": client.address},
    ):
        refused = client.post("/lijst", data={"gemeente": "Venlo"}, headers=headers)
        assert refused.status_code == 403 and "<h1>Deze pagina is niet voor u</h1>" in refused.text
    assert _post(client, gemeente="Venlo").status_code == 303
    form = client.get("/")
    assert "set-cookie" not in form.headers and 'type="hidden"' not in form.text


def test_own_lists_are_shown_to_who_is_logged_in(site: Site) -> None:
    anna, bert = (Reader(site.address, **{"x-user": name}) for name in ("Anna", "<Bert>"))
    number = _post(anna, gemeente="Dordrecht").headers["location"].rsplit("/", 1)[1]
    assert f'<a href="/lijst/{number}"><bdi>Risicolijst Dordrecht</bdi></a>' in anna.get("/lijsten").text
    told = bert.get("/lijsten").text
    assert "U hebt nog geen lijst gemaakt." in told and "&lt;Bert&gt;" in told and "Dordrecht" not in told
    assert "U bent niet ingelogd." in Reader(site.address).get("/lijsten").text


def test_pages_are_strict_and_kept_only_by_the_reader(client: Reader) -> None:
    for path in PAGES:
        found = client.get(path)
        policy = found.headers["content-security-policy"]
        assert found.status_code == 200 and "unsafe" not in policy and "default-src 'self'" in policy
        assert found.headers["cache-control"] == "private, no-cache"
        assert "verzonnen" not in found.text
        assert " style=" not in found.text and not re.search(r" on\w+=", found.text)
        for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', found.text):
            part = client.get(address)
            assert part.status_code == 200 and "immutable" in part.headers["cache-control"]
    assert client.get("/static/../pages.py").status_code == 404


# --- errors -----------------------------------------------------------------------------------------


def _no_jargon(text: str) -> None:
    words = re.sub(r"<style>.*?</style>|<head>.*?</head>|<[^>]+>", " ", text, flags=re.S)
    assert not TECHNICAL.search(words), TECHNICAL.search(words)


def test_errors_are_pages_for_people_and_problems_for_programs(site: Site, client: Reader) -> None:
    for path, status in (("/bestaat-niet", 404), ("/lijst/999999", 404), ("/lijst/nul", 422), ("/lijst/0", 422)):
        found = client.get(path)
        assert found.status_code == status and found.headers["content-type"] == "text/html; charset=utf-8"
        assert '<html lang="nl">' in found.text and int(found.headers["content-length"]) == len(found.content)
        _no_jargon(found.text)
    program = Reader(site.address, accept="*/*").get("/bestaat-niet")
    assert program.headers["content-type"] == problems.MEDIA_TYPE
    assert client.get("/api/v1/niets").headers["content-type"] == problems.MEDIA_TYPE
    assert client("HEAD", "/bestaat-niet").content == b""


def test_too_many_questions(tmp_path: Path) -> None:
    settings = settings_of(Workspace(tmp_path), requests_per_minute=1)
    with running(settings) as (address, _):
        answers = [Reader(address).get("/") for _ in range(3)]
    # Before there is anything to serve, a page says so; after too many questions, another one does.
    assert answers[0].status_code == 503 and "<h1>Nog even geduld</h1>" in answers[0].text
    assert answers[0].headers["refresh"] == answers[0].headers["retry-after"]
    assert answers[-1].status_code == 429 and answers[-1].headers["retry-after"].isdigit()
    assert "<h1>Even wachten</h1>" in answers[-1].text
    for each in answers:
        _no_jargon(re.sub(r"over \d+ \w+( opnieuw)?\.", "", each.text))


@pytest.mark.parametrize("status", [500, 502, 503])
def test_our_own_faults_are_told_without_details(status: int) -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        await problems.response_of(status, "sqlite3 failed at line 12", {"retry-after": "90"})(
            scope, receive, send
        )

    sent: list[Any] = []

    async def keep(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"accept", b"text/html")]}
    told = page_errors.DutchErrors(failing)(scope, None, keep)  # type: ignore[arg-type]
    # The thread of a test may have a loop already: that of the browser.
    with ThreadPoolExecutor(1) as other:
        other.submit(asyncio.run, told).result()
    text = sent[1]["body"].decode()
    assert sent[0]["status"] == status and "sqlite" not in text
    # Waiting for data mends itself, so the browser asks again by itself; our faults do not.
    assert dict(sent[0]["headers"]).get(b"refresh") == (b"90" if status == 503 else None)
    told_by = "De pagina doet dat zelf over" if status == 503 else "Probeer het over"
    assert f"{told_by} 2 minuten" in text
    _no_jargon(text)
    # The page looks right when nothing else can be fetched: its style is inside, and named in its policy.
    style = re.search(r"<style>(.*?)</style>", text, re.S)
    assert style
    shown = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert f"'sha256-{shown}'" in dict(sent[0]["headers"])[b"content-security-policy"].decode()


# --- numbers ----------------------------------------------------------------------------------------


def _without_tags(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_the_country_by_hand(site: Site, client: Reader) -> None:
    now = site.scores[(site.scores["jaar"] == 2020) & site.scores["afw"].notna()]
    low = int((now["afw"] < -0.2815).sum())  # below the cut between onvoldoende and zwak, which lies at -.2819
    text = _without_tags(client.get("/nederland").text)
    assert re.search(rf"[\d.]+ mensen in {low} wijken", text)
    snapshot = site.service.snapshot()
    rows = snapshot.country.rows
    judged = rows[rows["reason"] == ""]
    limit = max(0.05, 5 * rows.loc[~rows["too_small"], "chance"].mean())
    threatens = int(((judged["chance"] >= limit) & (judged["expected_change"] < 0)).sum())
    assert threatens > 0
    assert f"{threatens} wijken dreigen achteruit te gaan" in text
    told = page_national.national_of(snapshot, own_too=False)
    assert sum(row["threatens"] for row in told["provinces"]) == threatens == told["facts"]["threatens"]
    assert sum(row["areas"] for row in told["provinces"]) == len(judged) == told["facts"]["judged"]
    assert sum(row["areas"] for row in told["classes"]) == len(now)
    assert [row["number"] for row in told["classes"]] == list(range(9, 0, -1))


def test_what_rests_on_local_sources_is_not_in_the_country(site: Site) -> None:
    snapshot = replace(site.service.snapshot())
    vars(snapshot)["local"] = frozenset({"GM0983"})
    open_to_all, closed = (page_national.national_of(snapshot, own_too=each) for each in (True, False))
    own = _wijken(site, "GM0983")
    rows = snapshot.country.rows[snapshot.country.rows["location"].isin(own["wk_code"])]
    judged = int((~rows["too_small"]).sum())
    assert 0 < judged == open_to_all["facts"]["judged"] - closed["facts"]["judged"]
    limburg = [
        {row["province"]: row["areas"] for row in each["provinces"]}["Limburg"] for each in (open_to_all, closed)
    ]
    assert limburg[0] - limburg[1] == judged
    assert (open_to_all["hidden"], closed["hidden"]) == (0, 1)
    colours = [dict(each["maps"]["expected"]) for each in (open_to_all, closed)]
    assert len(colours[1][5]) > len(colours[0][5])
    assert open_to_all["maps"]["now"] == closed["maps"]["now"]


def test_the_track_record_by_hand(site: Site, client: Reader) -> None:
    """Hits of the list of 2018 counted from the stored forecast and the scores of 2018 and 2020."""
    from riskmodel.forecasting.forecast import read_forecasts

    snapshot = site.service.snapshot()
    folder = snapshot.workspace.path("backtests", "decline-2y")
    own = next(
        each
        for each in read_forecasts(folder / "forecasts.parquet")
        if each.model == "lightgbm" and each.origin_date.year == 2018
    )
    wide = site.scores.pivot_table(index="wk_code", columns="jaar", values="lbm")
    change = (wide[2020] - wide[2018]).dropna()
    chance = pd.Series(own.chance_of(snapshot.experiment.event), own.locations).reindex(change.index)
    # A fall of .05 to the last digit of the file is none: sums of decimals are a hair off.
    fell = change < -0.05 - 1e-9
    length = snapshot.experiment.capacity
    ranked = chance.sort_values(ascending=False, kind="stable")
    sure = chance > ranked.iloc[length - 1]
    tied = chance == ranked.iloc[length - 1]
    places = length - int(sure.sum())
    low = int(fell[sure].sum()) + max(0, places - int((~fell[tied]).sum()))
    high = int(fell[sure].sum()) + min(places, int(fell[tied].sum()))
    found = page_record.record_of(snapshot)
    assert found is not None
    cohort = found["cohorts"][0]
    year = next(each for each in cohort["lengths"][0]["years"] if each.label == "2018 tot 2020")
    assert (year.areas, year.events, year.length) == (len(change), int(fell.sum()), length)
    assert low <= round(year.own.value * length) <= high
    assert year.own.low <= year.own.value <= year.own.high
    text = _without_tags(client.get("/hoe-goed").text)
    assert f"{int(fell.sum())} van de {len(change):,}".replace(",", ".") in text
    assert f"{round(year.own.value * length)} van de {length}" in text
    tenths = [row for row in found["deciles"] if row["year"] == "2018"]
    assert sum(row["n"] for row in tenths) == len(change) and sum(row["events"] for row in tenths) == fell.sum()


def test_other_events_of_the_forecast_are_judged_by_the_mean_over_years(site: Site) -> None:
    snapshot = site.service.snapshot()
    question = replace(snapshot.experiment, event=READINGS["slide"], targets=(snapshot.experiment.event,))
    asked = replace(snapshot, stored=replace(snapshot.stored, experiment=question))
    tables = {name: page_record._read(snapshot, name) for name in ("scores", "paired")}
    [row] = page_record._other_events(tables["paired"], "500+", asked)
    own = tables["scores"][
        (tables["scores"]["model"] == snapshot.stored.model)
        & (tables["scores"]["target"] == snapshot.experiment.event.name)
        & (tables["scores"]["cohort"] == "500+")
        & (tables["scores"]["metric"] == "hits_at_k")
    ]
    assert len(own) == 2
    assert row["own"] == pytest.approx(own["value"].mean())
    assert (row["n"], row["events"]) == (own["n"].sum(), own["n_events"].sum())
    assert row["random"] == pytest.approx(question.capacity * row["events"] / row["n"])
    assert row["own"] > row["random"] and row["best"] >= row["beforehand"]


def _year(low: float, high: float, value: float, length: int = 10) -> page_record.Year:
    return page_record.Year(
        "2016 tot 2018", 100, 5, length, Interval(0.4, 0.2, 0.6), Interval(0.3), "", Interval(value, low, high)
    )


def test_verdicts_do_not_say_more_than_the_figures() -> None:
    assert _year(0.01, 0.3, 0.1).verdict == "duidelijk beter"
    assert _year(-0.3, -0.01, -0.1).verdict == "duidelijk slechter"
    assert _year(-0.1, 0.3, 0.1).verdict == _year(0.0, 0.3, 0.1).verdict == "geen duidelijk verschil"
    told = page_record._verdict([_year(-0.1, 0.3, 0.1), _year(-0.1, 0.1, 0.0), _year(0.1, 0.1, 0.1, length=0)])
    assert told == (
        "In 1 van de 2 jaren vond dit model meer dan de beste vuistregel. In 1 jaar vonden ze "
        "evenveel. Het verschil kan steeds toeval zijn."
    )
    assert page_record._verdict([_year(-0.3, -0.01, -0.1)]).endswith(
        "Duidelijk beter was het in geen van de 1 jaar, duidelijk slechter in 1."
    )
    assert _year(0, 1, 0.5).hits(0.4) == "4 van de 10" and _year(0, 1, 0.5, length=0).hits(0.4) == "40%"


def test_drawings_have_their_marks_where_the_numbers_are() -> None:
    year = _year(-0.1, 0.3, 0.1)
    drawn = interval_rows([(year.own, year.simple, year.base)])
    row, ticks = drawn["rows"][0], {words: x for x, words in drawn["ticks"]}
    assert list(ticks) == ["0%", "15%", "30%", "45%", "60%"]
    assert row["simple"] == ticks["30%"] and row["high"] == ticks["60%"]
    assert row["own"] == pytest.approx((ticks["30%"] * 2 + ticks["60%"]) / 3, abs=0.1)
    table = pd.DataFrame(
        {"n": [4], "n_events": [1], "mean_chance": [0.25], "observed": [0.25], "low95": [0.05], "high95": [0.7]}
    )
    panel = reliability("2016", table)
    # On a square-root scale up to 75% a chance of 25% lies at the root of a third; it happened as often as said.
    x, y, top, bottom = panel.dots[0]
    assert x - 34 == pytest.approx(200 * (1 / 3) ** 0.5, abs=0.1) == pytest.approx(222 - y, abs=0.2)
    assert top < y < bottom and [words for *_, words in panel.ticks][-1] == "75%"


# --- the form, the register, what is kept -----------------------------------------------------------


def test_a_choice_is_read(site: Site) -> None:
    snapshot = site.service.snapshot()

    def look(*places: str, capacity: str = "") -> Any:
        return validate(Choice(places, capacity=capacity), snapshot)

    assert look("venlo", "VENLO", "", "Noord-Limburg").names == ("venlo", "Noord-Limburg")
    assert look("Venlo", capacity="1.000").capacity == 1000 and look("Venlo").capacity is None
    assert look("Nuenen, Gerwen en Nederwetten").errors == {}
    assert look("", "").errors == {"gemeente-1": "Kies een gemeente of regio."}
    assert list(look("", "Xyzzy").errors) == ["gemeente-2"]
    for wrong in ("0", "-3", "1,5", "20001", "٣", "9" * 400):
        assert list(look("Venlo", capacity=wrong).errors) == ["aantal"], wrong
    assert choice_of({}, sent=False) == Choice()
    assert choice_of({"gemeente": ["A"] * 99}, sent=True) == Choice(("A",) * 40, capacity="", random_visits=False)


@given(st.lists(st.text(max_size=30), max_size=5), st.text(max_size=30))
def test_no_text_breaks_the_form(places: list[str], capacity: str) -> None:
    choice = choice_of({"gemeente": places, "aantal": [capacity]}, sent=True)
    assert 1 <= len(choice.names) <= 40
    assert all(is_clean(each) for each in (*choice.names, choice.capacity))


def test_the_register_entry_fits_the_standard(site: Site) -> None:
    schema = json.loads((DATA / "algoritmeregister_v1_0.json").read_text(encoding="utf-8"))["properties"]
    fields = {field.standard.key: field for field in method_of(site.service.snapshot(), own_too=False)["fields"]}
    assert set(fields) <= set(schema)
    # One field is required by the text "false": read as it may be read, an entry has it.
    assert {key for key, each in schema.items() if each.get("required")} <= set(fields)
    for key, field in fields.items():
        about = schema[key]
        assert field.label == about["title"]
        assert len(field.text) <= (about.get("max_length") or 10**6), key
        assert field.required == bool(about.get("required")), key
        assert not field.text or field.text in (about.get("permitted_values") or [field.text])
        assert field.text or field.ask, key
    # What only an organisation knows is never filled in for it.
    for key in (
        "organization",
        "status",
        "contact_email",
        "publication_category",
        "lawful_basis",
        "proportionality",
    ):
        assert fields[key].value is None


def test_a_cached_page_belongs_to_one_state() -> None:
    from riskmodel.web.serving.lists import body_of

    pages, body = Pages(), body_of(b"page", "html")
    pages.put("/nederland", ("one",), body)
    assert pages.get("/nederland", lambda: ("one",)) is body
    assert pages.get("/nederland", lambda: ("two",)) is None
    assert pages.get("/methode", lambda: ("one",)) is None
