"""Checks on single features: identifiers, leaks, concentration of importance, and drift since the training."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from riskmodel.forecasting.checks.base import Context, Verdict, listed, not_applicable, passed_if
from riskmodel.forecasting.stage import Stage
from riskmodel.panel.panel import FloatArray

# fmt: off
#: Words in a feature's name that say that it names an area in place of describing it.
NAMES_AN_AREA = frozenset((
    "id", "ids", "identifier", "code", "codes", "codering", "name", "names", "naam", "location", "gm", "wk", "bu",
    "gmcode", "wkcode", "bucode", "pc4", "pc6", "postcode", "postcodes", "zipcode",
))
# fmt: on
#: Rank correlation with the order of the codes from which a feature is that order: rounding and a few missing
#: values may disturb it, no measured quantity of Dutch areas comes near (codes are alphabetical by municipality).
SAME_ORDER = 0.999
#: Fewest areas of which it can be said that all their values differ.
FEWEST_AREAS = 20
#: Fewest events and non-events behind an AUC. With 20 events the standard error of a worthless feature's AUC is
#: about .065 (Hanley and McNeil 1982), so that .9 lies six of them away from .5.
FEWEST_EVENTS = 20
#: AUC for a fall from which a single feature is taken for a leak (domain facts, section 3).
GOLDEN = 0.9
#: More than half of all contributions: one feature says more than all others together.
MOST_OF_ALL = 0.5
#: Population stability index from which a shift is called large in credit scoring (Siddiqi 2006, "Credit Risk
#: Scorecards", ch. 10).
LARGE_SHIFT = 0.25
#: Difference in the share of missing values that changes what a feature means.
MISSING_SHIFT = 0.25
PSI_BINS = 10
#: Smallest share of a bin, so that an empty one does not make the index infinite.
EMPTY_BIN = 1e-3


def identifier_feature(context: Context) -> Verdict:
    """A feature says which area this is, so that trees can learn areas by heart.

    Look at names, at the order of the values, and for whole numbers of which no two are equal.
    """
    if not context.stages:
        return not_applicable("no features at hand")
    stage = context.stages[-1]
    names = stage.features.names
    reasons = {name: "is named so" for name in names if _words(name) & NAMES_AN_AREA}
    for order, what in _code_orders(stage):
        same = _rank_correlations(stage.features.values, order) >= SAME_ORDER
        reasons |= {name: f"has the order of the {what}" for name, hit in zip(names, same, strict=True) if hit}
    for name, values in zip(names, stage.features.values.T, strict=True):
        if _numbers_the_areas(values):
            reasons[name] = "is a whole number that no two areas share"
    summary = listed([f"{name} {reason}" for name, reason in reasons.items()])
    clean = f"none of {len(names)} features tells which area it is about"
    return passed_if(not reasons, summary or clean, {"identifiers": float(len(reasons))})


def _words(name: str) -> set[str]:
    return set(re.split(r"[^a-z0-9]+", name.casefold()))


def _code_orders(stage: Stage) -> list[tuple[npt.NDArray[np.intp], str]]:
    """Order of the areas by code, and of their municipalities where codes carry one."""
    orders = [(np.unique(stage.areas, return_inverse=True)[1], "area codes")]
    towns = np.unique([area[:6] for area in stage.areas], return_inverse=True)[1]
    if FEWEST_AREAS <= towns.max() + 1 < len(towns):
        orders.append((towns, "municipality codes"))
    return orders


def _rank_correlations(values: FloatArray, order: npt.NDArray[np.intp]) -> FloatArray:
    """Absolute Spearman correlation of every column with an order; 0 where there is nothing to say."""
    found = np.zeros(values.shape[1])
    for column, each in enumerate(values.T):
        known = ~np.isnan(each)
        if known.sum() >= FEWEST_AREAS and np.ptp(each[known]) > 0 and np.ptp(order[known]) > 0:
            found[column] = abs(np.corrcoef(stats.rankdata(each[known]), stats.rankdata(order[known]))[0, 1])
    return found


def _numbers_the_areas(values: FloatArray) -> bool:
    known = values[~np.isnan(values)]
    return (
        len(known) >= FEWEST_AREAS
        and bool((known == np.round(known)).all())
        and len(np.unique(known)) == len(known)
    )


def golden_feature(context: Context) -> Verdict:
    """One feature alone tells nearly all falls apart: it most likely contains them.

    The event asked of is always a fall of the score, also where the question is about classes: whether an area
    drops below a class border is nearly given by its distance to that border, without any leak.

    AUC of every feature, and of its being missing, for a fall, in the examples of every start wave.
    """
    best: dict[str, float] = {}
    for stage in context.stages:
        training = stage.training
        fell = training.change < -context.experiment.event.more_than
        for start in np.unique(training.start):
            rows = training.start == start
            powers = single_powers(training.features.values[rows], fell[rows])
            for name, power in zip(training.features.names, powers, strict=True):
                best[name] = max(best.get(name, 0.0), float(power))
    if not any(best.values()):
        return not_applicable(f"no wave has {FEWEST_EVENTS} falls among the training examples")
    order = sorted(best, key=lambda name: -best[name])
    golden = [name for name in order if best[name] > GOLDEN]
    summary = listed([f"{name} ({best[name]:.2f})" for name in golden or order[:1]])
    clean = f"the strongest single feature is {summary}; a leak is suspected above {GOLDEN:.2f}"
    bad = f"{summary} alone tell falls apart with an AUC above {GOLDEN:.2f}: look for a leak"
    return passed_if(not golden, bad if golden else clean, {"auc_max": best[order[0]]})


def single_powers(values: FloatArray, happened: npt.NDArray[np.bool_]) -> FloatArray:
    """AUC of each column for an event, in the direction in which it is above .5.

    Rows without a value take no part; whether a value is missing counts as a column of its own, the stronger of
    the two is given. 0 where there are too few events.
    """
    missing = np.isnan(values).astype(float)
    return np.maximum(_powers(values, happened), _powers(missing, happened))


def _powers(values: FloatArray, happened: npt.NDArray[np.bool_]) -> FloatArray:
    ranks = stats.rankdata(values, axis=0, nan_policy="omit")
    known = ~np.isnan(values)
    events = (known & happened[:, None]).sum(axis=0)
    others = known.sum(axis=0) - events
    total = np.where(known & happened[:, None], ranks, 0.0).sum(axis=0)
    auc = (total - events * (events + 1) / 2) / np.maximum(events * others, 1)
    enough = (events >= FEWEST_EVENTS) & (others >= FEWEST_EVENTS)
    return np.where(enough, np.maximum(auc, 1 - auc), 0.0)


def lopsided_importance(context: Context) -> Verdict:
    """One feature carries most of what the model says.

    Share of each feature in the mean absolute contributions, averaged over origins.
    """
    table = context.importance
    if table is None or table.empty:
        return not_applicable(f"{context.model} has no contributions per feature")
    wide = table.pivot(index="feature", columns="origin_date", values="value").fillna(0.0)
    shares = (wide / wide.sum()).mean(axis=1)
    if not np.isfinite(shares.to_numpy()).all():
        return not_applicable(f"{context.model} says the same of every area")
    top, share = str(shares.idxmax()), float(shares.max())
    summary = f"{top} carries {share:.0%} of all contributions (limit {MOST_OF_ALL:.0%})"
    return passed_if(share <= MOST_OF_ALL, summary, {"share_max": share})


def feature_drift(context: Context) -> Verdict:
    """Features of the areas that are forecast look unlike those of the examples.

    A feature of which more is known now than in the examples is reported and does not fail: sources grow.

    Population stability index and share missing of every feature, origin against training.
    """
    if not context.stages:
        return not_applicable("no features at hand")
    stage = context.stages[-1]
    pairs = list(zip(stage.training.features.values.T, stage.features.values.T, strict=True))
    index = np.array([psi(before, now) for before, now in pairs])
    gap = np.array([np.isnan(now).mean() - np.isnan(before).mean() for before, now in pairs])
    names = np.array(stage.features.names)
    shifted = [f"{name} ({value:.2f})" for name, value in _above(names, index, LARGE_SHIFT)]
    emptied = [f"{name} ({value:.0%} more missing)" for name, value in _above(names, gap, MISSING_SHIFT)]
    filled = _above(names, -gap, MISSING_SHIFT)
    summary = (
        f"origin {stage.origin.wave} against its examples: {len(shifted)} of {len(names)} features shifted "
        f"(PSI above {LARGE_SHIFT:g}), {len(emptied)} emptier, {len(filled)} fuller"
    )
    worst = listed([*emptied, *shifted])
    figures = {
        "psi_max": float(np.max(index, initial=0.0)),
        "shifted": float(len(shifted)),
        "emptier": float(len(emptied)),
        "fuller": float(len(filled)),
    }
    return passed_if(not worst, f"{summary}: {worst}" if worst else summary, figures)


def _above(names: npt.NDArray[np.str_], values: FloatArray, limit: float) -> list[tuple[str, float]]:
    order = np.argsort(-values, kind="stable")
    return [(str(names[index]), float(values[index])) for index in order if values[index] > limit]


def psi(before: FloatArray, now: FloatArray) -> float:
    """Population stability index of the known values of a feature; 0 when either side has none.

    ``sum((q - p) * log(q / p))`` over bins with equally many training values, ``p`` and ``q`` the shares of
    training and present values in a bin.
    """
    before, now = before[~np.isnan(before)], now[~np.isnan(now)]
    if not len(before) or not len(now):
        return 0.0
    edges = bin_edges(before)
    return psi_of_counts(bin_counts(edges, before), bin_counts(edges, now))


def bin_edges(known: FloatArray) -> FloatArray:
    """Borders of bins with equally many values, each border once; none where no value is known."""
    if not len(known):
        return np.empty(0)
    return np.unique(np.quantile(known, np.arange(1, PSI_BINS) / PSI_BINS))


def bin_counts(edges: FloatArray, known: FloatArray) -> npt.NDArray[np.intp]:
    """Number of values per bin, shape (edges + 1,); a value on a border belongs to the bin below it."""
    return np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)


def psi_of_counts(before: npt.NDArray[Any], now: npt.NDArray[Any]) -> float:
    """Population stability index from counts per bin, see :func:`psi`; 0 when either side has none."""
    if not before.sum() or not now.sum():
        return 0.0
    p, q = (np.maximum(count / count.sum(), EMPTY_BIN) for count in (before, now))
    return float(np.sum((q - p) * np.log(q / p)))
