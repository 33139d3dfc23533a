"""Checks on time: training examples and features may only use what was public at the origin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from riskmodel.forecasting.checks.base import Context, Verdict, listed, not_applicable, passed_if
from riskmodel.forecasting.origins import publication_dates
from riskmodel.forecasting.stage import Stage
from riskmodel.forecasting.targets import score_change
from riskmodel.panel.panel import Panel

#: Share of an origin's outcomes that may be among its training examples: scores rounded to a few decimals give
#: the same start and the same change twice now and then, a leak gives nearly all of them.
CHANCE_MATCHES = 0.01
#: Figures with which an altered panel is filled; far from any score, so that a feature that sees one must move.
STRANGE_MEAN, STRANGE_SPREAD = 50.0, 40.0
NEVER = np.datetime64("2999-01-01", "D")


def time_overlap(context: Context) -> Verdict:
    """Training examples end after the origin was known, or hold the outcome that is to be forecast.

    Look at the waves of every training pair and at the examples themselves.
    """
    if not context.stages:
        return not_applicable("no training examples at hand")
    dates = publication_dates(context.panel)
    wrong, shares = [], []
    for stage in context.stages:
        origin = stage.origin
        late = [end for _, end in origin.pairs if end not in dates or dates[end] > origin.known_at]
        late += [end for _, end in origin.pairs if end >= origin.target_wave]
        share = _outcomes_among_examples(context.panel, stage)
        shares.append(share)
        wrong += [f"origin {origin.wave} learns from wave {end}" for end in sorted(set(late))]
        if share > CHANCE_MATCHES:
            wrong.append(f"origin {origin.wave} has {share:.0%} of its own outcomes among its examples")
    summary = listed(wrong) if wrong else f"{len(context.stages)} origin(s) learn only from waves that were out"
    return passed_if(not wrong, summary, {"outcomes_among_examples": max(shares)})


def _outcomes_among_examples(panel: Panel, stage: Stage) -> float:
    """Share of the origin's outcomes that are among the examples, by start and change together."""
    start = panel.at("score", stage.origin.wave)
    change = score_change(panel, stage.origin.wave, stage.origin.target_wave)
    known = ~np.isnan(change)
    if not known.any():
        return 0.0
    outcomes = np.round(start[known], 9) + 1j * np.round(change[known], 9)
    examples = np.round(stage.training.score_start, 9) + 1j * np.round(stage.training.change, 9)
    return float(np.isin(outcomes, examples).mean())


def future_information(context: Context) -> Verdict:
    """A feature or an example changes when everything published after the origin is altered.

    Make every stage again on a panel with another future, and compare bit for bit.
    """
    wrong: list[str] = []
    looked, features = 0, 0
    for stage in context.stages:
        altered = another_future(context.panel, stage.origin.known_at)
        if altered is None:
            continue
        looked += 1
        features = len(stage.features.names)
        again = context.make_stage(altered, stage.origin)
        wrong += [f"{name} at origin {stage.origin.wave}" for name in _moved(stage, again)]
    if not looked:
        return not_applicable("nothing was published after the origin, so nothing can leak from there")
    summary = f"{listed(wrong)} moved" if wrong else f"{features} features and all labels stay the same"
    summary += f" when everything published after the origin is altered ({looked} origin(s))"
    return passed_if(not wrong, summary, {"moved": float(len(wrong))})


def another_future(panel: Panel, moment: object) -> Panel | None:
    """The panel with every value published after a moment, or never, replaced by strange figures."""
    unknown = np.isnat(panel.published)
    later = unknown | (np.where(unknown, NEVER, panel.published) > np.datetime64(str(moment), "D"))
    if not later.any():
        return None
    strange = np.random.default_rng(0).normal(STRANGE_MEAN, STRANGE_SPREAD, panel.values.shape)
    return replace(
        panel,
        values=np.where(later[:, None, :], strange, panel.values),
        published=np.where(unknown, NEVER, panel.published),
    )


def _moved(stage: Stage, again: Stage) -> list[str]:
    """Names of what differs between two makings of a stage."""
    moved = []
    for what, one, other in (
        ("features", stage.features, again.features),
        ("features of examples", stage.training.features, again.training.features),
    ):
        if one.names != other.names or one.values.shape != other.values.shape:
            moved.append(f"the shape of the {what}")
            continue
        same = (one.values == other.values) | (np.isnan(one.values) & np.isnan(other.values))
        moved += [name for name, equal in zip(one.names, same.all(axis=0), strict=True) if not equal]
    for what in ("change", "score_start"):
        one, other = getattr(stage.training, what), getattr(again.training, what)
        if not np.array_equal(one, other, equal_nan=True):
            moved.append(f"the {what} of examples")
    return list(dict.fromkeys(moved))
