"""The panel and the workspace: what joins, what was known when, and what survives on disk."""

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import riskmodel
from riskmodel.catalogue import class_scheme, indicators, published_on
from riskmodel.errors import InputError
from riskmodel.panel.build import build_panel
from riskmodel.panel.crosswalk import convert
from riskmodel.panel.panel import Panel
from riskmodel.sources.crosswalk import read_links
from riskmodel.sources.kwb.reader import read_tables
from riskmodel.sources.leefbaarometer.scores import read_scores
from riskmodel.sources.observations import Observations, SourceFile
from riskmodel.workflow import ingest as ingesting
from riskmodel.workflow.example import ExampleFiles
from riskmodel.workspace.atomic import write_atomically
from riskmodel.workspace.store import Workspace

NAN = float("nan")
DIMENSIONS = ("onv", "soc", "won", "fys", "vrz")
ORIGIN = {"P_WEST_AL", "P_N_W_AL", "P_MAROKKO", "P_ANT_ARU", "P_SURINAM", "P_TURKIJE", "P_OVER_NW"}
FILE = SourceFile("made by hand", "0" * 64)


def scores(rows: list[tuple[object, ...]], level: str = "wijk", base: float = 4.0) -> Observations:
    """Observations from rows of code, name, year, score and five dimensions."""
    frame = pd.DataFrame(rows, columns=["location", "name", "year", "score", *DIMENSIONS])
    return Observations("leefbaarometer-3.0", level, 2022, frame.astype({"year": "int32"}), (FILE,), base=base)


def context(year: int, values: dict[str, tuple[float, float]], level: str = "wijk") -> Observations:
    """KWB observations: population and dwelling value by code, on the boundaries of the year."""
    frame = pd.DataFrame(
        {
            "location": list(values),
            "name": list(values),
            "year": np.full(len(values), year, dtype="int32"),
            "population": [pair[0] for pair in values.values()],
            "dwelling_value": [pair[1] for pair in values.values()],
        }
    )
    return Observations("kwb", level, year, frame, (FILE,))


NONE = (NAN,) * 5
SCORES = scores(
    [
        ("WK001400", "Centrum", 2016, 4.10, *NONE),
        ("WK001400", "Centrum", 2018, 4.05, 0.01, 0.01, 0.01, 0.01, 0.01),
        ("WK001400", "Centrum-Noord", 2020, 3.90, *NONE),
        ("WK003401", "Haven", 2018, 3.80, -0.10, -0.05, -0.02, -0.02, -0.01),
        ("WK003401", "Haven", 2020, 3.85, *NONE),
        ("WK036302", "Park", 2016, 4.20, *NONE),
    ]
)


@pytest.fixture
def panel() -> Panel:
    """Three areas by hand: scores of 2016, 2018 and 2020, context of 2016 and 2022."""
    early = context(2016, {"WK001400": (1000.0, 200.0), "WK036302": (50.0, NAN), "WK999999": (7.0, 7.0)})
    late = context(2022, {"WK001400": (1100.0, 300.0), "WK003401": (2000.0, 250.0)})
    return build_panel(SCORES, [early, late])


# --- Joining --------------------------------------------------------------------------------------------------


def test_panel_has_every_value_in_its_place(panel: Panel) -> None:
    assert panel.areas.tolist() == ["WK001400", "WK003401", "WK036302"]
    assert panel.names.tolist() == ["Centrum-Noord", "Haven", "Park"], "the last name counts"
    assert panel.years == (2016, 2018, 2020, 2022)
    assert panel.waves == (2016, 2018, 2020)
    assert (panel.edition, panel.boundaries, panel.base) == ("3.0", 2022, 4.0)
    np.testing.assert_array_equal(
        panel["score"], [[4.10, 4.05, 3.90, NAN], [NAN, 3.80, 3.85, NAN], [4.20, NAN, NAN, NAN]]
    )
    np.testing.assert_array_equal(
        panel["population"], [[1000, NAN, NAN, 1100], [NAN, NAN, NAN, 2000], [50, NAN, NAN, NAN]]
    )
    np.testing.assert_array_equal(panel.at("dwelling_value", 2016), [200.0, NAN, NAN])
    np.testing.assert_array_equal(panel.at("soc", 2018), [0.01, -0.05, NAN])
    assert np.isnan(panel.at("score", 2017)).all()
    assert panel.municipality_codes().tolist() == ["GM0014", "GM0034", "GM0363"]


