"""Pictures of the present: the numbers in them, their legibility, and that the same picture is the same file."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import reduce
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.text import Text
from scipy.optimize import minimize

from riskmodel.catalogue import class_scheme
from riskmodel.catalogue.units import decimal
from riskmodel.errors import InputError
from riskmodel.products.present import pictures
from riskmodel.products.present.pictures.layout import fold, local_name, shorten, text_width
from riskmodel.products.rendering.labels import spread
from riskmodel.products.rendering.style import DOWN, INK, SAME, UP, CommaFormatter, luminance

CLASSES = class_scheme("3.0").names
WAVES = (2014, 2018, 2020)
NAMES = [
    "Wijk 01 Binnenstad",
    "Havenkwartier",
    "O'Brien & $a$ co",
    "Verspreide bebouwing Noord en Zuid bij het kanaal",
]

# --- colours --------------------------------------------------------------------------------------------------

#: Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def lab(colour: str, kind: str) -> np.ndarray:
    """CIELAB (D65) of a colour as someone sees it, from the definitions of sRGB and CIE 1976."""
    encoded = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(BLINDNESS[kind]) @ linear, 0, 1)
    to_xyz = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.119192, 0.9503041],
    ]
    ratio = np.array(to_xyz) @ seen / np.array([0.95047, 1.0, 1.08883])
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", BLINDNESS)
def test_classes_can_be_told_apart(kind: str) -> None:
    seen = [lab(colour, kind) for colour in pictures.CLASS_COLOURS]
    # 2.3 is a just noticeable difference of two fields side by side; a map needs much more.
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 11


def test_class_colours_darken_away_from_voldoende() -> None:
    light = [lab(colour, "none")[0] for colour in pictures.CLASS_COLOURS]
    assert int(np.argmax(light)) == 4
    assert (np.diff(light[:5]) > 9).all() and (np.diff(light[4:]) < -6).all()


@pytest.mark.parametrize("kind", BLINDNESS)
def test_falls_and_rises_can_be_told_apart(kind: str) -> None:
    up, down, same = (lab(colour, kind) for colour in (UP, DOWN, SAME))
    assert min(np.linalg.norm(up - down), np.linalg.norm(up - same), np.linalg.norm(down - same)) > 20


def test_numbers_on_classes_can_be_read() -> None:
    for colour in pictures.CLASS_COLOURS:
        light, dark = sorted([luminance(colour), luminance(pictures.ink_on(colour))], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


# --- texts ----------------------------------------------------------------------------------------------------


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_decimals_are_dutch(value: float, decimals: int) -> None:
    text = decimal(value, decimals)
    assert float(text.replace("−", "-").replace(".", "").replace(",", ".")) == round(value, decimals)
    assert re.fullmatch(r"−?\d{1,3}(\.\d{3})*(,\d+)?", text)


def test_signs() -> None:
    assert [decimal(value, 2, sign=True) for value in (0.05, -0.05, 0.001, -0.001)] == [
        "+0,05",
        "−0,05",
        "0,00",
        "0,00",
    ]


def test_ticks_get_as_many_decimals_as_they_need() -> None:
    assert CommaFormatter().format_ticks([0.0, 0.025, 0.05]) == ["0,000", "0,025", "0,050"]
    assert CommaFormatter(sign=True).format_ticks([-0.2, 0.0, 0.2]) == ["−0,2", "0,0", "+0,2"]
    assert CommaFormatter().format_ticks([1000.0, 2000.0]) == ["1.000", "2.000"]


@given(st.text(min_size=1, max_size=60), st.floats(0.3, 3.0))
def test_names_are_cut_to_their_room(name: str, width: float) -> None:
    name = "".join(each for each in name if each.isprintable() and each.isascii()) or "x"
    assert text_width(shorten(name, width, 8), 8) <= width
    if text_width(name, 8) <= width:
        assert shorten(name, width, 8) == name


def test_folding_keeps_every_word() -> None:
    text = "De score van een wijk schommelt van meting tot meting en in een kleine wijk het meest"
    folded = fold(text, 2.0)
    assert folded.replace("\n", " ") == text
    assert max(text_width(line) for line in folded.split("\n")) <= 2.0


def test_numbers_of_wijken_are_left_off() -> None:
    assert [local_name(name) for name in ("Wijk 07 Wielwijk", "Wijk 07", "Wijkpark 2 Oost")] == [
        "Wielwijk",
        "Wijk 07",
        "Wijkpark 2 Oost",
    ]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0, 10), min_size=1, max_size=6), st.floats(0.1, 1.0))
def test_labels_move_no_more_than_they_must(wanted: list[float], gap: float) -> None:
    places = spread(np.array(wanted), gap)
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(places[order]) >= gap - 1e-9).all()
    # The oracle: a general solver on the same problem.
    sought = np.array(wanted)[order]
    rules = [{"type": "ineq", "fun": lambda x, i=i: x[i + 1] - x[i] - gap} for i in range(len(wanted) - 1)]
    start = sought[0] + gap * np.arange(len(wanted)) * 1.01
    best = minimize(lambda x: ((x - sought) ** 2).sum(), start, constraints=rules, method="SLSQP")
    assert ((places[order] - sought) ** 2).sum() <= best.fun + 1e-4


def test_labels_stay_between_the_edges() -> None:
    np.testing.assert_allclose(spread(np.array([0.0, 0.1, 9.9, 10.0]), 1.0, 0.0, 10.0), [0.0, 1.0, 9.0, 10.0])
    assert len(spread(np.array([]), 1.0)) == 0


# --- every picture ----------------------------------------------------------------------------------------------


def scores() -> pd.DataFrame:
    values = [[3.90, 3.95, 3.99], [4.1, 4.05, 4.0], [4.2, np.nan, 4.21], [4.05, 4.06, np.nan]]
    return pd.DataFrame(values, index=NAMES, columns=WAVES)


def development() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": NAMES,
            "score_start": [3.90, 4.10, 4.20, 4.05],
            "score_end": [3.99, 4.00, 4.21, 4.06],
            "beyond_noise": [True, True, False, False],
        }
    )


def flows() -> pd.DataFrame:
    return pd.DataFrame({"from_class": [4, 5, 5, 6, 0], "to_class": [5, 5, 4, 6, 6], "areas": [2, 10, 1, 30, 7]})


def shares() -> pd.DataFrame:
    counts = [[0, 0, 10, 90, 100, 400, 300, 80, 20], [0, 0, 5, 45, 150, 400, 300, 80, 20]]
    return pd.DataFrame(counts, index=WAVES[:2], columns=range(1, 10))


def parts() -> pd.DataFrame:
    labels = [
        "overlast en onveiligheid",
        "sociale samenhang",
        "woningvoorraad",
        "fysieke omgeving",
        "voorzieningen",
    ]
    values = [[0.02, -0.01, 0.005, 0.0, 0.015], [-0.05, 0.01, 0.0, -0.02, 0.01], [0.01] * 5, [np.nan] * 5]
    return pd.DataFrame(values, index=NAMES, columns=labels)


def course() -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "part": np.repeat(["group", "rest", "comparable"], 3),
            "wave": np.tile(WAVES, 3),
            "score": [3.90, 3.95, 3.99, 4.10, 4.11, 4.12, 3.91, 3.93, 3.98],
            "standard_error": np.repeat([0.01, 0.002, 0.005], 3),
        }
    )
    names = {"group": "aandachtswijken", "rest": "rest van Nederland", "comparable": "vergelijkbare wijken"}
    return pictures.bands(table, names)


def covariance() -> pd.DataFrame:
    return pd.DataFrame(
        {"label": parts().columns, "share": [0.5, 0.3, 0.15, -0.05, 0.1], "low95": [0.4, 0.2, 0.1, -0.1, 0.0],
         "high95": [0.6, 0.4, 0.2, 0.02, 0.2]}
    )  # fmt: skip


def squares():
    geopandas = pytest.importorskip("geopandas", reason="the extra riskmodel[geo] is not installed")
    shapely = pytest.importorskip("shapely", reason="the extra riskmodel[geo] is not installed")
    places = {"WK000100": (0, 0), "WK000101": (1, 0), "WK000102": (0, 1), "WK000103": (1, 1)}
    shapes = [shapely.box(1000 * x, 1000 * y, 1000 * x + 1000, 1000 * y + 1000) for x, y in places.values()]
    return geopandas.GeoDataFrame({"location": list(places)}, geometry=shapes, crs=28992)


FOUR = ["WK000100", "WK000101", "WK000102", "WK000103"]


def by_area(*values: float) -> dict[str, float]:
    return dict(zip(FOUR, values, strict=True))


TEXTS = {
    "title": "Wat veranderde er in de wijken van Meerstad tussen de meting van 2014 en die van 2020?",
    "subtitle": "Score van de Leefbaarometer per wijk. In kleur: verandering groter dan de schommeling ervan.",
    "note": "Een schatting om te signaleren; ga ter plaatse kijken voor u iets besluit.",
}

DRAWINGS = {
    "small_multiples": lambda: pictures.small_multiples(
        scores(),
        pd.Series([4.0, 4.05, 4.1], index=WAVES),
        direction=pd.Series([1, -1, 0, 0]),
        threshold=3.94,
        **TEXTS,
    ),
    "slope_chart": lambda: pictures.slope_chart(development(), 2014, 2020, **TEXTS),
    "transition_flow": lambda: pictures.transition_flow(flows(), 2014, 2020, CLASSES, **TEXTS),
    "class_shares": lambda: pictures.class_shares(shares(), CLASSES, **TEXTS),
    "dimension_bars": lambda: pictures.dimension_bars(parts(), **TEXTS),
    "group_trajectory": lambda: pictures.group_trajectory(course(), **TEXTS),
    "decomposition_shares": lambda: pictures.decomposition_shares(covariance(), **TEXTS),
    "scatter": lambda: pictures.association_scatter(
        [1.0, 2.0, 3.0, np.nan, 5.0],
        [0.1, 0.2, 0.15, 0.3, 0.5],
        names=[*NAMES, "Oost"],
        chosen=[True, True, False, True, True],
        chosen_name="Meerstad",
        x_name="x",
        y_name="y",
        **TEXTS,
    ),
    "class_map": lambda: pictures.class_map(
        squares(), dict(zip(FOUR, [1, 5, 9, np.nan], strict=True)), CLASSES, **TEXTS
    ),
    "change_map": lambda: pictures.change_map(
        squares(),
        dict(zip(FOUR, [0.05, -0.06, 0.01, np.nan], strict=True)),
        {FOUR[0]: True, FOUR[1]: True},
        **TEXTS,
    ),
}


@pytest.fixture(scope="module", params=DRAWINGS)
def figure(request: pytest.FixtureRequest) -> Figure:
    return DRAWINGS[request.param]()


def texts_of(figure: Figure) -> list[tuple[str, object]]:
    """Every visible text with its box in pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    # A locator keeps ticks just outside the axis; they exist, but are not drawn.
    outside = {
        tick.label1
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    texts = (each for each in figure.findobj(Text) if each not in outside)
    found = [each for each in texts if each.get_visible() and each.get_text().strip()]
    return [(each.get_text(), each.get_window_extent(canvas.get_renderer())) for each in found]


def words(figure: Figure) -> str:
    return "\n".join(text for text, _ in texts_of(figure))


def test_no_text_lies_on_another_or_outside(figure: Figure) -> None:
    boxes = texts_of(figure)
    width, height = figure.canvas.get_width_height()
    for text, box in boxes:
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, text
    for (one, a), (other, b) in combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        up = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across < 1.5 or up < 2.5, (one, other)


def test_texts_are_there_and_dutch(figure: Figure) -> None:
    said = words(figure).replace("\n", " ")
    for text in TEXTS.values():
        assert text in said
    assert not re.search(r"\d\.\d{1,2}\b(?!\d)", said), "a decimal point"
    assert not re.search(r"(?<![\w])-\d", said), "a hyphen for a minus sign"
    assert str(figure.get_label()) == TEXTS["title"]


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_same_picture_is_the_same_file(name: str, tmp_path: Path) -> None:
    one = pictures.save(DRAWINGS[name](), tmp_path / "one", name)
    two = pictures.save(DRAWINGS[name](), tmp_path / "two", name)
    for form in ("png", "svg"):
        assert one[form].read_bytes() == two[form].read_bytes()
    svg = one["svg"].read_text(encoding="utf-8")
    assert TEXTS["title"] in svg
    assert "dc:date" not in svg and "Matplotlib v" not in svg
    assert one["png"].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_names_of_files_stay_in_their_folder(tmp_path: Path) -> None:
    drawing = DRAWINGS["decomposition_shares"]()
    for name in ("../out", "", ".hidden", "a/b"):
        with pytest.raises(InputError, match="name"):
            pictures.save(drawing, tmp_path, name)
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(InputError):
        pictures.save(drawing, blocked, "a")


def test_drawing_leaves_no_state_behind() -> None:
    before = dict(mpl.rcParams)
    mpl.rcParams["font.size"] = 30
    try:
        one = words(DRAWINGS["slope_chart"]())
        assert mpl.rcParams["font.size"] == 30
        sizes = {each.get_fontsize() for each in DRAWINGS["slope_chart"]().findobj(Text) if each.get_text()}
        assert 30 not in sizes and one
    finally:
        mpl.rcParams.update(before)
    code = "import sys, riskmodel.products.present.pictures; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- the numbers in them ----------------------------------------------------------------------------------------


def test_small_multiples_draw_every_area() -> None:
    drawing = DRAWINGS["small_multiples"]()
    assert len(drawing.axes) == 4
    for axes, (_, row) in zip(drawing.axes, scores().iterrows(), strict=True):
        country, line = axes.lines[0], axes.lines[1]
        np.testing.assert_allclose(country.get_ydata(), [4.0, 4.05, 4.1])
        np.testing.assert_allclose(line.get_ydata(), row.dropna())
        np.testing.assert_allclose(line.get_xdata(), row.dropna().index)
    assert [axes.lines[1].get_color() for axes in drawing.axes] == [UP, DOWN, INK, INK]
    said = words(drawing)
    assert "3,99" in said and "4,06\n(2018)" in said, "an old value says of which year it is"
    assert len({axes.get_ylim() for axes in drawing.axes}) == 1


def test_slopes_go_from_score_to_score() -> None:
    drawing = DRAWINGS["slope_chart"]()
    lines = [line for line in drawing.axes[0].lines if list(line.get_xdata()) == [0, 1]]
    drawn = {tuple(line.get_ydata()): line.get_color() for line in lines}
    assert drawn == {(3.90, 3.99): UP, (4.10, 4.00): DOWN, (4.20, 4.21): SAME, (4.05, 4.06): SAME}
    assert "Binnenstad  3,90 → 3,99  (+0,09)" in words(drawing)


def test_slopes_name_the_largest_clear_changes() -> None:
    number = 30
    change = np.linspace(-0.2, 0.15, number)
    table = pd.DataFrame(
        {"name": [f"wijk-{n}" for n in range(number)], "score_start": 4.0, "score_end": 4.0 + change,
         "beyond_noise": np.abs(change) > 0.1}
    )  # fmt: skip
    drawing = pictures.slope_chart(table, 2014, 2020, most_labels=8, **TEXTS)
    said = words(drawing).replace("\n", " ")
    clear = np.flatnonzero(np.abs(change) > 0.1)
    named = {int(each) for each in re.findall(r"wijk-(\d+)", said)}
    assert named == set(clear[np.argsort(-np.abs(change[clear]))][:8])
    assert f"Alleen de 8 grootste van {len(clear)} duidelijke veranderingen" in said


def test_flows_are_as_wide_as_their_counts() -> None:
    drawing = DRAWINGS["transition_flow"]()
    widths = {}
    for patch in drawing.axes[0].patches:
        if type(patch) is PathPatch:
            points = patch.get_path().vertices
            at_left, at_right = points[points[:, 0] < 0.1, 1], points[points[:, 0] > 0.9, 1]
            assert np.ptp(at_left) == pytest.approx(np.ptp(at_right))
            widths[round(float(np.ptp(at_left)), 6)] = patch.get_facecolor()[:3]
    # Seven areas without a class at the start are not in the picture.
    assert sorted(widths) == [1, 2, 10, 30]
    up, down, same = (mpl.colors.to_rgb(colour) for colour in (UP, DOWN, SAME))
    assert (widths[2], widths[1], widths[10], widths[30]) == (up, down, same, same)
    boxes = [patch for patch in drawing.axes[0].patches if type(patch) is Rectangle]
    # Left 2, 11 and 30 of classes 4, 5 and 6; right 1, 12 and 30.
    assert sorted(round(box.get_height(), 6) for box in boxes) == [1, 2, 11, 12, 30, 30]
    assert "4 zwak  2" in words(drawing) and "1  4 zwak" in words(drawing)


def test_shares_are_parts_of_the_bar() -> None:
    drawing = DRAWINGS["class_shares"]()
    bars = [patch for patch in drawing.axes[0].patches if patch.get_height() == pytest.approx(0.76)]
    drawn = np.array([bar.get_width() for bar in bars]).reshape(9, 2).T
    np.testing.assert_allclose(drawn, shares() / 1000)
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    said = words(drawing)
    assert "40%" in said and "1.000 inwoners" in said and "9 uitstekend" in said


def test_bars_are_as_long_as_their_values() -> None:
    drawing = DRAWINGS["dimension_bars"]()
    values = parts().to_numpy()
    expected = [np.nan_to_num(values.sum(axis=1)), *np.nan_to_num(values).T]
    inch = []
    for axes, column in zip(drawing.axes, expected, strict=True):
        bars = [patch for patch in axes.patches if patch.get_height() in (0.5, 0.62)]
        np.testing.assert_allclose([bar.get_width() for bar in bars], column)
        low, high = axes.get_xlim()
        inch.append((high - low) / axes.get_position().width)
    # One scale in all columns: as many points an inch.
    np.testing.assert_allclose(inch, inch[0])
    said = words(drawing)
    assert "+0,030" in said and "−0,050" in said and "onbekend" in said


def test_bands_are_standard_errors() -> None:
    table = course()
    assert list(table["series"].unique()) == ["aandachtswijken", "rest van Nederland", "vergelijkbare wijken"]
    np.testing.assert_allclose(table["high"] - table["value"], np.repeat([0.01, 0.002, 0.005], 3) * 1.2816)
    lines = DRAWINGS["group_trajectory"]().axes[0].lines
    np.testing.assert_allclose([line.get_ydata()[-1] for line in lines], [3.99, 4.12, 3.98])
    assert len({line.get_linestyle() if isinstance(line.get_linestyle(), str) else 0 for line in lines}) >= 2


def test_dimensions_stand_in_order_of_their_share() -> None:
    drawing = DRAWINGS["decomposition_shares"]()
    np.testing.assert_allclose([bar.get_width() for bar in drawing.axes[0].patches], [0.5, 0.3, 0.15, 0.1, -0.05])
    assert "50%  (40% tot 60%)" in words(drawing) and "−5%  (−10% tot 2%)" in words(drawing)


def test_scatter_says_how_many_are_missing() -> None:
    said = words(DRAWINGS["scatter"]()).replace("\n", " ")
    assert "(4 gebieden; 1 zonder beide cijfers)" in said
    assert "Binnenstad" in said and "Oost" in said and "O'Brien" not in said


def test_maps_have_the_colour_of_the_class() -> None:
    drawing = DRAWINGS["class_map"]()
    [areas] = [
        each
        for each in drawing.axes[0].collections
        if isinstance(each, PathCollection) and len(each.get_facecolors())
    ]
    expected = [pictures.CLASS_COLOURS[0], pictures.CLASS_COLOURS[4], pictures.CLASS_COLOURS[8], "#FFFFFF"]
    np.testing.assert_allclose(areas.get_facecolors(), [mpl.colors.to_rgba(colour) for colour in expected])
    labels = [text.get_text() for text in drawing.axes[0].texts]
    assert labels == ["1", "5", "9"]
    for text, (x, y) in zip(drawing.axes[0].texts, [(500, 500), (1500, 500), (500, 1500)], strict=True):
        np.testing.assert_allclose(text.get_position(), (x, y), atol=10)
    assert "niet gemeten" in words(drawing)


def test_maps_of_change_only_show_what_is_clear() -> None:
    drawing = DRAWINGS["change_map"]()
    areas = drawing.axes[0].collections[0]
    colours = [mpl.colors.to_hex(colour).upper() for colour in areas.get_facecolors()]
    assert colours[0] == UP.upper() and colours[1] == DOWN.upper() and colours[2] not in (UP.upper(), DOWN.upper())
    assert [text.get_text() for text in drawing.axes[0].texts] == ["+0,05", "−0,06"]
    hatched = drawing.axes[0].collections[1]
    assert hatched.get_hatch() and len(hatched.get_paths()) == 1


def test_areas_without_a_boundary_are_counted() -> None:
    classes = dict(zip([*FOUR, "WK999999"], [1, 5, 9, 2, 3], strict=True))
    assert "Zonder grens in het bestand, niet op de kaart: 1." in words(
        pictures.class_map(squares(), classes, CLASSES, title="Kaart")
    )


# --- bad input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "draw",
    [
        lambda: pictures.small_multiples(scores().iloc[:0], pd.Series([1.0]), title="x"),
        lambda: pictures.slope_chart(development().drop(columns="beyond_noise"), 2014, 2020, title="x"),
        lambda: pictures.transition_flow(flows().iloc[:0], 2014, 2020, CLASSES, title="x"),
        lambda: pictures.transition_flow(flows(), 2014, 2020, CLASSES[:3], title="x"),
        lambda: pictures.class_shares(shares() * 0, CLASSES, title="x"),
        lambda: pictures.class_shares(shares().iloc[:, :3], CLASSES, title="x"),
        lambda: pictures.dimension_bars(parts().iloc[:0], title="x"),
        lambda: pictures.group_trajectory(
            pd.DataFrame({"series": list("abcde"), "wave": 1, "value": 1.0}), title="x"
        ),
        lambda: pictures.bands(course().rename(columns={"series": "part", "value": "score"}), {"group": "x"}),
        lambda: pictures.decomposition_shares(pd.DataFrame({"label": ["a"]}), title="x"),
        lambda: pictures.association_scatter([np.nan], [1.0], x_name="x", y_name="y", title="x"),
        lambda: pictures.class_map(squares(), {"WK999999": 1.0}, CLASSES, title="x"),
        lambda: pictures.outlines(pd.DataFrame({"a": [1]}), ["WK000100"]),
    ],
)
def test_bad_input_is_refused(draw) -> None:
    with pytest.raises(InputError):
        draw()


