"""The audit by groups: counted by hand, counted again area by area in every draw, silent where there are few."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from worlds import experiment, normal_forecast, panel_of, wijk_codes

from riskmodel.errors import InputError
from riskmodel.forecasting.backtest_record import Record
from riskmodel.forecasting.evaluation.calibration import wilson
from riskmodel.forecasting.evaluation.resampling import draw_municipalities
from riskmodel.forecasting.evaluation.scores import score_forecasts
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.group_audit.attributes import Attribute, attributes_of, income_fifths
from riskmodel.forecasting.group_audit.audit import (
    ALL_ORIGINS,
    BEST_ORDERING,
    COLUMNS,
    TOP,
    GroupAudit,
    audit_groups,
    audit_table,
    best_orderings,
    places_table,
    select,
)
from riskmodel.forecasting.group_audit.metrics import FEWEST, METRICS, TOO_FEW
from riskmodel.forecasting.groups import LABELS, UNKNOWN
from riskmodel.panel.panel import Panel
from riskmodel.products.governance.audit_pictures import attribute_picture
from riskmodel.products.governance.audit_tables import (
    GROUPS,
    as_csv,
    audit_text,
    differences_in_dutch,
    differences_text,
    differing,
    places_text,
    too_few_text,
)
from riskmodel.products.governance.audit_tables import METRICS as IN_DUTCH
from riskmodel.sources.observations import SourceFile
from riskmodel.sources.supplied_groups import SuppliedGroups, read_groups

QUESTION = replace(experiment(), capacity=20)
MODEL = QUESTION.champion
CAPACITY = "capacity 20"


def forecast_of(model: str, panel: Panel, wave: int, chance: np.ndarray) -> Forecast:
    """A normal forecast in which a fall of more than .05 has just these chances."""
    return normal_forecast(QUESTION.outputs, model, panel, wave, -0.05 - 0.03 * norm.ppf(chance), 0.03)


def record_of(panel: Panel, forecasts: list[Forecast]) -> Record:
    scores = score_forecasts(QUESTION, panel, forecasts)
    scores = scores.assign(origin_date=scores["origin_date"].astype(str))
    return Record(QUESTION, scores, tuple(forecasts), pd.DataFrame(), "wijk", (), "0")


def falls(events: np.ndarray) -> np.ndarray:
    """Changes of the score in which just these areas fall by more than .05."""
    return np.where(events, -0.08, 0.01)


def supplied(panel: Panel, groups: np.ndarray, name: str = "composition") -> SuppliedGroups:
    told = dict(zip(panel.areas.tolist(), groups.tolist(), strict=True))
    return SuppliedGroups(name, told, tuple(sorted(set(groups.tolist()))), SourceFile(f"{name}.csv", "ab" * 32))


def row_of(audit: GroupAudit, **keys: str) -> dict[str, object]:
    table = audit.table
    wanted = {"model": MODEL, "origin": ALL_ORIGINS, "list": "", **keys}
    [row] = table[np.logical_and.reduce([table[key] == value for key, value in wanted.items()])].to_dict("records")
    return row


# --- counted by hand ---------------------------------------------------------------------------------------------

# Sixty areas of 1,000 inhabitants, every other one in group a. The list of twenty holds fifteen of a, nine of them
# fall, and five of b, two of them fall. Outside it three more of a fall, and eight more of b.


@dataclass(frozen=True)
class Hand:
    audit: GroupAudit
    panel: Panel
    group: np.ndarray
    chance: np.ndarray
    events: np.ndarray


@pytest.fixture(scope="module")
def hand() -> Hand:
    codes = wijk_codes(60, towns=20)
    group = np.array(["a" if number % 2 == 0 else "b" for number in range(60)])
    own = {name: np.flatnonzero(group == name) for name in "ab"}
    listed = np.concatenate([own["a"][:15], own["b"][:5]])
    events = np.zeros(60, dtype=bool)
    for rows in (own["a"][:9], own["b"][:2], own["a"][15:18], own["b"][5:13]):
        events[rows] = True
    chance = np.full(60, 0.1)
    chance[listed] = 0.4
    chance = chance + 0.0001 * np.arange(60)
    panel = panel_of(
        {
            "score": {2016: np.full(60, 4.2), 2018: 4.2 + falls(events)},
            "population": {2014: np.full(60, 1000.0)},
        },
        codes,
    )
    record = record_of(panel, [forecast_of(MODEL, panel, 2016, chance)])
    return Hand(audit_groups(record, MODEL, panel, supplied(panel, group)), panel, group, chance, events)


@pytest.mark.parametrize(
    ("metric", "of_a", "of_b"),
    [
        ("base_rate", 12 / 30, 10 / 30),
        ("selection_rate", 15 / 30, 5 / 30),
        ("places_per_event", 15 / 12, 5 / 10),
        ("recall", 9 / 12, 2 / 10),
        ("false_negative_rate", 3 / 12, 8 / 10),
        ("false_positive_rate", 6 / 18, 3 / 20),
        ("precision", 9 / 15, None),
    ],
)
def test_the_table_worked_by_hand(hand: Hand, metric: str, of_a: float, of_b: float | None) -> None:
    name = CAPACITY if METRICS[metric].of_list else ""
    a, b = (row_of(hand.audit, attribute="composition", group=group, list=name, metric=metric) for group in "ab")
    assert (a["n"], a["n_events"], a["n_selected"]) == (30, 12, 15 if name else a["n_selected"])
    assert a["value"] == pytest.approx(of_a) and a["told"] == ""
    if of_b is None:  # five places are too few to tell how many of them hit
        assert b["told"] == TOO_FEW and math.isnan(b["value"]) and math.isnan(b["low95"])
        assert math.isnan(a["difference"])
        return
    assert b["value"] == pytest.approx(of_b) == a["rest"]
    assert a["difference"] == pytest.approx(of_a - of_b) == pytest.approx(-b["difference"])
    # Against what is nought in some draws a ratio is not told.
    assert math.isnan(a["ratio"]) or a["ratio"] == pytest.approx(of_a / of_b)
    assert a["low95"] <= a["value"] <= a["high95"]
    assert a["difference_low95"] <= a["difference"] <= a["difference_high95"]


def test_chances_are_held_against_what_happened(hand: Hand) -> None:
    inside = hand.group == "a"
    mean, gap = (
        row_of(hand.audit, attribute="composition", group="a", metric=metric)
        for metric in ("mean_chance", "chance_minus_share")
    )
    assert mean["value"] == pytest.approx(hand.chance[inside].mean())
    assert gap["value"] == pytest.approx(hand.chance[inside].mean() - 12 / 30)
    assert math.isnan(gap["ratio"])


# --- counted again, area by area, in every draw ------------------------------------------------------------------


@dataclass(frozen=True)
class Country:
    panel: Panel
    record: Record
    audit: GroupAudit
    group: np.ndarray
    chance: dict[tuple[str, int], np.ndarray]
    events: dict[int, np.ndarray]


WAVES = (2016, 2018)


@pytest.fixture(scope="module")
def country() -> Country:
    rng = np.random.default_rng(3)
    n = 900
    inhabitants = np.exp(rng.normal(7.2, 1.1, n)).round()
    inhabitants[::11] = np.nan
    urbanity = rng.integers(1, 6, n).astype(float)
    events = {wave: rng.random(n) < np.where(urbanity == 1, 0.3, 0.12) for wave in WAVES}
    score, scores = 4.2 + rng.normal(0, 0.1, n), {}
    scores[2016] = score
    for wave in WAVES:
        scores[wave + 2] = scores[wave] + falls(events[wave])
    # Somewhere nothing was measured at the end.
    scores[2020][5:25] = np.nan
    panel = panel_of(
        {
            "score": scores,
            "population": {2014: inhabitants},
            "urbanity": {2014: urbanity},
            "income_per_inhabitant": {
                2013: np.where(np.arange(n) % 4 == 0, np.nan, rng.normal(25, 5, n)),
                2018: rng.normal(35, 5, n),
            },
        },
        wijk_codes(n, towns=40),
    )
    group = np.array(["north", "south", "west", UNKNOWN])[rng.integers(0, 3, n)]
    group[:40] = UNKNOWN
    chance, forecasts = {}, []
    for wave in WAVES:
        signal = np.clip(0.1 + 0.15 * events[wave] + rng.normal(0, 0.06, n) + 0.08 * (urbanity == 1), 0.01, 0.9)
        chance[MODEL, wave] = signal
        # An ordering knows a few chances only: many areas are equal where its list ends.
        chance["small", wave] = np.round(np.clip(signal + rng.normal(0, 0.1, n), 0.02, 0.6), 1) + 0.01
        chance["markov", wave] = rng.permutation(signal)
        forecasts += [forecast_of(name, panel, wave, chance[name, wave]) for name in (MODEL, "small", "markov")]
    record = record_of(panel, forecasts)
    told = supplied(panel, group)
    told = replace(told, names=("north", "south", "west"))
    return Country(panel, record, audit_groups(record, MODEL, panel, told), group, chance, events)


def places_of(country: Country, model: str, wave: int, rows: np.ndarray, name: str) -> np.ndarray:
    """The list, put together one area at a time."""
    inhabitants = country.panel.latest("population")[rows]
    chance = country.chance[model, wave][rows]
    allowed = [at for at in range(len(rows)) if not inhabitants[at] < 200]
    length = 20 if name == CAPACITY else math.ceil(0.05 * len(allowed))
    order = sorted(allowed, key=lambda at: -chance[at])
    border = chance[order[length - 1]]
    above = [at for at in order if chance[at] > border]
    equal = [at for at in order if chance[at] == border]
    places = np.zeros(len(rows))
    places[above] = 1.0
    places[equal] = (length - len(above)) / len(equal)
    return places


def figures(events: np.ndarray, chance: np.ndarray, places: np.ndarray, weight: np.ndarray) -> dict[str, float]:
    """Every metric, from the areas themselves repeated as often as they were drawn."""
    at = np.repeat(np.arange(len(events)), weight.astype(int))
    e, c, p = events[at].astype(float), chance[at], places[at]
    with np.errstate(invalid="ignore", divide="ignore"):
        missed = (e * (1 - p)).sum() / e.sum()
        return {
            "base_rate": e.mean(),
            "mean_chance": c.mean(),
            "chance_minus_share": c.mean() - e.mean(),
            "selection_rate": p.mean(),
            "places_per_event": p.sum() / e.sum(),
            "precision": (e * p).sum() / p.sum(),
            "recall": 1 - missed,
            "false_negative_rate": missed,
            "false_positive_rate": ((1 - e) * p).sum() / (1 - e).sum(),
        }


@pytest.mark.parametrize(
    ("model", "origin", "name"),
    [
        *itertools.product((MODEL, BEST_ORDERING), (ALL_ORIGINS, "2018"), (TOP, CAPACITY)),
        (MODEL, "2016", TOP),
    ],
)
def test_every_figure_is_that_of_the_areas_themselves(
    country: Country, model: str, origin: str, name: str
) -> None:
    waves = WAVES if origin == ALL_ORIGINS else (int(origin),)
    real = {wave: MODEL if model == MODEL else best_orderings(country.record)[wave].model for wave in waves}
    parts = []
    for wave in waves:
        rows = np.flatnonzero(~np.isnan(country.panel.at("score", wave + 2)))
        chance = country.chance[real[wave], wave][rows]
        parts.append((rows, country.events[wave][rows], chance, places_of(country, real[wave], wave, rows, name)))
    rows, events, chance, places = (np.concatenate(each) for each in zip(*parts, strict=True))
    draws = draw_municipalities(country.panel, QUESTION.seed)
    weights = draws.counts[:60, draws.group][:, rows]
    inside = country.group[rows] == "south"
    rest = ~inside & (country.group[rows] != UNKNOWN)
    own, other = (figures(events[m], chance[m], places[m], np.ones(m.sum())) for m in (inside, rest))
    drawn = [[figures(events[m], chance[m], places[m], weight[m]) for weight in weights] for m in (inside, rest)]
    for metric, about in METRICS.items():
        keys = {"attribute": "composition", "group": "south", "list": name if about.of_list else ""}
        row = row_of(country.audit, model=model, origin=origin, metric=metric, **keys)
        if row["told"]:
            continue
        assert row["value"] == pytest.approx(own[metric], abs=1e-9), metric
        if not math.isnan(row["rest"]):
            assert row["rest"] == pytest.approx(other[metric], abs=1e-9), metric
            assert row["difference"] == pytest.approx(own[metric] - other[metric], abs=1e-9)
        assert (row["n"], row["n_events"]) == (inside.sum(), events[inside].sum())
        # Sixty of the draws, made by hand: the interval of all of them must lie near theirs.
        ours = np.array([one[metric] for one in drawn[0]])
        assert np.nanmin(ours) - 1e-9 <= row["high95"] and row["low95"] <= np.nanmax(ours) + 1e-9


def test_intervals_are_those_of_all_draws(country: Country) -> None:
    rows = np.flatnonzero(~np.isnan(country.panel.at("score", 2018)))
    places = places_of(country, MODEL, 2016, rows, CAPACITY)
    events, chance = country.events[2016][rows], country.chance[MODEL, 2016][rows]
    draws = draw_municipalities(country.panel, QUESTION.seed)
    urban = country.panel.latest("urbanity")[rows] == 1
    keys = {"attribute": "urbanity", "group": "very strongly urban", "origin": "2016"}
    seen = set()
    for metric, name in (("selection_rate", CAPACITY), ("base_rate", ""), ("recall", CAPACITY)):
        row = row_of(country.audit, **keys, metric=metric, list=name)
        own, other = [], []
        for count in draws.counts:
            weight = count[draws.group[rows]]
            own.append(figures(events[urban], chance[urban], places[urban], weight[urban])[metric])
            other.append(figures(events[~urban], chance[~urban], places[~urban], weight[~urban])[metric])
        told = {"": np.array(own), "difference_": np.subtract(own, other)}
        if min(other) > 0:
            told["ratio_"] = np.divide(own, other)
        else:  # against nought a ratio has no end
            assert math.isnan(row["ratio"]) and math.isnan(row["ratio_high95"])
        for key, values in told.items():
            found = [row[f"{key}low95"], row[f"{key}high95"]]
            np.testing.assert_allclose(found, np.nanquantile(values, [0.025, 0.975]), atol=1e-9)
        seen.add(len(told))
    assert seen == {2, 3}


def test_groups_make_up_the_whole(country: Country) -> None:
    table = country.audit.table
    judged = sum(int((~np.isnan(country.panel.at("score", wave + 2))).sum()) for wave in WAVES)
    for attribute in ("urbanity", "level"):
        rows = table[
            (table["attribute"] == attribute)
            & (table["model"] == MODEL)
            & (table["origin"] == ALL_ORIGINS)
            & (table["list"] == CAPACITY)
            & (table["metric"] == "selection_rate")
        ]
        assert rows["n"].sum() == judged
        assert rows["n_selected"].sum() == pytest.approx(20 * len(WAVES))
    assert tuple(table.columns) == COLUMNS
    assert not table.duplicated(["model", "origin", "list", "attribute", "group", "metric"]).any()


def test_small_areas_take_no_place_and_their_falls_are_missed(country: Country) -> None:
    keys = {"attribute": "size", "group": "below 200", "list": TOP}
    chosen = row_of(country.audit, **keys, metric="selection_rate")
    assert (chosen["value"], chosen["low95"]) == (0.0, 0.0)
    # Drawing cannot show what was never seen: the upper end is Wilson's.
    assert chosen["high95"] == pytest.approx(wilson(np.zeros(1), np.array([float(chosen["n"])]))[1][0])
    assert chosen["high95"] > 0
    assert row_of(country.audit, **keys, metric="precision")["told"] == TOO_FEW
    missed = row_of(country.audit, **keys, metric="false_negative_rate")
    assert missed["value"] == 1.0 if missed["n_events"] >= FEWEST else missed["told"] == TOO_FEW


def test_the_opponent_is_the_best_ordering_of_each_origin(country: Country) -> None:
    precision = country.record.score("average_precision", "500+")
    for wave, forecast in best_orderings(country.record).items():
        row = precision.loc[f"{wave}-01-01", ["small", "markov"]]
        assert forecast.model == row.idxmax()
    assert set(country.audit.orderings) == {"2016", "2018"}
    assert set(country.audit.table.loc[country.audit.table["model"] == MODEL, "ordering"]) == {""}


# --- what is planted is found, what is not there is not ----------------------------------------------------------


def test_a_group_that_is_chosen_too_often_stands_out(country: Country) -> None:
    change = np.where(country.group == "north", 0.1, 0.0)
    forecasts = [
        forecast_of(MODEL, country.panel, wave, np.clip(country.chance[MODEL, wave] + change, 0.01, 0.95))
        for wave in WAVES
    ]
    record = record_of(country.panel, forecasts)
    audit = audit_groups(record, MODEL, country.panel, supplied(country.panel, country.group))
    found = differing(audit)
    told = found[(found["group"] == "north") & (found["attribute"] == "composition")].set_index("metric")
    assert told.loc["selection_rate", "difference_low95"] > 0
    assert told.loc["places_per_event", "difference_low95"] > 0
    assert told.loc["chance_minus_share", "difference"] > 0.05
    assert told.loc["selection_rate", "same_sign"] == 2
    text = differences_text(audit)
    assert "composition, north: areas on the list" in text and "same sign at 2 of 2 origins" in text
    sentences = dict(differences_in_dutch(audit))
    assert any("vaker op de lijst" in each for each in sentences["north"])


def test_groups_dealt_at_random_seldom_stand_out(country: Country) -> None:
    """Of many random groupings about one comparison in twenty has an interval without zero."""
    differ = compared = 0
    for seed in range(6):
        group = np.random.default_rng(seed).choice(["x", "y"], len(country.panel.areas))
        labels = dict.fromkeys(WAVES, group)
        table = audit_table(country.record, MODEL, country.panel, [Attribute("random", ("x",), "", labels, {})])
        rows = table[(table["origin"] == ALL_ORIGINS) & (table["model"] == MODEL)]
        compared += rows["difference"].notna().sum()
        differ += ((rows["difference_low95"] > 0) | (rows["difference_high95"] < 0)).sum()
    assert compared >= 45
    assert differ / compared < 0.15


# --- the list ----------------------------------------------------------------------------------------------------


def test_equals_at_the_end_of_a_list_share_what_is_left() -> None:
    chance = np.array([0.5, 0.4, 0.4, 0.4, 0.3, 0.9])
    allowed = np.array([True, True, True, True, True, False])
    np.testing.assert_allclose(select(chance, allowed, 3), [1, 2 / 3, 2 / 3, 2 / 3, 0, 0])
    np.testing.assert_array_equal(select(chance, allowed, 99), [1, 1, 1, 1, 1, 0])
    np.testing.assert_array_equal(select(chance, np.zeros(6, dtype=bool), 3), np.zeros(6))


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.4]), st.booleans()), min_size=1, max_size=40),
    st.integers(1, 50),
)
def test_a_list_has_its_length_and_no_better_area_stands_outside(
    areas: list[tuple[float, bool]], length: int
) -> None:
    chance, allowed = np.array([each for each, _ in areas]), np.array([may for _, may in areas])
    places = select(chance, allowed, length)
    assert places.sum() == pytest.approx(min(length, allowed.sum()))
    assert (places[~allowed] == 0).all() and (places >= 0).all() and (places <= 1 + 1e-12).all()
    for one, other in itertools.permutations(np.flatnonzero(allowed), 2):
        assert places[one] >= places[other] - 1e-12 or chance[one] < chance[other]


# --- what areas are grouped by -----------------------------------------------------------------------------------


def test_income_is_ranked_within_its_year_and_by_what_was_known(country: Country) -> None:
    [income] = [each for each in attributes_of(country.panel, WAVES) if each.name == "income"]
    early, late = (country.panel.at("income_per_inhabitant", year) for year in (2013, 2018))
    known = ~np.isnan(early)
    # Figures of 2013 were published by the time wave 2016 was; those of 2018 stand in where there were none.
    assert country.panel.published_on("income_per_inhabitant", 2013) <= country.panel.published_on("score", 2016)
    np.testing.assert_array_equal(income.known_then[2016], known)
    lowest = income.labels[2016] == "lowest fifth"
    assert early[known & lowest].max() < np.nanquantile(early, 0.21)
    assert late[~known & lowest].max() < np.quantile(late, 0.21)
    row = row_of(country.audit, attribute="income", group="lowest fifth", metric="base_rate", origin="2016")
    assert 0 < row["known_then"] < 1


def test_fifths_hold_a_fifth_each_and_low_shares_are_high_incomes() -> None:
    values = np.array([10.0, 20, 30, 40, 50, 60, 70, 80, 90, 100, np.nan])
    codes = wijk_codes(11)
    panel = panel_of(
        {"score": {2016: [4.2] * 11}, "income_per_inhabitant": {2016: values}, "low_income": {2016: values}}, codes
    )
    np.testing.assert_array_equal(
        income_fifths(panel, 2016, "income_per_inhabitant"), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, np.nan]
    )
    np.testing.assert_array_equal(income_fifths(panel, 2016, "low_income"), [4, 4, 3, 3, 2, 2, 1, 1, 0, 0, np.nan])


def test_without_figures_of_income_there_is_no_such_attribute(hand: Hand) -> None:
    assert [each.name for each in hand.audit.attributes] == ["urbanity", "size", "level", "composition"]
    assert "No area of which the group is known." in audit_text(hand.audit)


def test_what_a_user_supplies_is_named_and_known_to_nobody(country: Country) -> None:
    [own] = [each for each in country.audit.attributes if each.name == "composition"]
    assert "supplied by the user for this audit: 860 of 900 areas" in own.source
    assert f"sha256 {'ab' * 6}" in own.source
    rows = country.audit.table[country.audit.table["attribute"] == "composition"]
    assert rows["known_then"].isna().all()
    strange = replace(supplied(country.panel, country.group), groups={"WK000000": "north"})
    with pytest.raises(InputError, match="no area of level wijk"):
        audit_groups(country.record, MODEL, country.panel, strange)


# --- a table of groups -------------------------------------------------------------------------------------------


def written(folder: Path, text: str, name: str = "composition.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_of_groups_is_read(tmp_path: Path) -> None:
    path = written(
        tmp_path, 'location,group,label\nWK000100,2,"many, mixed"\nWK000200,1,few\nWK000300,2,"many, mixed"\n'
    )
    found = read_groups(path)
    assert found.name == "composition"
    assert found.names == ("few", "many, mixed")
    assert found.groups == {"WK000100": "many, mixed", "WK000200": "few", "WK000300": "many, mixed"}
    assert found.file == SourceFile.of(path)
    bare = read_groups(written(tmp_path, "location,group\nA,y\nB,x\n", "size.csv"), ("size",))
    assert (bare.name, bare.names) == ("size (supplied)", ("x", "y"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("location;group\nA;x\n", "separated by ';'"),
        ("location\nA\n", "no column 'group'"),
        ("location,group\n", "without rows"),
        ("location,group\nA,x\nA,y\n", "'A' again"),
        ("location,group\nA,x\nB,\n", "row 2 below the header: found an empty field"),
        ("location,group\nA,x\nB,x\n", "1 groups"),
        ("location,group\n" + "".join(f"A{n},{n}\n" for n in range(21)), "21 groups"),
        ("location,group,label\nA,x,one\nB,x,two\n", "label 'two' for group 'x'"),
        ("location,group,label\nA,x,one\nB,y,one\n", "one label for two groups"),
        (f"location,group\nA,x\nB,{'y' * 61}\n", "61 characters"),
    ],
)
def test_a_table_that_is_no_grouping_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_groups(written(tmp_path, text))


# --- in words and pictures ---------------------------------------------------------------------------------------


def test_the_text_holds_the_figures_and_what_cannot_be_told(country: Country) -> None:
    text = audit_text(country.audit)
    for attribute in country.audit.attributes:
        assert f"### By {attribute.name}\n" in text
    row = row_of(country.audit, attribute="urbanity", group="not urban", metric="recall", list=TOP)
    missed = row_of(country.audit, attribute="urbanity", group="not urban", metric="false_negative_rate", list=TOP)
    assert missed["value"] == pytest.approx(1 - row["value"])
    assert f"{missed['value']:.1%} ({missed['low95']:.1%}, {missed['high95']:.1%})" in text
    assert "nan" not in text
    hidden = too_few_text(country.audit)
    assert "size, below 200" in hidden and "hits on the list" in hidden
    widths = {line.count("|") for line in text.splitlines() if line.startswith("| not urban")}
    assert len(widths) == 1


def test_places_for_every_event_are_divided_by_those_of_the_country(country: Country) -> None:
    text, table = places_text(country.audit), country.audit.places.set_index(["attribute", "group"])
    rows = country.audit.over_all
    own = rows[(rows["model"] == country.audit.model) & (rows["metric"] == "places_per_event")]
    shown = 0
    for attribute in country.audit.attributes:
        part = own[own["attribute"] == attribute.name]
        mean = part["n_selected"].sum() / part["n_events"].sum()
        for row in part[part["value"].notna()].itertuples():
            [line] = [each for each in text.splitlines() if each.startswith(f"| {attribute.name}, {row.group} ")]
            assert f"{row.n_selected / row.n_events / mean:.2f} (" in line
            found = table.loc[(attribute.name, row.group)]
            assert found["excess"] == pytest.approx(row.n_selected - mean * row.n_events)
            assert found["low95"] <= found["ratio"] <= found["high95"]
            shown += 1
    assert shown == text.count("\n| ") - 1 > 3


def test_a_model_without_forecasts_has_no_places(hand: Hand) -> None:
    record = record_of(hand.panel, [forecast_of("another", hand.panel, 2016, hand.chance)])
    assert places_table(record, MODEL, hand.panel, hand.audit.attributes).empty


def test_a_name_of_a_group_cannot_become_a_formula(country: Country) -> None:
    table = country.audit.table.assign(group="=1+1")
    assert "'=1+1" in as_csv(table).decode() and ",=1+1" not in as_csv(table).decode()


def test_every_group_has_a_name_in_dutch(country: Country) -> None:
    from riskmodel.forecasting.group_audit.attributes import FIFTHS

    assert set(GROUPS) == {label for labels in LABELS.values() for label in labels} | set(FIFTHS)
    assert set(IN_DUTCH) <= set(METRICS)


def test_a_picture_is_drawn_whatever_the_groups_are_called(country: Country) -> None:
    rows = country.audit.over_all
    rows = rows[rows["attribute"] == "composition"].replace({"group": {"north": "$a$ _ {"}})
    picture = attribute_picture(rows, ["$a$ _ {", "south", "west", "nobody"], "a title with $", MODEL)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
