"""The data of the risk list page for its script: columns of rows, and sheets in which nothing is said twice."""

from __future__ import annotations

import gzip
import json
import math
from base64 import b64encode
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.catalogue import load
from riskmodel.products.risk_list.area_sheet import AreaSheet, DriverRow, Past, Trend
from riskmodel.products.risk_list.page.interned import Said
from riskmodel.products.risk_list.page.sentences import labels, sentences
from riskmodel.products.risk_list.page.texts import TEXTS, english_event
from riskmodel.products.risk_list.risk_list import About, RiskList, flagged
from riskmodel.workspace.safe_text import plain_text

#: Bits of ``rows.flags``, in this order.
FLAGS = ("under_pressure", "threatens", "too_small", "on_list", "audit")

#: Score columns of ``rows``, told in thousandths of a point: what the page shows, to the letter.
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
    """Give a number of score points in thousandths, None when it is missing."""
    if not math.isfinite(value):
        return None
    # Hundreds of thousands of them: adding a half costs less than rounding again.
    shown = 1000.0 * round(value, 3)
    return int(shown + 0.5) if shown >= 0 else -int(0.5 - shown)


def percent(value: float) -> int | None:
    """Give a chance in whole hundredths, None when it is missing."""
    return round(100 * value) if math.isfinite(value) else None


def _milli_column(column: pd.Series) -> list[int | None]:
    values = pd.to_numeric(column).to_numpy(float)
    shown = np.round(np.round(values, 3) * 1000)
    return [None if missing else int(value) for value, missing in zip(shown, np.isnan(values), strict=True)]


def _numbers(column: pd.Series, whole: bool = False) -> list[float | int | None]:
    values = pd.to_numeric(column).to_numpy(float)
    return [None if math.isnan(value) else (round(value) if whole else value) for value in values.tolist()]


def flag_bits(rows: pd.DataFrame) -> np.ndarray:
    """Put the flags of every row in one number: bit 0 is the first of :data:`FLAGS`."""
    bits = np.zeros(len(rows), dtype=int)
    for place, flag in enumerate(FLAGS):
        bits |= flagged(rows, flag).astype(int) << place
    return bits


def _rows(risk_list: RiskList, said: Said) -> dict[str, list[Any]]:
    rows = risk_list.rows
    texts = {
        "code": rows["location"].map(plain_text).tolist(),
        "name": rows["name"].map(plain_text).tolist(),
        "town": [said.words(name) for name in rows["municipality"]],
        "down": [said.words(words) for words in rows["drivers_down"]],
        "up": [said.words(words) for words in rows["drivers_up"]],
    }
    numbers = {
        "rank": _numbers(rows["rank"], whole=True),
        "people": _numbers(rows["inhabitants"], whole=True),
        "level": _numbers(rows["score_class"], whole=True),
        "chance": _numbers(rows["p_decline"]),
        "flags": flag_bits(rows).tolist(),
    }
    return texts | numbers | {name: _milli_column(rows[column]) for name, column in MILLI.items()}


def _trend(trend: Trend, said: Said) -> list[Any]:
    return [
        said.place(trend.years),
        [milli(value) for value in trend.score],
        said.place(tuple(milli(value) for value in trend.municipality)),
        said.place(tuple(milli(value) for value in trend.country)),
    ]


def _driver(driver: DriverRow, said: Said) -> list[Any]:
    behind = [
        [said.label(found.label, found.label_en), worth, said.words(found.text)]
        for found in driver.indicators[:MOST_INDICATORS]
        # What is nought to the reader explains nothing.
        if (worth := milli(found.contribution))
    ]
    return [
        said.place((driver.id, driver.label)),
        milli(driver.contribution),
        milli(driver.against_comparable),
        milli(driver.low),
        milli(driver.high),
        int(driver.stable) + 2 * int(driver.definitional),
        behind,
    ]


def _past(past: Past) -> list[Any]:
    told = (past.year, past.target_year, percent(past.chance), past.rank, past.of)
    return [*told, milli(past.change), int(past.happened)]


def _sheet(sheet: AreaSheet, places: dict[str, int], said: Said) -> list[Any]:
    fan = sheet.fan
    return [
        _trend(sheet.trend, said),
        [
            fan.year,
            milli(fan.expected),
            said.place(tuple(fan.quantiles)),
            [milli(value) for value in fan.quantiles.values()],
        ],
        [
            [
                said.place((row.id, row.label)),
                milli(row.value),
                milli(row.country),
                milli(row.change),
                row.year,
                row.since,
            ]
            for row in sheet.dimensions
        ],
        [_driver(driver, said) for driver in sheet.drivers],
        [[said.words(found.title), said.words(found.text)] for found in sheet.mechanisms],
        [
            [
                places.get(found.location, -1),
                plain_text(found.name),
                said.words(found.municipality),
                milli(found.score),
                percent(found.p_decline),
            ]
            for found in sheet.comparable
        ],
        [_past(past) for past in sheet.past],
        [sheet.rank_low, sheet.rank_high],
        int(sheet.abstain),
    ]


def _definitional(driver: str) -> bool:
    """Whether a driver is a part of the score itself, according to the catalogue."""
    return bool(load("drivers").get(driver, {}).get("definitional", False))


def _contributions(risk_list: RiskList) -> list[list[int | None]]:
    columns = ["base", *(driver.id for driver in risk_list.drivers)]
    told = [_milli_column(risk_list.contributions[column]) for column in columns]
    return [list(values) for values in zip(*told, strict=True)]


def about_data(about: About) -> dict[str, Any]:
    """What texts of the page need of the settings; dates as ``YYYY-MM-DD``."""
    return {
        "title": plain_text(about.title),
        "event": plain_text(about.event),
        "event_en": english_event(plain_text(about.event)),
        "question": plain_text(about.question),
        "horizon": about.horizon,
        "year": about.origin_date.year,
        "origin": about.origin_date.isoformat(),
        "known": about.known_at.isoformat(),
        "made": about.made_on.isoformat(),
        "average": about.average_risk,
        "limit": about.threat_limit,
        "small": about.small_limit,
        "capacity": about.capacity,
        "last": about.change_last_from,
        "long": about.change_long_from,
        "id": about.forecast_id,
        "model": about.model,
        "version": about.model_version,
    }


def as_json(value: Any) -> str:
    """Write data so that it can stand inside a page: no sign that could end its element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def page_data(risk_list: RiskList) -> str:
    """Give what the script of the page needs at once, as JSON."""
    said = Said()
    data = {
        "about": about_data(risk_list.about),
        "rows": _rows(risk_list, said),
        # Sheets have their own drivers; without them these are all there is.
        "parts": [] if risk_list.sheets else _contributions(risk_list),
        "drivers": [[driver.id, driver.label, int(_definitional(driver.id))] for driver in risk_list.drivers],
        "said": said.values,
        "texts": TEXTS,
        "labels": labels(),
        "sentences": sentences(),
    }
    return as_json(data)


def sheets_data(risk_list: RiskList) -> str:
    """Give the area sheets, which the script reads when the first is opened."""
    said = Said()
    places = {code: place for place, code in enumerate(risk_list.rows["location"])}
    sheets = [_sheet(sheet, places, said) for sheet in risk_list.sheets]
    text = as_json({"sheets": sheets, "said": said.values})
    if len(text) <= LARGEST_PLAIN:
        return text
    # The moment is left out, so that the same list gives the same page.
    return b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode()
