"""Drivers of every area of a risk list, with the indicators behind them and their values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskmodel.catalogue import Driver, drivers, load
from riskmodel.catalogue.units import Amount
from riskmodel.forecasting.drivers.contributions import (
    against,
    by_indicator,
    definitional,
    label_features,
    label_of,
)
from riskmodel.forecasting.drivers.measures import Measurement, measure
from riskmodel.forecasting.forecast_store import Explanation, StoredForecast
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.products.risk_list.area_sheet import DriverRow, IndicatorRow
from riskmodel.products.risk_list.texts import Sentence

IntArray = npt.NDArray[np.intp]

#: Indicators shown behind a driver; what is left out adds little.
MOST_INDICATORS = 5
#: A contribution smaller than this many score points is not shown.
LEAST_SHOWN = 0.0005


@dataclass(frozen=True)
class _Behind:
    """Indicators behind one driver, their contributions, and the columns of the strongest."""

    indicators: list[str]
    values: FloatArray
    strongest: IntArray


def driver_rows(
    known: Panel, stored: StoredForecast, everywhere: IntArray, nearest: IntArray, at: IntArray
) -> list[tuple[DriverRow, ...]]:
    """Return the drivers of the areas of a list, which are at some rows of the forecast."""
    table = stored.contributions.drop(columns="location")
    apart = against(table, nearest, at)
    shown = [each for each in drivers() if each.id in table.columns and table[each.id].abs().max() > 0]
    own, behind = definitional(), _behind(stored.explanation, shown)
    texts = _Texts(known, stored.explanation, everywhere)
    columns = []
    for driver in shown:
        low, high, stable = (values[at].tolist() for values in _spread(stored, driver.id))
        value, beside = table[driver.id].to_numpy()[at].tolist(), apart[driver.id].tolist()
        indicators = _indicator_rows(behind[driver.id], texts, at) if behind else [()] * len(at)
        columns.append(
            [
                DriverRow(driver.id, driver.label, *figures, bool(holds), driver.id in own, rows)
                for figures, holds, rows in zip(
                    zip(value, beside, low, high, strict=True), stable, indicators, strict=True
                )
            ]
        )
    return [tuple(rows) for rows in zip(*columns, strict=True)] if columns else [() for _ in at]


def _indicator_rows(behind: _Behind, texts: _Texts, at: IntArray) -> list[tuple[IndicatorRow, ...]]:
    values, strongest = behind.values[at].tolist(), behind.strongest[at].tolist()
    named = [(indicator, *texts.labels(indicator)) for indicator in behind.indicators]

    def line(column: int, contribution: float, row: int) -> IndicatorRow:
        indicator, dutch, english = named[column]
        return IndicatorRow(indicator, dutch, contribution, texts.value(indicator, row), english)

    return [
        tuple(line(column, own[column], row) for column in columns if abs(own[column]) >= LEAST_SHOWN)
        for row, own, columns in zip(at.tolist(), values, strongest, strict=True)
    ]


def _behind(explanation: Explanation | None, shown: list[Driver]) -> dict[str, _Behind]:
    if explanation is None:
        return {}
    names = explanation.features.names
    table = by_indicator(names, explanation.contributions)
    owner = {each.indicator: each.driver for each in label_features(names)}
    found = {}
    for driver in shown:
        indicators = [name for name in table.columns if owner.get(name) == driver.id]
        values = table[indicators].to_numpy(dtype=float)
        strongest = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :MOST_INDICATORS]
        found[driver.id] = _Behind(indicators, values, strongest)
    return found


def _spread(stored: StoredForecast, driver: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lowest and highest contribution of a driver and whether its sign holds, in the forecast's order."""
    n = len(stored.forecast.locations)
    if stored.explanation is not None and len(stability := stored.explanation.stability):
        part = stability[stability["driver"] == driver]
        if len(part) == n:
            low, high, stable = (part[name].to_numpy(dtype=float) for name in ("low", "high", "stable"))
            return low, high, stable
    return np.full(n, np.nan), np.full(n, np.nan), np.zeros(n)


class _Texts:
    """Names and values of indicators, each indicator measured once and only when it is needed."""

    def __init__(self, known: Panel, explanation: Explanation | None, everywhere: IntArray) -> None:
        self._known, self._explanation, self._everywhere = known, explanation, everywhere
        self._measured: dict[str, Measurement] = {}
        self._by_change = {} if explanation is None else _stronger_changes(explanation)

    def labels(self, indicator: str) -> tuple[str, str]:
        """Return plain Dutch and English name of an indicator; English is empty where there is none."""
        dutch, about = label_of(indicator, self._known.definitions), self._known.definitions.get(indicator)
        english = load("features").get(indicator, {}).get("label_en", "") if about is None else about.label_en
        return dutch, "" if english == dutch else english

    def value(self, indicator: str, row: int) -> Sentence | None:
        """Return the value of an indicator in the area of a row of the forecast; None where it is not known."""
        if indicator not in self._known.definitions:
            return self._value_of_feature(indicator, row)
        if indicator not in self._measured:
            self._measured[indicator] = measure(self._known, (indicator,), "change")
        figures = self._measured[indicator].figures(int(self._everywhere[row]))
        if figures.now.shown is None:
            return None
        values: dict[str, Amount | int | None] = {"now": figures.now, "year": figures.year}
        key = "value_alone"
        # The size of an area beside that of the country says nothing.
        if indicator != "population":
            key, values["country"] = "value_beside", figures.country
        by_change = self._by_change.get(indicator)
        if figures.before.shown is not None and by_change is not None and bool(by_change[row]):
            key = {"value_alone": "value_changed_alone", "value_beside": "value_changed"}[key]
            values |= {"since": figures.since, "before": figures.before}
        return Sentence(key, values)

    def _value_of_feature(self, name: str, row: int) -> Sentence | None:
        unit = load("features").get(name, {}).get("unit", "")
        if self._explanation is None or not unit:
            return None
        value = float(self._explanation.features.values[row, self._explanation.features.names.index(name)])
        return Sentence("value_amount", {"now": Amount(value, unit, signed=True)}) if np.isfinite(value) else None


def _stronger_changes(explanation: Explanation) -> dict[str, npt.NDArray[np.bool_]]:
    """Return where the change of an indicator contributes more than its level, for those with both as features."""
    names, sizes = explanation.features.names, np.abs(explanation.contributions)
    labelled = label_features(names)
    level = {each.indicator: column for column, each in enumerate(labelled) if not each.is_change}
    return {
        each.indicator: sizes[:, column] > sizes[:, level[each.indicator]]
        for column, each in enumerate(labelled)
        if (each.is_change or each.feature.endswith(".change")) and each.indicator in level
    }
