"""Sheets of a risk list: figures against other ways to find them, and a planted driver from file to sheet."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from worlds import EXPERIMENTS, example_panel, experiment, panel_of, wijk_codes

from riskmodel.catalogue import DIMENSIONS, drivers
from riskmodel.errors import InputError
from riskmodel.forecasting.drivers.alternative_models import explanation_of, unsure_of
from riskmodel.forecasting.drivers.contributions import by_driver, definitional
from riskmodel.forecasting.drivers.national import national_drivers, views_of
from riskmodel.forecasting.features import training_of
from riskmodel.forecasting.forecast_store import StoredForecast, load_forecast, save_forecast
from riskmodel.forecasting.origins import latest_origin
from riskmodel.forecasting.stage import fit, forecast_with
from riskmodel.panel.panel import Panel
from riskmodel.products.governance.driver_pictures import beeswarm, waterfall
from riskmodel.products.risk_list.build import build_risk_list
from riskmodel.products.risk_list.sheets import area_sheets
from riskmodel.products.risk_list.texts import in_dutch

HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x")',
    "{0.__class__}",
    "Links\u202egnidnew",
    "$a_b$",
    "%s",
)


def stored_of(panel: Panel, folder: Path, trees: int = 40) -> StoredForecast:
    question = experiment(trees=trees)
    origin = latest_origin(panel, 2)
    model = fit(question.model("lightgbm"), question, training_of(panel, origin))
    made, features = forecast_with("lightgbm", model, question, panel, origin)
    told = model.contributions(features)
    contributions = by_driver(features.names, told)
    contributions.insert(0, "location", made.locations)
    return save_forecast(
        folder,
        made,
        contributions,
        EXPERIMENTS / "decline-2y.yaml",
        release_id="r",
        code_version="c",
        level="wijk",
        inputs=("a",),
        explanation=explanation_of(model, panel, origin.wave, made, features, told),
    )


def list_of(panel, stored):
    return build_risk_list(
        panel, stored, (), title="t", capacity=None, made_on=date(2022, 6, 1), with_sheets=False
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sheets")
    panel = example_panel(folder / "country", n_areas=300)
    names = panel.names.astype(object)
    names[: len(HOSTILE)] = HOSTILE
    panel = replace(panel, names=names.astype(str))
    stored = stored_of(panel, folder / "forecasts")
    risk_list = list_of(panel, stored)
    return panel, stored, risk_list, area_sheets(panel, stored, risk_list.rows)


def test_what_is_stored_comes_back_and_adds_up(made):
    _, stored, _, _ = made
    explanation = stored.explanation
    total = explanation.contributions.sum(axis=1)
    assert np.abs(total - stored.forecast.mean).max() < 1e-9
    grouped = by_driver(explanation.features.names, explanation.contributions)
    told = stored.contributions.drop(columns="location")
    pd.testing.assert_frame_equal(grouped, told, rtol=0, atol=1e-12)
    assert len(explanation.stability) == len(stored.forecast.locations) * (told.shape[1] - 1)


def test_a_forecast_of_an_earlier_version_still_gives_sheets(made, tmp_path):
    panel, stored, risk_list, whole = made
    old = replace(stored, explanation=None)
    bare = area_sheets(panel, old, risk_list.rows)
    for sheet, full in zip(bare, whole, strict=True):
        assert [each.contribution for each in sheet.drivers] == [each.contribution for each in full.drivers]
        assert all(each.indicators == () and math.isnan(each.low) and not each.stable for each in sheet.drivers)


def test_contributions_that_do_not_add_up_are_refused(made):
    _, stored, _, _ = made
    wrong = replace(stored.explanation, contributions=stored.explanation.contributions + 1e-3)
    with pytest.raises(InputError, match="features that do not add up"):
        replace(stored, explanation=wrong)


def test_other_features_are_never_written_over_a_stored_forecast(made, tmp_path):
    _, stored, _, _ = made

    def save(explanation):
        return save_forecast(
            tmp_path,
            stored.forecast,
            stored.contributions,
            EXPERIMENTS / "decline-2y.yaml",
            release_id="r",
            code_version="c",
            level="wijk",
            inputs=("a",),
            explanation=explanation,
        )

    first = save(stored.explanation)
    assert save(stored.explanation).id == first.id
    features = stored.explanation.features
    other = replace(stored.explanation, features=replace(features, values=features.values + 1))
    with pytest.raises(InputError, match="never overwritten"):
        save(other)


def test_drivers_of_a_sheet_add_up_to_its_expectation(made):
    _, stored, risk_list, sheets = made
    base = stored.contributions["base"].iloc[0]
    for sheet, (_, row) in zip(sheets, risk_list.rows.iterrows(), strict=True):
        assert sheet.location == row["location"]
        total = base + sum(each.contribution for each in sheet.drivers)
        assert (sheet.drivers == ()) == sheet.abstain == row["too_small"]
        assert sheet.abstain or total == pytest.approx(row["expected_change"], abs=1e-9)
        assert sheet.abstain or sheet.fan.expected == pytest.approx(row["score"] + row["expected_change"])
        assert sheet.abstain or sheet.fan.quantiles[0.1] == pytest.approx(row["score"] + row["lower80"])
        assert all(
            each.low <= each.contribution + 1e-12 and each.contribution - 1e-12 <= each.high
            for each in sheet.drivers
        )
        assert [each.id for each in sheet.drivers if each.definitional] == [
            each.id for each in sheet.drivers if each.id in definitional()
        ]
        for driver in sheet.drivers:
            sizes = [abs(each.contribution) for each in driver.indicators]
            assert sizes == sorted(sizes, reverse=True)
        reading = [driver.id for driver in drivers()]
        order = [reading.index(driver.id) for driver in sheet.drivers]
        assert order == sorted(order)


def test_against_comparable_areas_by_their_own_sheets(made):
    """What a sheet says against comparable areas follows from the contributions of those areas."""
    _, stored, risk_list, sheets = made
    table = stored.contributions.set_index("location")
    chance = risk_list.rows.set_index("location")["chance"]
    municipality = risk_list.rows.set_index("location")["municipality"]
    for sheet in sheets[::17]:
        alike = [each.location for each in sheet.comparable]
        assert len(set(alike)) == 10
        assert sheet.location not in alike
        assert all(municipality[each] != municipality[sheet.location] for each in alike)
        for driver in sheet.drivers:
            mean = sum(table.loc[each, driver.id] for each in alike) / 10
            assert driver.against_comparable == pytest.approx(driver.contribution - mean, abs=1e-12)
        found = [each.chance for each in sheet.comparable]
        assert found == pytest.approx([chance[each] for each in alike], nan_ok=True)


def test_trends_and_dimensions_by_loops(made):
    panel, _, _, sheets = made
    people = panel.latest("population")
    place = {code: row for row, code in enumerate(panel.areas)}
    for sheet in sheets[::29]:
        here = place[sheet.location]
        town = [row for row, code in enumerate(panel.areas) if code[2:6] == sheet.location[2:6]]
        for step, year in enumerate(sheet.trend.years):
            score = panel.at("score", year)
            known = [row for row in range(len(score)) if score[row] == score[row] and people[row] > 0]
            country = sum(score[row] * people[row] for row in known) / sum(people[row] for row in known)
            own = [row for row in town if row in known]
            mean = sum(score[row] * people[row] for row in own) / sum(people[row] for row in own)
            assert sheet.trend.country[step] == pytest.approx(country)
            assert sheet.trend.municipality[step] == pytest.approx(mean)
            assert sheet.trend.score[step] == score[here] or math.isnan(score[here])
        assert sheet.trend.years == panel.waves
        assert [each.id for each in sheet.dimensions] == list(DIMENSIONS)
        assert sum(each.value for each in sheet.dimensions) == pytest.approx(panel.deviation(2020)[here])
        nuisance = sheet.dimensions[0]
        assert (nuisance.year, nuisance.since) == (2020, 2018)
        assert nuisance.change == pytest.approx(panel.at("onv", 2020)[here] - panel.at("onv", 2018)[here])


def test_a_sheet_knows_nothing_that_came_later(made):
    """Values published after the forecast was made change no sheet, but for the size that a list shows."""
    panel, stored, risk_list, sheets = made
    late = panel.published > np.datetime64(stored.forecast.known_at, "D")
    shown = [panel.indicators.index("population")]
    late[shown] = False
    values = np.where(late[:, None, :] & ~np.isnan(panel.values), 12345.0, panel.values)
    assert (values != panel.values)[~np.isnan(panel.values)].any()
    again = area_sheets(replace(panel, values=values), stored, risk_list.rows)
    for one, other in zip(sheets, again, strict=True):
        assert repr(one) == repr(other)


def test_hostile_names_pass_as_they_are(made):
    panel, stored, _, sheets = made
    told = {each.name for sheet in sheets for each in sheet.comparable}
    assert set(HOSTILE) & told
    assert told <= set(panel.names)
    figure = waterfall(stored.contributions.drop(columns="location").iloc[0], title="$x$ <b> {0} " + HOSTILE[0])
    figure.canvas.draw()
    assert figure._suptitle.get_text().startswith("$x$ <b> {0} ")


def planted(folder: Path) -> Panel:
    """A panel in which money trouble decides what the next measurement shows, and nothing else is known."""
    rng = np.random.default_rng(5)
    n, waves = 600, (2008, 2012, 2014, 2016, 2018, 2020)
    score = {2008: 4.1 + rng.normal(0, 0.1, n)}
    trouble = {year: rng.normal(20, 5, n) for year in waves}
    for before, after in pairwise(waves):
        score[after] = score[before] - 0.05 * (trouble[before] - 20) / 5 + rng.normal(0, 0.01, n)
    panel = panel_of(
        {
            "score": score,
            "population": {2008: np.full(n, 3000.0)},
            "rivm_money_trouble": trouble,
            "rivm_good_health": {year: rng.normal(75, 5, n) for year in waves},
        },
        wijk_codes(n),
        {(key, year): date(year + 1, 1, 1) for key in ("rivm_money_trouble", "rivm_good_health") for year in waves}
        | {("population", 2008): date(2008, 1, 1)}
        | {("score", year): date(year + 2, 1, 1) for year in waves},
    )
    return panel


def test_a_planted_driver_is_found_from_file_to_sheet(tmp_path):
    panel = planted(tmp_path)
    stored = load_forecast(tmp_path / "f" / stored_of(panel, tmp_path / "f", trees=250).id)
    risk_list = list_of(panel, stored)
    sheets = area_sheets(panel, stored, risk_list.rows)
    trouble = panel.at("rivm_money_trouble", 2020)
    place = {code: row for row, code in enumerate(panel.areas)}
    hit = 0
    for sheet in sheets[:100]:
        worst = min(sheet.drivers, key=lambda driver: driver.contribution)
        hit += worst.id == "context" and worst.indicators[0].id == "rivm_money_trouble"
        assert trouble[place[sheet.location]] > 20
    assert hit >= 95, "the areas at the top of the list stand there by what was planted"
    [first] = [driver for driver in sheets[0].drivers if driver.id == "context"]
    mean = f"{trouble.mean():.0f}%"
    assert in_dutch(first.indicators[0].text).startswith(
        f"{trouble[place[sheets[0].location]]:.0f}% (Nederland {mean}), 2020"
    )
    assert first.stable
    assert first.high < 0
    assert first.against_comparable < 0
    assert all(words.startswith("bewoners (\N{MINUS SIGN}0,0") for words in risk_list.rows["drivers_down"][:50])
    found = national_drivers(stored.contributions, {"country": np.full(600, "Nederland")}).set_index("driver")
    assert found.loc["context", "share"] > 0.8
    assert found[~found["definitional"]]["strongest"].sum() == 600


def test_unsure_drivers_are_said_to_be_so(made):
    _, stored, risk_list, _ = made
    unsure = unsure_of(stored.explanation.stability, stored.contributions)
    assert unsure.to_numpy().any()
    assert risk_list.rows["drivers_down"].str.contains("niet zeker").any()
    doubted = stored.explanation.stability[~stored.explanation.stability["stable"]]
    place = {code: row for row, code in enumerate(stored.contributions["location"])}
    for location, driver in zip(doubted["location"], doubted["driver"], strict=True):
        assert unsure.loc[place[location], driver]
    assert unsure.to_numpy().sum() == len(doubted)
    assert not unsure_of(pd.DataFrame(), stored.contributions).to_numpy().any()


def test_views_and_pictures(made, tmp_path):
    panel, stored, _, _ = made
    places = np.searchsorted(panel.areas, stored.forecast.locations)
    known = panel.known_at(stored.forecast.known_at)
    views = views_of(known, 2020, places)
    found = national_drivers(stored.contributions, views)
    sums = found[~found["definitional"]].groupby(["view", "group"])[["strongest", "share"]].sum()
    sizes = found.groupby(["view", "group"])["areas"].first()
    pd.testing.assert_series_equal(sums["strongest"], sizes, check_names=False)
    np.testing.assert_allclose(sums["share"], 1.0)
    whole = found[found["view"] == "country"].set_index("driver")["strength"]
    for driver, strength in whole.items():
        assert strength == pytest.approx(stored.contributions[driver].abs().mean())
    before = plt.get_fignums()
    row = stored.contributions.drop(columns="location").iloc[3]
    picture = waterfall(row, title="t")
    numbers = [text.get_text() for text in picture.axes[0].texts]
    largest = row.drop("base").abs().idxmax()
    assert numbers[-1].lstrip("+\N{MINUS SIGN}") == f"{abs(row[largest]):.3f}".replace(".", ",")
    beeswarm(stored.contributions, title="t").savefig(tmp_path / "bee.png")
    assert plt.get_fignums() == before, "pictures leave no figure behind"


def test_the_whole_country_in_a_few_seconds(tmp_path):
    """Thousands of areas: no step of the work goes through all pairs one by one."""
    panel = example_panel(tmp_path / "big", n_areas=1000)
    stored = stored_of(panel, tmp_path / "f", trees=5)
    rows = list_of(panel, stored).rows
    start = perf_counter()
    assert len(area_sheets(panel, stored, rows)) == len(rows)
    assert perf_counter() - start < 15
