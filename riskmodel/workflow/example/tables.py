"""The invented country in tables as publishers have them: scores, and key figures of two years."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from riskmodel.workflow.example.country import (
    DIMENSIONS,
    LEVEL_MEAN,
    WAVES,
    Array,
    Country,
    Rng,
    fives,
    municipalities,
)

WAVES_WITH_DIMENSIONS = (2014, 2018, 2020)
BASE = 4.102264851143685
MISSING = -99999999

PROVINCES = ("Noordervoorbeeld", "Oostervoorbeeld", "Zuidervoorbeeld", "Westervoorbeeld")
URBANITY = [f"{degree} urbanised" for degree in ("extremely", "strongly", "moderately", "hardly", "not")]


def leefbaarometer(rng: Rng, country: Country, scores: Array) -> pd.DataFrame:
    """Scores of every wave, as the open data of Leefbaarometer 3.0 have them."""
    n, waves = scores.shape[:2]
    year = np.tile(WAVES, n)
    afw = scores.sum(axis=2).ravel()
    who = {"wk_code": country.code.repeat(waves).to_numpy(), "wk_naam": country.name.repeat(waves).to_numpy()}
    frame = pd.DataFrame({**who, "jaar": year, "lbm": BASE + afw, "afw": afw})
    shown = np.isin(year, WAVES_WITH_DIMENSIONS)[:, None]
    frame[list(DIMENSIONS)] = np.where(shown, scores.reshape(-1, 5), np.nan)
    # New-built areas enter the real panel late, without rows for earlier waves.
    first = np.where(rng.random(n) < 0.004, rng.integers(2012, 2018, n), WAVES[0])
    return frame[year >= np.repeat(first, waves)].reset_index(drop=True)


def _percentages(
    rng: Rng, typical: dict[str, int], hidden: Array, missing: Any, lasting: Array | None = None
) -> pd.DataFrame:
    """Draw whole percentages around a typical composition; they sum to 100 but for rounding."""
    drawn = rng.standard_normal((len(hidden), len(typical)))
    if lasting is not None:
        drawn = 0.95 * lasting + np.sqrt(1 - 0.95**2) * drawn
    spread = np.exp(0.18 * drawn)
    weight = spread * np.array(list(typical.values()))
    share = np.rint(100 * weight / weight.sum(axis=1, keepdims=True)).astype(np.int64)
    return _hide(pd.DataFrame(share, columns=list(typical)), hidden, missing)


def _hide(frame: pd.DataFrame, hidden: Array, missing: Any) -> pd.DataFrame:
    """Withhold the figures of too small areas; whole numbers stay whole in the file."""
    return frame.astype(object).mask(np.broadcast_to(hidden[:, None], frame.shape), missing)


def kwb_2016(rng: Rng, country: Country) -> pd.DataFrame:
    """Key figures of 2016, as Statistics Netherlands publishes them."""
    n = len(country.town)
    people = fives(country.population * np.exp(-0.04 + 0.05 * rng.standard_normal(n)))
    men = np.minimum(fives(people * (0.495 + 0.01 * rng.standard_normal(n))), people)
    ages = {"P_00_14_JR": 16, "P_15_24_JR": 12, "P_25_44_JR": 22, "P_45_64_JR": 30, "P_65_EO_JR": 20}
    marital = {"P_ONGEHUWD": 44, "P_GEHUWD": 43, "P_GESCHEID": 7, "P_VERWEDUW": 6}
    kinds = _percentages(rng, {"P_EENP_HH": 30, "P_HH_Z_K": 32, "P_HH_M_K": 38}, people < 0, MISSING)
    per_household = (1 + 0.012 * kinds["P_HH_Z_K"] + 0.026 * kinds["P_HH_M_K"]).astype(float).round(1)
    households = fives(people / per_household.to_numpy())
    water = np.rint(country.land * 0.06 * rng.random(n)).astype(np.int64)
    town = municipalities().iloc[country.town].reset_index(drop=True)
    name = "Wijk " + country.code.str[-2:] + " " + country.name
    who: dict[str, Any] = {"WK_CODE": country.code, "WK_NAAM": name}
    who |= {"GM_CODE": town["code"], "GM_NAAM": town["name"]}
    who |= {"IND_WBI": rng.choice([1, 2, 3], n, p=[0.87, 0.03, 0.10]), "WATER": "NEE"}
    who |= {"OAD": np.rint(country.density).astype(np.int64), "STED": country.urbanity}
    who |= {"AANT_INW": people, "AANT_MAN": men, "AANT_VROUW": people - men}
    density = pd.DataFrame({"BEV_DICHTH": np.rint(100 * people / country.land).astype(np.int64)})
    # An invented country has no reason to invent people's origin: the columns are there and stay empty.
    origin = ["P_WEST_AL", "P_N_W_AL", "P_MAROKKO", "P_ANT_ARU", "P_SURINAM", "P_TURKIJE", "P_OVER_NW"]
    blocks = [
        pd.DataFrame(who),
        _percentages(rng, ages, people < 50, MISSING, country.ages),
        _percentages(rng, marital, people < 50, MISSING),
        _hide(density, people <= 5, MISSING),
        pd.DataFrame({"AANTAL_HH": households}),
        _hide(kinds, households <= 5, MISSING),
        _hide(per_household.to_frame("GEM_HH_GR"), households <= 0, MISSING),
        pd.DataFrame(MISSING, index=range(n), columns=origin),
        pd.DataFrame({"OPP_TOT": country.land + water, "OPP_LAND": country.land, "OPP_WATER": water}),
    ]
    # About one in a hundred areas did not exist yet on the boundaries of 2016.
    return pd.concat(blocks, axis=1)[rng.random(n) >= 0.01]


def kwb_2022(rng: Rng, country: Country) -> pd.DataFrame:
    """Key figures of 2022, in the newer form with English names."""
    n, people = len(country.town), country.population
    good = (country.level.sum(axis=1) - LEVEL_MEAN.sum()) / 0.133
    dense = np.log(country.density / 588) / 1.45
    noise = rng.standard_normal((6, n))
    homes = np.rint(people / 2.2 * np.exp(0.08 * noise[0])).astype(np.int64)
    low_income = np.clip(39.3 - 2.2 * good + 4.5 * noise[1], 15, 80)
    ages = {"pop_0_14": 15, "pop_15_24": 12, "pop_25_44": 22, "pop_45_64": 30, "pop_65plus": 21}
    measured = {
        "dwelling_value": (320 * np.exp(0.2 * good + 0.22 * noise[2]), 0, homes < 20),
        "dwelling_ownership": (np.clip(68 + 8 * good - 8 * dense + 11 * noise[3], 1, 100), 0, people < 45),
        "employment_rate": (np.clip(66 + 1.8 * good + 4.8 * noise[4], 25, 90), 0, people < 165),
        "income_low": (low_income, 1, people < 110),
        "income_high": (np.clip(46 - 0.65 * low_income + 4 * good, 0.8, 60), 1, people < 110),
        "edu_appl_sci": (np.clip(30 + 5 * good + 4 * dense + 9 * noise[5], 0, 90), 0, people < 80),
    }
    who: dict[str, Any] = {"code": country.code, "name": country.name}
    who |= {"province": np.array(PROVINCES)[country.town // 10], "area": country.land / 100}
    who |= {"urbanity": np.array(URBANITY)[country.urbanity - 1], "population": people}
    blocks = [pd.DataFrame(who), _percentages(rng, ages, people <= 0, np.nan, country.ages)]
    blocks.append(pd.DataFrame({"dwelling_total": homes}))
    for name, (value, digits, hidden) in measured.items():
        figure = pd.DataFrame({name: np.round(value, digits)})
        blocks.append(_hide(figure if digits else figure.astype(np.int64), hidden, np.nan))
    return pd.concat(blocks, axis=1)
