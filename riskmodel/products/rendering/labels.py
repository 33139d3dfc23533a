"""Labels beside a drawing that keep their distance from each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from riskmodel.panel.panel import FloatArray


def spread(wanted: npt.ArrayLike, gap: float, low: float = -np.inf, high: float = np.inf) -> FloatArray:
    """Move positions apart until neighbours are a gap away from each other, each as little as possible.

    Least squares under order and distance is an isotonic regression of the positions less the gaps before them.
    When the labels do not fit between the edges, the upper edge gives way.

    Examples
    --------
    >>> spread([50.0, 52.0], 12.0).tolist(), spread([95.0, 99.0], 12.0, 0.0, 100.0).tolist()
    ([45.0, 57.0], [88.0, 100.0])
    """
    from scipy.optimize import isotonic_regression

    positions = np.asarray(wanted, dtype=float)
    if len(positions) == 0:
        return positions
    order = np.argsort(positions, kind="stable")
    before = gap * np.arange(len(positions))
    moved = np.asarray(isotonic_regression(positions[order] - before).x)
    room = max(high - before[-1], low)
    spread_out = np.empty(len(positions))
    spread_out[order] = np.clip(moved, low, room) + before
    return spread_out


def readable(labels: Sequence[tuple[float, str]], gap: float) -> list[tuple[float, str]]:
    """Return ascending labels from the last back, without those that would touch the next."""
    chosen: list[tuple[float, str]] = []
    for position, text in reversed(labels):
        if not chosen or chosen[-1][0] - position >= gap:
            chosen.append((position, text))
    return chosen[::-1]
