"""Scores of one edition of the Leefbaarometer at one level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import DIMENSIONS, ClassScheme, class_scheme, load, municipalities
from riskmodel.errors import InputError
from riskmodel.panel.aggregate import aggregate, parents_of
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.sources.leefbaarometer import edition2 as leefbaarometer2
from riskmodel.sources.observations import Observations
from riskmodel.workspace.store import Workspace

Edition = Literal["3.0", "2.0"]
#: Most years between a measurement and the count of inhabitants or households that is used for it.
NEAREST = 10


@dataclass(frozen=True)
class Measured:
    """Scores of one edition at one level.

    Attributes
    ----------
    edition : str
        ``"3.0"`` or ``"2.0"``: two instruments, never put together.
    level : str
        ``"buurt"``, ``"wijk"``, ``"gemeente"``, ...
    base : float
        Score minus deviation.
    areas, names : numpy.ndarray of str, shape (areas,)
        Codes, ascending, and names.
    waves : tuple of int
        Measurements, ascending.
    score : numpy.ndarray, shape (areas, waves)
        Absolute score in score points; NaN where not measured.
    dimensions : mapping of str to numpy.ndarray, shape (areas, waves)
        Contribution of each dimension in score points; they add up to the deviation. NaN in waves without.
    inhabitants, households : numpy.ndarray, shape (areas, waves)
        Of the nearest year that has a count; NaN where unknown.
    counted : mapping of int to int
        For each wave, the year of its count of inhabitants.
    scheme : ClassScheme
        The nine classes: of the deviation in edition 3.0, of the score in 2.0.
    development : ClassScheme
        Development classes, on the absolute change.
    """

    edition: str
    level: str
    base: float
    areas: npt.NDArray[np.str_]
    names: npt.NDArray[np.str_]
    waves: tuple[int, ...]
    score: FloatArray
    dimensions: Mapping[str, FloatArray]
    inhabitants: FloatArray
    households: FloatArray
    counted: Mapping[int, int]
    scheme: ClassScheme
    development: ClassScheme

    @property
    def deviation(self) -> FloatArray:
        """Score minus the base constant, shape (areas, waves)."""
        return self.score - self.base

    @property
    def classes(self) -> FloatArray:
        """Class 1 to 9, shape (areas, waves); NaN without a score."""
        return self.scheme.classify(self.deviation if self.edition == "3.0" else self.score)

    def column(self, wave: int) -> int:
        """Return the index of a measurement on the wave axis."""
        if wave not in self.waves:
            raise InputError(
                f"measurement {wave}", f"none of Leefbaarometer {self.edition}", f"one of {list(self.waves)}"
            )
        return self.waves.index(wave)

    def change(self, start: int, end: int) -> FloatArray:
        """Return the change of the score between two measurements in score points, shape (areas,)."""
        difference: FloatArray = self.score[:, self.column(end)] - self.score[:, self.column(start)]
        return difference

    def dimension_waves(self) -> tuple[int, ...]:
        """Return the measurements in which every dimension was published."""
        if not self.dimensions:
            return ()
        there = np.all([~np.isnan(values).all(axis=0) for values in self.dimensions.values()], axis=0)
        return tuple(wave for wave, has in zip(self.waves, there, strict=True) if has)

    def only(self, chosen: npt.NDArray[np.bool_]) -> Measured:
        """Return the same of some areas; ``chosen`` of shape (areas,)."""
        rows = self._sliced(np.s_[chosen])
        return replace(rows, areas=self.areas[chosen], names=self.names[chosen])

    def until(self, wave: int) -> Measured:
        """Return the same up to and including a measurement."""
        columns = self.column(wave) + 1
        return replace(self._sliced(np.s_[:, :columns]), waves=self.waves[:columns])

    def _sliced(self, part: Any) -> Measured:
        return replace(
            self,
            score=self.score[part],
            dimensions={name: values[part] for name, values in self.dimensions.items()},
            inhabitants=self.inhabitants[part],
            households=self.households[part],
        )

    def municipality_codes(self) -> npt.NDArray[np.str_]:
        """Return the ``GM`` code of every area, shape (areas,); empty where codes do not contain one."""
        if self.level in ("wijk", "buurt", "gemeente"):
            return np.array(["GM" + code[2:6] for code in self.areas], dtype=str)
        return np.full(len(self.areas), "", dtype="<U6")


def measured(workspace: Workspace, *, level: str | None = None, edition: str = "3.0") -> Measured:
    """Return the scores in a workspace of one edition at one level."""
    if edition == "3.0":
        return measured_of(workspace.panel(level))
    if edition != "2.0":
        raise InputError("--edition", repr(edition), "3.0 or 2.0")
    found = [each for each in workspace.observations(level) if each.source == leefbaarometer2.SOURCE]
    found = sorted(
        (each for each in found if "lbm2_score" in each.indicators), key=lambda each: each.level != "wijk"
    )
    if not found:
        raise InputError(
            workspace.folder,
            f"no scores of Leefbaarometer 2.0{f' of level {level!r}' if level else ''}",
            "some",
            "Run: riskmodel ingest leefbaarometer-2 FILES",
        )
    others = workspace.observations(found[0].level)
    if found[0].level == "gemeente":
        others += [_summed(each) for each in workspace.observations("wijk") if "population" in each.indicators]
    return measured_of_2(found[0], others)


def measured_of(panel: Panel) -> Measured:
    """Return the scores in a panel of Leefbaarometer 3.0."""
    waves = panel.waves
    inhabitants, counted = _panel_counts(panel, "population")
    households, _ = _panel_counts(panel, "households")
    return Measured(
        edition=panel.edition,
        level=panel.level,
        base=panel.base,
        areas=panel.areas,
        names=municipality_names(panel.areas, panel.names) if panel.level == "gemeente" else panel.names,
        waves=waves,
        score=np.column_stack([panel.at("score", wave) for wave in waves]),
        dimensions={
            name: np.column_stack([panel.at(name, wave) for wave in waves])
            for name in DIMENSIONS
            if name in panel.indicators
        },
        inhabitants=inhabitants,
        households=households,
        counted=counted,
        scheme=class_scheme(panel.edition),
        # Those of 3.0 are not published; 2.0 has the same scale of scores.
        development=leefbaarometer2.development_scheme(),
    )


def measured_of_2(scores: Observations, others: list[Observations]) -> Measured:
    """Return the scores in observations of Leefbaarometer 2.0, with counts from other sources."""
    frame = scores.frame.dropna(subset="lbm2_score")
    waves = tuple(sorted(int(year) for year in frame["year"].unique()))
    wide = {
        key: frame.pivot(index="location", columns="year", values=key).sort_index() for key in scores.indicators
    }
    areas = wide["lbm2_score"].index
    names = _names_of(areas, scores.boundaries, others)
    inhabitants, counted = _source_counts(others, "population", areas, waves)
    households, _ = _source_counts(others, "households", areas, waves)
    parts = [key for key in load("leefbaarometer2")["indicators"].values() if key != "lbm2_score" and key in wide]
    return Measured(
        edition="2.0",
        level=scores.level,
        base=float(scores.base or 0.0),
        areas=areas.to_numpy(dtype=str),
        names=municipality_names(areas.to_numpy(dtype=str), names) if scores.level == "gemeente" else names,
        waves=waves,
        score=wide["lbm2_score"].to_numpy(dtype=float),
        dimensions={key: wide[key].reindex(columns=list(waves)).to_numpy(dtype=float) for key in parts},
        inhabitants=inhabitants,
        households=households,
        counted=counted,
        scheme=leefbaarometer2.class_scheme(),
        development=leefbaarometer2.development_scheme(),
    )


def municipality_names(
    codes: npt.NDArray[np.str_], otherwise: npt.NDArray[np.str_] | None = None
) -> npt.NDArray[np.str_]:
    """Return the names of ``GM`` codes, shape (areas,); where unknown ``otherwise``, or the code."""
    names = municipalities().set_index("code")["name"].reindex(codes).to_numpy()
    return np.where(pd.isna(names), codes if otherwise is None else otherwise, names).astype(str)


def _panel_counts(panel: Panel, indicator: str) -> tuple[FloatArray, dict[int, int]]:
    known = [(year, panel.at(indicator, year)) for year in panel.years_of(indicator)]
    return _nearest_counts(known, len(panel.areas), panel.waves)


def _source_counts(
    others: list[Observations], indicator: str, areas: pd.Index, waves: tuple[int, ...]
) -> tuple[FloatArray, dict[int, int]]:
    known = [
        (int(str(year)), rows.set_index("location")[indicator].reindex(areas).to_numpy(dtype=float))
        for each in others
        if indicator in each.indicators
        for year, rows in each.frame.groupby("year")
    ]
    return _nearest_counts(known, len(areas), waves)


def _nearest_counts(
    known: list[tuple[int, FloatArray]], areas: int, waves: tuple[int, ...]
) -> tuple[FloatArray, dict[int, int]]:
    """Return counts of the year nearest to each wave (else of an area's own nearest year), and those years."""
    columns: list[FloatArray] = []
    counted: dict[int, int] = {}
    for wave in waves:
        found = np.full(areas, np.nan)
        for year, counts in sorted(known, key=lambda each: (abs(each[0] - wave), each[0])):
            if abs(year - wave) <= NEAREST:
                found = np.where(np.isnan(found), counts, found)
                counted.setdefault(wave, year)
        columns.append(found)
    return np.column_stack(columns), counted


def _summed(wijken: Observations) -> Observations:
    """Return counts of gemeenten as sums over their wijken."""
    counts = [key for key in ("population", "households") if key in wijken.indicators]
    years = []
    for year, rows in wijken.frame.groupby("year"):
        parts = rows.set_index("location")[counts]
        owner = parents_of(parts.index.to_series(), "wijk", "gemeente")
        whole = aggregate(parts, owner, parts["population"], dict.fromkeys(counts, "extensive"))
        years.append(whole.rename_axis("location").reset_index().assign(name="", year=np.int32(int(str(year)))))
    return replace(wijken, level="gemeente", frame=pd.concat(years, ignore_index=True))


def _names_of(areas: pd.Index, vintage: int, others: list[Observations]) -> npt.NDArray[np.str_]:
    """Return names of the areas from other sources, since 2.0 publishes codes only.

    The same code can mean another area in another year, so the nearest boundary vintage is used last.
    """
    nearest_last = sorted(others, key=lambda each: -abs(each.boundaries - vintage))
    names = pd.concat([each.frame.set_index("location")["name"] for each in nearest_last])
    names = names[(names != "") & (names != names.index)]
    names = names[~names.index.duplicated(keep="last")]
    return np.where(names.reindex(areas).isna(), areas, names.reindex(areas)).astype(str)
