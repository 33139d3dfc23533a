"""The data of the risk list page for its script: columns of rows, and sheets in which values are stored once."""

from __future__ import annotations

import gzip
import json
import math
from base64 import b64encode
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.catalogue import DIMENSIONS, drivers, load
from riskmodel.catalogue.units import UNITS, Amount
from riskmodel.forecasting.targets import READINGS
from riskmodel.products.risk_list.area_sheet import AreaSheet, DriverRow, Past, Trend
from riskmodel.products.risk_list.driver_words import strongest
from riskmodel.products.risk_list.page.interned import Interned
from riskmodel.products.risk_list.page.markup import packed
from riskmodel.products.risk_list.risk_list import FLAGS, About, RiskList, flagged
from riskmodel.products.risk_list.texts import TEXTS, Sentence, event_sentence, family_of
from riskmodel.products.risk_list.texts import UNITS as UNIT_TEXTS
from riskmodel.workspace.safe_text import plain_text

#: Score columns of ``rows``, in thousandths of a point: exactly what the page shows.
MILLI = {
    "score": "score",
    "change": "change_last",
    "long": "change_long",
    "expected": "expected_change",
    "low": "lower80",
    "high": "upper80",
}

#: Sheets of more characters than this are packed; every browser since 2023 can unpack them.
LARGEST_PLAIN = 1_500_000

#: More indicators than this behind one driver are not read by anybody.
MOST_INDICATORS = 5


def milli(value: float) -> int | None:
    """Return a number of score points in thousandths, None when it is missing."""
    if not math.isfinite(value):
        return None
    # Hundreds of thousands of them: adding a half costs less than rounding again.
    shown = 1000.0 * round(value, 3)
    return int(shown + 0.5) if shown >= 0 else -int(0.5 - shown)


def _millis(*values: float) -> list[int | None]:
    return [milli(value) for value in values]


def percent(value: float) -> int | None:
    """Return a chance in whole hundredths, None when it is missing."""
    return round(100 * value) if math.isfinite(value) else None


def _milli_column(column: pd.Series) -> list[int | None]:
    values = pd.to_numeric(column).to_numpy(float)
    shown = np.round(np.round(values, 3) * 1000)
    return [None if missing else int(value) for value, missing in zip(shown, np.isnan(values), strict=True)]


def _numbers(column: pd.Series, whole: bool = False) -> list[float | int | None]:
    values = pd.to_numeric(column).to_numpy(float)
    return [None if math.isnan(value) else (round(value) if whole else value) for value in values.tolist()]


def flag_bits(rows: pd.DataFrame) -> np.ndarray:
    """Return the flags of every row in one number: bit 0 is the first of ``FLAGS``."""
    bits = np.zeros(len(rows), dtype=int)
    for bit, flag in enumerate(FLAGS):
        bits |= flagged(rows, flag).astype(int) << bit
    return bits


def _rows(risk_list: RiskList, interned: Interned) -> dict[str, list[Any]]:
    rows = risk_list.rows
    texts = {
        "code": rows["location"].map(plain_text).tolist(),
        "name": rows["name"].map(plain_text).tolist(),
        "town": [interned.index(name, plain_text) for name in rows["municipality"]],
        "down": _strongest(risk_list, interned, down=True),
        "up": _strongest(risk_list, interned, down=False),
    }
    # Words of few kinds, by their index in the texts that every area shares.
    kinds = {
        name: [interned.index(text, str) for text in rows[name]]
        for name in ("section", "kind", "verdict", "reason")
    }
    chances = {name: _numbers(rows[f"p_{name}"]) for name in (*READINGS, "other")}
    numbers = {
        "rank": _numbers(rows["rank"], whole=True),
        "people": _numbers(rows["inhabitants"], whole=True),
        "level": _numbers(rows["score_class"], whole=True),
        "chance": _numbers(rows["chance"]),
        "flags": flag_bits(rows).tolist(),
    }
    texts["why"] = [[_sentence(each, interned) for each in found] for found in risk_list.why]
    return (
        texts | kinds | chances | numbers | {name: _milli_column(rows[column]) for name, column in MILLI.items()}
    )


def _strongest(risk_list: RiskList, interned: Interned, *, down: bool) -> list[int]:
    """Return the ids of the strongest drivers of every row; none without a verdict."""
    ids = [driver.id for driver in risk_list.drivers]
    columns = strongest(risk_list.contributions[ids].to_numpy(float), down=down)
    small = flagged(risk_list.rows, "too_small")
    return [
        interned.index(() if without else tuple(ids[column] for column in found))
        for found, without in zip(columns, small, strict=True)
    ]


def _sentence(sentence: Sentence | None, interned: Interned) -> int:
    if sentence is None:
        return interned.index(None)
    values = sentence.values.values()
    shown = ((value.shown, value.unit) if isinstance(value, Amount) else value for value in values)
    return interned.index((sentence.key, *shown), lambda _: sentence)


def _trend(trend: Trend, interned: Interned) -> list[Any]:
    return [
        interned.index(trend.years),
        _millis(*trend.score),
        interned.index(tuple(_millis(*trend.municipality))),
        interned.index(tuple(_millis(*trend.country))),
    ]


def _driver(driver: DriverRow, interned: Interned) -> list[Any]:
    behind = [
        [interned.index((found.label, found.label_en), _label), worth, _sentence(found.text, interned)]
        for found in driver.indicators[:MOST_INDICATORS]
        # What rounds to zero explains nothing to a reader.
        if (worth := milli(found.contribution))
    ]
    figures = _millis(driver.contribution, driver.against_comparable, driver.low, driver.high)
    flags = int(driver.stable) + 2 * int(driver.definitional)
    return [interned.index((driver.id, driver.label)), *figures, flags, behind]


