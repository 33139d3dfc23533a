"""What a verification of published files found, as text."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.monitor.published.verify import Verified
from riskmodel.sources.leefbaarometer import edition2 as leefbaarometer2
from riskmodel.sources.leefbaarometer import scores as leefbaarometer
from riskmodel.sources.leefbaarometer import wfs as leefbaarometer_wfs

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


def verify_report(verified: Sequence[Verified]) -> str:
    """Return a section for each kind of files, and where the cuts come from."""
    sections = [
        "\n".join(
            [
                f"{KINDS[each.source]}: {', '.join(each.files)}",
                *map(_base, each.bases),
                verify_table(each.table),
            ]
        )
        for each in verified
    ]
    return "\n\n".join([*sections, ORIGIN_OF_CUTS])


def verify_table(table: pd.DataFrame) -> str:
    """Return how many values agree, a line a check and year, and every case that does not or lies at a cut."""
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
        about = f"{row['level']:<9} {row['check']:<28} {row['year']:>4}"
        lines.append(f"{about} {all_:>8,} {same:>8,} {share:>9} {int(row['at_cut']):>8,}")
    cases = table[~table["agrees"] | table["borderline"]]
    lines += ["", "Every value agrees and none lies at a cut." if cases.empty else f"{len(cases):,} cases:"]
    lines += [_case(row) for row in cases.to_dict("records")]
    return "\n".join(lines)


def _base(gap: pd.Series[float]) -> str:
    years = ", ".join(str(int(year)) for year in sorted(gap.index.unique()))
    return (
        f"base constant lbm - afw = {gap.median():.6f} in each of {len(gap):,} rows of {years} "
        f"(highest less lowest {gap.max() - gap.min():.0e})"
    )


def _case(row: Mapping[Hashable, Any]) -> str:
    verdict = "differs" if not row["agrees"] else "agrees"
    if row["borderline"]:
        verdict += ", within its rounding of a cut"
    return (
        f"  {row['location']} {row['year']} {row['check']}: value {row['value']:.7g}, "
        f"published {row['published']:.7g}, computed {row['computed']:.7g} ({verdict})"
    )
