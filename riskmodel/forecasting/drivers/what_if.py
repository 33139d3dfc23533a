"""Forecasts as if an indicator had another value.

This shows the behaviour of the model and nothing else. A model that learned from areas as they are knows what goes
together, not what would happen in the street when somebody changes one thing. Every answer carries :data:`LABEL`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import indicators
from riskmodel.errors import InputError
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.models import ChangeModel
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.models.scorecard import Scorecard
from riskmodel.forecasting.models.structural import EXPECTATION, SPREAD, UNREST, Structural
from riskmodel.forecasting.origins import Origin
from riskmodel.forecasting.stage import forecast_with
from riskmodel.panel.build import ORIGIN
from riskmodel.panel.panel import FloatArray, Panel

LABEL = "Dit laat zien hoe het model reageert. Het zegt niet wat er in het echt gebeurt."
#: Beside the label, when all areas of the country change.
EVERYWHERE = (
    "U verandert alle gebieden van het land. Het model vergelijkt gebieden met het land, dus een verandering die "
    "overal gelijk is, telt voor een groot deel niet mee."
)
#: What the model forecasts, in two editions: changing it would be changing the question.
SCORES = ("score", "lbm2_score")
_CHANGE = re.compile(r"(?P<sign>[+*-])(?P<number>[0-9]+(?:[.,][0-9]+)?)")

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Change:
    """Another value of an indicator: ``factor * value + addition``.

    Attributes
    ----------
    factor, addition : float
        1 and 0 change nothing.
    """

    factor: float = 1.0
    addition: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Change:
        """Read ``"*0.9"``, ``"+0.01"`` or ``"-2"``; a decimal comma is understood.

        Examples
        --------
        >>> Change.parse("*0,9")
        Change(factor=0.9, addition=0.0)
        """
        found = _CHANGE.fullmatch(text.strip())
        if found is None:
            raise InputError("--change", repr(text), "such as *0.9 (10% less), +0.01 or -2")
        number = float(found["number"].replace(",", "."))
        if found["sign"] == "*":
            return cls(factor=number)
        return cls(addition=number if found["sign"] == "+" else -number)

    def of(self, values: FloatArray) -> FloatArray:
        """The changed values."""
        return values * self.factor + self.addition


def what_if(
    name: str,
    model: ChangeModel,
    experiment: Experiment,
    panel: Panel,
    origin: Origin,
    changes: Mapping[str, Change],
    chosen: BoolArray,
) -> pd.DataFrame:
    """Forecast some areas again as if indicators had another value.

    The last value of each changed indicator that was known at the origin is replaced in the chosen areas, and all
    features are made again; nothing else changes, so the score stays what it is, also when one of its dimensions
    changes. Because features compare with the country and with neighbours, areas that are not chosen may move a
    little too; only the chosen ones are returned.
    """
    asked = chosen & experiment.event.eligible(panel, origin.wave)
    if not asked.any():
        raise InputError("what if", "no area to which the question applies", "at least one area with a score")
    if not changes:
        raise InputError("--change", "nothing", "an indicator and its change, such as onv=+0.01")
    before, features = forecast_with(name, model, experiment, panel, origin)
    used = used_features(model, features.names)
    for indicator in changes:
        _refuse(indicator, panel)
        _check_used(indicator, model, experiment, panel, origin, chosen, features, used)
    after, _ = forecast_with(name, model, experiment, altered(panel, origin, changes, chosen), origin)
    position = before.positions(panel.areas[asked])
    chance, change = (
        np.column_stack([first[position], second[position], second[position] - first[position]])
        for first, second in (
            (before.chance_of(experiment.event), after.chance_of(experiment.event)),
            (before.mean, after.mean),
        )
    )
    columns = [f"{what}_{when}" for what in ("chance", "change") for when in ("before", "after", "difference")]
    table = pd.DataFrame(np.column_stack([chance, change]), columns=columns)
    table.insert(0, "name", panel.names[asked])
    table.insert(0, "location", panel.areas[asked])
    table.attrs["label"] = f"{LABEL} {EVERYWHERE}" if chosen.all() else LABEL
    return table


def altered(panel: Panel, origin: Origin, changes: Mapping[str, Change], chosen: BoolArray) -> Panel:
    """The panel with the last known value of some indicators changed in the chosen areas."""
    known = panel.known_at(origin.known_at)
    values = panel.values.copy()
    for indicator, change in changes.items():
        there = ~np.isnan(known[indicator]) & chosen[:, None]
        rows = np.flatnonzero(there.any(axis=1))
        if not len(rows):
            expected = "a value that was known at the origin in at least one of the chosen areas"
            raise InputError(f"--change {indicator}", "no value", expected)
        last = there.shape[1] - 1 - np.argmax(there[rows][:, ::-1], axis=1)
        position = panel.indicators.index(indicator)
        changed = change.of(values[position, rows, last])
        _refuse_impossible(indicator, panel, values[position, rows, last], changed)
        values[position, rows, last] = changed
    return replace(panel, values=values)


def used_features(model: ChangeModel, names: tuple[str, ...]) -> frozenset[str]:
    """Features on which a fitted model's answer can depend; all of them for a kind that is not known here."""
    if isinstance(model, Structural):
        return frozenset((*EXPECTATION, UNREST, SPREAD))
    if isinstance(model, LightGBM):
        counts = model.trees.feature_importance(importance_type="split") * (model.settings.share > 0)
        in_trees = {name for name, splits in zip(names, counts, strict=True) if splits > 0}
        return used_features(model.structural, names) | in_trees
    if isinstance(model, Scorecard):
        return frozenset(name for name, used in zip(names, np.atleast_1d(model.used), strict=True) if used)
    return frozenset(names)


