"""A risk list whose names try to do harm, with sheets and boundaries of which every number is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
from list_columns import completed

from riskmodel.catalogue import Driver
from riskmodel.forecasting.targets import Event
from riskmodel.products.risk_list.area_sheet import (
    AreaSheet,
    Comparable,
    DimensionRow,
    DriverRow,
    Fan,
    IndicatorRow,
    Mechanism,
    Past,
    Trend,
)
from riskmodel.products.risk_list.risk_list import About, RiskList
from riskmodel.products.risk_list.texts import Sentence

#: Names as a hostile or careless source could have them.
HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x")',
    'O\'Brien "de Hoek", & co',
    '"; DROP TABLE risicolijst; --',
    "Links\u202egnidnew\u2066",
    "Twee\nregels\ren\teen\u2028tab",
    "Lang" + "erwoud " * 60,
    "Aaneen" + "geschreven" * 40,
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "{{ 7 * 7 }} {% raw %} </title></style>",
    "} @page { size: A1 } /*",
    "",
)
#: Further names that hold nothing strange.
PLAIN = ("Havenkwartier", "Zonneveld", "Oude Dorp", "Ümit's Plein")
DRIVERS = (Driver("level", "Waar het gebied nu staat"), Driver("people", "Bewoners & <b>huishoudens</b>"))
CLASSES = "zeer onvoldoende,ruim onvoldoende,onvoldoende,zwak,voldoende,ruim voldoende,goed,zeer goed,uitstekend"
QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
#: RD of the tower in Amersfoort, where the national grid has its centre.
CENTRE = (155_000.0, 463_000.0)
CAPACITY = 5
#: A value that would be a formula: =12% (Nederland 9%), 2020.
FORMULA = Sentence("value_alone", {"now": "=12% (Nederland 9%)", "year": 2020})

ABOUT = About(
    title="Risicolijst <b>Meerstad</b>",
    question="In welke wijken dreigt de leefbaarheid achteruit te gaan?",
    event=Event("fall"),
    experiment="wijken-2-jaar",
    model="lightgbm",
    model_version="lightgbm-2020-54e6",
    code_version="18c3bff",
    forecast_id="f-2020-a81c",
    origin_date=date(2020, 1, 1),
    known_at=date(2022, 4, 14),
    made_on=date(2022, 6, 1),
    horizon=2,
    change_last_from=2018,
    change_long_from=2014,
    average_risk=0.05,
    threat_limit=0.1,
    raised_limit=0.08,
    small_limit=200,
    capacity=CAPACITY,
    sources=("leefbaarometer-wijken.csv (sha256 0f3a91c2)", "kwb <2020>.xlsx (sha256 77b1)"),
    example=False,
    track_record=Sentence(
        "track_record", {"years": (2018,), "capacity": 50, "own": (38,), "base": (4,), "best": (30,)}
    ),
    notices=(Sentence("notice_visit", {"total": 5, "count": 1, "rest": 11, "list": "2020-ab", "seed": 7}),),
)


def make_list(capacity: int | None = CAPACITY, names: tuple[str, ...] = HOSTILE + PLAIN) -> RiskList:
    """The list: the last three areas are too small, and the model would have called one of them threatened."""
    areas, rng = len(names), np.random.default_rng(3)
    chance = np.sort(rng.uniform(0.01, 0.4, areas))[::-1]
    small = np.arange(areas) >= areas - 3
    chance[-3] = 0.5
    parts = pd.DataFrame({driver.id: rng.normal(0, 0.02, areas) for driver in DRIVERS})
    score = 4.0 + rng.normal(0, 0.1, areas)
    level = np.where(np.arange(areas) % 3 == 0, 4, 6)
    rows = pd.DataFrame(
        {
            "rank": np.arange(1, areas + 1),
            "location": [f"WK99{place:04d}" for place in range(areas)],
            "name": names,
            "municipality": ["=Meerstad", "Duin\u202evoort"] * (areas // 2) + ["Meerstad"] * (areas % 2),
            "inhabitants": np.where(small, 90.0, 1000.0 + np.arange(areas)),
            "score": score,
            "score_class": level,
            "class_name": np.array(CLASSES.split(","))[level - 1],
            "change_last": rng.normal(0, 0.03, areas),
            "change_long": np.where(np.arange(areas) == 1, np.nan, 0.01),
            "p_decline": chance,
            "expected_change": 0.002 + parts.sum(axis="columns"),
            "lower80": -0.06,
            "upper80": 0.05,
            "under_pressure": level <= 4,
            "threatens": chance >= ABOUT.threat_limit,
            "too_small": small,
            "on_list": ~small & (np.arange(areas) < (areas if capacity is None else capacity - 1)),
            "audit": np.arange(areas) == (-1 if capacity is None else capacity + 2),
            "drivers_down": "waar het gebied nu staat (−0,010)",
            "drivers_up": ["=1+1"] + [""] * (areas - 1),
        }
    )
    rows = completed(rows)
    contributions = parts.assign(base=0.002)
    contributions.loc[small] = np.nan
    contributions.insert(0, "location", rows["location"])
    sheets = tuple(
        _sheet(row, part) for row, part in zip(rows.to_dict("records"), parts.to_dict("records"), strict=True)
    )
    return RiskList(rows, contributions, DRIVERS, replace(ABOUT, capacity=capacity), sheets, _shapes(rows))


def _sheet(row: dict, part: dict) -> AreaSheet:
    score, expected = row["score"], row["score"] + row["expected_change"]
    return AreaSheet(
        location=row["location"],
        trend=Trend(
            (2014, 2018, 2020), (score - 0.02, float("nan"), score), (4.0, 4.01, 4.02), (4.05, 4.06, 4.07)
        ),
        fan=Fan(2022, expected, {level: expected + 0.1 * (level - 0.5) for level in QUANTILES}),
        dimensions=(DimensionRow("onv", f"overlast {row['name']}", 0.03, 0.01, float("nan"), 2020, None),),
        drivers=tuple(
            DriverRow(
                driver.id, driver.label, part[driver.id], 0.001, -0.03, 0.03, place == 0, place == 0,
                (IndicatorRow("a", f"aandeel {row['name']}", part[driver.id], FORMULA),),
            )
            for place, driver in enumerate(DRIVERS)
        ),
        mechanisms=(Mechanism("ageing", Sentence("value_amount", {"now": f"In {row['name']} is 32% ouder."})),),
        comparable=(Comparable("WK000001", row["name"], "=Elders", 4.0, 0.1),),
        past=(
            Past(2016, 2018, 0.31, 12, 3290, -0.061, True),
            Past(2018, 2020, 0.03, 1810, 3290, -0.071, True),
        ),
        frequency=f"Van 100 vergelijkbare wijken gaan er ongeveer {row['p_decline'] * 100:.0f} achteruit.",
        rank_low=1,
        rank_high=row["rank"] + 4,
        abstain=bool(row["too_small"]),
    )  # fmt: skip


def _shapes(rows: pd.DataFrame):
    """A kilometre square an area, in a row that begins at the centre of the grid; the third area has none."""
    geopandas, shapely = __import__("geopandas"), __import__("shapely")
    left = CENTRE[0] + 1000.0 * np.arange(len(rows))
    # Clockwise, as no standard wants it; and a hole in the first.
    squares = [shapely.box(x, CENTRE[1], x + 1000.0, CENTRE[1] + 1000.0, ccw=False) for x in left]
    squares[0] = squares[0].difference(shapely.box(left[0] + 400, CENTRE[1] + 400, left[0] + 600, CENTRE[1] + 600))
    frame = geopandas.GeoDataFrame({"location": rows["location"]}, geometry=squares, crs="EPSG:28992")
    return frame.drop(index=2).iloc[::-1].reset_index(drop=True)
