"""What the catalogue says of a value: what is possible at all, and what must add up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from riskmodel.catalogue import Indicator, load
from riskmodel.sources.observations import SourceFile
from riskmodel.workspace.ingest_checks.base import ENOUGH, Arrival, Finding, Severity, by_luck

#: Share of areas that may break an identity: official files hold slips, swapped columns break it everywhere.
SLIPS = 0.2
YEAR = re.compile(r"(?<![0-9])(?:19[5-9]|20[0-4])[0-9](?![0-9])")
#: A whole day in a file name is when it was saved, not what it is about.
DAY = re.compile(r"(?:19|20)[0-9]{2}[-_ ]?[01][0-9][-_ ]?[0-3][0-9]")


@dataclass(frozen=True)
class Impossible:
    """A value outside what its unit allows."""

    code: ClassVar[str] = "AR01"
    title: ClassVar[str] = "impossible values"
    severity: ClassVar[Severity] = "refuse"

    def run(self, arrival: Arrival) -> Iterator[Finding]:
        """Hold every value against the range of its indicator or unit."""
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
                share = many / int(of_year.sum())
                yield Finding(self.code, self.title, self.severity, key, year, message, share)


def plausible(about: Indicator, base: float | None = None) -> tuple[float, float]:
    """Lowest and highest value that an indicator can have."""
    ranges = load("ranges")
    low, high = ranges["indicators"].get(about.id) or ranges["units"].get(about.unit, (-np.inf, np.inf))
    if about.id in ranges["around_base"] and base is not None:
        low, high = low + base, high + base
    if about.kind == "extensive":
        low = max(low, 0.0)
    return float(low), float(high)


@dataclass(frozen=True)
class DoesNotAddUp:
    """Parts that are not their whole, or a part that is more than its whole."""

    code: ClassVar[str] = "AR02"
    title: ClassVar[str] = "figures that do not add up"
    severity: ClassVar[Severity] = "refuse"

    def run(self, arrival: Arrival) -> Iterator[Finding]:
        """Hold every row against the identities of the catalogue."""
        frame = arrival.new.frame
        years = frame["year"].to_numpy()
        broken = list(_broken(frame, arrival.new.base))
        for year in arrival.new.years:
            of_year = years == year
            for wrong, judged, told in broken:
                areas = int((judged & of_year).sum())
                slips = wrong & of_year
                share = slips.sum() / max(areas, 1)
                if share > by_luck(SLIPS, areas):
                    first = frame["location"].iloc[int(np.argmax(slips))]
                    message = f"{told} in {share:.0%} of {areas:,} areas, the first is {first}"
                    yield Finding(self.code, self.title, self.severity, "", year, message, float(share))


def _broken(frame: pd.DataFrame, base: float | None) -> Iterator[tuple[np.ndarray, np.ndarray, str]]:
    """Rows that break an identity, rows on which it can be judged, and what it says."""
    identities = load("identities")
    for each in identities["sums"]:
        if not {*each["parts"], *each.get("whole", ())} <= set(frame.columns):
            continue
        total = sum(frame[part].to_numpy(dtype="float64") for part in each["parts"])
        whole = frame[each["whole"][0]].to_numpy() - (base or 0.0) if "whole" in each else each["to"]
        gap = total - whole
        people = frame["population"].to_numpy() if "population" in frame else np.inf
        judged = ~np.isnan(gap) & (people >= each.get("from_population", 0.0))
        told = f"{', '.join(each['parts'])} do not add up to {each['whole'][0] if 'whole' in each else each['to']}"
        yield judged & (np.abs(gap) > each["tolerance"]), judged, told
    margins = [[f"{key}_low", key] for key in frame.columns] + [[key, f"{key}_high"] for key in frame.columns]
    for each in [*identities["at_most"], {"pairs": margins, "tolerance": 0.0}]:
        for low, high in each["pairs"]:
            if {low, high} <= set(frame.columns):
                gap = (frame[low] - frame[high]).to_numpy(dtype="float64")
                yield gap > each["tolerance"], ~np.isnan(gap), f"{low} is more than {high}"


@dataclass(frozen=True)
class SharesForPercent:
    """Percentages that are all fractions of one."""

    code: ClassVar[str] = "AR03"
    title: ClassVar[str] = "shares in the place of percentages"
    severity: ClassVar[Severity] = "refuse"

    def run(self, arrival: Arrival) -> Iterator[Finding]:
        """Look for percentages of which none is above 1 and most are no whole number."""
        years = arrival.new.frame["year"].to_numpy()
        for key in [key for key, about in arrival.definitions.items() if about.unit in ("percent", "%")]:
            values = arrival.new.frame[key].to_numpy(dtype="float64")
            for year in arrival.new.years:
                known = values[(years == year) & ~np.isnan(values)]
                if len(known) < ENOUGH or known.max() > 1:
                    continue
                if float((known % 1 > 0).mean()) > 0.5:
                    message = f"no value is above {known.max():.3g}, where percentages run to 100"
                    yield Finding(self.code, self.title, self.severity, key, year, message, float(known.max()))


@dataclass(frozen=True)
class OtherYearInName:
    """A file whose name tells another year than its rows."""

    code: ClassVar[str] = "AR13"
    title: ClassVar[str] = "another year in the file name"
    severity: ClassVar[Severity] = "flag"

    def run(self, arrival: Arrival) -> Iterator[Finding]:
        """Hold the years in every file name against the years of the rows."""
        years = arrival.new.years
        for file in arrival.new.files:
            named = years_in(file)
            if named and not named & set(years):
                told = ", ".join(map(str, sorted(named)))
                message = f"{file.name} says {told}; its rows are about {', '.join(map(str, years))}"
                yield Finding(self.code, self.title, self.severity, "", years[-1], message, float(max(named)))


def years_in(file: SourceFile) -> set[int]:
    """The years that a file name tells.

    Examples
    --------
    >>> sorted(years_in(SourceFile("scores wijken 2002-2020.csv", "")))
    [2002, 2020]
    >>> years_in(SourceFile("kwb-2009-versie-2014-06-01.xls", ""))
    {2009}
    """
    return set(map(int, YEAR.findall(DAY.sub("", file.name))))
