"""Exact Shapley values of a chance over groups of drivers: from the chance of the country to that of an area.

A chance follows from additive scores: the expected change, the logarithm of its spread, and the limit below which
the event happens. Each is a sum over groups of drivers. The value of a coalition of groups is the mean chance over
some background areas, where the groups in it have the contributions of the area itself and the others those of the
background area. All coalitions are evaluated, so the values are exact for this game. Their sum is the chance of
the area minus the mean chance of the country.

References: Shapley (1953), "A value for n-person games"; Strumbelj and Kononenko (2014), "Explaining prediction
models and individual predictions with feature contributions", Knowledge and Information Systems 41(3).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache
from math import factorial

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import stdtr

from riskmodel.errors import InputError
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.models.structural import Structural
from riskmodel.panel.panel import FloatArray

#: Groups that no feature names: the limit of an area, and how much its score swings.
BORDER, UNREST, SIZE, OTHER = "border", "unrest", "size", "other"
#: Groups at most: every one more doubles the coalitions. The smallest are taken together.
MOST_GROUPS = 12
#: Background areas, and the seed that draws them.
BACKGROUND, SEED = 50, 1
#: Chances that a thread evaluates at once, and threads at most. The system hands out larger arrays anew for every
#: sum, which takes as long as the sums.
BLOCK, THREADS = 15_000, 2
#: Range and steps of the table of the Student-t distribution.
REACH, STEPS = 100.0, 100_000

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True)
class SpreadParts:
    """The logarithm of the scale of a Student-t distribution as a sum, and its degrees of freedom.

    Attributes
    ----------
    base : float
        What all areas share.
    parts : pandas.DataFrame
        One column a group, an area a row.
    freedom : float
        Degrees of freedom.
    """

    base: float
    parts: pd.DataFrame
    freedom: float


@dataclass(frozen=True)
class AdditiveScores:
    """Scores behind a chance, each a sum over the same groups.

    Attributes
    ----------
    groups : tuple of str
        Names of the groups.
    scores : tuple of numpy.ndarray, shape (areas, groups)
        Contributions to each score; what belongs to no group is part of ``chance``.
    chance : callable
        Chance from the sums of all scores, arrays of any one shape.
    """

    groups: tuple[str, ...]
    scores: tuple[FloatArray, ...]
    chance: Callable[..., FloatArray]

    @property
    def own(self) -> FloatArray:
        """Chance of every area, shape (areas,)."""
        return self.chance(*(score.sum(axis=1) for score in self.scores))


@dataclass(frozen=True)
class Background:
    """Areas that represent the country, and their weights.

    Attributes
    ----------
    rows : numpy.ndarray of int, shape (count,)
        Rows of the scores.
    weights : numpy.ndarray, shape (count,)
        At least 0, a total of 1; the weighted mean of their chances is that of the country.
    """

    rows: IntArray
    weights: FloatArray


def spread_parts(model: object, features: Features) -> SpreadParts | None:
    """Parts of the spread of a model; None for a model whose spread is no such sum."""
    structural = model.structural if isinstance(model, LightGBM) else model
    if not isinstance(structural, Structural):
        return None
    size, unrest = structural.log_scale_parts(features)
    parts = pd.DataFrame({SIZE: size, UNREST: unrest})
    return SpreadParts(float(structural.fitted.scale[0]), parts, structural.fitted.freedom)


def additive_scores(
    location: pd.DataFrame, spread: SpreadParts, limits: FloatArray, *, upward: bool = False
) -> AdditiveScores:
    """Scores behind the chance that a change stays below a limit.

    Parameters
    ----------
    location : pandas.DataFrame
        Contributions to the expected change: ``base`` and one column a driver, an area a row.
    spread : SpreadParts
        Of the same areas.
    limits : numpy.ndarray, shape (areas,)
        Change below which the event happens; NaN where it cannot.
    upward : bool
        Whether the event is a change at or above the limit instead.
    """
    base = location["base"].iloc[0] if len(location) else 0.0
    drivers = location.drop(columns=["base", *location.columns.intersection(["location"])])
    # The limit less the expected change, in spreads: what counts is the distance between the two.
    gap = _without_nothing((-drivers).assign(**{BORDER: limits - drivers.get(BORDER, 0.0)}))
    log_scale = _without_nothing(spread.parts.reset_index(drop=True))
    groups = list(dict.fromkeys([*gap.columns, *log_scale.columns]))
    both = [table.reindex(columns=groups, fill_value=0.0) for table in (gap.reset_index(drop=True), log_scale)]
    both = _merged(both, groups)
    table = _student_table(spread.freedom)

    def chance(gap: FloatArray, log_scale: FloatArray) -> FloatArray:
        below = table((gap - base) * np.exp(-spread.base - log_scale))
        return 1.0 - below if upward else below

    scores = tuple(each.to_numpy(dtype=float) for each in both)
    return AdditiveScores(tuple(map(str, both[0].columns)), scores, chance)


def background_of(scores: AdditiveScores, counted: npt.NDArray[np.bool_], seed: int = SEED) -> Background:
    """Areas that represent those that count, drawn evenly from the lowest chance to the highest.

    Weights are those nearest to equal ones for which the mean chance of the drawn areas is that of all.

    Parameters
    ----------
    scores : AdditiveScores
        Of all areas.
    counted : numpy.ndarray of bool, shape (areas,)
        Areas of which the mean is taken; those without a chance are left out.
    seed : int
        Draws the areas.

    Raises
    ------
    InputError
        If none of the areas that count has a chance.
    """
    own = scores.own
    rows = np.flatnonzero(counted & ~np.isnan(own))
    if not len(rows):
        raise InputError(
            "the chance of the country", "no area with a chance", "an area to which the question applies"
        )
    rows = rows[np.argsort(own[rows], kind="stable")]
    mean, drawn = float(own[rows].mean()), rows
    if len(rows) > BACKGROUND:
        rng = np.random.default_rng(seed)
        drawn = np.array([rng.choice(part) for part in np.array_split(rows, BACKGROUND)])
        if not own[drawn[0]] < mean < own[drawn[-1]]:
            # A few areas unlike all others can lift the mean over every area that was drawn.
            drawn[[0, -1]] = rows[[0, -1]]
    return Background(drawn, _tilted(own[drawn], mean))


def shapley(scores: AdditiveScores, background: Background, rows: IntArray) -> FloatArray:
    """Shapley value of every group for the chance of some areas, shape (rows, groups).

    The values of an area add up to its chance minus the weighted mean chance of the background; they are NaN where
    an area has no chance.

    Parameters
    ----------
    scores : AdditiveScores
        Of all areas.
    background : Background
        What an area is compared with.
    rows : numpy.ndarray of int
        Areas to explain.
    """
    weights = _game(len(scores.groups))
    # A coalition takes from the background what its complement, which is as far from the end, takes from an area.
    theirs = [_coalition_sums(score[background.rows])[:, ::-1] for score in scores.scores]
    count, width = theirs[0].shape
    step = min(width, max(1, BLOCK // count))
    at_once = max(1, BLOCK // (count * step))
    blocks = [rows[start : start + at_once] for start in range(0, len(rows), at_once)]

    def explain(block: IntArray) -> FloatArray:
        own = [_coalition_sums(score[block]) for score in scores.scores]
        values = np.zeros((len(block), len(scores.groups)))
        for start in range(0, width, step):
            part = slice(start, start + step)
            sums = (mine[:, None, part] + other[:, part] for mine, other in zip(own, theirs, strict=True))
            values += np.einsum("b,abs->as", background.weights, scores.chance(*sums)) @ weights[part]
        return values

    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
        found = list(pool.map(explain, blocks))
    return np.concatenate(found) if found else np.empty((0, len(scores.groups)))


def _coalition_sums(score: FloatArray) -> FloatArray:
    """Sum over the groups of every coalition, shape (areas, coalitions); its number has a bit for every group."""
    sums = np.zeros((len(score), 1))
    for group in score.T:
        sums = np.concatenate([sums, sums + group[:, None]], axis=1)
    return sums


def _without_nothing(table: pd.DataFrame) -> pd.DataFrame:
    """Columns that differ from zero anywhere; an unknown value counts as different."""
    return table.loc[:, (table != 0).any(axis="index")]


def _merged(tables: list[pd.DataFrame], groups: list[str]) -> list[pd.DataFrame]:
    """The same tables with the smallest groups taken together, where there are too many."""
    if len(groups) <= MOST_GROUPS:
        return tables
    size = sum((table.abs().mean() for table in tables), start=pd.Series(0.0, index=groups))
    size = size.drop([BORDER, UNREST, SIZE, OTHER], errors="ignore")
    alone = len(groups) - (OTHER in groups)
    small = [*size.nsmallest(alone - MOST_GROUPS + 1).index, *({OTHER} & set(groups))]
    return [table.drop(columns=small).assign(**{OTHER: table[small].sum(axis="columns")}) for table in tables]


@lru_cache(maxsize=8)
def _student_table(freedom: float) -> Callable[[FloatArray], FloatArray]:
    """Student-t distribution function from a table, ten times as fast as scipy's and within 1e-10 of it."""
    grid = np.linspace(-REACH, REACH, STEPS + 1)
    at, middle = stdtr(freedom, grid), stdtr(freedom, (grid[1:] + grid[:-1]) / 2)
    rise = np.append(np.diff(at), 0.0)
    # Quadratic within a step: through its ends and its middle.
    bend = np.append(2 * (at[1:] + at[:-1] - 2 * middle), 0.0)
    scale = STEPS / (2 * REACH)

    def cdf(points: FloatArray) -> FloatArray:
        where = np.clip((points + REACH) * scale, 0.0, STEPS)
        left = np.fmax(where, 0.0).astype(np.intp)  # an unknown point has no step, and stays unknown by its share
        share = where - left
        found: FloatArray = at[left] + share * (rise[left] + (share - 1.0) * bend[left])
        far = np.abs(points) > REACH
        if far.any():
            found[far] = stdtr(freedom, points[far])
        return found

    return cdf


