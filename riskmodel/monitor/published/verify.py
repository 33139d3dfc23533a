"""Hold what this package computes against what was published: classes, sums of dimensions, base constants.

Every class that comes with a score is computed again, every row is added up, and what differs is listed case by
case. A value that lies within its own rounding of a cut could belong to either class: such borderline cases are
listed too, also where both classes happen to agree.

The cuts are not published; they were found from published classes (``catalogue/classes.toml``,
``leefbaarometer2.toml`` and ``leefbaarometer_wfs.toml`` say from which). On those files full agreement says that
one set of cuts gives every class; a test of the cuts it is only on other files.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.catalogue import DIMENSIONS, ClassScheme, class_scheme, load
from riskmodel.errors import InputError
from riskmodel.panel.panel import FloatArray
from riskmodel.sources.formats import delimited
from riskmodel.sources.leefbaarometer import edition2 as leefbaarometer2
from riskmodel.sources.leefbaarometer import scores as leefbaarometer
from riskmodel.sources.leefbaarometer import wfs as leefbaarometer_wfs
from riskmodel.sources.leefbaarometer.edition2_columns import HALF_STEP, TOLERANCE
from riskmodel.sources.leefbaarometer.package import open_package
from riskmodel.sources.observations import Observations

COLUMNS = ("level", "check", "year", "location", "value", "published", "computed", "agrees", "borderline")
SUM = "sum of dimensions"
#: Digits with which the WFS writes a number.
DIGITS = 6
ORIGIN_OF_CUTS = (
    "The cuts were found from published classes of 2012-2016 (2.0, wijk and gemeente) and of 2024 (3.0, buurt).\n"
    "On those files full agreement says that one set of cuts gives every class; other files test the cuts."
)
#: What the files of each kind are called in a report.
KINDS = {
    leefbaarometer.SOURCE: "Leefbaarometer 3.0, scores",
    leefbaarometer_wfs.SOURCE: "Leefbaarometer 3.0, layers with classes",
    leefbaarometer2.SOURCE: "Leefbaarometer 2.0",
}


def parts_scheme() -> ClassScheme:
    """Classes 1 to 9 of a deviation and of the dimensions of 3.0, in which 5 is no deviation."""
    cuts = load("leefbaarometer_wfs")["cuts"]["parts"]["cuts"]
    return ClassScheme(tuple(str(each) for each in range(1, 10)), np.array(cuts))


def verify_release(observations: Observations) -> pd.DataFrame:
    """Compute again what a release publishes beside its scores."""
    if observations.source == leefbaarometer2.SOURCE:
        parts = [*_classes_of_2(observations), _sums(observations, *_columns_of_2(), TOLERANCE)]
    elif observations.source == leefbaarometer_wfs.SOURCE:
        facts = load("leefbaarometer_wfs")["values"]
        columns = facts["afw"], [facts[each] for each in DIMENSIONS]
        parts = [*_classes_of_layer(observations), _sums(observations, *columns, leefbaarometer_wfs.TOLERANCE)]
    elif observations.source == leefbaarometer.SOURCE:
        parts = [_sums(observations, "score", list(DIMENSIONS), leefbaarometer.TOLERANCE)]
    else:
        raise InputError("verify", f"source {observations.source!r}", "a release of the Leefbaarometer")
    made = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return made.assign(level=observations.level)[list(COLUMNS)]


def verify_table(table: pd.DataFrame) -> str:
    """Tell how many values agree, a line a check and year, and every case that does not or lies at a cut."""
    if table.empty:
        return "Nothing to verify: scores without classes and without dimensions."
    lines = [f"{'level':<9} {'check':<28} {'year':>4} {'values':>8} {'agree':>8} {'share':>9} {'at a cut':>8}"]
    counts = table.groupby(["level", "check", "year"], sort=False, as_index=False).agg(
        values=("agrees", "size"), agree=("agrees", "sum"), at_cut=("borderline", "sum")
    )
    for row in counts.to_dict("records"):
        same, all_ = int(row["agree"]), int(row["values"])
        # A share that is not whole may not look whole.
        share = f"{np.floor(1e5 * same / all_) / 1e3:.3f}%" if same < all_ else "100%"
        told = f"{row['level']:<9} {row['check']:<28} {row['year']:>4}"
        lines.append(f"{told} {all_:>8,} {same:>8,} {share:>9} {int(row['at_cut']):>8,}")
    cases = table[~table["agrees"] | table["borderline"]]
    lines += ["", "Every value agrees and none lies at a cut." if cases.empty else f"{len(cases):,} cases:"]
    lines += [_case(row) for row in cases.to_dict("records")]
    return "\n".join(lines)


def passed(table: pd.DataFrame) -> bool:
    """Whether every value agrees, apart from values whose rounding reaches over a cut."""
    return bool((table["agrees"] | table["borderline"]).all())


def verify_files(files: Sequence[Path]) -> tuple[str, bool]:
    """Verify files of the Leefbaarometer as published, of either edition, any kinds and levels."""
    if not files:
        raise InputError("files", "none", "at least one file of the Leefbaarometer")
    readers = {
        leefbaarometer.SOURCE: leefbaarometer.read_scores,
        leefbaarometer_wfs.SOURCE: leefbaarometer_wfs.read_layers,
        leefbaarometer2.SOURCE: leefbaarometer2.read_scores,
    }
    with ExitStack() as opened:
        kinds: dict[str, list[Path]] = {kind: [] for kind in readers}
        for file in files:
            packed = file.is_dir() or file.suffix.lower() == ".zip"
            for path in opened.enter_context(open_package(file)) if packed else [file]:
                kinds[_kind(path)].append(path)
        sections, good = [], True
        for kind, paths in kinds.items():
            if not paths:
                continue
            table = pd.concat([verify_release(each) for each in readers[kind](paths)], ignore_index=True)
            bases = [_base(path) for path in paths if kind == leefbaarometer.SOURCE]
            head = f"{KINDS[kind]}: {', '.join(path.name for path in paths)}"
            sections.append("\n".join([head, *bases, verify_table(table)]))
            good = good and passed(table)
    return "\n\n".join([*sections, ORIGIN_OF_CUTS]), good


def _kind(path: Path) -> str:
    if path.suffix.lower() in (".xlsx", ".dbf"):
        return leefbaarometer2.SOURCE
    names = delimited.header(path)
    if "kscore" in names:
        return leefbaarometer_wfs.SOURCE
    if {"lbm", "afw"} <= set(names):
        return leefbaarometer.SOURCE
    if set(load("leefbaarometer2")["codes"]["columns"]) & {name.strip().upper() for name in names}:
        return leefbaarometer2.SOURCE
    raise InputError(f"{path}, line 1", f"columns {delimited.shown(names)}", "a file of the Leefbaarometer")


def _base(path: Path) -> str:
    """Base constant of a score file of 3.0; its reader has refused the file if the base is not one constant."""
    columns = ["jaar", "lbm", "afw"]
    table = delimited.read(path, columns, columns).to_pandas().dropna()
    gap = table["lbm"] - table["afw"]
    years = ", ".join(str(int(year)) for year in sorted(table["jaar"].unique()))
    return (
        f"base constant lbm - afw = {gap.median():.6f} in each of {len(gap):,} rows of {years} "
        f"(highest less lowest {gap.max() - gap.min():.0e})"
    )


def _case(row: Mapping[Hashable, Any]) -> str:
    told = "differs" if not row["agrees"] else "agrees"
    if row["borderline"]:
        told += ", within its rounding of a cut"
    return (
        f"  {row['location']} {row['year']} {row['check']}: value {row['value']:.7g}, "
        f"published {row['published']:.7g}, computed {row['computed']:.7g} ({told})"
    )


def _classes_of_layer(observations: Observations) -> list[pd.DataFrame]:
    facts = load("leefbaarometer_wfs")
    frame, found = observations.frame, []
    for column, indicator in facts["classes"].items():
        values = frame[facts["values"]["afw" if column == "kscore" else column.removeprefix("k")]].to_numpy()
        scheme = class_scheme("3.0") if column == "kscore" else parts_scheme()
        size = np.floor(np.log10(np.maximum(np.abs(values), 1e-9)))
        part = frame[["year", "location"]].assign(check=indicator, value=values, published=frame[indicator])
        found.append(_judged(part, scheme, 0.5 * 10.0 ** (size + 1 - DIGITS)))
    return found


def _classes_of_2(observations: Observations) -> list[pd.DataFrame]:
    if not any(each.startswith(("lbm2_class", "lbm2_development")) for each in observations.indicators):
        return []
    compared = leefbaarometer2.compare_classes(observations).rename(columns={"indicator": "check"})
    total = compared["check"] == "lbm2_class"
    rounding = _rounding_of_2(observations)
    return [
        _judged(compared[total], leefbaarometer2.class_scheme(), rounding),
        _judged(compared[~total], leefbaarometer2.development_scheme(), 2 * rounding),
    ]


def _rounding_of_2(observations: Observations) -> float:
    """How far a score may be off: the CSV files of 2.0 have three decimals, the workbooks all."""
    scores = observations.frame.groupby("year")["lbm2_score"]
    # The national mean was added to what was published, so only differences within a year show the steps.
    steps = ((observations.frame["lbm2_score"] - scores.transform("min")) * 1000).dropna().to_numpy()
    return HALF_STEP if np.allclose(steps, np.round(steps), rtol=0, atol=TOLERANCE * 1000) else 1e-12


def _judged(part: pd.DataFrame, scheme: ClassScheme, rounding: float | FloatArray) -> pd.DataFrame:
    """Computed classes beside the published ones, for values of which both are known."""
    values = part["value"].to_numpy(dtype=float)
    part = part.assign(
        computed=scheme.classify(values),
        borderline=scheme.classify(values - rounding) != scheme.classify(values + rounding),
    ).dropna(subset=["value", "published"])
    return part.assign(agrees=part["published"] == part["computed"])


def _columns_of_2() -> tuple[str, list[str]]:
    total, *dimensions = load("leefbaarometer2")["indicators"].values()
    return total, dimensions


def _sums(observations: Observations, total: str, dimensions: list[str], tolerance: float) -> pd.DataFrame:
    """Sums of dimensions beside the deviation they shall add up to."""
    frame = observations.frame
    if total not in frame:
        return pd.DataFrame(columns=list(COLUMNS))
    part = frame[["year", "location"]].assign(check=SUM, published=frame[total] - (observations.base or 0.0))
    # As many terms as there are dimensions, and the total itself, may each be rounded.
    rounded = observations.source == leefbaarometer2.SOURCE and _rounding_of_2(observations) == HALF_STEP
    allowed = tolerance + (len(dimensions) + 1) * HALF_STEP * rounded
    part["computed"] = frame[dimensions].sum(axis=1, skipna=False)
    part["value"] = part["published"]
    part = part.dropna(subset=["published", "computed"])
    return part.assign(agrees=(part["published"] - part["computed"]).abs() <= allowed, borderline=False)
