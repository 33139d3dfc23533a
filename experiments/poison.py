"""What the checks of new observations cost in false alarms and what they catch, on the official files.

    python experiments/poison.py DATA_FOLDER [--draws 200] [--seed 1] [--part alarms|poison]

False alarms: every official file (and every wave of it) arrives as if new after the earlier ones; then every
province and every municipality alone. Hits: each kind of poison at several strengths is put into such an arrival,
drawn at random, and the findings that the clean file did not have are counted. Prints the tables of
docs/reliability.md.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.catalogue import indicators, municipalities
from riskmodel.sources.kwb import reader as kwb
from riskmodel.sources.leefbaarometer import edition2 as leefbaarometer2
from riskmodel.sources.leefbaarometer import scores as leefbaarometer
from riskmodel.sources.leefbaarometer import wfs as leefbaarometer_wfs
from riskmodel.sources.observations import Observations, SourceFile
from riskmodel.sources.statline import rivm
from riskmodel.workspace.findings import Finding
from riskmodel.workspace.ingest_checks import Arrival, run_checks

PROVINCES = dict(zip(municipalities()["code"], municipalities()["province"], strict=True))
FEWEST, LARGE = 20, 10_000


@dataclass(frozen=True)
class Case:
    """Observations of one year that arrive after others."""

    name: str
    new: Observations
    held: tuple[Observations, ...]

    def findings(self) -> tuple[Finding, ...]:
        """What the checks say."""
        return run_checks(Arrival.of(self.new, self.held))


def official(data: Path) -> list[Observations]:
    """Every official file in the folder, as its reader gives it."""
    scores = leefbaarometer.read_scores(sorted((data / "leefbaarometer-3.0").glob("*scores wijken*.csv")))
    layer = leefbaarometer_wfs.read_layers([data / "leefbaarometer-3.0" / "wfs buurtscore24.csv"])
    earlier = leefbaarometer2.read_scores(sorted((data / "leefbaarometer-2.0").glob("*.xlsx")))
    names = ("wijk_2016", "amsterdam_2017", "amsterdam_2019", "wijk_2022", "gemeente_2022")
    tables = [each for name in names for each in kwb.read_tables([data / "kwb" / f"{name}.csv"])]
    health = rivm.read_monitor(sorted((data / "rivm").glob("*_18plus.xlsx")))
    return [*scores, *layer, *earlier, *tables, *health]


def by_year(each: Observations) -> Iterator[Observations]:
    """One piece a year, without the indicators that the year does not have."""
    for year, part in each.frame.groupby("year"):
        kept = [key for key in part.columns if key in ("location", "name", "year") or part[key].notna().any()]
        files = (SourceFile(f"{each.source} {each.level} {year}", ""),)
        yield replace(each, frame=part[kept].reset_index(drop=True), files=files)


def arrivals(pieces: Sequence[Observations]) -> list[Case]:
    """Every piece after all earlier ones of its source and level."""
    cases = []
    for piece in pieces:
        kind, year = (piece.source, piece.level), piece.years[0]
        held = tuple(each for each in pieces if (each.source, each.level) == kind and each.years[0] < year)
        cases.append(Case(f"{piece.source} {piece.level} {year}", piece, held))
    return cases


def by_municipality(each: Observations) -> dict[str, pd.DataFrame]:
    """Rows of every municipality, by the digits of its code."""
    return {str(code): part for code, part in each.frame.groupby(each.frame["location"].str[2:6])}


def part_of(each: Observations, rows: dict[str, pd.DataFrame], codes: set[str]) -> Observations:
    """The areas of some municipalities."""
    parts = [rows[code] for code in sorted(codes) if code in rows]
    return replace(each, frame=pd.concat(parts or [each.frame.iloc[:0]], ignore_index=True))


def subsets(cases: Sequence[Case], by: dict[str, set[str]], *, own: bool) -> Iterator[Case]:
    """Every case cut down to each group of municipalities, beside the country or beside itself."""
    for case in cases:
        rows = by_municipality(case.new)
        there = [(each, by_municipality(each)) for each in case.held] if own else []
        for name, codes in by.items():
            new = part_of(case.new, rows, codes)
            held = [part_of(each, parts, codes) for each, parts in there] if own else case.held
            if len(new.frame):
                yield Case(f"{case.name} {name}", new, tuple(each for each in held if len(each.frame)))


def count_alarms(title: str, cases: Sequence[Case]) -> None:
    """Print how many arrivals are refused or flagged, and by which check."""
    refused = flagged = compared = 0
    by_check: Counter[str] = Counter()
    for case in cases:
        arrival = Arrival.of(case.new, case.held)
        findings = run_checks(arrival)
        compared += len(arrival.columns)
        refused += any(found.severity == "refuse" for found in findings)
        flagged += any(found.severity == "flag" for found in findings)
        by_check.update(sorted({found.code for found in findings}))
    told = ", ".join(f"{code} {count}" for code, count in sorted(by_check.items())) or "-"
    total = len(cases)
    print(
        f"| {title} | {total:,} | {compared:,} | {refused} ({refused / total:.2%}) | "
        f"{flagged} ({flagged / total:.2%}) | {told} |"
    )


def alarms(files: Sequence[Observations], cases: Sequence[Case]) -> None:
    """Print the table of false alarms, and what was found in whole files."""
    towns = {code: {code[2:]} for code in PROVINCES}
    provinces: dict[str, set[str]] = defaultdict(set)
    for code, province in PROVINCES.items():
        provinces[province].add(code[2:])
    print("| arrivals | files | columns compared | refused | flagged | by check |")
    print("|---|---:|---:|---:|---:|---|")
    count_alarms("official files, each alone", [Case(each.source, each, ()) for each in files])
    count_alarms("each wave after the earlier ones", cases)
    small = [case for case in cases if case.new.level != "gemeente" and not case.name.startswith("kwb buurt")]
    count_alarms("each province beside the country", list(subsets(small, provinces, own=False)))
    count_alarms("each province beside itself", list(subsets(small, provinces, own=True)))
    count_alarms("each municipality beside the country", list(subsets(small, towns, own=False)))
    print()
    for case in cases:
        for found in case.findings():
            print(f"{case.name}: {found.severity} {found.line}")


Poison = Callable[[Case, np.random.Generator, float], Observations | None]


def changed(each: Observations, **columns: Any) -> Observations:
    """The same with other columns."""
    return replace(each, frame=each.frame.assign(**columns))


def comparable(case: Case, *, units: Sequence[str] = ()) -> list[str]:
    """Indicators that an earlier year has too."""
    earlier = {key for each in case.held for key in each.indicators}
    keys = [key for key in case.new.indicators if key in earlier and indicators()[key].unit != "class"]
    return [key for key in keys if not units or indicators()[key].unit in units]


def one(case: Case, rng: np.random.Generator, **asked: Sequence[str]) -> str | None:
    """A random indicator with enough values; None when there is none."""
    keys = [key for key in comparable(case, **asked) if case.new.frame[key].notna().sum() >= FEWEST]
    return str(rng.choice(keys)) if keys else None


def shift(case: Case, rng: np.random.Generator, strength: float) -> Observations | None:
    """One indicator moves by a number of its own distances between quartiles, up or down."""
    key = one(case, rng)
    if key is None:
        return None
    values = case.new.frame[key]
    step = strength * float(values.quantile(0.75) - values.quantile(0.25)) * rng.choice([-1, 1])
    return changed(case.new, **{key: values + step}) if step else None


def unit(case: Case, rng: np.random.Generator, strength: float) -> Observations | None:
    """One indicator is multiplied by a factor."""
    key = one(case, rng)
    if key is None or indicators()[key].unit == "score points":
        return None
    return changed(case.new, **{key: case.new.frame[key] * strength})


def part_unit(case: Case, rng: np.random.Generator, strength: float) -> Observations | None:
    """In a share of the rows one indicator is a hundredth of itself."""
    key = one(case, rng)
    if key is None or indicators()[key].unit == "score points":
        return None
    values = case.new.frame[key]
    return changed(case.new, **{key: values.where(rng.random(len(values)) >= strength, values / 100)})


def swap(case: Case, rng: np.random.Generator, strength: float) -> Observations | None:
    """Two indicators of one unit change places; strength 1 for any two, 2 for the two most alike."""
    pairs = [(a, b) for a in comparable(case) for b in comparable(case) if a < b and _unit(a) == _unit(b)]
    pairs = [(a, b) for a, b in pairs if case.new.frame[[a, b]].notna().all(axis=1).sum() >= FEWEST]
    if not pairs:
        return None
    first, second = pairs[rng.integers(len(pairs))]
    if strength == 2:
        others = {other for pair in pairs if first in pair for other in pair if other != first}
        gaps = {other: _alike(case.new.frame, first, other) for other in sorted(others)}
        second = min(gaps, key=lambda key: gaps[key])
    return changed(case.new, **{first: case.new.frame[second], second: case.new.frame[first]})


def _unit(key: str) -> str:
    return indicators()[key].unit


def _alike(frame: pd.DataFrame, one_key: str, other: str) -> float:
    return float((frame[one_key] - frame[other]).abs().median())


def other_year(case: Case, rng: np.random.Generator, strength: float) -> Observations | None:
    """In a share of the areas every value is that of an earlier year."""
    areas = set(case.new.frame["location"])
    # A file of one city is no earlier edition of a file of the country.
    held = [each for each in case.held if len(areas & set(each.frame["location"])) > len(areas) / 2]
    held = [each for each in held if set(each.indicators) & set(comparable(case))]
    if not held:
        return None
    source = held[rng.integers(len(held))]
    keys = [key for key in source.indicators if key in case.new.indicators]
    old = (
        source.frame.set_index("location")[keys]
        .reindex(case.new.frame["location"])
        .set_index(case.new.frame.index)
    )
    taken = old.notna().any(axis=1) & (rng.random(len(old)) < strength)
    if taken.sum() < FEWEST:
        return None
    return changed(case.new, **{key: case.new.frame[key].where(~taken, old[key]) for key in keys})


def rows_moved(case: Case, rng: np.random.Generator, strength: float) -> Observations | None:
    """From a random row on, over a share of the rows, all values stand one row down."""
    frame = case.new.frame
    length = int(strength * len(frame))
    if length < 2:
        return None
    begin = int(rng.integers(len(frame) - length + 1))
    order = np.arange(len(frame))
    order[begin : begin + length] = np.roll(order[begin : begin + length], 1)
    return changed(case.new, **{key: frame[key].to_numpy()[order] for key in case.new.indicators})


def replaced(case: Case, rng: np.random.Generator, strength: float) -> Observations | None:
    """A share of the rows gets the values of other random rows."""
    frame = case.new.frame
    chosen = rng.random(len(frame)) < strength
    order = np.where(chosen, rng.integers(len(frame), size=len(frame)), np.arange(len(frame)))
    return changed(case.new, **{key: frame[key].to_numpy()[order] for key in case.new.indicators})


def filled(value: float) -> Poison:
    """In a share of the areas one indicator becomes a zero or a sentinel."""

    def poison(case: Case, rng: np.random.Generator, strength: float) -> Observations | None:
        key = one(case, rng)
        if key is None:
            return None
        values = case.new.frame[key]
        return changed(case.new, **{key: values.where(rng.random(len(values)) >= strength, value)})

    return poison


def lost(case: Case, rng: np.random.Generator, strength: float) -> Observations | None:
    """A share of the areas loses the value of one indicator."""
    key = one(case, rng)
    if key is None:
        return None
    values = case.new.frame[key]
    return changed(case.new, **{key: values.where(rng.random(len(values)) >= strength)})


def edition(pieces: Sequence[Observations]) -> Poison:
    """The score of a wave is that of edition 2.0: 1 as it is, 2 with the middle and the spread of the wave."""
    old = {each.years[0]: each for each in pieces if each.source == "leefbaarometer-2.0" and each.level == "wijk"}

    def poison(case: Case, rng: np.random.Generator, strength: float) -> Observations | None:
        other = old.get(case.new.years[0])
        if case.new.source != "leefbaarometer-3.0" or other is None or "lbm2_score" not in other.indicators:
            return None
        frame = case.new.frame
        values = other.frame.set_index("location")["lbm2_score"].reindex(frame["location"]).to_numpy()
        if strength == 2:
            mine = frame["score"]
            values = (values - np.nanmean(values)) / np.nanstd(values) * mine.std() + mine.mean()
        gone = [key for key in case.new.indicators if key != "score"]
        return replace(case.new, frame=frame.assign(score=values).drop(columns=gone))

    return poison


def kinds(pieces: Sequence[Observations]) -> list[tuple[str, Poison, tuple[float, ...], str]]:
    """Kinds of poison with their strengths."""
    return [
        ("level shift, distances between quartiles", shift, (0.25, 0.5, 1.0, 1.5, 2.0, 4.0), "{:g}"),
        ("unit: times", unit, (0.001, 0.01, 0.1, 10.0, 1000.0), "{:g}"),
        ("a hundredth in a share of the rows", part_unit, (0.02, 0.1, 0.3, 0.6), "{:.0%}"),
        ("two columns swapped (1 any, 2 most alike)", swap, (1, 2), "{:g}"),
        ("values of an earlier year, share of areas", other_year, (0.1, 0.3, 0.6, 1.0), "{:.0%}"),
        ("another edition (1 as it is, 2 rescaled)", edition(pieces), (1, 2), "{:g}"),
        ("rows shifted by one, share of rows", rows_moved, (0.1, 0.25, 0.5, 1.0), "{:.0%}"),
        ("rows replaced, share", replaced, (0.02, 0.05, 0.1, 0.2, 0.4), "{:.0%}"),
        ("zeros in a share of the areas", filled(0.0), (0.01, 0.03, 0.1, 0.3), "{:.0%}"),
        ("99999 in a share of the areas", filled(99999.0), (0.001, 0.01, 0.1), "{:.1%}"),
        ("values lost, share of areas", lost, (0.1, 0.2, 0.4, 0.8), "{:.0%}"),
    ]


def hits(title: str, pieces: Sequence[Observations], cases: Sequence[Case], draws: int, seed: int) -> None:
    """Print the table of hits: any finding that the clean arrival does not have."""
    print(f"\n| poison ({title}) | strength | draws | refused | refused or flagged | by check |")
    print("|---|---:|---:|---:|---:|---|")
    clean: dict[str, set[tuple[str, str]]] = {}
    for place, (name, poison, strengths, form) in enumerate(kinds(pieces)):
        for strength in strengths:
            rng = np.random.default_rng([seed, place, int(strength * 1000)])
            done = refused = found_any = 0
            by_check: Counter[str] = Counter()
            for _ in range(20 * draws):
                if done == draws:
                    break
                case = cases[int(rng.integers(len(cases)))]
                poisoned = poison(case, rng, strength)
                if poisoned is None:
                    continue
                if case.name not in clean:
                    clean[case.name] = {(found.code, found.indicator) for found in case.findings()}
                findings = run_checks(Arrival.of(poisoned, case.held))
                fresh = [found for found in findings if (found.code, found.indicator) not in clean[case.name]]
                done += 1
                refused += any(found.severity == "refuse" for found in fresh)
                found_any += bool(fresh)
                by_check.update(sorted({found.code for found in fresh}))
            told = ", ".join(f"{code} {count / done:.0%}" for code, count in by_check.most_common(3)) or "-"
            if done:
                print(
                    f"| {name} | {form.format(strength)} | {done} | {refused / done:.0%} | "
                    f"{found_any / done:.0%} | {told} |",
                    flush=True,
                )


def _scored(case: Case) -> bool:
    """Whether figures, not only classes, have an earlier value."""
    return any(column.about.unit != "class" for column in Arrival.of(case.new, case.held).columns)


def main() -> None:
    """Read, measure and print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("data", type=Path)
    asked.add_argument("--draws", type=int, default=200)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--part", choices=("alarms", "poison"))
    given = asked.parse_args()
    files = official(given.data)
    pieces = [piece for each in files for piece in by_year(each)]
    cases = arrivals(pieces)
    if given.part != "poison":
        alarms(files, cases)
    if given.part != "alarms":
        # Files beside which nothing is known cannot be compared; buurten of the whole country take long.
        whole = [case for case in cases if len(case.new.frame) < LARGE and _scored(case)]
        hits("whole file", pieces, whole, given.draws, given.seed)
        towns = {code: {code[2:]} for code in PROVINCES}
        wijken = [case for case in whole if case.new.level == "wijk"]
        small = [case for case in subsets(wijken, towns, own=False) if len(case.new.frame) >= FEWEST]
        small = [case for case in small if _scored(case)]
        hits("file of one municipality of 20 areas or more", pieces, small, given.draws, given.seed)


if __name__ == "__main__":
    main()
