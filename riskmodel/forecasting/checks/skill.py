"""Checks on a backtest: skill, calibration, stability of the list, and number of events."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from riskmodel.forecasting.backtest_record import Record, outcomes_of
from riskmodel.forecasting.checks.base import Context, Verdict, not_applicable, passed_if
from riskmodel.forecasting.compare import against_best_ordering, overlap_share
from riskmodel.forecasting.evaluation.metrics import calibration_bins, calibration_error, coverage
from riskmodel.panel.panel import FloatArray

#: Twice the project's own aim of .01: a change that the whole country shares moves every chance at once. Where so
#: few areas are judged that chance alone gives more than this, what chance gives is the limit.
CALIBRATION_ERROR = 0.02
#: Twice the margin of the project's aim of 77 to 83%, for the same reason.
COVERAGE = (0.74, 0.86)
#: Three in ten places that change with the seed alone is where a list becomes hard to defend to those on it.
STABLE = 0.7
#: Events needed to judge a model on new data (Collins, Ogundimu and Altman 2016, "Sample size considerations for
#: the external validation of a multivariable prognostic model", Statistics in Medicine 35(2)).
ENOUGH_EVENTS = 100
#: At a single origin; below it one municipality more or less decides which model is best.
ENOUGH_AT_ORIGIN = 20


def worse_than_best_ordering(context: Context) -> Verdict:
    """The model ranks no better than the best simple ordering, chosen with hindsight for each origin.

    Ratio of average precisions over origins, and the paired difference at each.
    """
    record = context.record
    if record is None:
        return not_applicable(context.no_record)
    cohort = record.main_cohort
    table = against_best_ordering(record, context.model, context.panel, cohort)
    if table.empty:
        return not_applicable(f"no ordering or no score of {context.model} in cohort {cohort.name}")
    ratios, below = table["ratio"], table.loc[table["high95"] < 0, "origin"]
    summary = ", ".join(
        f"{row['origin']} {row['ratio']:.2f} ({row['ordering']})" for row in table.to_dict("records")
    )
    message = f"average precision against the best ordering in cohort {cohort.name}: "
    message += f"mean ratio {ratios.mean():.2f}, {summary}"
    if len(below):
        message += f"; certainly below it (95%) at {', '.join(map(str, below))}"
    figures = {
        "ratio_mean": float(ratios.mean()),
        "ratio_min": float(ratios.min()),
        "below": float(len(below)),
    }
    return passed_if(bool(ratios.mean() >= 1) and not len(below), message, figures)


def miscalibrated(context: Context) -> Verdict:
    """Chances or intervals do not mean what they say.

    Calibration error and coverage of the 80% interval at every origin, in the main cohort.
    """
    record = context.record
    if record is None:
        return not_applicable(context.no_record)
    cohort = record.main_cohort
    judged = [outcomes_of(record.experiment, context.panel, each, cohort) for each in record.of(context.model)]
    judged = [each for each in judged if len(each.rows)]
    if not judged:
        return not_applicable(f"no outcome of {context.model} in cohort {cohort.name}")
    error = [calibration_error(each.happened, each.chance) for each in judged]
    limits = [max(CALIBRATION_ERROR, error_by_chance(each.happened, each.chance)) for each in judged]
    cover = [coverage(each.change, each.lower, each.upper) for each in judged]
    low, high = COVERAGE
    bad = [
        f"calibration error {value:.3f} at {each.wave} (limit {limit:.3f})"
        for each, value, limit in zip(judged, error, limits, strict=True)
        if value > limit
    ]
    bad += [
        f"coverage {value:.0%} at {each.wave}"
        for each, value in zip(judged, cover, strict=True)
        if not low <= value <= high
    ]
    summary = (
        f"cohort {cohort.name}: calibration error {min(error):.3f} to {max(error):.3f}, "
        f"80% intervals cover {min(cover):.0%} to {max(cover):.0%} (band {low:.0%} to {high:.0%})"
    )
    figures = {
        "calibration_error_max": float(max(error)),
        "coverage_min": float(min(cover)),
        "coverage_max": float(max(cover)),
    }
    return passed_if(not bad, f"{summary}: {'; '.join(bad)}" if bad else summary, figures)


def error_by_chance(happened: FloatArray, chance: FloatArray) -> float:
    """Calibration error that forecasts which are right exceed in about 2.5% of the cases, because areas are few.

    In a bin of ``n`` areas with mean chance ``p`` the share that declines has standard deviation
    ``s = sqrt(p (1 - p) / n)``; its absolute distance from ``p`` has mean ``s sqrt(2 / pi)`` and variance
    ``s**2 (1 - 2 / pi)`` (half-normal distribution). The bound is the mean of the error plus two of its standard
    deviations, bins taken as independent.
    """
    bins = np.array(calibration_bins(happened, chance), dtype=float)
    p, n = bins[:, 0], bins[:, 2]
    variance, weight = p * (1 - p) / n, n / n.sum()
    mean = np.sum(weight * np.sqrt(variance * 2 / math.pi))
    return float(mean + 2 * np.sqrt(np.sum(weight**2 * variance * (1 - 2 / math.pi))))


def unstable_list(context: Context) -> Verdict:
    """The top of the list changes with the seed of the fit.

    Lists of successive origins are compared too, as a figure only: what threatens may truly change.

    Shared areas of the lists of several seeds, and of successive origins.
    """
    k = context.experiment.capacity
    figures = {}
    between = _between_origins(context, k)
    if between:
        figures["shared_between_origins"] = float(np.mean(between))
    beside = f"; lists of successive origins share {np.mean(between):.0%}" if between else ""
    own, others = context.reseeded[:1], context.reseeded[1:]
    shares = [overlap_share(one, other, k)[1] for one in own for other in others] or _between_seeds(context, k)
    if not shares:
        return not_applicable(f"fits with other seeds are not at hand{beside}", figures)
    figures["shared_between_seeds"] = float(min(shares))
    summary = f"lists of {k} with another seed share {min(shares):.0%} or more ({len(shares)} other fit(s))"
    return passed_if(min(shares) >= STABLE, f"{summary} (limit {STABLE:.0%}){beside}", figures)


def _between_seeds(context: Context, k: int) -> list[float]:
    """Shared parts of lists in a backtest with other seeds, for the main cohort, one an origin and seed."""
    table = None if context.record is None else context.record.tables.get("stability")
    if context.record is None or table is None or table.empty:
        return []
    rows = table[
        (table["model"] == context.model)
        & (table["cohort"] == context.record.main_cohort.name)
        & table["compared_with"].str.startswith("seed")
        & (table["k"] == np.minimum(k, table["n"]))
    ]
    return [float(share) for share in rows["shared"]]


def _between_origins(context: Context, k: int) -> list[float]:
    if context.record is None:
        return []
    shares = []
    for one, other in pairwise(context.record.of(context.model)):
        common = np.intersect1d(one.locations, other.locations)
        before, after = (each.chance_of(context.experiment.event)[each.positions(common)] for each in (one, other))
        shares.append(overlap_share(before, after, k)[1])
    return shares


def too_few_events(context: Context) -> Verdict:
    """There are too few events for the figures to say much.

    Events among the training pairs of the last stage, and among what the backtest judged.
    """
    figures: dict[str, float] = {}
    parts, short = [], []
    if context.stages:
        learned = _events_learned(context)
        figures["events_in_training"] = float(learned)
        parts.append(f"{learned} events among the training examples of {context.stages[-1].origin.wave}")
        short += ["training"] if learned < ENOUGH_EVENTS else []
    if context.record is not None:
        cohort = context.record.main_cohort.name
        events = _events_judged(context.record, cohort)
        if events:
            figures |= {
                "events_judged": float(sum(events.values())),
                "events_min": float(min(events.values())),
            }
            counts = ", ".join(f"{day[:4]}: {count}" for day, count in events.items())
            parts.append(f"{sum(events.values())} events judged in cohort {cohort} ({counts})")
            short += [day[:4] for day, count in events.items() if count < ENOUGH_AT_ORIGIN]
            short += ["all origins together"] if sum(events.values()) < ENOUGH_EVENTS else []
    if not parts:
        return not_applicable(context.no_record)
    message = "; ".join(parts) + (f"; few for {', '.join(short)}" if short else "")
    return passed_if(not short, message, figures)


def _events_learned(context: Context) -> int:
    event, panel = context.experiment.event, context.panel
    pairs = context.stages[-1].origin.pairs
    counted = [event.eligible(panel, start) & (event.happened(panel, start, end) == 1) for start, end in pairs]
    return int(np.sum(counted))


def _events_judged(record: Record, cohort: str) -> dict[str, int]:
    rows = record.scores[
        (record.scores["cohort"] == cohort) & (record.scores["target"] == record.experiment.event.name)
    ]
    return {str(day): int(count) for day, count in rows.groupby("origin_date")["n_events"].first().items()}
