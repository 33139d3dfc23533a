"""Higher levels: weighted means by hand, against brute force, and against the published score of gemeenten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import panel_of

from riskmodel.errors import InputError
from riskmodel.monitor.current import state_table
from riskmodel.monitor.levels import raise_level
from riskmodel.monitor.measured import Measured, measured, measured_of
from riskmodel.sources.kwb.reader import read_tables
from riskmodel.sources.leefbaarometer.edition2 import read_scores
from riskmodel.workspace.store import Workspace

NAN = float("nan")
DIMENSIONS = ("onv", "soc", "won", "fys", "vrz")


def made(
    scores: Sequence[Sequence[float]], people: Sequence[float], codes: Sequence[str], waves: Sequence[int]
) -> Measured:
    """Wijken with a fifth of the deviation from 4.1 in each dimension."""
    columns = dict(zip(waves, np.array(scores).T.tolist(), strict=True))
    parts = {year: [(each - 4.1) / 5 for each in column] for year, column in columns.items()}
    values = {"score": columns, **dict.fromkeys(DIMENSIONS, parts), "population": {waves[0]: list(people)}}
    return measured_of(panel_of(values, codes))


WIJKEN = made(
    [[4.0, 4.1], [4.4, 4.2], [4.2, NAN], [3.8, 3.9]],
    [300.0, 100.0, 600.0, NAN],
    ["WK001400", "WK001401", "WK001402", "WK003401"],
    [2018, 2020],
)


def test_gemeenten_by_hand() -> None:
    raised = raise_level(WIJKEN, "gemeente")
    assert raised.level == "gemeente"
    assert raised.areas.tolist() == ["GM0014", "GM0034"]
    assert raised.names.tolist() == ["Groningen", "Almere"]
    # (300 x 4.0 + 100 x 4.4 + 600 x 4.2) / 1000 and (300 x 4.1 + 100 x 4.2) / 400
    np.testing.assert_allclose(raised.score, [[4.16, 4.125], [NAN, NAN]])
    assert raised.covered is not None
    np.testing.assert_allclose(raised.covered, [[1.0, 0.4], [NAN, NAN]])
    np.testing.assert_array_equal(raised.inhabitants, [[1000.0, 1000.0], [NAN, NAN]])
    for name in DIMENSIONS:
        np.testing.assert_allclose(raised.dimensions[name][0], [0.012, 0.005])
    assert raised.classes[0].tolist() == [7, 7]
    table = state_table(raised)
    assert table["location"].tolist() == ["GM0014"]
    np.testing.assert_allclose(table["covered"], [0.4])
    assert state_table(raised.only(np.array([True, False])))["covered"].tolist() == table["covered"].tolist()


def test_a_table_of_parents_gives_any_division() -> None:
    north = pd.Series({"WK001400": "Noord", "WK001402": "Noord", "WK001401": None, "WK999999": "Elders"})
    raised = raise_level(WIJKEN, "regio", north)
    assert raised.areas.tolist() == ["Noord"]
    assert raised.names.tolist() == ["Noord"]
    np.testing.assert_allclose(raised.score, [[(300 * 4.0 + 600 * 4.2) / 900, 4.1]])


def test_what_cannot_be_raised_is_refused() -> None:
    with pytest.raises(InputError, match="table of parents"):
        raise_level(WIJKEN, "pc4")
    with pytest.raises(InputError, match="WK001400 twice"):
        raise_level(WIJKEN, "regio", pd.Series(["A", "B"], index=["WK001400", "WK001400"]))
    with pytest.raises(InputError, match="none of the 4 areas"):
        raise_level(WIJKEN, "regio", pd.Series(["A"], index=["WK7"]))


areas = st.lists(
    st.tuples(st.integers(1, 3), st.one_of(st.just(NAN), st.floats(3, 5)), st.floats(1, 1e4)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(areas)
def test_means_and_shares_are_those_of_brute_force(rows: list[tuple[int, float, float]]) -> None:
    codes = [f"WK000{town}{number:02d}" for number, (town, _, _) in enumerate(rows)]
    order = sorted(range(len(rows)), key=codes.__getitem__)
    wijken = made(
        [[rows[i][1], 4.0] for i in order], [rows[i][2] for i in order], [codes[i] for i in order], [2018, 2020]
    )
    raised = raise_level(wijken, "gemeente")
    assert raised.covered is not None
    assert raised.areas.tolist() == sorted({f"GM000{town}" for town, _, _ in rows})
    for place, area in enumerate(raised.areas):
        parts = [(score, people) for town, score, people in rows if area == f"GM000{town}"]
        known = [(score, people) for score, people in parts if score == score]
        weight = sum(people for _, people in known)
        total = sum(people for _, people in parts)
        expected = sum(score * people for score, people in known) / weight if known else NAN
        np.testing.assert_allclose(raised.score[place], [expected, 4.0])
        np.testing.assert_allclose(raised.covered[place], [weight / total, 1.0])
        np.testing.assert_allclose(
            sum(raised.dimensions[name][place] for name in DIMENSIONS), raised.deviation[place], atol=1e-12
        )


def test_raising_twice_is_raising_at_once_where_all_is_known() -> None:
    buurten = replace(
        made(
            [[4.0, 4.1], [4.4, 4.2], [4.2, 4.0], [3.8, 3.9]],
            [300.0, 100.0, 600.0, 50.0],
            ["BU00140000", "BU00140001", "BU00140100", "BU00340100"],
            [2018, 2020],
        ),
        level="buurt",
    )
    at_once = raise_level(buurten, "gemeente")
    twice = raise_level(raise_level(buurten, "wijk"), "gemeente")
    np.testing.assert_allclose(twice.score, at_once.score, atol=1e-12)
    np.testing.assert_array_equal(twice.inhabitants, at_once.inhabitants)


# --- The official files ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workspace(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = real_data / "leefbaarometer-2.0"
    made = Workspace(tmp_path_factory.mktemp("edition2"))
    made.add(read_scores([folder / f"dimensiescore_{level} (stand).xlsx" for level in ("wijk", "gemeente")]))
    made.add(read_tables([real_data / "kwb" / "wijk_2016.csv"]))
    return made


def tidy(each: Measured) -> pd.DataFrame:
    """Score, class and share of inhabitants behind it, by area and wave, wherever there is a score."""
    covered = np.ones_like(each.score) if each.covered is None else each.covered
    values = {"score": each.score, "class": each.classes, "covered": covered}
    index = pd.MultiIndex.from_product([each.areas, each.waves], names=["location", "wave"])
    return pd.DataFrame({name: array.ravel() for name, array in values.items()}, index).dropna(subset="score")


def test_published_scores_of_gemeenten_are_means_of_their_wijken(workspace: Workspace) -> None:
    raised = raise_level(measured(workspace, edition="2.0"), "gemeente")
    published = tidy(measured(workspace, edition="2.0", level="gemeente")).drop(columns="covered")
    table = tidy(raised).join(published, how="inner", suffixes=("", "_published")).reset_index()
    table["difference"] = table["score"] - table["score_published"]
    assert table.groupby("wave").size().to_dict() == {2012: 390, 2014: 390, 2016: 390}
    by_wave = {int(str(wave)): part for wave, part in table.groupby("wave")}
    correlation = {w: part["score"].corr(part["score_published"]) for w, part in by_wave.items()}
    largest = {w: part["difference"].abs().max() for w, part in by_wave.items()}
    # The count is of 2016: the further from it, the more the shares of the wijken have moved.
    assert correlation[2016] > 0.999996 > correlation[2014] > 0.99996 > correlation[2012] > 0.9999
    assert largest[2016] == pytest.approx(0.00135, abs=1e-5)
    assert largest[2014] == pytest.approx(0.00569, abs=1e-5)
    assert largest[2012] == pytest.approx(0.00669, abs=1e-5)
    other = table[table["class"] != table["class_published"]]
    assert len(other) == 4
    assert (other["class"] - other["class_published"]).abs().max() == 1
    assert other["difference"].abs().max() < 0.002, "all of them lie at a cut"
    # Ommen has four wijken without a score in 2014, with a fifteenth of its inhabitants.
    worst = by_wave[2014].set_index("location")["difference"].abs().idxmax()
    assert worst == "GM0175"
    assert by_wave[2014].set_index("location").loc["GM0175", "covered"] == pytest.approx(0.934, abs=0.001)


def test_gemeenten_of_edition_2_have_names_and_the_people_of_their_wijken(workspace: Workspace) -> None:
    found = measured(workspace, edition="2.0", level="gemeente")
    names = dict(zip(found.areas, found.names, strict=True))
    assert names["GM0363"] == "Amsterdam"
    assert names["GM0007"] == "Bellingwedde", "gone since 2018"
    assert not [name for code, name in names.items() if name == code]
    assert not np.isnan(found.inhabitants).any()
    assert found.inhabitants[:, 0].sum() == 16_974_935
    assert found.counted == {2012: 2016, 2014: 2016, 2016: 2016}
