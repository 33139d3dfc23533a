"""What if: nothing changed gives exactly the same, one coefficient by hand, and what may not be asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from worlds import example_panel, experiment

from riskmodel.errors import InputError
from riskmodel.forecasting.drivers.what_if import EVERYWHERE, LABEL, Change, altered, used_features, what_if
from riskmodel.forecasting.features import features_of, training_of
from riskmodel.forecasting.models import ModelSpec
from riskmodel.forecasting.origins import Origin, latest_origin
from riskmodel.forecasting.stage import fit, forecast_with
from riskmodel.panel.panel import Panel
from riskmodel.workflow.what_if import parse_changes

ASKED = experiment(trees=40)


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    return example_panel(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def origin(panel: Panel) -> Origin:
    return latest_origin(panel, 2)


@pytest.fixture(scope="module")
def models(panel: Panel, origin: Origin) -> dict[str, object]:
    training = training_of(panel, origin)
    kinds = {"structural": {}, "lightgbm": {"trees": 40, "min_in_leaf": 20}, "scorecard": {}}
    return {kind: fit(ModelSpec(kind, kind, given), ASKED, training) for kind, given in kinds.items()}


def some(panel: Panel, count: int = 5) -> np.ndarray:
    measured = ~np.isnan(panel.at("score", panel.waves[-1]))
    chosen = np.zeros(len(panel.areas), dtype=bool)
    chosen[np.flatnonzero(measured)[10 : 10 + count]] = True
    return chosen


@pytest.mark.parametrize("kind", ["lightgbm", "scorecard"])
def test_no_change_is_exactly_the_same_forecast(kind: str, panel: Panel, origin: Origin, models: dict) -> None:
    table = what_if(kind, models[kind], ASKED, panel, origin, {"onv": Change()}, some(panel))
    sides = [f"{what}_{when}" for what in ("chance", "change") for when in ("before", "after", "difference")]
    assert list(table.columns) == ["location", "name", *sides]
    assert table.attrs["label"] == LABEL
    assert (table["chance_difference"] == 0).all()
    assert (table["change_difference"] == 0).all()
    made, _ = forecast_with(kind, models[kind], ASKED, panel, origin)
    place = made.positions(table["location"].to_numpy(dtype=str))
    np.testing.assert_array_equal(table["chance_before"], made.chance_of(ASKED.event)[place])
    np.testing.assert_array_equal(table["change_before"], made.mean[place])


def test_a_changed_panel_by_hand_gives_the_same_forecast(panel: Panel, origin: Origin, models: dict) -> None:
    """The value is put in the panel by hand, and the model is asked afresh."""
    chosen = some(panel)
    table = what_if("m", models["lightgbm"], ASKED, panel, origin, {"onv": Change(addition=-0.05)}, chosen)
    values = panel.values.copy()
    year = panel.years_of("onv")[-1]
    values[panel.indicators.index("onv"), chosen, panel.years.index(year)] -= 0.05
    made, _ = forecast_with("m", models["lightgbm"], ASKED, replace(panel, values=values), origin)
    place = made.positions(table["location"].to_numpy(dtype=str))
    np.testing.assert_allclose(table["chance_after"], made.chance_of(ASKED.event)[place], atol=1e-15)
    np.testing.assert_allclose(table["change_after"], made.mean[place], atol=1e-15)
    np.testing.assert_allclose(table["change_difference"], table["change_after"] - table["change_before"])
    assert (table["change_difference"].abs() > 1e-6).any()


def test_only_the_last_known_value_of_the_chosen_areas_changes(panel: Panel, origin: Origin) -> None:
    chosen = some(panel)
    later = replace(
        panel,
        published=np.where(
            np.array(panel.years)[None, :] == panel.years_of("onv")[-1],
            np.where(np.array(panel.indicators)[:, None] == "onv", np.datetime64("2100-01-01"), panel.published),
            panel.published,
        ),
    )
    for source, position in ((panel, -1), (later, -2)):
        made = altered(source, origin, {"onv": Change(factor=2.0)}, chosen)
        different = (made.values != source.values) & ~np.isnan(source.values)
        indicator, area, year = np.nonzero(different)
        assert set(indicator) == {panel.indicators.index("onv")}
        assert set(area) == set(np.flatnonzero(chosen))
        assert {panel.years[each] for each in year} == {panel.years_of("onv")[position]}


def test_size_moves_the_forecast_of_the_structural_model_and_a_dimension_is_not_used(
    panel: Panel, origin: Origin, models: dict
) -> None:
    chosen = some(panel)
    made = what_if("s", models["structural"], ASKED, panel, origin, {"population": Change(factor=4.0)}, chosen)
    # A larger area jitters less: by the model, a fall is less likely where no fall is expected.
    calm = made["change_before"] > -0.05
    assert (made.loc[calm, "chance_difference"] < 0).all()
    with pytest.raises(InputError, match="does not use"):
        what_if("s", models["structural"], ASKED, panel, origin, {"onv": Change(addition=0.1)}, chosen)


def test_a_linear_model_answers_with_its_coefficient(panel: Panel, origin: Origin, models: dict) -> None:
    """Trees switched off, what is left is the structural sum: population moves only its reversal term."""
    model, chosen = models["structural"], some(panel)
    made = what_if("s", model, ASKED, panel, origin, {"population": Change(factor=4.0)}, chosen)
    before = features_of(panel, origin)
    after = features_of(altered(panel, origin, {"population": Change(factor=4.0)}, chosen), origin)
    by_hand = model.contributions(after).sum(axis=1) - model.contributions(before).sum(axis=1)
    np.testing.assert_allclose(made["change_difference"], by_hand[chosen], atol=1e-12)


def test_a_change_everywhere_is_said_to_count_less(panel: Panel, origin: Origin, models: dict) -> None:
    everywhere = np.ones(len(panel.areas), dtype=bool)
    made = what_if("m", models["lightgbm"], ASKED, panel, origin, {"onv": Change(addition=0.1)}, everywhere)
    assert EVERYWHERE in made.attrs["label"]
    # All dimensions are taken against the country: the same for all leaves everything as it was.
    assert made["change_difference"].abs().max() < 1e-6


@pytest.mark.parametrize(
    ("indicator", "change", "message"),
    [
        ("score", Change(addition=0.1), "the score itself"),
        ("lbm2_score", Change(addition=0.1), "the score itself"),
        ("nonsense", Change(addition=0.1), "not there"),
        ("western_background", Change(), "origin of residents"),
        ("population", Change(addition=-1e9), "0 or more"),
        ("onv", Change(addition=float("inf")), "not finite"),
    ],
)
def test_what_may_not_be_asked(
    indicator: str, change: Change, message: str, panel: Panel, origin: Origin, models: dict
) -> None:
    from riskmodel.catalogue import indicators

    if indicator == "western_background":
        indicator = next(key for key, about in indicators().items() if about.sensitivity == "origin")
    with pytest.raises(InputError, match=message):
        what_if("m", models["lightgbm"], ASKED, panel, origin, {indicator: change}, some(panel))


def test_areas_without_a_score_or_a_value_are_refused(panel: Panel, origin: Origin, models: dict) -> None:
    nowhere = np.zeros(len(panel.areas), dtype=bool)
    with pytest.raises(InputError, match="no area"):
        what_if("m", models["lightgbm"], ASKED, panel, origin, {"onv": Change(addition=0.1)}, nowhere)
    with pytest.raises(InputError, match="nothing"):
        what_if("m", models["lightgbm"], ASKED, panel, origin, {}, some(panel))
    values = panel.values.copy()
    values[panel.indicators.index("onv"), some(panel)] = np.nan
    with pytest.raises(InputError, match="no value"):
        what_if(
            "m", models["lightgbm"], ASKED, replace(panel, values=values), origin, {"onv": Change()}, some(panel)
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("*0.9", Change(factor=0.9)), ("+0,01", Change(addition=0.01)), ("-2", Change(addition=-2.0))],
)
def test_changes_are_read(text: str, expected: Change) -> None:
    assert parse_changes([f"onv={text}"]) == {"onv": expected}


@pytest.mark.parametrize("text", ["onv", "=+1", "onv=1", "onv=*-1", "onv=+1e5", "onv=*", "onv=+nan"])
def test_other_changes_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_changes([text])
    with pytest.raises(InputError, match="twice"):
        parse_changes(["onv=+1", "onv=+1"])


def test_features_that_a_model_uses(panel: Panel, origin: Origin, models: dict) -> None:
    names = features_of(panel, origin).names
    of_trees = used_features(models["lightgbm"], names)
    counts = dict(zip(names, models["lightgbm"].trees.feature_importance("split"), strict=True))
    structural = used_features(models["structural"], names)
    assert of_trees == structural | {name for name, splits in counts.items() if splits}
    assert structural < of_trees <= set(names)


def test_the_label_has_no_causal_word() -> None:
    for word in ("effect", "oorzaak", "leidt tot", "zorgt", "daardoor", "waardoor"):
        assert word not in f"{LABEL} {EVERYWHERE}".casefold()
    assert (Path(__file__).parents[1] / "docs" / "outcomes.md").exists()
