"""The sheet of the present: worked by hand, read back in a browser and from the PDF, made of official files."""

from __future__ import annotations

import dataclasses
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browsing import needs_browser, watching
from measured_worlds import measured_world, real_measured_3

from riskmodel.catalogue import DIMENSIONS
from riskmodel.errors import InputError
from riskmodel.monitor.measured import Measured
from riskmodel.panel.measurement_noise import Noise
from riskmodel.products.present import sheet_words as words
from riskmodel.products.present.folder import slug
from riskmodel.products.present.pictures import CLASS_COLOURS
from riskmodel.products.present.sheet import render_now_sheet
from riskmodel.products.present.sheet_data import Facts
from riskmodel.products.present.sheet_facts import facts, long_ago
from riskmodel.products.rendering.pdf import html_to_pdf
from riskmodel.sources.observations import SourceFile

WAVES = (2008, 2012, 2014, 2018, 2020)
#: A change jitters by .02 at 1,000 inhabitants and by .0469 at 100; clear is 1.645 times as much.
NOISE = Noise(constant=0.0001, per_inhabitant=0.1, typical=1000.0)
SCRIPT = "<script>alert(1)</script>"
NAMES = ["Haven & Kade", SCRIPT, "Centrum", "Weiland\u202e", "Nieuwland"]
#: Deviations of the five wijken of Meerstad; the last is not measured in 2020.
HERE = [
    [-0.25, -0.25, -0.25, -0.24, -0.20],
    [0.10, 0.10, 0.10, 0.11, 0.05],
    [0.00, 0.00, 0.00, 0.00, 0.00],
    [0.00, 0.00, 0.00, 0.00, -0.10],
    [0.00, 0.00, 0.00, 0.00, np.nan],
]
INHABITANTS = [1000.0, 1000.0, 2000.0, 100.0, 500.0]
FILE = SourceFile("scores <wijken>.csv", "13456ef680d8aa01" * 4)


def country(*, rest: int = 15) -> tuple[Measured, np.ndarray]:
    """Meerstad (municipality 1) and other wijken of 1,000 inhabitants at the mean, of which two never change."""
    deviation = np.array(HERE + [[0.0] * 5] * rest)
    # Amenities added .02 to the second wijk between 2018 and 2020; all the rest is nuisance and safety.
    amenities = np.zeros_like(deviation)
    amenities[1, 4] = 0.02
    parts = {name: np.zeros_like(deviation) for name in DIMENSIONS}
    parts |= {"vrz": amenities, "onv": deviation - amenities}
    for values in parts.values():
        values[:, :2] = np.nan
    world = measured_world(
        deviation,
        WAVES,
        np.array(INHABITANTS + [1000.0] * rest),
        municipality=np.array([1] * 5 + [2] * rest),
        dimensions=parts,
    )
    names = np.array(NAMES + [f"Wijk {place}" for place in range(rest)])
    return dataclasses.replace(world, names=names), np.arange(5 + rest) < 5


@pytest.fixture(scope="module")
def found() -> Facts:
    world, chosen = country()
    return facts(world, chosen, title="Meerstad", noise=NOISE)


@pytest.fixture(scope="module")
def html(found: Facts) -> str:
    return render_now_sheet(found, files=[FILE], made_on=date(2022, 6, 1))


# --- the figures ------------------------------------------------------------------------------------------------


def test_long_ago_is_about_ten_years() -> None:
    assert long_ago((2002, 2008, 2012, 2014, 2016, 2018, 2020), 2020) == 2012
    assert long_ago((2002, 2008, 2012, 2014, 2016, 2018), 2018) == 2008
    assert long_ago((2002, 2008), 2008) == 2002


