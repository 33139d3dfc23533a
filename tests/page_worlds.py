"""Risk lists of real wijken with a forecast made by rule, so that every number on a page can be told in advance.

Scores, names, inhabitants and boundaries are those of the official files; the forecast is a plain normal around a
pull to the mean, and drivers, comparable areas and track record are filled by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from list_columns import completed
from scipy.stats import norm

from riskmodel.catalogue import DIMENSIONS, class_scheme, drivers, indicators, load
from riskmodel.catalogue.area_names import find_municipalities
from riskmodel.catalogue.units import Amount
from riskmodel.forecasting.drivers.chance_contributions import BORDER, OTHER, UNREST
from riskmodel.forecasting.drivers.measures import Figures
from riskmodel.forecasting.drivers.mechanisms import catalogued_rules
from riskmodel.forecasting.targets import Event
from riskmodel.monitor.measured import municipality_names
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
from riskmodel.products.risk_list.risk_list import About, RiskList, town_counts
from riskmodel.products.risk_list.texts import Sentence

BASE = 4.102265
#: Drivers of an expected change; the others are groups of a chance only.
DRIVERS = tuple(each for each in drivers() if each.id not in (BORDER, UNREST, OTHER))
LEVELS = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
FIGURES = Figures(
    Amount(-0.036, "score points"), Amount(1254, "number"), Amount(32, "%"), Amount(9.5, "%"),
    Amount(254, "thousand euro"), 2020, 2016,
)  # fmt: skip
LABELS = {
    "onv": "Overlast en onveiligheid",
    "soc": "Sociale samenhang",
    "won": "Woningvoorraad",
    "fys": "Fysieke omgeving",
    "vrz": "Voorzieningen",
}
#: Every sentence of the mechanisms once, with the same figures in it.
SAID = tuple(
    Mechanism(
        rule.id,
        Sentence(
            f"mechanism_{rule.id}_{index}", {f"{name}.{key}": getattr(FIGURES, key) for name, key in way.slots}
        ),
    )
    for rule in catalogued_rules()
    for index, way in enumerate(rule.ways)
)
#: How a value can be told.
TOLD = (
    Sentence("value_beside", {"now": Amount(9.5, "%"), "country": Amount(9, "%"), "year": 2020}),
    Sentence(
        "value_changed",
        {
            "now": Amount(1254, "thousand euro"),
            "country": Amount(290, "thousand euro"),
            "year": 2020,
            "since": 2016,
            "before": Amount(254, "thousand euro"),
        },
    ),
    Sentence(
        "value_changed_alone",
        {"now": Amount(3290, "persons"), "year": 2022, "since": 2016, "before": Amount(3105, "persons")},
    ),
    Sentence("value_alone", {"now": Amount(3290, "persons"), "year": 2022}),
    Sentence("value_amount", {"now": Amount(-0.012, "points", signed=True)}),
    None,
)


def _indicator(place: int, value: float) -> IndicatorRow:
    """One of the catalogue's indicators, another for every area."""
    known = [each for each in indicators().values() if each.label_en]
    chosen = known[place % len(known)]
    return IndicatorRow(chosen.id, chosen.label_nl, value, TOLD[place % len(TOLD)], chosen.label_en)


@cache
def real_frame(data: Path) -> pd.DataFrame:
    """One row a wijk with a score in 2020: its scores, dimensions, inhabitants and municipality."""
    file = next((data / "leefbaarometer-3.0").glob("*scores wijken*"))
    long = pd.read_csv(file)
    frame = long[long["jaar"] == 2020].set_index("wk_code").rename(columns={"wk_naam": "name"})
    scores = long.pivot_table(index="wk_code", columns="jaar", values="lbm").reindex(frame.index)
    earlier = long[long["jaar"] == 2018].set_index("wk_code").reindex(frame.index)
    people = pd.read_csv(data / "kwb" / "wijk_2022.csv").set_index("code")["population"].reindex(frame.index)
    made = frame[["name", "lbm", "afw", *DIMENSIONS]].assign(inhabitants=people)
    made = made.join(scores.add_prefix("y")).join(earlier[list(DIMENSIONS)].add_prefix("before_"))
    owner = made.index.str.slice(2, 6)
    made["owner"] = "GM" + owner
    made["municipality"] = municipality_names(made["owner"].to_numpy(str))
    return made[made["lbm"].notna()].rename_axis("location").reset_index()


