"""Drivers of every area of a risk list, with what stands behind them in plain Dutch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import Driver, drivers, load
from riskmodel.catalogue.units import amount
from riskmodel.forecasting.drivers.contributions import against, by_indicator, definitional, label_of, told_as
from riskmodel.forecasting.drivers.measures import Measured, measure
from riskmodel.forecasting.forecast_store import Explanation, StoredForecast
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.products.risk_list.area_sheet import DriverRow, IndicatorRow

IntArray = npt.NDArray[np.intp]

#: Indicators shown behind a driver; what is left out adds little.
MOST_INDICATORS = 5
#: A contribution of an indicator smaller than this many score points is not shown.
LEAST_SHOWN = 0.0005
#: How the value of an indicator is told, in Dutch and English: with its change, beside the country, by itself, and
#: in score points.
VALUES: tuple[tuple[str, str], ...] = (
    (
        "{now} (Nederland {country}), {year}; in {since} was het {before}",
        "{now} (Netherlands {country}), {year}; in {since} it was {before}",
    ),
    ("{now} (Nederland {country}), {year}", "{now} (Netherlands {country}), {year}"),
    ("{now}, {year}; in {since} was het {before}", "{now}, {year}; in {since} it was {before}"),
    ("{now}, {year}", "{now}, {year}"),
    ("{points} punt", "{points} points"),
)


@dataclass(frozen=True)
class _Behind:
    """What stands behind one driver: indicators, their contributions, and places of the strongest."""

    indicators: list[str]
    values: FloatArray
    strongest: IntArray


def driver_rows(
    known: Panel, stored: StoredForecast, everywhere: IntArray, nearest: IntArray, at: IntArray
) -> list[tuple[DriverRow, ...]]:
    """Drivers of the areas of a list."""
    table = stored.contributions.drop(columns="location")
    apart = against(table, nearest, at)
    told = [each for each in drivers() if each.id in table.columns and table[each.id].abs().max() > 0]
    spread = _spread(stored, [each.id for each in told])
    own = definitional()
    behind = _behind(stored.explanation, told)
    texts = _Texts(known, stored.explanation, everywhere)
    columns = [
        _rows_of(each, table, apart, spread, each.id in own, behind.get(each.id), texts, at) for each in told
    ]
    return [tuple(rows) for rows in zip(*columns, strict=True)] if columns else [() for _ in at]


def _rows_of(
    driver: Driver,
    table: pd.DataFrame,
    apart: pd.DataFrame,
    spread: Mapping[str, FloatArray],
    own: bool,
    behind: _Behind | None,
    texts: _Texts,
    at: IntArray,
) -> list[DriverRow]:
    low, high, stable = (spread[f"{name}:{driver.id}"][at].tolist() for name in ("low", "high", "stable"))
    parts = [()] * len(at) if behind is None else _indicator_rows(behind, texts, at)
    return [
        DriverRow(driver.id, driver.label, value, beside, lowest, highest, bool(holds), own, indicators)
        for value, beside, lowest, highest, holds, indicators in zip(
            table[driver.id].to_numpy()[at].tolist(),
            apart[driver.id].tolist(),
            low,
            high,
            stable,
            parts,
            strict=True,
        )
    ]


def _indicator_rows(behind: _Behind, texts: _Texts, at: IntArray) -> list[tuple[IndicatorRow, ...]]:
    values, strongest = behind.values[at].tolist(), behind.strongest[at].tolist()
    labels = [texts.labels(indicator) for indicator in behind.indicators]
    return [
        tuple(
            IndicatorRow(
                behind.indicators[place],
                labels[place][0],
                own[place],
                texts.of(behind.indicators[place], int(row)),
                labels[place][1],
            )
            for place in places
            if abs(own[place]) >= LEAST_SHOWN
        )
        for row, own, places in zip(at, values, strongest, strict=True)
    ]


def _behind(explanation: Explanation | None, told: list[Driver]) -> dict[str, _Behind]:
    if explanation is None:
        return {}
    names = explanation.features.names
    table = by_indicator(names, explanation.contributions)
    owner = {each.indicator: each.driver for each in told_as(names)}
    found = {}
    for driver in told:
        indicators = [name for name in table.columns if owner.get(name) == driver.id]
        values = table[indicators].to_numpy(dtype=float)
        strongest = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :MOST_INDICATORS]
        found[driver.id] = _Behind(indicators, values, strongest)
    return found


def _spread(stored: StoredForecast, told: list[str]) -> dict[str, FloatArray]:
    """Lowest and highest contribution and whether the sign holds, by ``what:driver``, in the forecast's order."""
    n = len(stored.forecast.locations)
    measured = stored.explanation.stability if stored.explanation is not None else pd.DataFrame()
    found: dict[str, FloatArray] = {}
    for driver in told:
        part = measured[measured["driver"] == driver] if len(measured) else measured
        for name, missing in (("low", np.nan), ("high", np.nan), ("stable", 0.0)):
            found[f"{name}:{driver}"] = part[name].to_numpy(dtype=float) if len(part) == n else np.full(n, missing)
    return found


class _Texts:
    """Values of indicators in plain Dutch, each indicator measured once and only when somebody asks."""

    def __init__(self, known: Panel, explanation: Explanation | None, everywhere: IntArray) -> None:
        self._known, self._explanation, self._everywhere = known, explanation, everywhere
        self._measured: dict[str, Measured] = {}
        self._told = {} if explanation is None else self._changes(explanation)

    def labels(self, indicator: str) -> tuple[str, str]:
        """Plain Dutch and English name of an indicator; English is empty where there is none."""
        dutch, about = label_of(indicator, self._known.definitions), self._known.definitions.get(indicator)
        english = load("features").get(indicator, {}).get("label_en", "") if about is None else about.label_en
        return dutch, "" if english == dutch else english

    def of(self, indicator: str, row: int) -> str:
        """Value of an indicator in the area of a row of the forecast; empty where nothing can be said."""
        if indicator not in self._known.definitions:
            return self._of_feature(indicator, row)
        if indicator not in self._measured:
            self._measured[indicator] = measure(self._known, (indicator,), "change")
        words = self._measured[indicator].words(int(self._everywhere[row]))
        if not words.now:
            return ""
        by_change = self._told.get(indicator)
        changed = bool(words.before) and by_change is not None and bool(by_change[row])
        # The size of an area beside that of the country says nothing.
        form = 2 * (indicator == "population") + (not changed)
        return VALUES[form][0].format_map(vars(words))

    def _of_feature(self, name: str, row: int) -> str:
        unit = load("features").get(name, {}).get("unit", "")
        if self._explanation is None or not unit:
            return ""
        value = float(self._explanation.features.values[row, self._explanation.features.names.index(name)])
        return amount(value, unit, sign=True)

    @staticmethod
    def _changes(explanation: Explanation) -> dict[str, npt.NDArray[np.bool_]]:
        """For indicators with a change among the features: where the change says more than the level."""
        names, values = explanation.features.names, np.abs(explanation.contributions)
        told = told_as(names)
        level = {each.indicator: place for place, each in enumerate(told) if not each.is_change}
        return {
            each.indicator: values[:, place] > values[:, level[each.indicator]]
            for place, each in enumerate(told)
            if (each.is_change or each.feature.endswith(".change")) and each.indicator in level
        }