def test_areas_stand_from_low_to_high(found: Facts) -> None:
    assert list(found.areas["location"]) == [f"WK0001{place:02d}" for place in (0, 3, 2, 1, 4)]
    np.testing.assert_allclose(found.areas["score"], [3.90, 4.00, 4.10, 4.15, np.nan])
    # Cuts of 3.0: class 4 from -.28146, 6 from -.10295, 7 from .01015.
    np.testing.assert_array_equal(found.areas["class"], [4, 6, 6, 7, np.nan])
    np.testing.assert_allclose(found.areas["change_2018"], [0.04, -0.10, 0.0, -0.06, np.nan], atol=1e-12)
    np.testing.assert_allclose(found.areas["change_2012"], [0.05, -0.10, 0.0, -0.05, np.nan], atol=1e-12)
    assert list(found.areas["small"]) == [False, True, False, False, False]


def test_what_changed_is_beyond_the_jitter(found: Facts) -> None:
    assert [(span.start, span.end) for span in found.spans] == [(2018, 2020), (2012, 2020)]
    for span in found.spans:
        assert list(span.risen["name"]) == ["Haven & Kade"]
        # Largest fall first; .10 is beyond 1.645 x .0469 = .077.
        assert list(span.fallen["location"]) == ["WK000103", "WK000101"]
        assert (span.unclear, span.unknown, span.not_comparable) == (1, 0, 1)


def test_people_per_class(found: Facts) -> None:
    by_class = found.classes.set_index("class")
    assert by_class["areas"].to_dict() == {1: 0, 2: 0, 3: 0, 4: 1, 5: 0, 6: 2, 7: 1, 8: 0, 9: 0}
    assert by_class["inhabitants"].to_dict() | {4: 0, 6: 0, 7: 0} == dict.fromkeys(range(1, 10), 0)
    assert by_class.loc[[4, 6, 7], "inhabitants"].tolist() == [1000, 2100, 1000]
    assert found.people(1, 4) == (1000, 4100, 1000, 19100)
    assert found.people(6, 9) == (3100, 4100, 18100, 19100)
    assert found.measured_areas == 4


def test_course_follows_areas_with_every_score(found: Facts) -> None:
    weights = np.array([1000, 1000, 2000, 100]) / 4100
    np.testing.assert_allclose(found.course["here"], 4.1 + weights @ np.array(HERE)[:4])
    np.testing.assert_allclose(found.course["rest"], 4.1)
    assert found.followed == 4 and found.weighted


def test_dimensions_are_told_between_waves_that_have_them(found: Facts) -> None:
    parts = found.parts
    assert parts is not None and (parts.start, parts.end) == (2014, 2020)
    changes = dict(zip(parts.rows["label"], parts.rows["change"], strict=True))
    assert changes["overlast en onveiligheid"] == pytest.approx((50 - 70 - 10) / 4100)
    assert changes["voorzieningen"] == pytest.approx(20 / 4100)
    assert parts.total == pytest.approx(-10 / 4100)
    assert parts.country_total == pytest.approx(-10 / 19100)
    assert parts.left_out == 1
    assert sorted(parts.fallers["location"]) == ["WK000101", "WK000103"]
    assert words.dimensions(found, parts) == [
        "De gemiddelde score bleef bijna gelijk: ‘overlast en onveiligheid’ ging omlaag. "
        "1 wijk zonder de nodige cijfers: niet meegeteld.",
        "In de 2 wijken die toen duidelijk daalden, daalde het meest: ‘overlast en onveiligheid’ (2 keer).",
    ]


def test_a_sheet_about_then_does_not_look_ahead() -> None:
    world, chosen = country()
    later = world.score.copy()
    later[:, 3:] = 99.0
    then, other = (
        facts(each, chosen, title="Meerstad", end=2014, noise=NOISE)
        for each in (world, dataclasses.replace(world, score=later))
    )
    assert then.wave == 2014 and [span.start for span in then.spans] == [2012, 2008]
    assert then.parts is None
    for name in ("areas", "course", "classes"):
        pd.testing.assert_frame_equal(getattr(then, name), getattr(other, name))