def test_context_of_another_level_stays_out() -> None:
    made = build_panel(SCORES, [context(2016, {"WK001400": (1.0, 1.0)}, level="buurt")])
    assert "population" not in made.indicators


def test_latest_value_goes_back_over_gaps(panel: Panel) -> None:
    np.testing.assert_array_equal(panel.latest("score"), [3.90, 3.85, 4.20])
    np.testing.assert_array_equal(panel.latest("score", 2018), [4.05, 3.80, 4.20])
    np.testing.assert_array_equal(panel.latest("score", 2017), [4.10, NAN, 4.20])
    np.testing.assert_array_equal(panel.latest("population", 2021), [1000, NAN, 50])
    assert np.isnan(panel.latest("score", 2015)).all()
    assert np.isnan(panel.latest("no such indicator")).all()


def test_an_indicator_outside_the_catalogue_is_refused() -> None:
    smuggled = context(2016, {"WK001400": (1.0, 1.0)})
    smuggled = replace(smuggled, frame=smuggled.frame.rename(columns={"population": "P_TURKIJE"}))
    with pytest.raises(InputError, match="P_TURKIJE"):
        build_panel(SCORES, [smuggled])


def test_origin_columns_reach_neither_workspace_nor_panel(
    example_workspace: Workspace, example_files: ExampleFiles
) -> None:
    header = set(example_files.kwb[0].read_text(encoding="utf-8").splitlines()[0].split(","))
    assert header >= ORIGIN, "the file does hold them"
    for path in example_workspace.path("observations").glob("*.parquet"):
        assert not {name.upper() for name in pq.read_schema(path).names} & ORIGIN
    assert not {name.upper() for name in example_workspace.panel().indicators} & ORIGIN
    blocked = {key for key, each in indicators().items() if each.sensitivity == "origin"}
    assert not blocked & set(example_workspace.panel().indicators)


def test_example_panel_equals_pandas(example_workspace: Workspace, example_files: ExampleFiles) -> None:
    made = example_workspace.panel()
    table = pd.read_csv(example_files.leefbaarometer)
    for column, indicator in (("lbm", "score"), ("onv", "onv")):
        wide = table.pivot_table(index="wk_code", columns="jaar", values=column, dropna=False)
        assert made.areas.tolist() == wide.index.tolist()
        for year in wide.columns:
            np.testing.assert_array_equal(made.at(indicator, int(year)), wide[year])
    people = pd.read_csv(example_files.kwb[0]).set_index("WK_CODE")["AANT_INW"]
    np.testing.assert_array_equal(made.at("population", 2016), people.reindex(made.areas))


# --- What was known when --------------------------------------------------------------------------------------


def test_publication_dates_are_exact_where_known_and_lagged_elsewhere(panel: Panel) -> None:
    assert panel.published_on("score", 2016) == date(2018, 5, 1)
    assert panel.published_on("score", 2018) == date(2020, 5, 1)
    assert panel.published_on("score", 2020) == date(2022, 4, 14)
    assert published_on("score", 2022) == date(2024, 5, 24)
    assert panel.published_on("population", 2016) == date(2017, 1, 1)
    assert panel.published_on("dwelling_value", 2016) == date(2017, 7, 1)
    with pytest.raises(InputError, match="2018"):
        panel.published_on("population", 2018)


def test_a_value_is_known_from_its_publication_day_on(panel: Panel) -> None:
    before, on = panel.known_at(date(2020, 4, 30)), panel.known_at(date(2020, 5, 1))
    assert (before.waves, on.waves) == ((2016,), (2016, 2018))
    np.testing.assert_array_equal(on.at("score", 2018), panel.at("score", 2018))
    assert np.isnan(before.at("score", 2018)).all()
    assert np.isnan(on.at("population", 2022)).all(), "people counted in 2022 were not known in 2020"


DAYS = st.dates(date(2014, 1, 1), date(2026, 1, 1))


