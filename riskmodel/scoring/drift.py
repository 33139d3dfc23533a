"""Drift of new input from the training examples, counted while it streams by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from riskmodel.forecasting.checks.columns import LARGE_SHIFT, MISSING_SHIFT, PSI_BINS, psi_of_counts
from riskmodel.panel.panel import FloatArray
from riskmodel.scoring.reference import FeatureReference

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class DriftCounts:
    """Counts per feature of rows that were scored; counts of two stretches of rows add up.

    Attributes
    ----------
    bins : numpy.ndarray, shape (features, bins)
        Known values between the borders of the reference; bins that a feature lacks stay empty.
    missing, below, above : numpy.ndarray, shape (features,)
        Rows without a value, below the smallest and above the largest value of the training.
    """

    bins: Counts
    missing: Counts
    below: Counts
    above: Counts

    @classmethod
    def none(cls, features: int) -> Self:
        """Counts of no rows."""
        empty = [np.zeros(features, dtype=np.int64) for _ in range(3)]
        return cls(np.zeros((features, PSI_BINS), dtype=np.int64), *empty)

    def __add__(self, other: DriftCounts) -> DriftCounts:
        return DriftCounts(**{key: value + getattr(other, key) for key, value in vars(self).items()})

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data, for JSON."""
        return {key: value.tolist() for key, value in vars(self).items()}

    @classmethod
    def from_dict(cls, about: dict[str, Any]) -> Self:
        """What :meth:`as_dict` made."""
        return cls(**{key: np.array(value, dtype=np.int64) for key, value in about.items()})


def count_drift(reference: Sequence[FeatureReference], columns: FloatArray) -> DriftCounts:
    """Count rows per bin of the reference."""
    counts = DriftCounts.none(len(reference))
    rows = columns.shape[1]
    for row, (about, values) in enumerate(zip(reference, columns, strict=True)):
        missing = int(np.count_nonzero(np.isnan(values)))
        # Nothing missing compares as larger, so rows above each border are all that is needed.
        above = [rows - missing, *(int(np.count_nonzero(values > edge)) for edge in about.edges), 0]
        counts.bins[row, : len(above) - 1] = -np.diff(above)
        counts.missing[row] = missing
        counts.below[row] = np.count_nonzero(values < about.low)
        counts.above[row] = np.count_nonzero(values > about.high)
    return counts


@dataclass(frozen=True)
class FeatureDrift:
    """One feature of the input against the training.

    Attributes
    ----------
    feature : str
        Its name.
    psi : float
        Population stability index, as in check RM009; 0 when either side has no known value.
    missing_training, missing : float
        Share of rows without a value, then and now.
    below, above : int
        Rows outside the range of the training values.
    warning : bool
        Whether the index or the growth of the share missing is above the limit of check RM009.
    """

    feature: str
    psi: float
    missing_training: float
    missing: float
    below: int
    above: int
    warning: bool


def drift_of(reference: Sequence[FeatureReference], counts: DriftCounts) -> tuple[FeatureDrift, ...]:
    """Compare counts with the reference, feature by feature."""
    rows = counts.bins.sum(axis=1) + counts.missing
    found = []
    for row, about in enumerate(reference):
        psi = psi_of_counts(about.counts, counts.bins[row, : len(about.counts)])
        missing = float(counts.missing[row] / max(rows[row], 1))
        found.append(
            FeatureDrift(
                feature=about.name,
                psi=psi,
                missing_training=about.missing_share,
                missing=missing,
                below=int(counts.below[row]),
                above=int(counts.above[row]),
                warning=psi > LARGE_SHIFT or missing - about.missing_share > MISSING_SHIFT,
            )
        )
    return tuple(found)


def drift_report(reference: Sequence[FeatureReference] | None, counts: DriftCounts | None) -> dict[str, Any]:
    """The drift of a run as plain data, for its manifest."""
    if reference is None or counts is None:
        return {"reference": False, "note": "this model was released without a reference of its training"}
    return {
        "reference": True,
        "psi_limit": LARGE_SHIFT,
        "missing_limit": MISSING_SHIFT,
        "features": [asdict(each) for each in drift_of(reference, counts)],
    }