def test_a_measurement_compared_once_when_both_are_the_same() -> None:
    world, chosen = country()
    one = facts(world, chosen, title="x", start=2018, noise=NOISE)
    assert [span.start for span in one.spans] == [2018]


# --- the words --------------------------------------------------------------------------------------------------


def test_shares_are_only_nought_or_all_when_they_are() -> None:
    assert words.share(1, 3) == "33%" and words.share(1, 3, 1) == "33,3%"
    assert words.share(0, 3) == "0%" and words.share(3, 3) == "100%"
    assert words.share(4, 1000) == "minder dan 1%" and words.share(9999, 10000, 1) == "meer dan 99,9%"
    assert words.share(1, 0) == words.share(float("nan"), 1) == "onbekend"


def test_summary_by_hand(found: Facts) -> None:
    few, weak, went = words.summary(found)
    assert few.startswith("Let op: dit blad gaat over maar 4 wijken.")
    assert weak == (
        "In Meerstad wonen 1.000 van de 4.100 inwoners (24%) in een wijk met de klasse zwak of lager. "
        "In Nederland: 5% (1.000)."
    )
    assert went.startswith("De gemiddelde score in Meerstad ")
    assert went.endswith("De rest van Nederland bleef tussen 2008 en 2020 ongeveer gelijk.")


def test_small_areas_are_counted_and_not_named(found: Facts) -> None:
    assert words.names(found, found.spans[0].risen) == "Haven & Kade\u00a0(+0,04)"
    assert words.names(found, found.spans[0].fallen) == f"{SCRIPT}\u00a0(−0,06) en 1 kleine wijk"
    assert words.names(found, found.spans[0].fallen.iloc[:0]) == "geen"
    many = pd.DataFrame({"name": [*"abcdefg"], "change": 0.1, "inhabitants": [1000.0] * 6 + [np.nan]})
    assert words.names(found, many).endswith("e\u00a0(+0,10) en 2 andere")


def test_nothing_is_called_a_cause(html: str) -> None:
    text = plain(html).lower()
    assert "geen oorzaak" in text
    assert not re.search(r"(?<!geen )oorzaak|veroorzaak|\bdoor(dat)? |leidt tot|effect van|dankzij", text)


# --- the page, as text ------------------------------------------------------------------------------------------