def _label(label: tuple[str, str]) -> tuple[str, ...]:
    return tuple(map(plain_text, label))


def _past(past: Past) -> list[Any]:
    forecast = (past.year, past.target_year, percent(past.chance), past.rank, past.of)
    return [*forecast, milli(past.change), int(past.happened)]


def _sheet(sheet: AreaSheet, indices: dict[str, int], interned: Interned) -> list[Any]:
    fan = sheet.fan
    return [
        _trend(sheet.trend, interned),
        [fan.year, milli(fan.expected), interned.index(tuple(fan.quantiles)), _millis(*fan.quantiles.values())],
        [
            [
                interned.index((row.id, row.label)),
                *_millis(row.value, row.country, row.change),
                row.year,
                row.since,
            ]
            for row in sheet.dimensions
        ],
        [_driver(driver, interned) for driver in sheet.drivers],
        [[_sentence(found.title, interned), _sentence(found.text, interned)] for found in sheet.mechanisms],
        [
            [
                indices.get(found.location, -1),
                plain_text(found.name),
                interned.index(found.municipality, plain_text),
                milli(found.score),
                percent(found.chance),
            ]
            for found in sheet.comparable
        ],
        [_past(past) for past in sheet.past],
        [sheet.rank_low, sheet.rank_high],
        int(sheet.abstain),
    ]


def _labels(risk_list: RiskList) -> dict[str, tuple[str, str]]:
    """Return the names of drivers and dimensions in Dutch and English, by id."""
    named = {driver.id: (driver.label, driver.label_en) for driver in (*drivers(), *risk_list.drivers)}
    dimensions = load("indicators/leefbaarometer-3.0")
    return named | {
        f"dimension_{key}": (dimensions[key]["label_nl"], dimensions[key]["label_en"]) for key in DIMENSIONS
    }


def _definitional(driver: str) -> bool:
    """Return whether a driver is a part of the score itself, according to the catalogue."""
    return bool(load("drivers").get(driver, {}).get("definitional", False))


def _contributions(risk_list: RiskList) -> list[list[int | None]]:
    columns = ["base", *(driver.id for driver in risk_list.drivers)]
    values = [_milli_column(risk_list.contributions[column]) for column in columns]
    return [list(row) for row in zip(*values, strict=True)]


def _chance_parts(risk_list: RiskList) -> dict[str, Any]:
    """Return groups, and their parts of the chance of every row in thousandths; None where unknown."""
    table = risk_list.chance_parts
    if table is None:
        return {"groups": [], "values": []}
    groups = [name for name in table.columns if name != "location"]
    known = table[groups].notna().all(axis="columns")
    tenths = np.round(1000 * table[groups].fillna(0.0).to_numpy(float)).astype(int).tolist()
    return {"groups": groups, "values": [row if there else None for row, there in zip(tenths, known, strict=True)]}


def about_data(about: About) -> dict[str, Any]:
    """Return the settings that texts of the page need; dates as ``YYYY-MM-DD``."""
    return {
        "title": plain_text(about.title),
        "event": event_sentence(about.event),
        "question": plain_text(about.question),
        "horizon": about.horizon,
        "year": about.origin_date.year,
        "origin": about.origin_date.isoformat(),
        "known": about.known_at.isoformat(),
        "made": about.made_on.isoformat(),
        "family": family_of(about.event),
        "target": about.target_date.isoformat(),
        "list": about.list_id,
        "other": about.other_moment and about.other_moment.target_date.isoformat(),
        "average": about.average_risk,
        "limit": about.threat_limit,
        "raised": about.raised_limit,
        "small": about.small_limit,
        "capacity": about.capacity,
        "last": about.change_last_from,
        "long": about.change_long_from,
        "id": about.forecast_id,
        "model": about.model,
        "version": about.model_version,
    }


def as_json(value: Any) -> str:
    """Return data as JSON for within a page: no sign that could end its element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=packed)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def page_data(risk_list: RiskList) -> str:
    """Return what the script of the page needs at once, as JSON."""
    interned = Interned()
    data = {
        "about": about_data(risk_list.about),
        "rows": _rows(risk_list, interned),
        # Sheets have their own drivers; without them these are all there is.
        "parts": [] if risk_list.sheets else _contributions(risk_list),
        "chanceParts": _chance_parts(risk_list),
        "drivers": [[driver.id, driver.label, int(_definitional(driver.id))] for driver in risk_list.drivers],
        "interned": interned.values,
        "texts": TEXTS,
        "units": {unit: (*UNIT_TEXTS.get(unit, ("{}", "{}")), decimals) for unit, (decimals, _) in UNITS.items()},
        "labels": _labels(risk_list),
    }
    return as_json(data)


def sheets_data(risk_list: RiskList) -> str:
    """Return the area sheets, which the script reads when the first is opened."""
    interned = Interned()
    indices = {code: index for index, code in enumerate(risk_list.rows["location"])}
    sheets = [_sheet(sheet, indices, interned) for sheet in risk_list.sheets]
    text = as_json({"sheets": sheets, "interned": interned.values})
    if len(text) <= LARGEST_PLAIN:
        return text
    # The moment is left out, so that the same list gives the same page.
    return b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode()
