"""Compare what this package computes with what was published: classes, sums of dimensions, base constants.

Every class that comes with a score is computed again, every row is added up, and what differs is listed case by
case. A value that lies within its own rounding of a cut could belong to either class: such borderline cases are
listed too, also where both classes happen to agree.

The cuts are not published; they were found from published classes (``catalogue/classes.toml``,
``leefbaarometer2.toml`` and ``leefbaarometer_wfs.toml`` say from which). On those files full agreement says that
one set of cuts gives every class; a test of the cuts it is only on other files.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

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


def parts_scheme() -> ClassScheme:
    """Return the classes 1 to 9 of a deviation and of the dimensions of 3.0, in which 5 is no deviation."""
    cuts = load("leefbaarometer_wfs")["cuts"]["parts"]["cuts"]
    return ClassScheme(tuple(str(each) for each in range(1, 10)), np.array(cuts))


def verify_release(observations: Observations) -> pd.DataFrame:
    """Compute again what a release publishes beside its scores; a row for every value.

    ``value`` is what the class is computed from; ``borderline`` means that the rounding of the value reaches over
    a cut.
    """
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


def passed(table: pd.DataFrame) -> bool:
    """Return whether every value agrees, apart from values whose rounding reaches over a cut."""
    return bool((table["agrees"] | table["borderline"]).all())


@dataclass(frozen=True)
class Verified:
    """Files of one kind, verified.

    Attributes
    ----------
    source : str
        Kind of the files: a source of the Leefbaarometer.
    files : tuple of str
        Their names.
    bases : tuple of pandas.Series
        Score minus deviation of every row of each score file of 3.0, by year.
    table : pandas.DataFrame
        See :func:`verify_release`.
    """

    source: str
    files: tuple[str, ...]
    bases: tuple[pd.Series[float], ...]
    table: pd.DataFrame


def verify_files(files: Sequence[Path]) -> list[Verified]:
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
        return [
            Verified(
                source=kind,
                files=tuple(path.name for path in paths),
                bases=tuple(_bases(path) for path in paths if kind == leefbaarometer.SOURCE),
                table=pd.concat([verify_release(each) for each in readers[kind](paths)], ignore_index=True),
            )
            for kind, paths in kinds.items()
            if paths
        ]


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


def _bases(path: Path) -> pd.Series[float]:
    """Return score minus deviation by year; the reader has refused the file if it is not one constant."""
    columns = ["jaar", "lbm", "afw"]
    table = delimited.read(path, columns, columns).to_pandas().dropna()
    gap: pd.Series[float] = (table["lbm"] - table["afw"]).set_axis(table["jaar"])
    return gap


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