@cache
def _game(groups: int) -> FloatArray:
    """Weight of the value of every coalition for every group, shape (coalitions, groups)."""
    inside = ((np.arange(2**groups)[:, None] >> np.arange(groups)) & 1).astype(bool)
    size = inside.sum(axis=1)
    orders = [factorial(k) * factorial(groups - k - 1) / factorial(groups) for k in range(groups)]
    joined, left = np.array([0.0, *orders])[size], np.array([*orders, 0.0])[size]
    weights: FloatArray = np.where(inside, joined[:, None], -left[:, None])
    return weights


def _tilted(values: FloatArray, mean: float) -> FloatArray:
    """Weights with a given weighted mean of some values, by exponential tilting of equal weights."""
    apart = values - mean
    spread = np.abs(apart).max(initial=0.0)
    if spread == 0 or not apart.min() < 0 < apart.max():
        return np.full(len(values), 1 / len(values))
    scaled = apart / spread

    def tilt(theta: float) -> FloatArray:
        tilted: FloatArray = np.exp(theta * scaled - np.max(theta * scaled))
        tilted /= tilted.sum()
        return tilted

    def apart_at(theta: float) -> float:
        return float(tilt(theta) @ scaled)

    reach = 1.0
    while not apart_at(-reach) < 0 < apart_at(reach):
        reach *= 2
    return tilt(float(brentq(apart_at, -reach, reach, xtol=1e-14, rtol=1e-14)))