def _forecast(frame: pd.DataFrame) -> pd.DataFrame:
    """Parts of an expected change that add up, its spread, and the chance of a fall of more than .05."""
    recent = (frame["y2020"] - frame["y2018"]).fillna(0.0)
    noise = np.where(frame["inhabitants"].fillna(100) < 1000, 0.04, 0.024)
    rng = np.random.default_rng(5)
    parts = {driver.id: rng.normal(0, 0.003, len(frame)) for driver in DRIVERS}
    parts["reversal"] = -0.25 * recent
    parts["part_onv"] = 0.12 * (frame["onv"].fillna(0) - frame["onv"].mean())
    parts["part_soc"] = 0.10 * (frame["soc"].fillna(0) - frame["soc"].mean())
    made = pd.DataFrame(parts, index=frame.index)
    made.insert(0, "base", 0.004)
    return made.assign(
        expected=made.sum(axis=1),
        spread=noise,
        chance=norm.cdf((-0.05 - made.sum(axis=1)) / noise),
    )


def real_list(
    data: Path,
    asked: Sequence[str] = (),
    *,
    title: str = "Risicolijst Nederland",
    capacity: int | None = None,
    sheets: bool = True,
    boundaries: bool = True,
    times: int = 1,
) -> RiskList:
    """Risk list of municipalities or regions; none is the country. ``times`` repeats the areas."""
    frame = real_frame(data)
    made = _forecast(frame)
    average = float(made["chance"].mean())
    country = frame.filter(regex="^y2|^...$").mean(numeric_only=True)
    codes = frozenset(frame["owner"])
    peers = town_counts(_rows(frame, made, average, None))
    inside = {code for name in asked for code in find_municipalities(name, codes)}
    keep = frame["owner"].isin(inside) if asked else frame["owner"].notna()
    frame, made = frame[keep].reset_index(drop=True), made[keep].reset_index(drop=True)
    if times > 1:
        frame = pd.concat([frame] * times, ignore_index=True)
        made = pd.concat([made] * times, ignore_index=True)
        frame["location"] = [f"BU{code[2:]}{n:02d}" for n, code in enumerate(frame["location"])]
    rows = _rows(frame, made, average, capacity)
    order = rows.pop("order").to_numpy()
    frame, made = frame.iloc[order].reset_index(drop=True), made.iloc[order].reset_index(drop=True)
    contributions = made.drop(columns=["expected", "spread", "chance"])
    contributions.insert(0, "location", rows["location"])
    about = About(
        title=title,
        question="Welke wijken gaan binnen twee jaar meer dan 0,05 punt achteruit?",
        event=Event("fall"),
        experiment="decline-2y",
        model="lightgbm",
        model_version="3f9c1a7b",
        code_version="18c3bff",
        forecast_id="2020-01-01_3f9c1a7b_a81c",
        origin_date=date(2020, 1, 1),
        known_at=date(2022, 4, 14),
        made_on=date(2022, 6, 1),
        horizon=2,
        change_last_from=2018,
        change_long_from=2014,
        average_risk=average,
        threat_limit=2 * average,
        raised_limit=1.5 * average,
        small_limit=200,
        capacity=capacity,
        sources=(
            "Leefbaarometer-scores wijken 2002-2020.csv (sha256 0f3a91c2aa10)",
            "wijk_2022.csv (sha256 77b1)",
        ),
        example=False,
        track_record=Sentence(
            "track_record",
            {"years": (2016, 2018), "capacity": 50, "own": (28, 14), "base": (4, 4), "best": (20, 12)},
        ),
    )
    shapes = _shapes(data, frame, times) if boundaries else None
    filled = _sheets(frame, made, rows, country) if sheets else ()
    return RiskList(rows, contributions, DRIVERS, about, filled, shapes, peers)


def _rows(frame: pd.DataFrame, made: pd.DataFrame, average: float, capacity: int | None) -> pd.DataFrame:
    scheme = class_scheme("3.0")
    classes = scheme.classify(frame["afw"].to_numpy())
    rows = pd.DataFrame(
        {
            "location": frame["location"],
            "name": frame["name"],
            "municipality": frame["municipality"],
            "inhabitants": frame["inhabitants"],
            "score": frame["lbm"],
            "score_class": classes.astype(int),
            "class_name": np.array(scheme.names)[classes.astype(int) - 1],
            "change_last": frame["y2020"] - frame["y2018"],
            "change_long": frame["y2020"] - frame["y2014"],
            "p_decline": made["chance"],
            "expected_change": made["expected"],
            "lower80": made["expected"] - 1.2816 * made["spread"],
            "upper80": made["expected"] + 1.2816 * made["spread"],
            "under_pressure": classes <= 4,
            "threatens": (made["chance"] >= 2 * average) & (frame["inhabitants"].fillna(0) >= 200),
            "too_small": frame["inhabitants"].fillna(0) < 200,
            "drivers_down": "stand en verloop van de score",
            "drivers_up": "sociale samenhang",
        }
    )
    order = np.lexsort((rows["location"], -rows["p_decline"], rows["too_small"]))
    rows = rows.iloc[order].reset_index(drop=True)
    rows.insert(0, "rank", np.arange(1, len(rows) + 1))
    limit = len(rows) if capacity is None else capacity
    rows["on_list"] = ~rows["too_small"] & (rows["rank"] <= limit)
    rows["audit"] = ~rows["on_list"] & ~rows["too_small"] & (rows["rank"] == limit + 3)
    return completed(rows).assign(order=order)