@settings(max_examples=100, deadline=None)
@given(moment=DAYS, later=DAYS)
@example(moment=date(2022, 4, 14), later=date(2022, 4, 14))
@example(moment=date(2022, 4, 13), later=date(2022, 4, 14))
def test_nothing_published_later_is_ever_known(moment: date, later: date) -> None:
    late = context(2022, {"WK001400": (1100.0, 300.0), "WK003401": (2000.0, 250.0)})
    full = build_panel(SCORES, [late])
    known = full.known_at(moment)
    for indicator in full.indicators:
        for year in full.years:
            held, all_ = known.at(indicator, year), full.at(indicator, year)
            public = not np.isnan(all_).all() and full.published_on(indicator, year) <= moment
            np.testing.assert_array_equal(held, all_ if public else np.full(3, NAN))
            assert (year in known.years_of(indicator)) == public
    # Knowing at two moments is knowing at the earlier one.
    both, earlier = known.known_at(later), full.known_at(min(moment, later))
    np.testing.assert_array_equal(both.values, earlier.values)
    np.testing.assert_array_equal(both.published, earlier.published)


def test_undated_or_misshapen_values_make_no_panel(panel: Panel) -> None:
    with pytest.raises(InputError, match="publication date"):
        replace(panel, published=np.full(panel.published.shape, np.datetime64("NaT", "D")))
    with pytest.raises(InputError, match="ascending"):
        replace(panel, years=(2016, 2020, 2018, 2022))
    with pytest.raises(InputError, match="twice"):
        replace(panel, areas=np.array(["WK001400", "WK001400", "WK036302"]))


# --- Classes --------------------------------------------------------------------------------------------------


def test_classes_against_cuts_by_hand() -> None:
    deviation = np.array([-0.50, -0.40, -0.30, -0.20, -0.13, 0.0, 0.05, 0.12, 0.30, NAN])
    np.testing.assert_array_equal(
        class_scheme("3.0").classify(deviation), [1, 2, 3, 4, 5, 6, 7, 8, 9, NAN], strict=False
    )


def test_a_class_begins_at_its_cut() -> None:
    scheme = class_scheme("3.0")
    for number, cut in enumerate(scheme.cuts, start=1):
        below, at = scheme.classify(np.array([np.nextafter(cut, -1), cut]))
        assert (below, at) == (number, number + 1)


def test_classes_equal_the_published_ones_in_every_buurt_of_2024(real_data: Path) -> None:
    published = pd.read_csv(real_data / "leefbaarometer-3.0" / "wfs buurtscore24.csv").dropna(
        subset=["afw", "kscore"]
    )
    made = class_scheme("3.0").classify(published["afw"].to_numpy())
    assert len(published) == 12_147
    assert (made == published["kscore"]).sum() == 12_147


# --- Boundaries -----------------------------------------------------------------------------------------------

KINDS = {"population": "extensive", "dwelling_value": "intensive"}


def links(rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["code_from", "code_to", "addresses"])


def areas(rows: dict[str, tuple[float, float]]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(KINDS), dtype=float)


def test_a_split_divides_counts_and_copies_rates() -> None:
    made = convert(areas({"A": (100, 200), "Z": (5, 50)}), links([("A", "B", 30), ("A", "C", 10)]), KINDS)
    expected = areas({"B": (75, 200), "C": (25, 200), "Z": (5, 50)})
    pd.testing.assert_frame_equal(made, expected)


def test_a_merge_adds_counts_and_weighs_rates() -> None:
    made = convert(areas({"A": (100, 200), "B": (300, 280)}), links([("A", "C", 10), ("B", "C", 30)]), KINDS)
    # (10 * 200 + 30 * 280) / 40 = 260
    pd.testing.assert_frame_equal(made, areas({"C": (400, 260)}))


def test_a_rate_that_is_missing_does_not_count_in_a_merge() -> None:
    made = convert(areas({"A": (100, NAN), "B": (300, 280)}), links([("A", "C", 10), ("B", "C", 30)]), KINDS)
    pd.testing.assert_frame_equal(made, areas({"C": (400, 280)}))


