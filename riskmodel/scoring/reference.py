"""Distribution of every feature among the training examples of a model, in counts.

It is ``training_reference.json`` of a released model, and new input is compared with it. It has counts per bin, no
values of areas.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from riskmodel.errors import refuse_damage
from riskmodel.forecasting.checks.columns import bin_counts, bin_edges
from riskmodel.forecasting.features import Features
from riskmodel.panel.panel import FloatArray

#: Name of the file in a released model's folder.
REFERENCE = "training_reference.json"


@dataclass(frozen=True)
class FeatureReference:
    """One feature among the training examples.

    Attributes
    ----------
    name : str
        The feature.
    edges : numpy.ndarray, shape (bins - 1,)
        Deciles of its known values, each once: the borders of the bins.
    counts : numpy.ndarray, shape (bins,)
        Known values per bin.
    missing : int
        Examples without a value.
    low, high : float
        Smallest and largest value; NaN where no value is known.
    """

    name: str
    edges: FloatArray
    counts: FloatArray
    missing: int
    low: float
    high: float

    @property
    def missing_share(self) -> float:
        """Share of the examples without a value."""
        return self.missing / max(self.missing + float(self.counts.sum()), 1.0)


def reference_file(features: Features) -> bytes:
    """The reference of training examples as JSON, the same bytes for the same examples."""
    about = {
        "examples": len(features.values),
        "features": {
            name: _described(column) for name, column in zip(features.names, features.values.T, strict=True)
        },
    }
    return (json.dumps(about, indent=1) + "\n").encode()


def _described(column: FloatArray) -> dict[str, object]:
    known = column[~np.isnan(column)]
    edges = bin_edges(known)
    return {
        "edges": edges.tolist(),
        "counts": bin_counts(edges, known).tolist(),
        "missing": len(column) - len(known),
        "low": float(known.min()) if len(known) else None,
        "high": float(known.max()) if len(known) else None,
    }


def load_reference(folder: Path, names: tuple[str, ...]) -> tuple[FeatureReference, ...] | None:
    """The reference of a released model; None for a model that was released without one."""
    path = folder / REFERENCE
    if not path.exists():
        return None
    with refuse_damage(path, "no reference of the training", "one written by riskmodel"):
        about = json.loads(path.read_text(encoding="utf-8"))["features"]
        return tuple(_read(name, about[name]) for name in names)


def _read(name: str, about: dict[str, object]) -> FeatureReference:
    edges, counts = np.array(about["edges"], dtype=float), np.array(about["counts"], dtype=float)
    if edges.ndim != 1 or counts.shape != (len(edges) + 1,):
        raise ValueError(f"{name}: {len(counts)} counts for {len(edges)} borders")
    low, high = (np.nan if about[key] is None else float(str(about[key])) for key in ("low", "high"))
    return FeatureReference(name, edges, counts, int(str(about["missing"])), low, high)
