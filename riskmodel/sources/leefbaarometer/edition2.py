"""Leefbaarometer 2.0: levels, changes and classes of the edition before 3.0, from workbook, CSV or dBase.

A level of areas has three kinds of file, recognised by their columns: ``RLB*`` (position relative to the national
mean of the measurement, "stand"), ``DLB*`` (absolute change between two, "ontwikkeling") and ``KL..`` with
``VKL....`` (published classes and development classes). The first two are long (a row a measurement) or wide
(columns a measurement); a workbook has both, which must agree. ``catalogue/leefbaarometer2.toml`` has the
constants of absolute scores. This is another instrument than 3.0, and its scores are never compared with those.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from riskmodel.catalogue import ClassScheme, load
from riskmodel.errors import InputError
from riskmodel.sources.leefbaarometer.edition2_columns import check_same, code_columns, tidy, tolerance
from riskmodel.sources.leefbaarometer.edition2_tables import read_tables
from riskmodel.sources.observations import Observations, SourceFile

SOURCE = "leefbaarometer-2.0"
#: Releases differ by less in the shift of the national mean; more is another instrument or a damaged file.
LARGEST_REVISION = 0.002

_Parts = dict[str, tuple[Path, pd.DataFrame, tuple[str, ...]]]


def read_scores(files: Sequence[Path], boundaries: int | None = None) -> list[Observations]:
    """Read files of Leefbaarometer 2.0, any kinds and levels.

    Parameters
    ----------
    files : sequence of Path
        Workbooks, CSV or dBase files as published, one of a kind and level.
    boundaries : int, optional
        Boundary vintage of the codes; by default that of the release, recognised by its last measurement.

    Returns
    -------
    list of Observations
        One a level. ``lbm2_score`` is absolute and the five dimensions add up to it minus the base, the national
        mean of 2012, so that differences between years are absolute changes; ``lbm2_class`` and
        ``lbm2_development_since_<year>`` are as published.

    Raises
    ------
    InputError
        On any file that is not as published, on sheets or files that contradict each other, on two files of a
        kind and level, and on changes without positions.
    """
    if not files:
        raise InputError("files", "none", "at least one file of Leefbaarometer 2.0")
    levels: dict[str, _Parts] = {}
    for path in files:
        level, kind, frame, notes = _read_one(path)
        parts = levels.setdefault(level, {})
        if kind in parts:
            found = f"a second file of {kind} of level {level}"
            raise InputError(path, found, f"one; {parts[kind][0].name} is the first")
        parts[kind] = (path, frame, notes)
    return [_observations(level, parts, boundaries) for level, parts in levels.items()]


def class_scheme() -> ClassScheme:
    """Classes of the absolute score (``lbm2_score``)."""
    return ClassScheme.of(load("leefbaarometer2")["classes"])


def development_scheme() -> ClassScheme:
    """Development classes of the absolute change, whatever the number of years."""
    return ClassScheme.of(load("leefbaarometer2")["development"])


def compare_classes(observations: Observations) -> pd.DataFrame:
    """Classes computed from scores with the published ones, one row an area, year and indicator."""
    frame = observations.frame
    classes = [each for each in observations.indicators if each.startswith(("lbm2_class", "lbm2_development"))]
    if "lbm2_score" not in frame or not classes:
        there = ", ".join(observations.indicators)
        raise InputError(f"level {observations.level}", there, "scores and classes", "Read both kinds of file.")
    scores = frame.pivot(index="location", columns="year", values="lbm2_score")
    found = []
    for indicator in classes:
        since = int(indicator.rsplit("_", 1)[1]) if indicator != "lbm2_class" else None
        scheme = class_scheme() if since is None else development_scheme()
        earlier = 0.0 if since is None else scores.get(since, pd.Series(dtype="float64"))
        for year, published in frame.groupby("year")[["location", indicator]]:
            value = (scores[year] - earlier).reindex(published["location"]).to_numpy(dtype="float64")
            part = pd.DataFrame({"location": published["location"], "indicator": indicator, "year": year})
            part["value"], part["published"] = value, published[indicator]
            found.append(part.assign(computed=scheme.classify(value)).dropna())
    return pd.concat(found, ignore_index=True)


def _read_one(path: Path) -> tuple[str, str, pd.DataFrame, tuple[str, ...]]:
    tables, notes = read_tables(path)
    tables = [table for table in tables if code_columns(table)]
    if not tables:
        columns = ", ".join(load("leefbaarometer2")["codes"]["columns"])
        raise InputError(path, "no column with area codes", f"one of {columns}", "Is it Leefbaarometer 2.0?")
    parts = [tidy(table) for table in tables]
    first_level, first_kind, first = parts[0]
    for table, (level, kind, frame) in zip(tables[1:], parts[1:], strict=True):
        if (level, kind) != (first_level, first_kind):
            raise InputError(table.where, f"{kind} of level {level}", f"{first_kind} of level {first_level}")
        check_same(table.where, first, frame)
    return first_level, first_kind, first, notes


def _observations(level: str, parts: _Parts, boundaries: int | None) -> Observations:
    facts = load("leefbaarometer2")
    if "changes" in parts and "positions" not in parts:
        found = f"changes of level {level} alone"
        raise InputError(parts["changes"][0], found, "positions as well", "Add the 'stand' file.")
    frames, notes = [], [note for _, _, own in parts.values() for note in own]
    if "positions" in parts:
        scores, missing = _scores(parts)
        frames.append(scores)
        notes += missing
    if "classes" in parts:
        frames.append(_classes(parts["classes"][1]))
    frame = pd.concat(frames, axis=1).rename_axis(["location", "year"]).sort_index().reset_index()
    frame.insert(1, "name", frame["location"])
    frame["year"] = frame["year"].astype("int32")
    last = str(frame["year"].max())
    if boundaries is None and last not in facts["boundaries"]:
        found = f"a release up to {last}, of which the boundary vintage is not known"
        expected = f"one up to {', '.join(facts['boundaries'])}"
        hint = "Say the year of the area codes with boundaries."
        raise InputError(next(iter(parts.values()))[0], found, expected, hint)
    vintage = boundaries or int(facts["boundaries"][last])
    files = tuple(SourceFile.of(path) for path, _, _ in parts.values())
    base = float(facts["base"]) if "positions" in parts else None
    return Observations(SOURCE, level, vintage, frame, files, base=base, notes=tuple(notes))


def _classes(frame: pd.DataFrame) -> pd.DataFrame:
    """Classes by location and year; a development class has the year in which its period ends."""
    indexed = frame.set_index(["location", "end"])
    columns = {}
    if "KL" in frame:
        rows = frame["begin"].to_numpy() == frame["end"].to_numpy()
        columns["lbm2_class"] = indexed.loc[rows, "KL"]
    for begin in sorted(frame.loc[frame["begin"] < frame["end"], "begin"].unique()):
        rows = (frame["begin"] == begin).to_numpy() & (frame["end"] > begin).to_numpy()
        columns[f"lbm2_development_since_{begin}"] = indexed.loc[rows, "VKL"]
    return pd.DataFrame(columns)


def _scores(parts: _Parts) -> tuple[pd.DataFrame, list[str]]:
    """Absolute scores by location and year, and notes on those that are missing."""
    facts = load("leefbaarometer2")
    positions = parts["positions"][1].set_index(["location", "end"]).drop(columns="begin")
    shifts = {part: {int(year): by for year, by in known.items()} for part, known in facts["shift"].items()}
    if "changes" in parts:
        _measure(parts["changes"], positions, shifts)
    years = positions.index.get_level_values("end")
    unknown = sorted({int(year) for year in years for known in shifts.values() if year not in known})
    scores = pd.DataFrame(
        {name: positions[part] + years.map(shifts[part]) for part, name in facts["indicators"].items()}
    )
    scores["lbm2_score"] += facts["base"]
    notes = [
        f"dimensions of {year} left out: where the national mean moved is in the file of changes, not given"
        for year in unknown
    ]
    return scores, notes


def _measure(
    changes: tuple[Path, pd.DataFrame, tuple[str, ...]],
    positions: pd.DataFrame,
    shifts: dict[str, dict[int, float]],
) -> None:
    """Compare changes with differences of positions; the gap, the same for all areas, is the shift of the mean."""
    path, frame, _ = changes
    parts = list(shifts)
    reference = load("leefbaarometer2")["reference"]
    waves = positions.index.get_level_values("end").to_numpy()
    at = {int(wave): positions.loc[waves == wave, parts].droplevel("end") for wave in np.unique(waves)}
    for begin, end in sorted({(int(a), int(b)) for a, b in zip(frame["begin"], frame["end"], strict=True)}):
        if begin not in at or end not in at:
            continue
        block = frame[(frame["begin"] == begin) & (frame["end"] == end)]
        earlier, later = (at[year].reindex(block["location"]).to_numpy() for year in (begin, end))
        gap = block[parts].to_numpy() - (later - earlier)
        known = ~np.isnan(gap).any(axis=1)
        if not known.any():
            continue
        middle = np.median(gap[known], axis=0)
        off = np.abs(gap - middle).max(axis=1)
        if (off > tolerance(positions[parts].to_numpy(), 3)).any():
            row = int(np.nanargmax(off))
            raise InputError(
                path,
                f"a change of {block['location'].iloc[row]} from {begin} to {end} that is {off[row]:.6f} off",
                "the difference of its positions",
                "The two files may be of different releases.",
            )
        if begin != reference:
            continue
        for part, moved in zip(parts, gap[known].mean(axis=0), strict=True):
            if abs(moved - shifts[part].get(end, moved)) > LARGEST_REVISION:
                found = f"a national mean of {part} that moved {moved:.4f} from {begin} to {end}"
                expected = f"{shifts[part][end]:.4f}, as in the catalogue"
                raise InputError(path, found, expected, "Is it Leefbaarometer 2.0?")
            shifts[part][end] = float(moved)