def test_a_split_and_a_merge_at_once() -> None:
    moved = links([("A", "B", 50), ("A", "C", 50), ("D", "C", 150)])
    made = convert(areas({"A": (100, 200), "D": (300, 400)}), moved, KINDS)
    # C: 50 of A and all 300 of D; (50 * 200 + 150 * 400) / 200 = 350
    pd.testing.assert_frame_equal(made, areas({"B": (50, 200), "C": (350, 350)}))


def test_an_unchanged_area_that_receives_addresses_adds_counts_and_keeps_its_rate() -> None:
    made = convert(areas({"A": (100, 200), "B": (40, 300)}), links([("A", "B", 1), ("A", "C", 3)]), KINDS)
    pd.testing.assert_frame_equal(made, areas({"B": (65, 300), "C": (75, 200)}))
    unknown = convert(areas({"A": (100, 200), "B": (NAN, NAN)}), links([("A", "B", 1), ("A", "C", 3)]), KINDS)
    pd.testing.assert_frame_equal(unknown, areas({"B": (NAN, 200), "C": (75, 200)}))


def test_a_count_of_which_a_part_is_missing_is_missing() -> None:
    merged = links([("A", "C", 10), ("B", "C", 30), ("B", "D", 10)])
    unknown = convert(areas({"A": (NAN, NAN), "B": (300, 280)}), merged, KINDS)
    pd.testing.assert_frame_equal(unknown, areas({"C": (NAN, 280), "D": (75, 280)}))
    absent = convert(areas({"B": (300, 280)}), merged, KINDS)
    pd.testing.assert_frame_equal(absent, areas({"C": (NAN, 280), "D": (75, 280)}))
    beside = convert(areas({"Z": (5, 50)}), links([("A", "Z", 10), ("A", "E", 10)]), KINDS)
    pd.testing.assert_frame_equal(beside, areas({"Z": (NAN, 50)}))


VALUE = st.one_of(st.just(NAN), st.floats(0, 1e6).map(lambda value: round(value, 3)))
CODE = st.sampled_from("ABCDEFG")


@settings(max_examples=150, deadline=None)
@given(
    old=st.dictionaries(CODE, st.tuples(VALUE, VALUE), min_size=1, max_size=6),
    moves=st.dictionaries(st.tuples(CODE, CODE), st.integers(0, 5000), max_size=12),
)
def test_counts_add_up_and_rates_stay_between_their_sources(
    old: dict[str, tuple[float, float]], moves: dict[tuple[str, str], int]
) -> None:
    made = convert(areas(old), links([(start, end, n) for (start, end), n in moves.items()]), KINDS)
    assert made.index.is_unique
    moved = {start for (start, _), n in moves.items() if n}
    stays = {code for code in old if code not in moved}
    assert set(made.index) == stays | {end for (start, end), n in moves.items() if n and start in old}
    for code, count, rate in made.itertuples():
        parts = [(start, n) for (start, end), n in moves.items() if n and end == code]
        whole = {start: sum(n for (from_, _), n in moves.items() if from_ == start) for start, _ in parts}
        counts = [old.get(start, (NAN, NAN))[0] * n / whole[start] for start, n in parts]
        counts += [old[code][0]] if code in stays else []
        assert count == pytest.approx(sum(counts), rel=1e-9, abs=1e-9, nan_ok=True)
        rates = [old[start][1] for start in [*whole, *({code} & stays)] if start in old]
        known = [each for each in rates if not np.isnan(each)]
        if known:
            assert min(known) * (1 - 1e-9) <= rate <= max(known) * (1 + 1e-9)
        else:
            assert np.isnan(rate)


@settings(max_examples=100, deadline=None)
@given(
    old=st.fixed_dictionaries({code: st.floats(0, 1e6).map(lambda value: round(value, 3)) for code in "ABCDEFG"}),
    moves=st.dictionaries(st.tuples(CODE, CODE), st.integers(1, 5000), max_size=12),
)
def test_there_and_back_between_vintages_keeps_every_count(
    old: dict[str, float], moves: dict[tuple[str, str], int]
) -> None:
    frame = areas({code: (count, NAN) for code, count in old.items()})
    there = convert(frame, links([(start, end, n) for (start, end), n in moves.items()]), KINDS)
    assert there["population"].sum() == pytest.approx(frame["population"].sum(), rel=1e-9, abs=1e-9)
    back = convert(there, links([(end, start, n) for (start, end), n in moves.items()]), KINDS)
    assert back["population"].sum() == pytest.approx(frame["population"].sum(), rel=1e-9, abs=1e-9)


