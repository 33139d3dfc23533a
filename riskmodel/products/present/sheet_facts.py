"""Figures on a sheet of the present, from the measured scores."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.monitor.current import state_table
from riskmodel.monitor.decomposition import group_contributions, strongest_dimension
from riskmodel.monitor.development import BACK, FORWARD, NOT_KNOWN, development_table, noise_or_unknown
from riskmodel.monitor.measured import Measured, municipality_names
from riskmodel.monitor.national import class_distribution
from riskmodel.monitor.trajectory import trajectory
from riskmodel.monitor.transitions import Weight
from riskmodel.monitor.turning import turning_points
from riskmodel.panel.measurement_noise import Noise
from riskmodel.products.present.course_words import in_words
from riskmodel.products.present.sheet_data import SMALL_AREA, Facts, Parts, Span

BoolArray = npt.NDArray[np.bool_]
#: Between how many years before a measurement and the measurement itself a sheet looks back by default.
LONG = 10


def long_ago(waves: tuple[int, ...], wave: int) -> int:
    """Measurement nearest to ten years before another; of two that are as near, the later.

    Examples
    --------
    >>> long_ago((2002, 2008, 2012, 2014, 2016, 2018, 2020), 2020)
    2012
    """
    earlier = [each for each in waves if each < wave]
    if not earlier:
        raise InputError(f"measurement {wave}", "no earlier measurement", "one to compare with")
    return min(earlier, key=lambda each: (abs(wave - LONG - each), -each))


def facts(
    measured: Measured,
    chosen: BoolArray,
    *,
    title: str,
    start: int | None = None,
    end: int | None = None,
    noise: Noise | None = None,
) -> Facts:
    """Return the figures on a sheet of the present.

    ``start`` is by default the measurement nearest to ten years before the end.
    """
    if chosen.shape != measured.areas.shape or chosen.dtype != bool:
        raise InputError(
            "group", f"{chosen.dtype} of shape {chosen.shape}", f"{len(measured.areas)} times yes or no"
        )
    wave = measured.waves[-1] if end is None else end
    column = measured.column(wave)
    here = measured.only(chosen)
    if not (~np.isnan(here.score[:, column])).any():
        raise InputError(
            f"sheet {title!r}", f"{int(chosen.sum())} areas without a score in {wave}", "at least one area with"
        )
    start = long_ago(measured.waves, wave) if start is None else start
    previous = max((each for each in measured.waves if each < wave), default=wave)
    noise = noise_or_unknown(measured) if noise is None else noise
    spans = {each: development_table(here, each, wave, noise) for each in dict.fromkeys((previous, start))}
    # A sheet about an earlier measurement uses nothing later.
    known = measured.until(wave)
    weighted = bool((here.inhabitants[:, column] > 0).any())
    course = trajectory(known, chosen, weight="inhabitants" if weighted else "areas")
    parts = {part: course[course["part"] == part] for part in ("group", "rest")}
    return Facts(
        title=title,
        edition=measured.edition,
        level=measured.level,
        wave=wave,
        counted=measured.counted.get(wave),
        areas=_areas(here, wave, spans),
        classes=_classes(here, measured, wave),
        spans=tuple(_span(table, each, wave) for each, table in spans.items()),
        parts=_parts(known, chosen, start, wave, noise, weighted),
        weighted=weighted,
        course=pd.DataFrame(
            {
                "wave": known.waves,
                "here": parts["group"]["score"].to_numpy(),
                "rest": parts["rest"]["score"].to_numpy(),
            }
        ),
        followed=int(parts["group"]["areas"].iloc[-1]),
        course_words=_words(parts["group"]),
        rest_words=_words(parts["rest"]),
        noise=noise,
        waves=measured.waves,
        dimension_waves=measured.dimension_waves(),
    )


def _words(part: pd.DataFrame) -> str:
    return in_words(turning_points(part["wave"].tolist(), part["score"], part["standard_error"]))


def _areas(here: Measured, wave: int, spans: dict[int, pd.DataFrame]) -> pd.DataFrame:
    everything = pd.DataFrame(
        {
            "location": here.areas,
            "name": here.names,
            "municipality": municipality_names(here.municipality_codes()),
            "inhabitants": here.inhabitants[:, here.column(wave)],
        }
    )
    state = state_table(here, wave)[["location", "score", "class", "class_name"]]
    table = everything.merge(state, on="location", how="left")
    for start, development in spans.items():
        columns = {"change": f"change_{start}", "direction": f"direction_{start}"}
        table = table.merge(development[["location", *columns]].rename(columns=columns), on="location", how="left")
    table["small"] = table["inhabitants"] < SMALL_AREA
    return table.sort_values(["score", "location"], na_position="last", ignore_index=True)


def _classes(here: Measured, country: Measured, wave: int) -> pd.DataFrame:
    own, all_ = (_at(class_distribution(each), wave) for each in (here, country))
    return own[["class", "class_name", "areas", "inhabitants"]].assign(
        share=own["share_inhabitants"],
        without_inhabitants=own["areas_without_inhabitants"],
        country_areas=all_["areas"],
        country_inhabitants=all_["inhabitants"],
        country_share=all_["share_inhabitants"],
    )


def _at(table: pd.DataFrame, wave: int) -> pd.DataFrame:
    return table[table["wave"] == wave].reset_index(drop=True)


def _span(table: pd.DataFrame, start: int, end: int) -> Span:
    ordered = table.sort_values(["change", "location"])
    return Span(
        start=start,
        end=end,
        risen=ordered[ordered["direction"] == FORWARD].iloc[::-1].reset_index(drop=True),
        fallen=ordered[ordered["direction"] == BACK].reset_index(drop=True),
        unclear=int((~table["direction"].isin([FORWARD, BACK, NOT_KNOWN])).sum()),
        unknown=int((table["direction"] == NOT_KNOWN).sum()),
        not_comparable=int(table.attrs["not_measured"]),
    )


def _parts(
    measured: Measured, chosen: BoolArray, start: int, end: int, noise: Noise, weighted: bool
) -> Parts | None:
    having = [wave for wave in measured.dimension_waves() if start <= wave <= end]
    if len(having) < 2:
        return None
    first, last = having[0], having[-1]
    weights: Weight | None = "inhabitants" if weighted else None
    table = group_contributions(measured, first, last, weights, groups={"here": chosen})
    own, country = table[table["group"] == "here"], table[table["group"] != "here"]
    if own["change"].isna().any():
        return None
    rows = pd.DataFrame(
        {
            "label": own["label"].to_numpy(),
            "change": own["change"].to_numpy(),
            "country": country["change"].to_numpy(),
        }
    )
    here = measured.only(chosen)
    unknown = bool(np.isnan(noise.constant))
    fallers = (
        pd.DataFrame(columns=["name", "label"]) if unknown else strongest_dimension(here, first, last, noise=noise)
    )
    return Parts(
        start=first,
        end=last,
        rows=rows,
        total=float(own["total_change"].iloc[0]),
        country_total=float(country["total_change"].iloc[0]),
        left_out=int(own["left_out"].iloc[0]),
        fallers=fallers,
    )