# --- official boundaries ----------------------------------------------------------------------------------------


def test_official_boundaries_keep_their_shape(real_data: Path) -> None:
    shapely = pytest.importorskip("shapely", reason="the extra riskmodel[geo] is not installed")
    from riskmodel.sources.boundaries import read_boundaries

    boundaries = read_boundaries(real_data / "kwb" / "wijk_2022.geojson")
    almere = boundaries[boundaries["location"].str.startswith("WK0034")]
    found = pictures.outlines(boundaries, almere["location"].tolist())
    assert found.locations == tuple(almere["location"]) and len(found.locations) == 71 and found.missing == ()
    # Holes and islands: inside an odd number of rings.
    drawn = [reduce(shapely.symmetric_difference, map(shapely.polygons, rings)) for rings in found.rings]
    for shape, original, place, room in zip(drawn, almere.geometry, found.inside, found.room, strict=True):
        assert shapely.area(shape) == pytest.approx(shapely.area(original), rel=0.12)
        assert shapely.contains_xy(shape, *place)
        # The label's circle lies within its area.
        assert shapely.area(shapely.buffer(shapely.points(place), 0.98 * room) - shape) < 0.01 * room**2
    assert (
        sum(len(ring) for rings in found.rings for ring in rings)
        < shapely.get_num_coordinates(almere.geometry.to_numpy()).sum()
    )