def test_panel_converts_context_along_links_of_the_right_years() -> None:
    table = pd.DataFrame(
        {
            "level": ["wijk", "wijk", "wijk", "gemeente"],
            "year_from": [2016, 2016, 2017, 2016],
            "year_to": [2022, 2022, 2022, 2022],
            "code_from": ["WK999900", "WK999900", "WK999900", "GM9999"],
            "code_to": ["WK001400", "WK003401", "WK036302", "GM0014"],
            "addresses": [100.0, 300.0, 50.0, 1.0],
        }
    )
    early = context(2016, {"WK999900": (1000.0, 200.0), "WK036302": (50.0, 90.0)})
    late = context(2022, {"WK001400": (300.0, 250.0)})
    direct, linked = build_panel(SCORES, [early, late]), build_panel(SCORES, [early, late], table)
    np.testing.assert_array_equal(direct.at("population", 2016), [NAN, NAN, 50.0])
    np.testing.assert_array_equal(linked.at("population", 2016), [250.0, 750.0, 50.0])
    np.testing.assert_array_equal(linked.at("dwelling_value", 2016), [200.0, 200.0, 90.0])
    np.testing.assert_array_equal(linked.at("population", 2022), [300.0, NAN, NAN])


def test_real_join_rates(real_data: Path) -> None:
    (held,) = read_scores([real_data / "leefbaarometer-3.0" / "Leefbaarometer-scores wijken 2002-2020.csv"])
    others = read_tables([real_data / "kwb" / "wijk_2016.csv", real_data / "kwb" / "wijk_2022.csv"])
    table, _ = read_links(real_data / "crosswalk" / "code_changes_2016_2024.csv")
    direct, linked = build_panel(held, others), build_panel(held, others, table)

    def joined(made: Panel, year: int) -> float:
        return round(100 * float((~np.isnan(made.at("population", year))).mean()), 1)

    assert (joined(direct, 2016), joined(direct, 2022)) == (75.7, 100.0)
    assert (joined(linked, 2016), joined(linked, 2022)) == (99.8, 100.0)
    # Nobody appears and few get lost: the inhabitants of 2016 in the file and in the panel.
    people = pd.read_csv(real_data / "kwb" / "wijk_2016.csv")["AANT_INW"].clip(lower=0).sum()
    assert 0.999 < np.nansum(linked.at("population", 2016)) / people <= 1 + 1e-9


# --- Workspace ------------------------------------------------------------------------------------------------


def test_observations_come_back_unchanged(tmp_path: Path) -> None:
    early = replace(context(2016, {"WK001400": (1000.0, NAN)}), notes=("blocked (origin): X",))
    workspace = Workspace(tmp_path / "workspace")
    workspace.add([SCORES, early])
    back = {each.source: each for each in workspace.observations()}
    for sent in (SCORES, early):
        held = back[sent.source]
        pd.testing.assert_frame_equal(held.frame, sent.frame, check_dtype=False)
        assert held.frame.dtypes.iloc[2:].tolist() == sent.frame.dtypes.iloc[2:].tolist()
        assert replace(held, frame=sent.frame) == sent