class Outline(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._quiet = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._quiet = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._quiet = False

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self.text.append(data)


def outline(html: str) -> Outline:
    made = Outline()
    made.feed(html)
    return made


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", " ".join(outline(html).text))


def test_page_is_escaped_and_closed(html: str) -> None:
    assert "<script" not in html and "\u202e" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert " style=" not in html and "javascript:" not in html
    assert "default-src 'none'" in html and "unsafe" not in html and "script-src" not in html
    assert not re.search(r"""(?:src|href|action|url\()\s*=?\s*["']?\s*(?:https?:|//|file:)""", html)


def test_page_has_a_structure_for_screen_readers(html: str) -> None:
    tags = outline(html).tags
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert max(np.diff(levels)) <= 1
    assert dict(tags)["html"] == {"lang": "nl"}
    assert all("scope" in attrs for tag, attrs in tags if tag == "th")
    assert html.count("<table") == html.count("<caption")
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    refs = [ref for _, attrs in tags for ref in (attrs.get("aria-labelledby") or "").split()]
    assert set(refs) <= set(ids)
    for tag, attrs in tags:
        if tag == "svg":
            assert attrs.get("role") == "img" or attrs.get("aria-hidden") == "true"


def test_page_says_where_it_comes_from(html: str) -> None:
    text = plain(html)
    for expected in (
        "Leefbaarometer 3.0",
        "1 januari 2020, vergeleken met 2018 en 2012",
        "metingen 2008, 2012, 2014, 2018 en 2020",
        "2014, 2018 en 2020",
        "19 wijken met een score, 19.100 inwoners",
        "gewogen naar inwoners; 4 wijken",
        "scores <wijken>.csv",
        "13456ef680d8",
        "1 juni 2022",
        "lokaal onderzoek",
        "0,024 punt bij 500 inwoners",
    ):
        assert expected in text
    assert "verzonnen" not in text


def test_the_same_sheet_is_the_same_page(found: Facts, html: str) -> None:
    assert render_now_sheet(found, files=[FILE], made_on=date(2022, 6, 1)) == html
    assert "verzonnen" in plain(render_now_sheet(found, example=True))


def test_without_jitter_nothing_is_called_clear() -> None:
    world, chosen = country()
    unknown = facts(world, chosen, title="Meerstad")
    assert not any(span.known for span in unknown.spans)
    text = plain(render_now_sheet(unknown))
    assert "niet te zeggen: de schommeling van de score is niet bekend" in text
    assert "duidelijk omlaag" not in text.split("Alle wijken")[1].split("Grijs:")[1]


def test_without_inhabitants_areas_are_counted() -> None:
    world, chosen = country()
    empty = dataclasses.replace(world, inhabitants=np.full_like(world.inhabitants, np.nan))
    found = facts(empty, chosen, title="Meerstad", noise=NOISE)
    assert not found.weighted
    np.testing.assert_allclose(found.course["here"], 4.1 + np.array(HERE)[:4].mean(axis=0))
    text = plain(render_now_sheet(found))
    assert "Het aantal inwoners is niet bekend" in text and "alle gebieden tellen even zwaar" in text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"end": 2019}, "measurement 2019"),
        ({"start": 2020}, "an end after"),
        ({"end": 2008}, "no earlier measurement"),
    ],
)
def test_bad_input_is_refused(changes: dict[str, int], message: str) -> None:
    world, chosen = country()
    with pytest.raises(InputError, match=message):
        facts(world, chosen, title="Meerstad", noise=NOISE, **changes)


def test_a_title_makes_a_file_name_and_boundaries_must_be_some(found: Facts) -> None:
    assert slug("Súdwest-Fryslân & co/..") == "sudwest-fryslan-co"
    with pytest.raises(InputError, match="boundaries"):
        render_now_sheet(found, boundaries=pd.DataFrame({"a": [1]}))


def test_a_group_must_have_areas_with_a_score(tmp_path: Path) -> None:
    world, chosen = country()
    for wrong in (chosen & False, np.arange(20) == 4, chosen[:3], chosen.astype(int)):
        with pytest.raises(InputError):
            facts(world, wrong, title="Meerstad")


# --- the page, in a browser -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world, chosen = country()
    folder = tmp_path_factory.mktemp("sheet")
    page = folder / "meerstad.html"
    found = facts(world, chosen, title="Meerstad", noise=NOISE)
    page.write_text(render_now_sheet(found, boundaries=squares()), encoding="utf-8", newline="\n")
    return page


def squares():
    geopandas = pytest.importorskip("geopandas", reason="the extra riskmodel[geo] is not installed")
    from shapely import box

    shapes = [box(1000 * place, 0, 1000 * place + 1000, 1000) for place in range(4)]
    return geopandas.GeoDataFrame(
        {"location": [f"WK0001{place:02d}" for place in range(4)]}, geometry=shapes, crs=28992
    )


@pytest.fixture
def opened(browser, path: Path):
    """Open the sheet; whatever it does, it may not fetch, complain or raise a dialog."""
    with watching(browser) as (visit, complaints):

        def open_page(file: Path = path, width: int = 1280):
            return visit(file.as_uri(), file.as_uri(), width)

        yield open_page
    assert complaints == []