@cache
def _boundaries(file: Path):
    from riskmodel.sources.boundaries import read_boundaries

    return read_boundaries(file, level="wijk")


def _shapes(data: Path, frame: pd.DataFrame, times: int):
    from geopandas import GeoDataFrame

    shapes = _boundaries(data / "kwb" / "wijk_2022.geojson")
    if times == 1:
        return shapes[["location", "geometry"]]
    known = shapes.set_index("location")["geometry"]
    wijk = "WK" + frame["location"].str.slice(2, 8)
    found = wijk.isin(known.index)
    geometry = known.reindex(wijk[found]).to_numpy()
    return GeoDataFrame({"location": frame.loc[found, "location"].to_numpy()}, geometry=geometry, crs="EPSG:28992")


def _sheets(
    frame: pd.DataFrame, made: pd.DataFrame, rows: pd.DataFrame, nation: pd.Series
) -> tuple[AreaSheet, ...]:
    years = tuple(int(name[1:]) for name in frame.columns if name.startswith("y2"))
    columns = [f"y{year}" for year in years]
    lines = rows.to_dict("records")
    country = tuple(nation[columns])
    town = frame.groupby("municipality")[columns].transform("mean").to_numpy()
    scores = frame[columns].to_numpy()
    means = {dimension: float(nation[dimension]) for dimension in DIMENSIONS}
    spread = norm.ppf(LEVELS)
    records = zip(frame.to_dict("records"), made.to_dict("records"), lines, strict=True)
    return tuple(
        _sheet(area, part, row, place, years, scores[place], town[place], country, means, spread, lines)
        for place, (area, part, row) in enumerate(records)
    )


def _sheet(area, part, row, place, years, score, town, country, means, spread, rows) -> AreaSheet:
    expected = row["score"] + row["expected_change"]
    others = [rows[(place + step) % len(rows)] for step in (1, 2, 3)]
    return AreaSheet(
        location=row["location"],
        trend=Trend(years, tuple(map(float, score)), tuple(map(float, town)), country),
        fan=Fan(2022, expected, {q: expected + part["spread"] * z for q, z in zip(LEVELS, spread, strict=True)}),
        dimensions=tuple(
            DimensionRow(d, LABELS[d], area[d], means[d], area[d] - area[f"before_{d}"], 2020, 2018)
            for d in DIMENSIONS
        ),
        drivers=tuple(_driver(driver, part, place) for driver in DRIVERS),
        mechanisms=tuple(SAID[(place + step) % len(SAID)] for step in range(place % 4)),
        comparable=tuple(
            Comparable(o["location"], o["name"], o["municipality"], o["score"], o["chance"]) for o in others
        ),
        past=()
        if row["too_small"]
        else (
            Past(2016, 2018, 0.08, 410, 3290, -0.061, True),
            Past(2018, 2020, 0.03, 1810, 3290, float(row["change_last"]), bool(row["change_last"] < -0.05)),
        ),
        frequency=f"Van 100 vergelijkbare wijken gaan er ongeveer {100 * row['p_decline']:.0f} achteruit.",
        rank_low=max(1, row["rank"] - 3),
        rank_high=min(len(rows), row["rank"] + 5),
        abstain=bool(row["too_small"]),
    )


def _driver(driver, part, place) -> DriverRow:
    value = part[driver.id]
    return DriverRow(
        driver.id,
        driver.label,
        value,
        value - 0.001,
        value - 0.002,
        value + 0.002,
        abs(value) > 0.002,
        load("drivers")[driver.id]["definitional"],
        (
            _indicator(place, 0.7 * value),
            IndicatorRow(f"{driver.id}.b", f"tweede van {driver.label}", 0.3 * value, None),
        ),
    )
