"""Answers of residents or professionals beside the measured change: per area, municipality or group.

A survey and a measurement are two ways of looking. Where they differ, neither of them is wrong for that reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import municipalities
from riskmodel.errors import InputError
from riskmodel.monitor.development import (
    BACK,
    BEYOND,
    FORWARD,
    NOT_KNOWN,
    UNCLEAR,
    inhabitants_at,
    noise_of_change,
    span,
)
from riskmodel.monitor.groups import Group, groups, members_of
from riskmodel.monitor.measured import Measured
from riskmodel.monitor.survey.agreement import AGREE, CANNOT_SAY, PART
from riskmodel.monitor.survey.file import GROUP, Survey
from riskmodel.monitor.uncertainty import balance_interval, wilson
from riskmodel.panel.aggregate import parents_of
from riskmodel.panel.measurement_noise import Noise
from riskmodel.panel.panel import FloatArray

#: Answers that point neither way.
DIVIDED = "verdeeld"
#: Fewer respondents than this are few: the interval of a share is wider than 30 percent points.
FEW = 30
#: Fewest municipalities with several areas from which the noise that they share is estimated.
FEWEST = 30


@dataclass(frozen=True)
class _Coverage:
    """Measured areas in the units of a survey: pairs of indices, shape (pairs,)."""

    unit: npt.NDArray[np.intp]
    area: npt.NDArray[np.intp]
    names: npt.NDArray[np.str_]


def survey_table(
    survey: Survey,
    measured: Measured,
    start: int,
    end: int,
    *,
    with_groups: Iterable[Group] = (),
    noise: Noise | None = None,
    shared: float | None = None,
) -> pd.DataFrame:
    """Return the answers of a survey beside the measured development between two measurements.

    One row a unit of the survey. Shares have 95% intervals of Wilson; ``balance`` is progress minus decline;
    ``change`` is the mean of the areas with a score at both waves, weighted by inhabitants, ``noise`` its standard
    deviation and ``change_low, change_high`` the change -+ :data:`BEYOND` times the noise. ``withheld`` marks
    answers of too few persons.
    """
    span(measured, start, end)
    spread = noise_of_change(measured, start, end, noise)
    shared = shared_noise(measured) if shared is None else shared
    cover = _cover(survey, measured, with_groups)
    frame = pd.DataFrame({"code": survey.codes, "name": cover.names, "respondents": survey.respondents})
    frame["response"] = survey.respondents / survey.population
    for name, share in {"decline": survey.decline, "progress": survey.progress}.items():
        low, high = wilson(share, survey.respondents)
        frame = frame.assign(**{name: share, f"{name}_low": low, f"{name}_high": high})
    low, high = balance_interval(survey.progress, survey.decline, survey.respondents)
    frame = frame.assign(balance=survey.progress - survey.decline, balance_low=low, balance_high=high)
    frame = pd.concat([frame, _measured_change(cover, measured, start, end, spread, shared)], axis=1)
    frame["change_low"] = frame["change"] - BEYOND * frame["noise"]
    frame["change_high"] = frame["change"] + BEYOND * frame["noise"]
    frame["seen"] = _direction(frame, "balance", DIVIDED)
    frame["measured"] = _direction(frame, "change", UNCLEAR)
    frame["few"] = survey.respondents < FEW
    frame["withheld"] = np.isnan(survey.respondents)
    frame = frame.assign(**_verdict(frame))
    frame.attrs |= {"edition": measured.edition, "level": survey.level, "start": start, "end": end}
    frame.attrs |= {"who": survey.who, "beyond": BEYOND, "shared": shared}
    return frame


def shared_noise(measured: Measured) -> float:
    """Return the variance of the noise that areas of one municipality share, in squared score points.

    It does not average out over a municipality. The covariance of successive changes of two different areas of
    one municipality is minus that variance; the estimate is the mean over all such pairs, each weighted by the
    inhabitants of both, every municipality alike. Zero where it cannot be estimated or is negative.
    """
    steps = np.diff(measured.score[:, ~np.isnan(measured.score).all(axis=0)], axis=1)
    steps = steps - np.nanmean(steps, axis=0)
    people = inhabitants_at(measured, measured.waves[-1])
    codes = measured.municipality_codes()
    there = ~np.isnan(steps).any(axis=1) & (people > 0) & (codes != "")
    if steps.shape[1] < 2 or not there.any():
        return 0.0
    _, town = np.unique(codes[there], return_inverse=True)
    share = people[there] / np.bincount(town, people[there])[town]
    parts = share[:, None] * steps[there]
    whole = np.stack([np.bincount(town, column) for column in parts.T], axis=1)
    own = np.bincount(town, -(parts[:, 1:] * parts[:, :-1]).mean(axis=1))
    between = -(whole[:, 1:] * whole[:, :-1]).mean(axis=1) - own
    pairs = 1 - np.bincount(town, share**2)
    several = pairs > 0.01
    if several.sum() < FEWEST:
        return 0.0
    return max(0.0, float(between[several].sum() / pairs[several].sum()))


def _cover(survey: Survey, measured: Measured, own: Iterable[Group]) -> _Coverage:
    if survey.level == GROUP:
        return _cover_of_groups(survey, measured, own)
    units = pd.Index(survey.codes)
    codes = pd.Series(measured.areas)
    if survey.level != measured.level:
        codes = parents_of(codes, measured.level, survey.level)
    index = units.get_indexer(pd.Index(codes))
    area = np.flatnonzero(index >= 0)
    if not len(area):
        expected = "codes of measured areas"
        raise InputError("survey", f"none of its {len(units)} codes among the measured areas", expected)
    names = municipalities().set_index("code")["name"]
    if survey.level == measured.level:
        names = pd.Series(measured.names[area], index=measured.areas[area])
    return _Coverage(index[area], area, names.reindex(units).fillna(units.to_series()).to_numpy(dtype=str))


def _cover_of_groups(survey: Survey, measured: Measured, own: Iterable[Group]) -> _Coverage:
    known = {each.name.casefold(): each for each in (*groups().values(), *own)}
    unknown = [code for code in survey.codes if code.casefold() not in known]
    if unknown:
        expected = f"one of {', '.join(each.name for each in known.values())}"
        raise InputError("survey", f"group {str(unknown[0])!r}", expected, "Give your own in `with_groups`.")
    chosen = [known[code.casefold()] for code in survey.codes]
    masks = [members_of(each, measured) for each in chosen]
    unit = np.repeat(np.arange(len(masks)), [mask.sum() for mask in masks])
    area = np.concatenate([np.flatnonzero(mask) for mask in masks])
    return _Coverage(unit, area, np.array([each.title_nl for each in chosen], dtype=str))


def _measured_change(
    cover: _Coverage, measured: Measured, start: int, end: int, spread: FloatArray, shared: float
) -> pd.DataFrame:
    units, unit, area = len(cover.names), cover.unit, cover.area
    people = inhabitants_at(measured, end)[area]
    change = measured.change(start, end)[area]
    in_unit = np.bincount(unit, minlength=units)
    # An area that is a unit by itself needs no weight.
    weight = np.where(in_unit[unit] == 1, 1.0, np.nan_to_num(people)) * ~np.isnan(change)
    total = np.bincount(unit, weight, units)
    with np.errstate(invalid="ignore"):
        share = weight / total[unit]
        mean = np.bincount(unit, share * np.nan_to_num(change), units)
        # Each of the two measurements has noise.
        apart = np.bincount(unit, share**2 * np.maximum(spread[area] ** 2 - 2 * shared, 0.0), units)
        together = _squared_shares(unit, share, measured.municipality_codes()[area], units)
    known = total > 0
    counted = weight > 0
    inhabitants = np.bincount(unit[counted], people[counted], units)
    return pd.DataFrame(
        {
            "areas": np.bincount(unit[counted], minlength=units),
            "areas_in_unit": in_unit,
            "inhabitants": np.where(known, inhabitants, np.nan),
            "change": np.where(known, mean, np.nan),
            "noise": np.where(known, np.sqrt(apart + 2 * shared * together), np.nan),
        }
    )


def _squared_shares(
    unit: npt.NDArray[np.intp], share: FloatArray, towns: npt.NDArray[np.str_], units: int
) -> FloatArray:
    """Return the sum over municipalities of the square of their share in each unit, shape (units,)."""
    number = np.unique(towns, return_inverse=True)[1]
    pairs, pair = np.unique(np.stack([unit, number]), axis=1, return_inverse=True)
    per_town = np.bincount(pair.ravel(), share)
    return np.bincount(pairs[0], per_town**2, units).astype(float)


def _direction(frame: pd.DataFrame, name: str, neither: str) -> npt.NDArray[np.str_]:
    low, high = frame[f"{name}_low"], frame[f"{name}_high"]
    words: npt.NDArray[np.str_] = np.select(
        [low.isna() | high.isna(), low > 0, high < 0], [NOT_KNOWN, FORWARD, BACK], neither
    )
    return words


def _verdict(frame: pd.DataFrame) -> dict[str, npt.NDArray[np.str_]]:
    seen, measured = frame["seen"], frame["measured"]
    sides = [FORWARD, BACK]
    clear = seen.isin(sides) & measured.isin(sides)
    agrees = np.select([clear & (seen == measured), clear], [AGREE, PART], CANNOT_SAY)
    reasons = {
        "te weinig antwoorden": frame["withheld"],
        "niet gevraagd": seen == NOT_KNOWN,
        "geen meting": frame["change"].isna(),
        "ruis van de meting onbekend": measured == NOT_KNOWN,
        "antwoorden verdeeld, en verandering niet groter dan de ruis": (seen == DIVIDED) & (measured == UNCLEAR),
        "antwoorden verdeeld": seen == DIVIDED,
        "verandering niet groter dan de ruis": measured == UNCLEAR,
    }
    reason = np.select(list(reasons.values()), list(reasons), "")
    return {"agrees": agrees, "reason": np.where(agrees == CANNOT_SAY, reason, "")}