def _refuse(indicator: str, panel: Panel) -> None:
    where = f"--change {indicator}"
    if indicator in SCORES:
        raise InputError(where, "the score itself", "something the score is forecast from")
    about = panel.definitions.get(indicator) or indicators().get(indicator)
    if about is not None and about.sensitivity == ORIGIN:
        found = "an indicator of the origin of residents"
        raise InputError(where, found, "another indicator", "Nobody can play with who lives in an area.")
    if indicator not in panel.indicators:
        raise InputError(where, "an indicator that is not there", f"one of {', '.join(panel.indicators[1:])}")


def _check_used(
    indicator: str,
    model: ChangeModel,
    experiment: Experiment,
    panel: Panel,
    origin: Origin,
    chosen: BoolArray,
    features: Features,
    used: frozenset[str],
) -> None:
    """Move an indicator a little and see which features move: names of features need not be understood."""
    moved = altered(panel, origin, {indicator: Change(factor=0.99, addition=1e-6)}, chosen)
    probed = forecast_with("", model, experiment, moved, origin)[1]
    same = (features.values == probed.values) | (np.isnan(features.values) & np.isnan(probed.values))
    touched = {features.names[column] for column in np.flatnonzero((~same).any(axis=0))}
    if not touched & used:
        found = "an indicator that the model does not use"
        expected = "one that its forecast depends on"
        raise InputError(f"--change {indicator}", found, expected)


def _refuse_impossible(indicator: str, panel: Panel, before: FloatArray, after: FloatArray) -> None:
    about = panel.definitions.get(indicator)
    share = about is not None and about.unit == "percent"
    count = about is not None and about.kind == "extensive"
    if not np.isfinite(after).all():
        raise InputError(f"--change {indicator}", "a value that is not finite", "a number")
    if (share or count) and (before >= 0).all() and (after < 0).any():
        raise InputError(f"--change {indicator}", f"a value of {after.min():g}", "0 or more in every area")
    if share and (before <= 100).all() and (after > 100).any():
        raise InputError(f"--change {indicator}", f"a value of {after.max():g}", "at most 100 in every area")