@needs_browser
def test_table_equals_the_figures(opened) -> None:
    rows = opened().locator(".areas tbody tr")
    cells = [
        [re.sub(r"\s+", " ", text).strip() for text in row.locator("th, td").all_inner_texts()]
        for row in rows.all()
    ]
    seen = [[text.replace("\u00a0", " ") for text in row] for row in cells]
    assert [row[0] for row in seen] == ["Haven & Kade", "Weiland", "Centrum", SCRIPT, "Nieuwland"]
    assert [row[1] for row in seen] == ["4 zwak", "6 ruim voldoende", "6 ruim voldoende", "7 goed", "niet gemeten"]
    assert [row[2] for row in seen] == ["3,900", "4,000", "4,100", "4,150", "–"]
    assert "+0,040▲" in seen[0][3] and "duidelijk omhoog" in seen[0][3]
    assert "−0,100▼" in seen[1][3] and "duidelijk omlaag" in seen[1][3]
    assert seen[2][3] == "0,000" and "niet te vergelijken" in seen[4][3]
    assert [row[5].split()[0].rstrip("*") for row in seen] == ["1.000", "100", "2.000", "1.000", "500"]
    assert "klein gebied" in seen[1][5]


@needs_browser
def test_key_figures(opened) -> None:
    page = opened()
    assert page.locator(".tiles .big").all_inner_texts() == ["4", "4.100", "24%", "76%"]
    assert page.locator(".classes tbody tr").count() == 9
    assert page.locator(".classes tbody tr").nth(5).locator("td").all_inner_texts() == [
        "1",
        "1.000",
        "24,4%",
        "5,2%",
    ]


@needs_browser
def test_map_has_the_colours_of_the_classes(opened) -> None:
    page = opened()
    shapes = page.locator(".map path")
    expected = [CLASS_COLOURS[place - 1] for place in (4, 7, 6, 6)]
    assert [shape.get_attribute("fill") for shape in shapes.all()] == expected
    boxes = [shape.bounding_box() for shape in shapes.all()]
    numbers = page.locator(".map text")
    assert numbers.all_text_contents() == ["4", "7", "6", "6"]
    for number, box in zip(numbers.all(), boxes, strict=True):
        inner = number.bounding_box()
        assert box["x"] < inner["x"] and inner["x"] + inner["width"] < box["x"] + box["width"]
    assert "Zonder grens in het bestand, en dus niet op de kaart: 1." in page.inner_text(".map figcaption")
    # The chips of the table have the same colours, through the style sheet.
    chip = page.locator(".chip.c4").first.evaluate("e => getComputedStyle(e).backgroundColor")
    assert chip == "rgb({}, {}, {})".format(*(int(CLASS_COLOURS[3][i : i + 2], 16) for i in (1, 3, 5)))


@needs_browser
def test_course_lies_where_the_scores_say(opened, found: Facts) -> None:
    page = opened()
    lines = page.locator(".course line")
    heights = [float(line.get_attribute("y1")) for line in lines.all()][:-2]
    labels = [
        float(text.replace(",", "."))
        for text in page.locator(".course svg[role] text").all_text_contents()[: len(heights)]
    ]
    slope = (heights[-1] - heights[0]) / (labels[-1] - labels[0])
    points = page.locator(".course polyline").nth(1).get_attribute("points").split()
    drawn = [float(point.split(",")[1]) for point in points]
    np.testing.assert_allclose(drawn, heights[0] + slope * (found.course["here"] - labels[0]), atol=0.15)
    across = np.array([float(point.split(",")[0]) for point in points])
    np.testing.assert_allclose((across - across[0]) / np.ptp(across), (np.array(WAVES) - 2008) / 12, atol=0.001)


