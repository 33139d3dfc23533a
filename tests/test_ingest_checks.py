"""What arrives is held against the catalogue and against what is there: clean files pass, poisoned ones do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from typer.testing import CliRunner

import riskmodel
from riskmodel.catalogue import indicators, load
from riskmodel.cli import app
from riskmodel.cli.text import check_table
from riskmodel.errors import InputError
from riskmodel.sources.leefbaarometer import scores as leefbaarometer
from riskmodel.sources.observations import Observations, SourceFile
from riskmodel.workflow import ingest as ingesting
from riskmodel.workspace.ingest_checks import CHECKS, Arrival, run_checks
from riskmodel.workspace.ingest_checks.admit import admit
from riskmodel.workspace.ingest_checks.base import Column, rank_correlation
from riskmodel.workspace.ingest_checks.earlier import filled_in, shift_of, spread_ratio
from riskmodel.workspace.ingest_checks.rows import jumped, same_rows
from riskmodel.workspace.ingest_checks.values import plausible
from riskmodel.workspace.store import Workspace

Change = Callable[[pd.DataFrame], pd.DataFrame]
SHARES = ["age_0_14", "age_15_24", "age_25_44", "age_45_64", "age_65_plus"]


@pytest.fixture(scope="module")
def years(example_workspace: Workspace) -> tuple[Observations, Observations]:
    """A table of the invented country, and that of a year later, in which everything moved a little."""
    old = next(each for each in example_workspace.observations("wijk", "kwb") if each.years == (2022,))
    random = np.random.default_rng(1)
    frame = old.frame.assign(year=np.int32(2023))
    for key in old.indicators:
        if key not in ("urbanity", *SHARES):
            frame[key] = np.round(frame[key] * random.normal(1.02, 0.03, len(frame)), 2)
    # Two age groups exchange a percent, so that they still add up.
    step = random.integers(-1, 2, len(frame)) * ((frame["age_0_14"] > 1) & (frame["age_25_44"] > 1))
    frame["age_0_14"] += step
    frame["age_25_44"] -= step
    for key in ("employment", "owner_occupied", "higher_education"):
        frame[key] = frame[key].clip(upper=100)
    return old, replace(old, frame=frame, boundaries=2023, files=(SourceFile("wijk_2023.csv", "1"),))


@pytest.fixture(scope="module")
def waves(example_workspace: Workspace) -> tuple[Observations, Observations]:
    """Scores up to 2018, and the wave of 2020."""
    [scores] = example_workspace.observations("wijk", "leefbaarometer-3.0")
    last = scores.frame["year"] == 2020
    return (
        replace(scores, frame=scores.frame[~last], files=(SourceFile("2002-2018.csv", "1"),)),
        replace(scores, frame=scores.frame[last].reset_index(drop=True), files=(SourceFile("2020.csv", "2"),)),
    )


def codes(new: Observations, *held: Observations) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in run_checks(Arrival.of(new, held)):
        found.setdefault(each.code, set()).add(each.indicator)
    return found


def poisoned(new: Observations, change: Change) -> Observations:
    return replace(new, frame=change(new.frame.copy()))


def moved(frame: pd.DataFrame, step: int = 1) -> pd.DataFrame:
    values = [key for key in frame.columns if key not in ("location", "name", "year")]
    return frame.assign(**{key: np.roll(frame[key].to_numpy(), step) for key in values})


def exchanged(frame: pd.DataFrame, one: str, other: str) -> pd.DataFrame:
    return frame.assign(**{one: frame[other], other: frame[one]})


def mixed(frame: pd.DataFrame, share: float) -> pd.DataFrame:
    random = np.random.default_rng(3)
    order = np.arange(len(frame))
    rows = random.choice(len(frame), int(share * len(frame)), replace=False)
    order[rows] = np.roll(rows, 7)
    return frame.assign(**{key: frame[key].to_numpy()[order] for key in frame.columns[3:]})


def test_every_check_has_a_code_of_its_own() -> None:
    assert len({check.code for check in CHECKS}) == len(CHECKS)
    assert all(check.severity in ("refuse", "flag") and check.title for check in CHECKS)


def test_what_the_catalogue_says_of_ranges_and_sums_is_about_its_own_indicators() -> None:
    known = indicators()
    units = {each.unit for each in known.values()}
    assert set(load("ranges")["units"]) - {"%"} <= units, "a unit that no indicator has"
    assert units <= set(load("ranges")["units"]), "a unit without a range"
    named = {*load("ranges")["indicators"], *load("ranges")["around_base"]}
    for each in load("identities")["sums"]:
        named |= {*each["parts"], *each.get("whole", ())}
    for each in load("identities")["at_most"]:
        named |= {key for pair in each["pairs"] for key in pair}
    assert named <= set(known)
    assert plausible(known["score"], 4.1) == pytest.approx((2.1, 6.1))


def test_clean_files_pass(
    years: tuple[Observations, Observations], waves: tuple[Observations, Observations]
) -> None:
    for old, new in (years, waves):
        assert codes(old) == codes(new, old) == {}


def test_official_waves_pass(real_data: Path) -> None:
    files = sorted((real_data / "leefbaarometer-3.0").glob("*scores wijken*.csv"))
    [scores] = leefbaarometer.read_scores(files)
    arrival = Arrival.of(scores, ())
    assert len(arrival.columns) == 16, "six waves beside the one before, dimensions in two of them"
    assert run_checks(arrival) == ()


CASES: list[tuple[str, Change, str]] = [
    ("a sentinel", lambda f: f.assign(employment=f["employment"].fillna(-99999999)), "AR01"),
    ("euro for thousand euro", lambda f: f.assign(dwelling_value=f["dwelling_value"] * 1000), "AR01"),
    ("ages that do not add up", lambda f: f.assign(age_0_14=f["age_45_64"]), "AR02"),
    ("shares for percentages", lambda f: f.assign(employment=f["employment"] / 100), "AR03"),
    ("tens of persons", lambda f: f.assign(population=f["population"] / 10), "AR04"),
    ("rows one down", moved, "AR06"),
    ("rows one up", lambda f: moved(f, -1), "AR06"),
    ("areas in any order", lambda f: mixed(f, 1.0), "AR07"),
    ("a shift", lambda f: f.assign(employment=f["employment"] + 25), "AR08"),
    ("half the spread", lambda f: f.assign(owner_occupied=40 + f["owner_occupied"] * 0.3), "AR09"),
    ("two columns", lambda f: exchanged(f, "low_income", "high_income"), "AR10"),
    ("zeros for missing", lambda f: f.assign(employment=f["employment"].fillna(0)), "AR11"),
    ("values lost", lambda f: f.assign(employment=f["employment"].where(f.index % 2 == 0)), "AR12"),
    ("rows of other areas", lambda f: mixed(f, 0.25), "AR16"),
    (
        "shares in a part of the rows",
        lambda f: f.assign(employment=f["employment"].where(f.index % 4 > 0, 0.5)),
        "AR17",
    ),
]


@pytest.mark.parametrize(("change", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_poison_is_found(years: tuple[Observations, Observations], change: Change, code: str) -> None:
    old, new = years
    assert code in codes(poisoned(new, change), old)


def test_last_years_table_under_this_years_name_is_refused(years: tuple[Observations, Observations]) -> None:
    old, _ = years
    again = replace(old, frame=old.frame.assign(year=np.int32(2023)), files=(SourceFile("wijk_2023.csv", "1"),))
    assert "AR05" in codes(again, old)
    half = again.frame[again.frame.index % 3 > 0]
    assert "AR05" in codes(replace(again, frame=half), old), "a part of the areas"


def test_a_year_in_the_name_that_is_not_in_the_rows_is_flagged(years: tuple[Observations, Observations]) -> None:
    old, new = years
    named = replace(new, files=(SourceFile("wijk_2024.csv", "1"),))
    assert codes(named, old) == {"AR13": {""}}
    assert codes(replace(new, files=(SourceFile("wijk 2023 opgeslagen 2024-05-01.csv", "1"),)), old) == {}


def test_another_edition_of_the_score_is_refused(waves: tuple[Observations, Observations]) -> None:
    old, new = waves
    score = new.frame["score"]
    noise = np.random.default_rng(2).normal(0, 1, len(score)) * score.std()
    # Correlated .75 with the wave before, as levels of the editions 2.0 and 3.0 are; same middle, same spread.
    other = score.mean() + 0.75 * (score - score.mean()) + np.sqrt(1 - 0.75**2) * noise
    spliced = replace(new, frame=new.frame.drop(columns=["fys", "onv", "soc", "vrz", "won"]).assign(score=other))
    assert codes(spliced, old)["AR15"] == {"score"}
    assert "AR08" in codes(poisoned(new, lambda f: f.assign(score=f["score"] + 0.1)), old)
    assert "AR02" in codes(poisoned(new, lambda f: f.assign(score=f["score"] + 0.1)), old), "its dimensions stayed"


def test_dimensions_that_changed_places_still_add_up_and_are_refused(
    waves: tuple[Observations, Observations],
) -> None:
    old, new = waves
    assert codes(poisoned(new, lambda f: exchanged(f, "vrz", "onv")), old)["AR10"] == {"vrz", "onv"}


def test_a_wave_inside_one_file_is_held_against_the_waves_before_it(example_workspace: Workspace) -> None:
    [scores] = example_workspace.observations("wijk", "leefbaarometer-3.0")
    frame = scores.frame.copy()
    of_2016 = (frame["year"] == 2016).to_numpy()
    frame.loc[of_2016, "score"] = np.roll(frame.loc[of_2016, "score"].to_numpy(), 1)
    found = run_checks(Arrival.of(replace(scores, frame=frame), ()))
    years = {each.year for each in found if each.code == "AR06"}
    assert years == {2016, 2018}, "the wave itself, and the one that is compared with it"


def test_a_replacement_is_held_against_what_it_replaces(years: tuple[Observations, Observations]) -> None:
    old, _ = years
    other = replace(old, files=(SourceFile("wijk_2022.csv", "corrected"),))
    assert codes(other, old) == {}, "the same values once more are no other year"
    assert "AR06" in codes(poisoned(other, moved), old)
    assert Arrival.of(old, [old]).existing == (), "the same file again is no comparison"


def column(new: list[float] | np.ndarray, old: list[float] | np.ndarray, key: str = "employment") -> Column:
    return Column(indicators()[key], 2023, 2022, np.asarray(new, float), np.asarray(old, float))


def test_figures_of_hand_worked_examples() -> None:
    old = np.arange(21.0)
    assert shift_of(column(old + 5, old)) == pytest.approx(5 / 10), "quartiles of 0 to 20 are 5 and 15"
    assert spread_ratio(column(old * 3, old)) == pytest.approx(3)
    assert filled_in(column([*old[:15], *[50.0] * 6], old)) == (50.0, pytest.approx(6 / 21))
    assert filled_in(column(old + 30, old))[1] == 0, "a whole scale that moved is no filling"
    far = old.copy()
    far[3] += 100
    assert np.flatnonzero(jumped(column(far, old))).tolist() == [3]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=5, max_size=40))
@settings(deadline=None, max_examples=50)
def test_rank_correlation_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    one, other = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    if np.ptp(one) and np.ptp(other):
        assert rank_correlation(one, other) == pytest.approx(spearmanr(one, other).statistic)
    else:
        assert rank_correlation(one, other) == 1.0


def test_rows_are_the_same_only_when_that_says_something(years: tuple[Observations, Observations]) -> None:
    old, new = years
    [pair] = Arrival.of(new, [old]).pairs
    share, areas = same_rows(pair)
    assert share < 0.05
    assert areas > 350
    [again] = Arrival.of(replace(old, frame=old.frame.assign(year=2023), files=()), [old]).pairs
    assert same_rows(again)[0] == 1.0


def test_of_a_large_level_blocks_of_neighbours_are_looked_at() -> None:
    number = np.arange(45_000)
    frame = pd.DataFrame({"location": [f"E{n:06d}" for n in number], "name": "", "year": np.int32(2020)})
    frame["score"] = 4.1 + np.sin(number / 30) * 0.2
    old = Observations("leefbaarometer-3.0", "grid", 2022, frame, (), base=4.1)
    new = replace(
        old,
        frame=frame.assign(year=np.int32(2022), score=np.roll(frame["score"], 30)),
        files=(SourceFile("a", "a"),),
    )
    arrival = Arrival.of(new, [old])
    assert len(arrival.columns[0].new) == 22_500
    assert "AR15" in codes(new, old)


# --- Letting in -----------------------------------------------------------------------------------------------


def test_what_is_refused_is_not_written_and_what_is_accepted_is_recorded(
    example_files: riskmodel.workflow.example.ExampleFiles, tmp_path: Path
) -> None:
    table = pd.read_csv(example_files.kwb[1], dtype=str, keep_default_na=False)
    table["population"] = np.roll(table["population"].to_numpy(), 1)
    wrong = tmp_path / "voorbeeld_wijk_2022.csv"
    table.to_csv(wrong, index=False)
    folder = tmp_path / "workspace"
    ask = ["ingest", "kwb", "--workspace", str(folder)]
    reason = ["--reason", "CBS nummert om"]
    assert CliRunner().invoke(app, [*ask, str(example_files.kwb[0])]).exit_code == 0
    before = sorted(path.name for path in folder.rglob("*.parquet"))
    refused = CliRunner().invoke(app, [*ask, str(wrong)])
    assert isinstance(refused.exception, InputError), refused.output
    assert "AR06 rows shifted against their codes: population 2022" in str(refused.exception)
    assert "--accept AR06 --reason" in str(refused.exception)
    assert sorted(path.name for path in folder.rglob("*.parquet")) == before
    silent = CliRunner().invoke(app, [*ask, str(wrong), "--accept", "AR06"])
    assert "AR06 without a reason" in str(silent.exception)
    taken = CliRunner().invoke(app, [*ask, str(wrong), "--accept", "AR06", *reason])
    assert taken.exit_code == 0, taken.output
    assert "accepted: AR06" in taken.output
    workspace = Workspace(folder)
    ingesting.ingest_leefbaarometer([example_files.leefbaarometer], workspace)
    told = riskmodel.check(workspace)
    assert any("accepted: AR06" in note and "(because: CBS nummert om)" in note for note in told.flagged)
    assert "flagged when it came in:" in check_table(told)


def test_flags_come_in_as_notes(years: tuple[Observations, Observations]) -> None:
    old, new = years
    [found] = admit([poisoned(new, lambda f: f.assign(employment=f["employment"].clip(upper=75) + 25))], [old])
    assert any(note.startswith("flagged: AR08 a sudden shift: employment 2023") for note in found.notes)


def test_files_of_one_call_are_held_against_each_other(years: tuple[Observations, Observations]) -> None:
    old, new = years
    with pytest.raises(InputError, match="AR06"):
        admit([poisoned(new, moved), old], [])
    assert [each.years for each in admit([new, old], [])] == [(2023,), (2022,)], "in the order they came"


def test_unknown_codes_are_refused(years: tuple[Observations, Observations]) -> None:
    with pytest.raises(InputError, match="one of AR01"):
        admit([years[1]], [], {"AR99": "because"})
