"""An invented country in the published file formats, for trying, teaching and testing.

No real municipality and no figure of a real area is in it; names of wijken are put together from everyday
words. What it does copy is the statistical behaviour of the real wijk panel, so that a method which only
works on easy data does not look good here either: noise that grows as areas get smaller, rises that are
partly undone at the next wave, heavy tails, and a small part of decline that history really tells.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from riskmodel.errors import InputError
from riskmodel.example_map import write_map

__all__ = ["ExampleFiles", "municipalities", "write_example"]

Array: TypeAlias = npt.NDArray[Any]
Rng: TypeAlias = np.random.Generator

WAVES = (2002, 2008, 2012, 2014, 2016, 2018, 2020)
WAVES_WITH_DIMENSIONS = (2014, 2018, 2020)
DIMENSIONS = ("fys", "onv", "soc", "vrz", "won")
BASE = 4.102264851143685
MISSING = -99999999
# Two digits of a wijk code count the wijken of a municipality; the largest one has 1.15 times the mean.
MAX_AREAS = 3400

# Level of the dimensions in the first wave: means, spreads, and how they follow urbanity (amenities
# most, the rest against it) and a second factor that is better in small areas.
_LEVEL_MEAN = np.array([-0.004, 0.023, 0.031, -0.079, 0.022])
_LEVEL_SD = np.array([0.051, 0.072, 0.057, 0.134, 0.051])
_LOADING = np.array([[-0.27, 0.10], [-0.70, 0.55], [-0.75, 0.52], [1.00, 0.00], [-0.59, 0.60]])
# Nuisance carries most of the change, as in the real panel; the squares add up to one.
_CHANGE_SHARE = np.array([0.40, 0.64, 0.35, 0.38, 0.40]) / np.sqrt(0.9965)
_NATIONAL = np.array([0.005, 0.014, 0.012, 0.014, 0.006, 0.006])
# Large areas did better than small ones, in some periods only: no ordering stays the best one.
_SIZE_DRIFT = np.array([0.004, 0.001, 0.003, 0.002, 0.000, 0.009])
# Measurement noise differs a lot between waves, which is why a rise reverses strongly at one origin and
# hardly at the next: the sd of what stays (per step) and of what does not (per wave).
_LASTING_SD = np.array([0.036, 0.030, 0.033, 0.010, 0.021, 0.0265])
_NOISE_SD = np.array([0.017, 0.017, 0.013, 0.0235, 0.0258, 0.0150, 0.017])
_TAIL_DF, _REVERSION = 5.0, 0.05
_TOWN_TREND_SD, _NUISANCE_TREND_SD, _TREND_MEMORY = 0.004, 0.009, 0.85

_PROVINCES = ("Noordervoorbeeld", "Oostervoorbeeld", "Zuidervoorbeeld", "Westervoorbeeld")
_TOWN_START = ("Wolder", "Elzer", "Kwaker", "Linder", "Morgen", "Zilver", "Raven", "Tulper")
_TOWN_END = ("dam", "veen", "hoven", "burgh", "waarde")
_WIJK_START = ("Molen", "Kerk", "Haven", "Dijk", "Berken", "Sluis", "Tuin", "Brug", "Linden", "Akker")
_WIJK_END = ("kwartier", "hoek", "buurt", "park", "zicht", "wijk", "rand", "oord", "hof", "laan")
_URBANITY = [f"{degree} urbanised" for degree in ("extremely", "strongly", "moderately", "hardly", "not")]


@dataclass(frozen=True)
class ExampleFiles:
    """Where the files of an invented country stand.

    Attributes
    ----------
    leefbaarometer : Path
        Scores per wijk, 2002-2020, in the format of the Leefbaarometer 3.0 open data.
    kwb : tuple of Path
        Kerncijfers wijken en buurten of 2016 and of 2022, in this order.
    boundaries : Path
        Polygons of the areas.
    """

    leefbaarometer: Path
    kwb: tuple[Path, Path]
    boundaries: Path


@dataclass(frozen=True)
class _Country:
    code: pd.Series[str]
    name: pd.Series[str]
    town: Array
    size: Array
    population: Array
    density: Array
    urbanity: Array
    land: Array
    level: Array
    ages: Array


def municipalities() -> pd.DataFrame:
    """Tell which municipalities the invented country has.

    Returns
    -------
    pandas.DataFrame
        40 rows with ``code`` (GM9001 to GM9040, numbers no real municipality has) and ``name``
        (ending in " (voorbeeld)").
    """
    name = [f"{_TOWN_START[i % 8]}{_TOWN_END[(i // 8 + i) % 5]} (voorbeeld)" for i in range(40)]
    return pd.DataFrame({"code": [f"GM{9001 + i}" for i in range(40)], "name": name})


def write_example(folder: Path, *, n_areas: int = 1200, seed: int = 1) -> ExampleFiles:
    """Write an invented country as four files in the formats the publishers use.

    Parameters
    ----------
    folder : Path
        Made where it does not exist; files of an earlier example in it are replaced.
    n_areas : int
        Number of wijken, 1 to 3,400.
    seed : int
        The same seed gives the same files, byte for byte.

    Returns
    -------
    ExampleFiles
        Where the files stand.

    Raises
    ------
    InputError
        If ``n_areas`` is out of range.
    """
    if not 1 <= n_areas <= MAX_AREAS:
        raise InputError("n_areas", str(n_areas), f"1 to {MAX_AREAS}")
    rng = np.random.default_rng(seed)
    country = _country(rng, n_areas, np.random.default_rng([seed, 1]))
    scores = _trajectories(rng, country)
    folder.mkdir(parents=True, exist_ok=True)
    files = ExampleFiles(
        leefbaarometer=folder / "Voorbeeld Leefbaarometer-scores wijken 2002-2020.csv",
        kwb=(folder / "voorbeeld_wijk_2016.csv", folder / "voorbeeld_wijk_2022.csv"),
        boundaries=folder / "voorbeeld_wijk_2022.geojson",
    )
    plain: dict[str, Any] = {"index": False, "lineterminator": "\n"}
    _leefbaarometer(rng, country, scores).to_csv(files.leefbaarometer, **plain, na_rep="NA")
    _kwb_2016(rng, country).to_csv(files.kwb[0], **plain)
    text = _kwb_2022(rng, country).to_csv(None, **plain, na_rep="NA", quoting=csv.QUOTE_NONNUMERIC)
    # The publisher quotes text but not NA; the standard library cannot tell these apart.
    files.kwb[1].write_text(text.replace('"NA"', "NA"), encoding="utf-8", newline="\n")
    land = country.land.astype(np.float64)
    write_map(files.boundaries, list(country.code), list(country.name), land, np.random.default_rng([seed, 2]))
    return files


def _country(rng: Rng, n: int, lasting: Rng) -> _Country:
    """Draw codes, names, sizes, densities and lasting levels of all areas."""
    edges = np.cumsum(np.linspace(0.85, 1.15, 40)) / 40
    town = np.minimum(np.searchsorted(edges, (np.arange(n) + 0.5) / n), 39)
    number = np.arange(n) - np.searchsorted(town, town)
    # Evenly spread quantiles keep the share of tiny areas the same in small examples.
    size = rng.permutation(ndtri((np.arange(n) + 0.5) / n))
    population = _fives(np.exp(8.06 + 1.25 * size - np.where(size < 0, 0.5, 0.06) * size**2))
    urban = 0.55 * size + 0.6 * rng.standard_normal(40)[town] + 0.58 * rng.standard_normal(n)
    density = np.exp(6.38 + 1.35 * urban - 0.2 * urban**2)
    urbanity = 5 - np.searchsorted([500.0, 1000.0, 1500.0, 2500.0], density, side="right")
    land = np.maximum(np.rint(160 * (population + 30) / density), 4).astype(np.int64)
    factor = rng.standard_normal((n, 2)) * (0.66, 0.8) + np.stack([0.75 * urban, -0.6 * size], axis=1)
    own = np.sqrt(np.maximum(1 - np.sum(_LOADING**2, axis=1), 0)) * rng.standard_normal((n, 5))
    level = _LEVEL_MEAN + _LEVEL_SD * (np.einsum("nf,df->nd", factor, _LOADING) + own)
    code = pd.Series([f"WK{9001 + t}{i:02d}" for t, i in zip(town, number, strict=True)], dtype="str")
    name = pd.Series([_wijk_name(t, i) for t, i in zip(town, number, strict=True)], dtype="str")
    # The composition by age hardly changes in six years; both tables are drawn around it.
    ages = lasting.standard_normal((n, 5))
    return _Country(code, name, town, size, population, density, urbanity, land, level, ages)


def _wijk_name(town: int, number: int) -> str:
    """Compose a name that is unique within its municipality; some hold commas, as real ones do."""
    parts = [(7 * number + 13 * town + step) % 100 for step in (0, 31, 67)]
    names = [f"{_WIJK_START[i % 10]}{_WIJK_END[i // 10]}" for i in parts]
    return f"{names[0]}, {names[1]} en {names[2]}" if number % 25 == 24 else names[0]


def _trajectories(rng: Rng, country: _Country) -> Array:
    """Draw the measured dimensions, areas x waves x dimensions."""
    n, steps = len(country.town), len(WAVES) - 1
    scale = np.sqrt(0.023**2 + 0.6**2 / np.maximum(country.population, 40))
    scale = scale[:, None, None] / np.sqrt(np.mean(scale**2))
    lasting = scale * _LASTING_SD[:, None] * _CHANGE_SHARE * _heavy_tailed(rng, n, steps)
    noise = scale * _NOISE_SD[:, None] * _CHANGE_SHARE * _heavy_tailed(rng, n, steps + 1)

    town = _slow(rng, 40, steps)[country.town] * _TOWN_TREND_SD
    lasting += town[:, :, None] * _CHANGE_SHARE**2
    lasting[:, :, DIMENSIONS.index("onv")] += _slow(rng, n, steps) * _NUISANCE_TREND_SD

    # Pull and push act on the total and reach every dimension by its share in change.
    path = [country.level]
    centre = _LEVEL_MEAN.sum()
    for step in range(steps):
        pull = _REVERSION * (centre - path[-1].sum(axis=1))
        push = _NATIONAL[step] + _SIZE_DRIFT[step] * country.size
        path.append(path[-1] + (pull + push)[:, None] * _CHANGE_SHARE**2 + lasting[:, step])
        centre += _NATIONAL[step]
    return np.asarray(np.stack(path, axis=1) + noise)


def _heavy_tailed(rng: Rng, n: int, steps: int) -> Array:
    """Draw unit-variance Student-t values whose tails strike all dimensions of an area together."""
    mix = np.sqrt((_TAIL_DF - 2) / rng.chisquare(_TAIL_DF, (n, steps, 1)))
    return np.asarray(mix * rng.standard_normal((n, steps, 5)))


def _slow(rng: Rng, n: int, steps: int) -> Array:
    """Draw trends that keep most of their direction from step to step."""
    trend = rng.standard_normal((n, steps))
    for step in range(1, steps):
        fresh = np.sqrt(1 - _TREND_MEMORY**2) * trend[:, step]
        trend[:, step] = _TREND_MEMORY * trend[:, step - 1] + fresh
    return trend


def _leefbaarometer(rng: Rng, country: _Country, scores: Array) -> pd.DataFrame:
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


def _fives(value: Array) -> Array:
    """Round to multiples of five, as Statistics Netherlands does with counts of people."""
    return np.asarray(5 * np.rint(value / 5), dtype=np.int64)


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


def _kwb_2016(rng: Rng, country: _Country) -> pd.DataFrame:
    n = len(country.town)
    people = _fives(country.population * np.exp(-0.04 + 0.05 * rng.standard_normal(n)))
    men = np.minimum(_fives(people * (0.495 + 0.01 * rng.standard_normal(n))), people)
    ages = {"P_00_14_JR": 16, "P_15_24_JR": 12, "P_25_44_JR": 22, "P_45_64_JR": 30, "P_65_EO_JR": 20}
    marital = {"P_ONGEHUWD": 44, "P_GEHUWD": 43, "P_GESCHEID": 7, "P_VERWEDUW": 6}
    kinds = _percentages(rng, {"P_EENP_HH": 30, "P_HH_Z_K": 32, "P_HH_M_K": 38}, people < 0, MISSING)
    per_household = (1 + 0.012 * kinds["P_HH_Z_K"] + 0.026 * kinds["P_HH_M_K"]).astype(float).round(1)
    households = _fives(people / per_household.to_numpy())
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


def _kwb_2022(rng: Rng, country: _Country) -> pd.DataFrame:
    n, people = len(country.town), country.population
    good = (country.level.sum(axis=1) - _LEVEL_MEAN.sum()) / 0.133
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
    who |= {"province": np.array(_PROVINCES)[country.town // 10], "area": country.land / 100}
    who |= {"urbanity": np.array(_URBANITY)[country.urbanity - 1], "population": people}
    blocks = [pd.DataFrame(who), _percentages(rng, ages, people <= 0, np.nan, country.ages)]
    blocks.append(pd.DataFrame({"dwelling_total": homes}))
    for name, (value, digits, hidden) in measured.items():
        figure = pd.DataFrame({name: np.round(value, digits)})
        blocks.append(_hide(figure if digits else figure.astype(np.int64), hidden, np.nan))
    return pd.concat(blocks, axis=1)