@needs_browser
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_page_never_scrolls_sideways(opened, width: int) -> None:
    page = opened(width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_text_can_be_read(opened, width: int) -> None:
    """WCAG 1.4.3: 4.5 to 1, computed from what the browser says it paints."""
    pairs = opened(width=width).evaluate(
        """() => {
          const seen = new Set();
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const element = walker.currentNode.parentElement;
            if (!walker.currentNode.data.trim() || element.closest("svg")) continue;
            const ground = (e) => getComputedStyle(e).backgroundColor;
            let under = element;
            while (ground(under) === "rgba(0, 0, 0, 0)") under = under.parentElement;
            seen.add(getComputedStyle(element).color + "|" + ground(under));
          }
          return [...seen];
        }"""
    )
    assert len(pairs) > 5
    for pair in pairs:
        light = []
        for colour in pair.split("|"):
            parts = np.array([int(number) for number in re.findall(r"\d+", colour)[:3]]) / 255
            linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
            light.append(float(linear @ [0.2126, 0.7152, 0.0722]))
        assert (max(light) + 0.05) / (min(light) + 0.05) >= 4.5, pair


# --- official files, page and PDF -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def official(real_data: Path):
    pytest.importorskip("geopandas", reason="the extra riskmodel[geo] is not installed")
    from riskmodel.sources.boundaries import read_boundaries

    return real_measured_3(real_data), read_boundaries(real_data / "kwb" / "wijk_2022.geojson")


@pytest.fixture(scope="module")
def pypdf():
    try:
        pytest.importorskip("weasyprint", reason="the extra riskmodel[pdf] is not installed")
    except OSError as error:
        pytest.skip(f"the text libraries of the system are not installed ({error})")
    return pytest.importorskip("pypdf", reason="pypdf is not installed")


@needs_browser
@pytest.mark.parametrize(("code", "title", "wijken"), [("GM0505", "Dordrecht", 13), ("GM0363", "Amsterdam", 99)])
def test_official_municipalities(
    official, pypdf, opened, tmp_path: Path, code: str, title: str, wijken: int
) -> None:
    measured, boundaries = official
    chosen = measured.municipality_codes() == code
    html = tmp_path / "sheet.html"
    found = facts(measured, chosen, title=title)
    html.write_text(render_now_sheet(found, boundaries=boundaries), encoding="utf-8", newline="\n")
    reader = pypdf.PdfReader(html_to_pdf(html.read_text(encoding="utf-8"), tmp_path / "sheet.pdf"))
    pages = [re.sub(r"\s+", " ", page.extract_text()) for page in reader.pages]
    # The whole story on the first page; the table on it too, or from the second on.
    for expected in (title, "In het kort", "Op de kaart", "Wat veranderde duidelijk?", "Wat dit blad niet zegt"):
        assert expected in pages[0]
    assert len(pages) <= (2 if wijken < 20 else 4)
    assert "Waar komen deze cijfers vandaan?" in pages[-1]
    text = re.sub(r"\s", "", "".join(pages))
    assert [name for name in measured.names[chosen] if re.sub(r"\s", "", name) not in text] == []
    table_pages = [page for page in pages if "Alle wijken" in page or page.startswith("Wijk Klasse")]
    assert len(table_pages) == (1 if wijken < 20 else len(pages) - 1)
    assert reader.trailer["/Root"]["/Lang"] == "nl"
    for width in (390, 1280):
        page = opened(html, width)
        assert page.locator(".areas tbody tr").count() == wijken
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".map path").count() == wijken
    # Counted again from the scores themselves.
    now = measured.score[chosen, -1] - measured.base
    low = now < measured.scheme.cuts[3]
    people = measured.inhabitants[chosen, -1]
    whole = f"{people[low].sum():,.0f}".replace(",", ".")
    assert f"{whole} inwoners." in page.locator(".tiles .sub").nth(2).inner_text()
    assert page.locator(".areas tbody tr .chip.c4").count() == int((low & (now >= measured.scheme.cuts[2])).sum())


def test_official_sheet_is_the_same_every_time(official) -> None:
    measured, boundaries = official
    chosen = measured.municipality_codes() == "GM0060"
    one, two = (
        render_now_sheet(facts(measured, chosen, title="Ameland"), boundaries=boundaries) for _ in range(2)
    )
    assert one == two
    text = plain(one)
    assert "Let op: dit blad gaat over maar 1 wijk." in text
    assert "In Ameland woont niemand" in text
