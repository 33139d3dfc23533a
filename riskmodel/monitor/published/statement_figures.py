"""Figures beside official statements: one function for every kind, named in the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from riskmodel.monitor.decomposition import covariance_shares
from riskmodel.monitor.development import BACK, FORWARD, NOT_KNOWN, development_table
from riskmodel.monitor.measured import Measured
from riskmodel.monitor.national import SMALL, Groups, class_distribution, in_classes, onvoldoende
from riskmodel.monitor.national_change import direction_shares, fallers_by_dimension, mean_change

#: The dimension of nuisance and safety in each edition.
SAFETY = {"3.0": "onv", "2.0": "lbm2_safety"}
#: Development classes 1 to 3 of 2.0: grote achteruitgang, achteruitgang, kleine achteruitgang.
DECLINED = 3


@dataclass(frozen=True)
class Question:
    """Subject of a statement.

    Attributes
    ----------
    waves : tuple of int
        Measurements, ascending.
    classes : tuple of int
        Lowest and highest class.
    groups : tuple of str
        Names of groups of areas.
    weight : str
        What the source counts: ``"inhabitants"`` or ``"areas"``.
    """

    waves: tuple[int, ...]
    classes: tuple[int, int]
    groups: tuple[str, ...]
    weight: str


@dataclass(frozen=True)
class Figure:
    """A figure from the files.

    Attributes
    ----------
    text : str
        Short, for a table.
    detail : str
        The counts behind it.
    values : tuple of float
        The same as numbers: shares from 0 to 1, counts, or score points.
    weight : str
        What was counted: ``"inhabitants"`` or ``"areas"``.
    """

    text: str
    detail: str
    values: tuple[float, ...]
    weight: str


@dataclass(frozen=True)
class Missing:
    """The reason why there is no figure.

    Attributes
    ----------
    reason : str
        In few words.
    """

    reason: str


Shown = Figure | Missing


def share_of_classes(measured: Measured, groups: Groups, asked: Question) -> Shown:
    """Return the share of the people (else of the areas) in some classes at every measurement."""
    table, weight = class_distribution(measured), _weight(measured, asked)
    shares, details = [], []
    for wave in asked.waves:
        part, people = in_classes(table, wave, *asked.classes), ""
        if weight == "inhabitants":
            people = f"{part.people:,.0f} of {part.all_people:,.0f} inhabitants, "
        shares.append(part.people / part.all_people if people else part.areas / part.all_areas)
        details.append(f"{wave}: {people}{part.areas:,} of {part.all_areas:,} {measured.level} areas")
    return Figure(" -> ".join(f"{share:.1%}" for share in shares), "; ".join(details), tuple(shares), weight)


def people_in_classes(measured: Measured, groups: Groups, asked: Question) -> Shown:
    """Return the number of people in some classes at one measurement."""
    if _weight(measured, asked) != "inhabitants":
        return Missing("no inhabitants known")
    part = in_classes(class_distribution(measured), asked.waves[-1], *asked.classes)
    detail = f"in {part.areas:,} of {part.all_areas:,} {measured.level} areas"
    return Figure(f"{part.people:,.0f}", detail, (part.people,), "inhabitants")


def areas_in_classes(measured: Measured, groups: Groups, asked: Question) -> Shown:
    """Return the number of areas in some classes at every measurement."""
    table = class_distribution(measured)
    chosen = table[table["class"].between(*asked.classes)].groupby("wave")["areas"].sum()
    whole = table.groupby("wave")["areas"].sum()
    counts = [int(chosen[wave]) for wave in asked.waves]
    details = [f"{wave}: {chosen[wave] / whole[wave]:.1%} of {whole[wave]:,}" for wave in asked.waves]
    text = f"{' -> '.join(f'{count:,}' for count in counts)} of {whole[asked.waves[-1]]:,} {measured.level} areas"
    return Figure(text, "; ".join(details), tuple(map(float, counts)), "areas")


def part_in_group(measured: Measured, groups: Groups, asked: Question) -> Shown:
    """Return which part of the people or areas that are onvoldoende is in a group."""
    name = asked.groups[0]
    if name not in groups:
        return Missing(f"no areas known of the group {name}")
    table = onvoldoende(measured, {name: groups[name]})
    rows = table[table["wave"] == asked.waves[-1]]
    country, group = rows[rows["kind"] == "land"].iloc[0], rows[rows["kind"] == "groep"].iloc[0]
    weight = _weight(measured, asked)
    part = float(group[f"part_{weight}"])
    if np.isnan(part):
        return Missing("nothing is onvoldoende at this level")
    return Figure(
        f"{part:.0%}",
        f"{group['areas']} of {country['areas']} {measured.level} areas, "
        f"{group['inhabitants']:,.0f} of {country['inhabitants']:,.0f} inhabitants; fewer than {SMALL:,.0f} "
        f"inhabitants have {group['small_areas']} and {country['small_areas']} of these areas",
        (part,),
        weight,
    )


def mean_changes(measured: Measured, groups: Groups, asked: Question) -> Shown:
    """Return the mean change per inhabitant between successive measurements."""
    found = [mean_change(measured, start, end) for start, end in _spans(asked)]
    details = [
        f"{start}-{end}: {count:,} areas" for (start, end), (_, count) in zip(_spans(asked), found, strict=True)
    ]
    changes = [change for change, _ in found]
    return Figure(_in_turn(changes), "score points; " + "; ".join(details), tuple(changes), "inhabitants")


def group_changes(measured: Measured, groups: Groups, asked: Question) -> Shown:
    """Return the mean change of every group and of the rest of the country between successive measurements."""
    there = {name: groups[name] for name in asked.groups if name in groups}
    if not there:
        return Missing("no areas known of any of these groups")
    texts, details, values = [], [], []
    for name, chosen in there.items():
        inside = [mean_change(measured, *span, chosen) for span in _spans(asked)]
        outside = [mean_change(measured, *span, ~chosen)[0] for span in _spans(asked)]
        changes = [change for change, _ in inside]
        texts.append(f"{name} {_in_turn(changes)}")
        details.append(f"{texts[-1]} ({min(count for _, count in inside):,} areas; rest {_in_turn(outside)})")
        values += changes
    absent = [f"not at hand: {name}" for name in asked.groups if name not in groups]
    detail = "score points; " + "; ".join([*details, *absent])
    return Figure("; ".join(texts), detail, tuple(values), "inhabitants")


def share_declined(measured: Measured, groups: Groups, asked: Question) -> Shown:
    """Return the share of the people in areas of development class 1 to 3."""
    table = development_table(measured, asked.waves[0], asked.waves[-1]).dropna(subset="inhabitants")
    fell = table["development_class"] <= DECLINED
    share = float(table.loc[fell, "inhabitants"].sum() / table["inhabitants"].sum())
    detail = f"{int(fell.sum()):,} of {len(table):,} {measured.level} areas"
    return Figure(f"{share:.1%}", detail, (share,), "inhabitants")


def safety_fell_most(measured: Measured, groups: Groups, asked: Question) -> Shown:
    """Return in which part of the areas that fell safety fell most, beside the same in all areas."""
    texts, details, values = [], [], []
    for start, end in _spans(asked):
        table = fallers_by_dimension(measured, start, end).set_index("dimension")
        row = table.to_dict("index")[SAFETY[measured.edition]]
        texts.append(f"{row['share_fallers']:.0%} of fallers, {row['share_all']:.0%} of all areas ({start}-{end})")
        details.append(
            f"{start}-{end}: in {row['fallers']:,} of {row['of_fallers']:,} areas that fell beyond jitter "
            f"({row['low95']:.0%} to {row['high95']:.0%}); in {row['all_areas']:,} of all {row['of_all']:,}"
        )
        values += [float(row["share_fallers"]), float(row["share_all"])]
    return Figure("; ".join(texts), "; ".join(details), tuple(values), "areas")


def safety_covariance(measured: Measured, groups: Groups, asked: Question) -> Shown:
    """Return the share of safety in the covariance of dimensions with the total change."""
    found = []
    for start, end in _spans(asked):
        table = covariance_shares(measured, start, end).set_index("dimension")
        found.append(table.loc[SAFETY[measured.edition], ["share", "low95", "high95", "areas"]].to_numpy(float))
    details = [
        f"{start}-{end}: 95% interval {low:.0%} to {high:.0%}, {areas:,.0f} areas"
        for (start, end), (_, low, high, areas) in zip(_spans(asked), found, strict=True)
    ]
    values = tuple(float(each[0]) for each in found)
    texts = [f"{share:.0%} ({start}-{end})" for (start, end), share in zip(_spans(asked), values, strict=True)]
    return Figure("; ".join(texts), "; ".join(details), values, "areas")


def both_directions(measured: Measured, groups: Groups, asked: Question) -> Shown:
    """Return in how many municipalities with several areas some rose and others fell beyond the noise."""
    codes = measured.municipality_codes()
    if (codes == "").any() or measured.level == "gemeente":
        return Missing("needs areas within municipalities")
    table = development_table(measured, asked.waves[0], asked.waves[-1])
    town = table["location"].map(dict(zip(measured.areas, codes, strict=True)))
    each = table.assign(rose=table["direction"] == FORWARD, fell=table["direction"] == BACK).groupby(town)
    several = each.size() >= 2
    if not several.any():
        return Missing("needs municipalities with several areas")
    both = int((each["rose"].any() & each["fell"].any() & several).sum())
    change = table["change"]
    within = float(
        ((change - each["change"].transform("mean")) ** 2).sum() / ((change - change.mean()) ** 2).sum()
    )
    return Figure(
        f"{both:,} of {int(several.sum()):,} municipalities hold risers and fallers",
        f"{within:.0%} of the variance of changes lies within municipalities ({len(table):,} areas)",
        (both / int(several.sum()), within),
        "areas",
    )


def fell_and_rose(measured: Measured, groups: Groups, asked: Question) -> Shown:
    """Return the share of the people in areas that fell and that rose beyond the noise."""
    table = direction_shares(measured, asked.waves[0], asked.waves[-1]).set_index("direction")
    if table["areas"][NOT_KNOWN]:
        return Missing("how much a score jitters is not known")
    down, up = (float(table["share_inhabitants"][each]) for each in (BACK, FORWARD))
    fell, rose, total = (
        int(count) for count in (table["areas"][BACK], table["areas"][FORWARD], table["areas"].sum())
    )
    return Figure(
        f"{down:.1%} where it fell, {up:.1%} where it rose ({asked.waves[0]}-{asked.waves[-1]})",
        f"{fell:,} and {rose:,} of {total:,} areas; jitter alone would put "
        f"{table['by_jitter'][BACK]:.0%} of areas in each",
        (down, up),
        "inhabitants",
    )


def all_classes(measured: Measured, groups: Groups, asked: Question) -> Shown:
    """Return the share of the people in each class."""
    table = class_distribution(measured)
    now = table[table["wave"] == asked.waves[-1]]
    weight = _weight(measured, asked)
    shares = now[f"share_{weight}"].to_numpy(dtype=float)
    text = " ".join(f"{100 * share:.1f}" for share in shares) + " %"
    details = [f"{name} {count:,}" for name, count in zip(now["class_name"], now["areas"], strict=True)]
    return Figure(text, f"{measured.level} areas: {', '.join(details)}", tuple(shares), weight)


def _weight(measured: Measured, asked: Question) -> str:
    """Return what is counted: people if they are known at all measurements, else areas."""
    known = [not np.isnan(measured.inhabitants[:, measured.column(wave)]).all() for wave in asked.waves]
    return "inhabitants" if asked.weight == "inhabitants" and all(known) else "areas"


def _in_turn(changes: Iterable[float]) -> str:
    return ", then ".join(f"{change:+.3f}" for change in changes)


def _spans(asked: Question) -> list[tuple[int, int]]:
    return list(pairwise(asked.waves))


FIGURES: Mapping[str, Callable[[Measured, Groups, Question], Shown]] = {
    each.__name__: each
    for each in (
        share_of_classes,
        people_in_classes,
        areas_in_classes,
        part_in_group,
        mean_changes,
        group_changes,
        share_declined,
        safety_fell_most,
        safety_covariance,
        both_directions,
        fell_and_rose,
        all_classes,
    )
}