def test_example_survives_the_workspace(example_workspace: Workspace, example_files: ExampleFiles) -> None:
    held = {each.source: each for each in example_workspace.observations()}["leefbaarometer-3.0"]
    (sent,) = read_scores([example_files.leefbaarometer])
    pd.testing.assert_frame_equal(held.frame, sent.frame, check_exact=True, check_dtype=False)
    assert (held.base, held.files, held.boundaries) == (sent.base, sent.files, sent.boundaries)


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    old = tmp_path / "kept.txt"
    old.write_text("old", encoding="utf-8")

    def half(path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise RuntimeError("disk full")

    for path in (old, tmp_path / "new.txt"):
        with pytest.raises(RuntimeError, match="disk full"):
            write_atomically(path, half)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
    assert old.read_text(encoding="utf-8") == "old"


def content(workspace: Workspace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in workspace.path("observations").iterdir()}


def test_the_same_file_again_changes_nothing(tmp_path: Path, example_files: ExampleFiles) -> None:
    workspace = Workspace(tmp_path / "workspace")
    for _ in range(2):
        ingesting.ingest_leefbaarometer([example_files.leefbaarometer], workspace)
        ingesting.ingest_kwb(example_files.kwb, workspace)
        before = content(workspace)
    assert len(before) == 3
    assert content(workspace) == before


def test_another_file_needs_replace(tmp_path: Path, example_files: ExampleFiles) -> None:
    workspace = Workspace(tmp_path / "workspace")
    ingesting.ingest_kwb(example_files.kwb, workspace)
    lines = example_files.kwb[0].read_text(encoding="utf-8").splitlines(keepends=True)
    other = tmp_path / "correction_2016.csv"
    other.write_text("".join(lines[:101]), encoding="utf-8")
    before = content(workspace)
    with pytest.raises(InputError, match=r"correction_2016\.csv.*voorbeeld_wijk_2016\.csv.*--replace"):
        ingesting.ingest_kwb([other, example_files.kwb[1]], workspace)
    assert content(workspace) == before
    ingesting.ingest_kwb([other], workspace, replace=True)
    sizes = {each.years[0]: len(each.frame) for each in workspace.observations()}
    assert sizes == {2016: 100, 2022: 400}


def flip_a_value(path: Path) -> bytes:
    """The file with the last byte of its last column changed."""
    chunk = pq.read_metadata(path).row_group(0).column(pq.read_metadata(path).num_columns - 1)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    content = bytearray(path.read_bytes())
    content[start + chunk.total_compressed_size - 1] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "flipped", "foreign"])
@pytest.mark.parametrize("name", ["leefbaarometer-3.0_wijk.parquet", "crosswalk.parquet"])
def test_a_damaged_workspace_file_is_told(
    tmp_path: Path, example_workspace: Workspace, name: str, damage: str
) -> None:
    workspace = Workspace(shutil.copytree(example_workspace.folder, tmp_path / "workspace"))
    table = pd.DataFrame(
        {"level": ["wijk"] * 50, "year_from": 2016, "year_to": 2022, "addresses": np.arange(50.0)}
    )
    workspace.add_links(table.assign(code_from="WK900100", code_to="WK900100"), FILE)
    path = workspace.path("observations", name)
    whole = path.read_bytes()
    if damage == "foreign":
        pd.DataFrame({"a": [1]}).to_parquet(path)
    else:
        new = {"cut": whole[: len(whole) // 2], "empty": b"", "text": b"hello", "flipped": flip_a_value(path)}
        path.write_bytes(new[damage])
    with pytest.raises(InputError, match="damaged") as caught:
        workspace.panel()
    assert name in caught.value.where


@pytest.mark.parametrize("about", [[], {}, None, {"source": "kwb"}, {"published": []}])
def test_a_workspace_file_with_a_wrong_description_is_told(tmp_path: Path, about: object) -> None:
    workspace = Workspace(tmp_path / "workspace")
    (path,) = workspace.add([SCORES])
    if isinstance(about, dict) and "published" in about:
        about = json.loads(pq.read_schema(path).metadata[b"riskmodel"]) | about
    table = pq.read_table(path).replace_schema_metadata({b"riskmodel": json.dumps(about).encode()})
    pq.write_table(table, path)
    with pytest.raises(InputError, match="damaged"):
        workspace.panel()


# --- The current state ----------------------------------------------------------------------------------------


def test_current_writes_every_area_and_returns_those_asked_for(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    workspace.add([SCORES])
    table = riskmodel.current(workspace, municipality=["Almere"])
    assert table["location"].tolist() == ["WK003401"]
    written = pd.read_csv(workspace.path("current", "wijk.csv"))
    assert written["location"].tolist() == ["WK001400", "WK003401"]
    np.testing.assert_allclose(written["change_since_2018"], [-0.15, 0.05])


def test_a_wave_published_today_was_not_known_yesterday() -> None:
    day = published_on("score", 2020)
    made = build_panel(SCORES)
    assert made.known_at(day).waves[-1] == 2020
    assert made.known_at(day - timedelta(days=1)).waves[-1] == 2018
