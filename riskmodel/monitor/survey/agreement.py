"""Agreement of a survey with the measurement, and comparison of a single published figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

from riskmodel.errors import InputError
from riskmodel.monitor.development import BEYOND, FORWARD, inhabitants_at, noise_of, noise_of_change, span
from riskmodel.monitor.measured import Measured
from riskmodel.monitor.uncertainty import Estimate, draw, estimate, spearman, wilson
from riskmodel.panel.measurement_noise import Noise
from riskmodel.sources.local.mapping import SUPPRESS_BELOW

#: Whether survey and measurement point the same way.
AGREE, PART, CANNOT_SAY = "eens", "anders", "niet te zeggen"
#: Draws behind the interval of a rank correlation.
DRAWS = 1000
#: Fewest units of which a rank correlation is calculated.
FEWEST_UNITS = 10
#: Units where the two differ that are named in a text.
NAMED = 5


@dataclass(frozen=True)
class Agreement:
    """Agreement of survey and measurement on the direction of change.

    Attributes
    ----------
    units, agree, part, cannot_say : int
        Units of the survey; those where both point the same way, where they do not, and the others.
    share : Figure
        ``agree / (agree + part)`` with Wilson's 95% interval.
    by_chance : float
        Share of ``agree + part`` that would agree if the two directions had nothing to do with each other, from
        how often each of the two points up.
    parted : pandas.DataFrame
        Units where they part: ``code, name, seen, measured, respondents, balance, change``, largest first.
    rank_correlation : Figure
        Between balance and change, with a 95% interval from ``draws`` draws of whole municipalities, or of units
        where municipalities are few. NaN below ten units.
    ranked, draws : int
        Units behind it, and number of draws.
    whole_municipalities : bool
        Whether municipalities were drawn.
    withheld, not_measured, noise_unknown, few : int
        Units with too few answers, without a measured change, with a change of unknown noise, and with
        fewer than 30 respondents.
    level, who, start, end
        As in the table.
    """

    units: int
    agree: int
    part: int
    cannot_say: int
    share: Estimate
    by_chance: float
    parted: pd.DataFrame
    rank_correlation: Estimate
    ranked: int
    draws: int
    whole_municipalities: bool
    withheld: int
    not_measured: int
    noise_unknown: int
    few: int
    level: str
    who: str
    start: int
    end: int


def agreement(table: pd.DataFrame) -> Agreement:
    """Return how often survey and measurement point the same way."""
    missing = [name for name in ("level", "who", "start", "end") if name not in table.attrs]
    if missing:
        raise InputError("table", f"no {missing[0]!r} in its attrs", "a table of survey_table")
    counts = table["agrees"].value_counts()
    agree, part = int(counts.get(AGREE, 0)), int(counts.get(PART, 0))
    decided = table[table["agrees"] != CANNOT_SAY]
    share = agree / (agree + part) if agree + part else np.nan
    low, high = wilson(np.array(share), np.array(agree + part))
    up_seen, up_measured = (decided["seen"] == FORWARD).mean(), (decided["measured"] == FORWARD).mean()
    parted = table.loc[table["agrees"] == PART]
    parted = parted.sort_values("inhabitants", ascending=False, kind="stable", na_position="last")
    both = table[table["balance"].notna() & table["change"].notna()]
    rank, whole = _rank(both)
    return Agreement(
        units=len(table),
        agree=agree,
        part=part,
        cannot_say=int(counts.get(CANNOT_SAY, 0)),
        share=Estimate(share, float(low), float(high)),
        by_chance=float(up_seen * up_measured + (1 - up_seen) * (1 - up_measured)),
        parted=parted[["code", "name", "seen", "measured", "respondents", "balance", "change"]].reset_index(
            drop=True
        ),
        rank_correlation=rank,
        ranked=len(both),
        draws=DRAWS,
        whole_municipalities=whole,
        withheld=int(table["withheld"].sum()),
        not_measured=int(table["change"].isna().sum()),
        noise_unknown=int((table["change"].notna() & table["noise"].isna()).sum()),
        few=int(table["few"].sum()),
        **{name: table.attrs[name] for name in ("level", "who", "start", "end")},
    )


def _rank(both: pd.DataFrame) -> tuple[Estimate, bool]:
    codes = both["code"].to_numpy(dtype=str)
    # A municipality is a unit of its own in a survey of municipalities; groups lie in none.
    named = np.array([code[:2] in ("WK", "BU") for code in codes], dtype=bool)
    towns = np.where(named, np.array(["GM" + code[2:6] for code in codes], dtype=str), "")
    drawn = draw(towns, DRAWS, seed=1)
    if len(both) < FEWEST_UNITS:
        return Estimate(np.nan, np.nan, np.nan), drawn.whole_municipalities
    balance, change = both["balance"].to_numpy(), both["change"].to_numpy()
    value = spearman(balance, change, np.ones((1, len(both))))[0]
    return estimate(value, spearman(balance, change, drawn.weights)), drawn.whole_municipalities


@dataclass(frozen=True)
class FigureComparison:
    """A published figure beside the measured development.

    Attributes
    ----------
    decline, progress : Figure
        Shares of the survey; without a number of respondents their intervals are NaN.
    respondents : int or None
        None where it is not published.
    who : str
        Who answered, in the plural.
    start, end : int
        The measurements.
    level : str
        Level of the areas.
    fell, rose : float
        Share of the inhabitants who live in areas whose score fell or rose beyond the noise.
    areas_fell, areas_rose, areas, areas_in_all : int
        Number of such areas, of those with scores and inhabitants, and of all.
    inhabitants : int
        Of the areas with scores.
    by_noise : float
        Share of areas that would fall beyond the noise, and as many would rise, if nothing changed at all.
    """

    decline: Estimate
    progress: Estimate
    respondents: int | None
    who: str
    start: int
    end: int
    level: str
    fell: float
    rose: float
    areas_fell: int
    areas_rose: int
    areas: int
    areas_in_all: int
    inhabitants: int
    by_noise: float


def compare_figure(
    share_decline: float,
    share_progress: float | None,
    measured: Measured,
    start: int,
    end: int,
    *,
    respondents: int | None = None,
    who: str = "bewoners",
    noise: Noise | None = None,
) -> FigureComparison:
    """Compare a published figure, such as "30% of tenants saw decline, 9% progress", with the measurement.

    Shares are 0 to 1; without a number of respondents there is no interval.
    """
    shares = {"share_decline": share_decline, "share_progress": share_progress}
    for name, share in shares.items():
        if share is not None and not 0 <= share <= 1:
            raise InputError(name, f"{share:g}", "a share of 0 to 1")
    if share_decline + (share_progress or 0.0) > 1:
        raise InputError("share_decline, share_progress", "more than 1 together", "at most 1")
    if respondents is not None and respondents < SUPPRESS_BELOW:
        raise InputError("respondents", str(respondents), f"at least {SUPPRESS_BELOW}")
    span(measured, start, end)
    spread = noise_of_change(measured, start, end, noise_of(measured) if noise is None else noise)
    change, people = measured.change(start, end), inhabitants_at(measured, end)
    there = ~np.isnan(change) & ~np.isnan(people) & ~np.isnan(spread)
    total = people[there].sum()
    if not total > 0:
        raise InputError(f"measurements {start} and {end}", "no areas with scores, inhabitants and noise", "some")
    fell, rose = there & (change < -BEYOND * spread), there & (change > BEYOND * spread)
    return FigureComparison(
        decline=_published(share_decline, respondents),
        progress=_published(share_progress, respondents),
        respondents=respondents,
        who=who,
        start=start,
        end=end,
        level=measured.level,
        fell=float(people[fell].sum() / total),
        rose=float(people[rose].sum() / total),
        areas_fell=int(fell.sum()),
        areas_rose=int(rose.sum()),
        areas=int(there.sum()),
        areas_in_all=len(there),
        inhabitants=int(total),
        by_noise=float(ndtr(-BEYOND)),
    )


def _published(share: float | None, respondents: int | None) -> Estimate:
    if share is None or respondents is None:
        return Estimate(np.nan if share is None else share, np.nan, np.nan)
    low, high = wilson(np.array(share), np.array(respondents))
    return Estimate(share, float(low), float(high))
