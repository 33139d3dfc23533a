"""Measured scores of which the truth is known, and those of the official files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from riskmodel.catalogue import DIMENSIONS, class_scheme
from riskmodel.monitor.measured import Measured, measured_of, measured_of_2
from riskmodel.panel.build import build_panel
from riskmodel.sources.kwb import reader as kwb
from riskmodel.sources.leefbaarometer import edition2 as leefbaarometer2
from riskmodel.sources.leefbaarometer import scores as leefbaarometer

BASE = 4.1
Floats = npt.NDArray[np.float64]


def measured_world(
    deviation: object,
    waves: tuple[int, ...] = (2014, 2016, 2018),
    inhabitants: object = 1000.0,
    *,
    municipality: npt.NDArray[np.int_] | None = None,
    dimensions: dict[str, Floats] | None = None,
    households: object = 500.0,
) -> Measured:
    """Wijken with these deviations, shape (areas, waves); counts of shape (), (areas,) or (areas, waves)."""
    score = BASE + np.asarray(deviation, dtype=float)
    owner = np.ones(len(score), dtype=int) if municipality is None else municipality
    codes = np.array([f"WK{town:04d}{place:02d}" for place, town in enumerate(owner % 10_000)])
    if len(score) > 100:
        codes = np.array([f"WK{town:04d}{place:06d}" for place, town in enumerate(owner % 10_000)])
    return Measured(
        edition="3.0",
        level="wijk",
        base=BASE,
        areas=codes,
        names=np.array([f"Wijk {place}" for place in range(len(score))]),
        waves=waves,
        score=score,
        dimensions=dimensions or {},
        inhabitants=_filled(inhabitants, score),
        households=_filled(households, score),
        counted={wave: wave for wave in waves},
        scheme=class_scheme("3.0"),
        development=leefbaarometer2.development_scheme(),
    )


def with_dimensions(parts: Floats, waves: tuple[int, ...] = (2014, 2018), **others: object) -> Measured:
    """Wijken whose five dimensions are these, shape (5, areas, waves), in the order of the catalogue."""
    return measured_world(parts.sum(axis=0), waves, dimensions=dict(zip(DIMENSIONS, parts, strict=True)), **others)  # type: ignore[arg-type]


def noisy_world(
    rng: np.random.Generator,
    areas: int,
    *,
    constant: float,
    per_inhabitant: float,
    lasting: float = 0.02,
    waves: tuple[int, ...] = (2002, 2008, 2012, 2014, 2016, 2018, 2020),
) -> tuple[Measured, Floats]:
    """A country whose scores jitter by size around a level that drifts, and that level, shape (areas, waves).

    ``lasting`` is the standard deviation of the lasting change in two years; it grows with the root of the years.
    """
    size = np.exp(rng.normal(7.5, 1.3, areas)).clip(60, 60_000)
    years = np.diff(waves, prepend=waves[0] - 2)
    national = rng.normal(0.01, 0.005, len(waves))
    steps = national + lasting * np.sqrt(years / 2) * rng.standard_normal((areas, len(waves)))
    level = np.cumsum(steps, axis=1)
    jitter = np.sqrt(constant + per_inhabitant / size)[:, None] * rng.standard_normal(level.shape)
    return measured_world(level + jitter, waves, size), level + BASE


def real_measured_3(folder: Path) -> Measured:
    """Wijken of the official 3.0 file, with inhabitants of 2022."""
    [scores] = leefbaarometer.read_scores(
        [folder / "leefbaarometer-3.0" / "Leefbaarometer-scores wijken 2002-2020.csv"]
    )
    return measured_of(build_panel(scores, kwb.read_tables([folder / "kwb" / "wijk_2022.csv"])))


def real_measured_2(folder: Path) -> Measured:
    """Wijken of the official 2.0 files, with inhabitants of 2016."""
    files = sorted((folder / "leefbaarometer-2.0").glob("*.xlsx"))
    [scores] = [each for each in leefbaarometer2.read_scores(files) if each.level == "wijk"]
    return measured_of_2(scores, [scores, *kwb.read_tables([folder / "kwb" / "wijk_2016.csv"])])


def _filled(counts: object, score: Floats) -> Floats:
    values = np.asarray(counts, dtype=float)
    values = values[:, None] if values.ndim == 1 else values
    return np.broadcast_to(values, score.shape).copy()
