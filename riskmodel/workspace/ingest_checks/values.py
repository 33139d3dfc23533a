"""Values beside the catalogue: what is possible at all, and what must add up."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from riskmodel.catalogue import Indicator, load
from riskmodel.sources.observations import SourceFile
from riskmodel.workspace.ingest_checks.base import ENOUGH, Arrival, Report, limit_with_margin

#: Share of areas that may break an identity: official files hold slips, swapped columns break it everywhere.
SLIPS = 0.2
YEAR = re.compile(r"(?<![0-9])(?:19[5-9]|20[0-4])[0-9](?![0-9])")
#: A whole day in a file name is when it was saved, not what it is about.
DAY = re.compile(r"(?:19|20)[0-9]{2}[-_ ]?[01][0-9][-_ ]?[0-3][0-9]")


def impossible(arrival: Arrival) -> Iterator[Report]:
    """Values outside the range of their indicator or unit."""
    years = arrival.new.frame["year"].to_numpy()
    for key, about in arrival.definitions.items():
        low, high = plausible(about, arrival.new.base)
        values = arrival.new.frame[key].to_numpy(dtype="float64")
        wrong = (values < low) | (values > high)
        for year in np.unique(years[wrong]).tolist():
            of_year = years == year
            many = int((wrong & of_year).sum())
            first = values[np.argmax(wrong & of_year)]
            message = f"{many} areas outside {low:g} to {high:g} ({about.unit}), one has {first:g}"
            yield key, year, message


def plausible(about: Indicator, base: float | None = None) -> tuple[float, float]:
    """Lowest and highest value that an indicator can have."""
    ranges = load("ranges")
    low, high = ranges["indicators"].get(about.id) or ranges["units"].get(about.unit, (-np.inf, np.inf))
    if about.id in ranges["around_base"] and base is not None:
        low, high = low + base, high + base
    if about.kind == "extensive":
        low = max(low, 0.0)
    return float(low), float(high)


def not_adding_up(arrival: Arrival) -> Iterator[Report]:
    """Parts that are not their whole, or a part that is more than its whole, as the catalogue has them."""
    frame = arrival.new.frame
    years = frame["year"].to_numpy()
    broken = list(_broken(frame, arrival.new.base))
    for year in arrival.new.years:
        of_year = years == year
        for wrong, judged, rule in broken:
            areas = int((judged & of_year).sum())
            slips = wrong & of_year
            share = slips.sum() / max(areas, 1)
            if share > limit_with_margin(SLIPS, areas):
                first = frame["location"].iloc[int(np.argmax(slips))]
                yield "", year, f"{rule} in {share:.0%} of {areas:,} areas, the first is {first}"


def _broken(frame: pd.DataFrame, base: float | None) -> Iterator[tuple[np.ndarray, np.ndarray, str]]:
    """Rows that break an identity, rows on which it can be judged, and its breach in words."""
    identities = load("identities")
    for each in identities["sums"]:
        if not {*each["parts"], *each.get("whole", ())} <= set(frame.columns):
            continue
        total = sum(frame[part].to_numpy(dtype="float64") for part in each["parts"])
        whole = frame[each["whole"][0]].to_numpy() - (base or 0.0) if "whole" in each else each["to"]
        gap = total - whole
        people = frame["population"].to_numpy() if "population" in frame else np.inf
        judged = ~np.isnan(gap) & (people >= each.get("from_population", 0.0))
        rule = f"{', '.join(each['parts'])} do not add up to {each['whole'][0] if 'whole' in each else each['to']}"
        yield judged & (np.abs(gap) > each["tolerance"]), judged, rule
    margins = [[f"{key}_low", key] for key in frame.columns] + [[key, f"{key}_high"] for key in frame.columns]
    for each in [*identities["at_most"], {"pairs": margins, "tolerance": 0.0}]:
        for low, high in each["pairs"]:
            if {low, high} <= set(frame.columns):
                gap = (frame[low] - frame[high]).to_numpy(dtype="float64")
                yield gap > each["tolerance"], ~np.isnan(gap), f"{low} is more than {high}"


def shares_for_percent(arrival: Arrival) -> Iterator[Report]:
    """Percentages of which none is above 1 and most are no whole number."""
    years = arrival.new.frame["year"].to_numpy()
    for key in [key for key, about in arrival.definitions.items() if about.unit in ("percent", "%")]:
        values = arrival.new.frame[key].to_numpy(dtype="float64")
        for year in arrival.new.years:
            known = values[(years == year) & ~np.isnan(values)]
            if len(known) < ENOUGH or known.max() > 1:
                continue
            if float((known % 1 > 0).mean()) > 0.5:
                message = f"no value is above {known.max():.3g}, where percentages run to 100"
                yield key, year, message


def other_year_in_name(arrival: Arrival) -> Iterator[Report]:
    """Files whose names give other years than their rows."""
    years = arrival.new.years
    for file in arrival.new.files:
        named = years_in(file)
        if named and not named & set(years):
            listed = ", ".join(map(str, sorted(named)))
            message = f"{file.name} says {listed}; its rows are about {', '.join(map(str, years))}"
            yield "", years[-1], message


def years_in(file: SourceFile) -> set[int]:
    """The years in a file name.

    Examples
    --------
    >>> sorted(years_in(SourceFile("scores wijken 2002-2020.csv", "")))
    [2002, 2020]
    >>> years_in(SourceFile("kwb-2009-versie-2014-06-01.xls", ""))
    {2009}
    """
    return set(map(int, YEAR.findall(DAY.sub("", file.name))))
