"""Areas of the invented country, and their dimensions over the waves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

Array: TypeAlias = npt.NDArray[Any]
Rng: TypeAlias = np.random.Generator

WAVES = (2002, 2008, 2012, 2014, 2016, 2018, 2020)
DIMENSIONS = ("fys", "onv", "soc", "vrz", "won")

# Level of the dimensions in the first wave: means, spreads, and how they follow urbanity (amenities
# most, the rest against it) and a second factor that is better in small areas.
LEVEL_MEAN = np.array([-0.004, 0.023, 0.031, -0.079, 0.022])
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

_TOWN_START = ("Wolder", "Elzer", "Kwaker", "Linder", "Morgen", "Zilver", "Raven", "Tulper")
_TOWN_END = ("dam", "veen", "hoven", "burgh", "waarde")
_WIJK_START = ("Molen", "Kerk", "Haven", "Dijk", "Berken", "Sluis", "Tuin", "Brug", "Linden", "Akker")
_WIJK_END = ("kwartier", "hoek", "buurt", "park", "zicht", "wijk", "rand", "oord", "hof", "laan")


@dataclass(frozen=True)
class Country:
    """The areas and what does not change over the waves.

    Attributes
    ----------
    code, name : pandas.Series of str
        Code and name of each wijk.
    town : numpy.ndarray of int, shape (areas,)
        Its municipality, a row of :func:`municipalities`.
    size : numpy.ndarray, shape (areas,)
        How large it is among all, as a quantile of the standard normal distribution.
    population, density, urbanity, land : numpy.ndarray, shape (areas,)
        Inhabitants in fives, addresses a square kilometre, degree of urbanity (1 most to 5), hectares of land.
    level : numpy.ndarray, shape (areas, dimensions)
        Dimensions in the first wave.
    ages : numpy.ndarray, shape (areas, 5)
        How far the composition by age lies from the typical one, in standard deviations.
    """

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
    """Municipalities of the invented country, with code and name."""
    name = [f"{_TOWN_START[i % 8]}{_TOWN_END[(i // 8 + i) % 5]} (voorbeeld)" for i in range(40)]
    return pd.DataFrame({"code": [f"GM{9001 + i}" for i in range(40)], "name": name})


def draw_country(rng: Rng, n: int, lasting: Rng) -> Country:
    """Draw codes, names, sizes, densities and lasting levels of all areas."""
    edges = np.cumsum(np.linspace(0.85, 1.15, 40)) / 40
    town = np.minimum(np.searchsorted(edges, (np.arange(n) + 0.5) / n), 39)
    number = np.arange(n) - np.searchsorted(town, town)
    # Evenly spread quantiles keep the share of tiny areas the same in small examples.
    size = rng.permutation(ndtri((np.arange(n) + 0.5) / n))
    population = fives(np.exp(8.06 + 1.25 * size - np.where(size < 0, 0.5, 0.06) * size**2))
    urban = 0.55 * size + 0.6 * rng.standard_normal(40)[town] + 0.58 * rng.standard_normal(n)
    density = np.exp(6.38 + 1.35 * urban - 0.2 * urban**2)
    urbanity = 5 - np.searchsorted([500.0, 1000.0, 1500.0, 2500.0], density, side="right")
    land = np.maximum(np.rint(160 * (population + 30) / density), 4).astype(np.int64)
    factor = rng.standard_normal((n, 2)) * (0.66, 0.8) + np.stack([0.75 * urban, -0.6 * size], axis=1)
    own = np.sqrt(np.maximum(1 - np.sum(_LOADING**2, axis=1), 0)) * rng.standard_normal((n, 5))
    level = LEVEL_MEAN + _LEVEL_SD * (np.einsum("nf,df->nd", factor, _LOADING) + own)
    code = pd.Series([f"WK{9001 + t}{i:02d}" for t, i in zip(town, number, strict=True)], dtype="str")
    name = pd.Series([_wijk_name(t, i) for t, i in zip(town, number, strict=True)], dtype="str")
    # The composition by age hardly changes in six years; both tables are drawn around it.
    ages = lasting.standard_normal((n, 5))
    return Country(code, name, town, size, population, density, urbanity, land, level, ages)


def _wijk_name(town: int, number: int) -> str:
    """Compose a name that is unique within its municipality; some hold commas, as real ones do."""
    parts = [(7 * number + 13 * town + step) % 100 for step in (0, 31, 67)]
    names = [f"{_WIJK_START[i % 10]}{_WIJK_END[i // 10]}" for i in parts]
    return f"{names[0]}, {names[1]} en {names[2]}" if number % 25 == 24 else names[0]


def trajectories(rng: Rng, country: Country) -> Array:
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
    centre = LEVEL_MEAN.sum()
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


def fives(value: Array) -> Array:
    """Round to multiples of five, as Statistics Netherlands does with counts of people."""
    return np.asarray(5 * np.rint(value / 5), dtype=np.int64)
