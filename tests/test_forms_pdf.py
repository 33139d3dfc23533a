"""The PDF of a risk list, read back by another library than the one that wrote it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from form_worlds import ABOUT, CAPACITY, HOSTILE, PLAIN, make_list
from hypothesis import given
from hypothesis import strategies as st

from riskmodel.products.rendering.dutch import LIMITS
from riskmodel.products.rendering.labels import spread
from riskmodel.products.risk_list.area_sheet import Fan, Trend
from riskmodel.products.risk_list.formats.pdf import (
    MOST_ROWS,
    MOST_SHEETS,
    print_list,
    render_list_pdf,
    visited,
    write_list_pdf,
)
from riskmodel.products.risk_list.formats.pdf_drawings import bar, spot, trend_drawing
from riskmodel.products.risk_list.formats.pdf_sheets import clipped
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.products.risk_list.texts import Sentence, event_in_dutch, in_dutch

try:
    pytest.importorskip("weasyprint", reason="the extra riskmodel[pdf] is not installed")
except OSError as error:
    pytest.skip(f"the text libraries of the system are not installed ({error})", allow_module_level=True)
pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")

AREAS = len(HOSTILE) + len(PLAIN)


@pytest.fixture(scope="module")
def risk_list() -> RiskList:
    return make_list()


@pytest.fixture(scope="module")
def file(risk_list: RiskList, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "risicolijst.pdf"
    write_list_pdf(risk_list, path)
    return path


@pytest.fixture(scope="module")
def reader(file: Path):
    return pypdf.PdfReader(file)


@pytest.fixture(scope="module")
def pages(reader) -> list[str]:
    """Text of every page on one line."""
    return [" ".join(page.extract_text().split()) for page in reader.pages]


def unspaced(text: str) -> str:
    """Without white space: where a line is broken is not the question."""
    return re.sub(r"\s", "", text)


# --- what it says -----------------------------------------------------------------------------------


def test_the_first_page_says_what_the_list_can_and_cannot_say(pages: list[str]) -> None:
    first = unspaced(pages[0])
    for expected in (
        ABOUT.title, ABOUT.question, event_in_dutch(ABOUT.event), in_dutch(ABOUT.track_record),
        *map(in_dutch, ABOUT.notices),
        "Wat zegt deze lijst?", "Wat zegt deze lijst niet?", "Hoe goed werkte deze methode eerder?",
        *(text for _, text in LIMITS),
    ):  # fmt: skip
        assert unspaced(expected) in first, expected


def test_every_area_is_on_the_list(risk_list: RiskList, pages: list[str]) -> None:
    start = next(place for place, text in enumerate(pages) if text.startswith("De lijst"))
    end = next(place for place, text in enumerate(pages) if "WK990000" in text and "Hoe komt het model" in text)
    told = unspaced(" ".join(pages[start:end]))
    for location, name in zip(risk_list.rows["location"], risk_list.rows["name"], strict=True):
        assert location in told
        assert unspaced(clipped(name) or "zonder naam") in told


def test_numbers_are_those_of_the_list(risk_list: RiskList, pages: list[str]) -> None:
    told = " ".join(pages)
    row = risk_list.rows.iloc[3]
    assert f"{row['score']:.3f}".replace(".", ",") in told
    assert f"{round(100 * row['p_decline'])}%" in told
    assert f"{int(row['inhabitants']):,} inwoners".replace(",", ".") in told


def test_an_area_too_small_to_judge_gets_no_verdict(risk_list: RiskList, pages: list[str]) -> None:
    small = risk_list.rows[risk_list.rows["too_small"]]
    told = " ".join(pages)
    for location in small["location"]:
        # From its line on the list to that of the next area.
        line = re.split("inwoners|Risicolijst", told.split(location)[1])[0]
        assert "geen oordeel" in line and "%" not in line
        before = told.split(location)[0][-200:]
        assert "Te klein om iets te zeggen" in before
        assert "Dreigt achteruit" not in before.split("inwoners")[-2][-60:]
        assert sum(location in page for page in pages) == 1, "a sheet of an area too small to judge"
    counted = risk_list.rows["threatens"] & ~risk_list.rows["too_small"]
    assert unspaced(f"{counted.sum()} dreigen achteruit te gaan") in unspaced(pages[0])


def test_those_to_visit_have_a_sheet_of_one_page(risk_list: RiskList, pages: list[str]) -> None:
    asked = risk_list.rows[risk_list.rows["on_list"] | risk_list.rows["audit"]]
    assert len(asked) == CAPACITY
    sheets = [page for page in pages if "Hoe komt het model aan de verwachte verandering?" in page]
    assert len(sheets) == CAPACITY
    for page, (_, row) in zip(sheets, asked.iterrows(), strict=True):
        assert row["location"] in page and f"rang {row['rank']} van {AREAS}" in page
        for part in ("Hoe ging het", "Vergelijkbare gebieden", "Wat zei deze methode hier eerder", "Vergrijzing"):
            assert part in page
        assert "gewaarschuwd, en gebeurd" in page and "gemist" in page
        assert "Dit blad is een signaal" in page, "the end of the sheet is on another page"


def test_without_a_capacity_the_first_ten_have_a_sheet() -> None:
    page = render_list_pdf(make_list(capacity=None))
    assert page.count("Hoe komt het model aan de verwachte verandering?") == 10
    assert "Van de eerste 10 gebieden" in page


def test_a_long_list_has_a_limit() -> None:
    long = make_list(capacity=200, names=tuple(f"Wijk {n}" for n in range(400)))
    places = visited(long)
    assert len(places) == MOST_SHEETS
    assert long.rows["audit"].to_numpy()[places].sum() == 1, "what was drawn at random is left out"
    assert not long.rows["too_small"].to_numpy()[places].any()
    assert len(long.rows) > MOST_ROWS


# --- as a document ----------------------------------------------------------------------------------


def test_every_page_says_where_it_comes_from(pages: list[str]) -> None:
    for number, page in enumerate(pages, start=1):
        assert f"pagina {number} van {len(pages)}" in page
        for expected in ("Meting van 1 januari 2020", "bekend op 14 april 2022", "1 juni 2022", ABOUT.forecast_id):
            assert expected in page
        assert ABOUT.model_version in page


def test_the_last_page_tells_all_of_it(pages: list[str]) -> None:
    for expected in (*ABOUT.sources, ABOUT.code_version, "2014, 2018, 2020"):
        assert expected in pages[-1]


def test_it_can_be_followed_by_a_screen_reader(reader) -> None:
    root = reader.trailer["/Root"]
    assert (
        root["/Lang"] == "nl" and root["/MarkInfo"]["/Marked"] and root["/ViewerPreferences"]["/DisplayDocTitle"]
    )
    assert "pdfuaid" in root["/Metadata"].get_data().decode()
    assert reader.metadata.title == ABOUT.title
    assert str(reader.metadata.creation_date).startswith("2022-06-01")
    assert all(
        [round(float(size) / 72 * 25.4) for size in page.mediabox[2:]] == [210, 297] for page in reader.pages
    )


def test_its_outline_leads_to_the_sheets(risk_list: RiskList, reader) -> None:
    title, listed, sheets, *rest = reader.outline
    assert [found.title for found in (title, listed, *rest)] == [ABOUT.title, "De lijst", "Uitleg en herkomst"]
    asked = risk_list.rows[risk_list.rows["on_list"] | risk_list.rows["audit"]]
    names = [clipped(name) or "zonder naam" for name in asked["name"]]
    assert [unspaced(found.title) for found in sheets] == [unspaced(name) for name in names]
    places = [reader.get_destination_page_number(found) for found in sheets]
    assert places == list(range(places[0], places[0] + CAPACITY))


def test_nothing_in_it_runs_or_leads_elsewhere(reader, file: Path) -> None:
    links = [each.get_object() for page in reader.pages for each in page.get("/Annots", [])]
    assert links
    assert all("/A" not in link or link["/A"]["/S"] == "/GoTo" for link in links)
    assert not any(key in reader.trailer["/Root"] for key in ("/OpenAction", "/AA", "/AcroForm"))
    content = file.read_bytes()
    assert not any(word in content for word in (b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/URI"))


def test_hostile_names_are_only_names(pages: list[str]) -> None:
    told = " ".join(pages)
    assert "<script>alert(1)</script>" in told and "{{ 7 * 7 }}" in told and "} @page { size: A1 } /*" in told
    assert "\u202e" not in told and "Linksgnidnew" in told


def short_list() -> RiskList:
    return make_list(capacity=2, names=HOSTILE[:2] + PLAIN)


def test_the_same_list_is_the_same_file(tmp_path: Path) -> None:
    for name in ("one.pdf", "two.pdf"):
        write_list_pdf(short_list(), tmp_path / name)
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_a_full_sheet_still_is_one_page() -> None:
    risk_list, full = short_list(), []
    for sheet in risk_list.sheets:
        parts = sheet.drivers[1].indicators
        drivers = tuple(
            replace(sheet.drivers[n % 2], id=str(n), label=f"onderdeel met een lange naam {n}", indicators=parts)
            for n in range(14)
        )
        mechanisms = tuple(
            replace(
                sheet.mechanisms[0], text=Sentence("value_amount", {"now": "Een lange zin over de cijfers. " * 6})
            )
            for _ in range(8)
        )
        full.append(replace(sheet, drivers=drivers, mechanisms=mechanisms, past=sheet.past * 4))
    printed = print_list(replace(risk_list, sheets=tuple(full)))
    anchors = [name for page in printed.document.pages for name in page.anchors if name.startswith("blad-")]
    assert anchors == ["blad-1"]


def test_a_list_without_sheets_is_a_list() -> None:
    printed = print_list(replace(short_list(), sheets=(), boundaries=None))
    assert not any(name.startswith("blad-") for page in printed.document.pages for name in page.anchors)


# --- drawings ---------------------------------------------------------------------------------------


@given(
    st.lists(st.floats(0, 200), min_size=1, max_size=4).map(sorted),
    st.floats(1, 20),
)
def test_labels_keep_apart_within_the_frame(heights: list[float], room: float) -> None:
    moved = spread(heights, room, 0.0, 200.0)
    assert all(low - high >= room - 1e-9 for high, low in pairwise(moved))
    assert moved[-1] <= 200.0 and moved[0] >= -1e-9


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.1, (50.0, 50.0)), (-0.1, (0.0, 50.0)), (0.0, (50.0, 0.0)), (0.4, (50.0, 50.0)), (None, None)],
)
def test_bars_begin_at_nought(value: float | None, expected: tuple[float, float] | None) -> None:
    assert bar(value, 0.1) == expected
    assert spot(value, 0.1) == (None if value is None else 50 + 500 * max(-0.1, min(0.1, value)))


def test_the_trend_is_drawn_to_scale(risk_list: RiskList) -> None:
    sheet = replace(
        risk_list.sheets[0],
        trend=Trend((2016, 2018, 2020), (4.0, np.nan, 4.1), (4.0, 4.0, 4.0), (4.2, 4.2, 4.2)),
        fan=Fan(2022, 4.05, {0.1: 4.0, 0.25: 4.02, 0.75: 4.08, 0.9: 4.1}),
    )
    drawn = trend_drawing(sheet, "Meerstad")
    assert drawn is not None
    # Hand-worked: a line every .05 from 3.95 to 4.25, and four equal spans of two years.
    assert [text for _, text in drawn.grid] == ["3,95", "4,00", "4,05", "4,10", "4,15", "4,20", "4,25"]
    height = {text: y for y, text in drawn.grid}
    (x0, y0), (x1, y1) = drawn.dots
    assert (y0, y1) == (height["4,00"], height["4,10"])
    step = (drawn.right - drawn.left) / 3
    assert (x0, x1) == (drawn.left, pytest.approx(drawn.left + 2 * step, abs=0.1))
    assert drawn.expected == (x1, y1, drawn.right, height["4,05"])
    assert drawn.description == (
        "Score van 4,000 in 2016 naar 4,100 in 2020. Verwacht in 2022: 4,050, met 80% kans tussen 4,000 en 4,100."
    )
    own = dict(drawn.lines)["own"]
    assert own.count("M") == 2, "a missing measurement is bridged"


def test_without_a_score_there_is_no_trend(risk_list: RiskList) -> None:
    nothing = Trend((2018, 2020), (np.nan, np.nan), (4.0, 4.0), (4.1, 4.1))
    assert trend_drawing(replace(risk_list.sheets[0], trend=nothing), "Meerstad") is None
