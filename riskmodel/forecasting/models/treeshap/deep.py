"""Leaves on many features, worked out for every row instead of looked up.

With t drawn evenly from 0 to 1 and every other feature known with chance t, the weights k! (d - 1 - k)! / d! of
the Shapley value are the integrals of t^k (1 - t)^(d - 1 - k). So, with o_j 1 if feature j meets its conditions
and else 0,

    phi_i = v * (o_i - z_i) * integral over t of prod_{j != i} (z_j * (1 - t) + o_j * t),

a polynomial of degree d - 1, which (d + 1) // 2 points of Gauss and Legendre integrate exactly: no table, and work
that grows with the square of the number of features instead of with a power of 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from riskmodel.forecasting.models.treeshap.bundles import Bundle, points
from riskmodel.forecasting.models.treeshap.tables import Program, runs
from riskmodel.forecasting.models.treeshap.text import Floats, Ints, Words


@dataclass(frozen=True)
class DeepProgram(Program):
    """Deep leaves as flat arrays: per leaf players, per player steps, and factors (players x points).

    Whether a player meets its conditions is ``first`` plus the ``step_plus`` of every step whose edge lies below
    the row's bin (modulo 65,536). ``unmet`` and ``met`` are its factor of the product, ``unmet_own`` and
    ``met_own`` what the whole product is multiplied with for its own contribution.
    """

    players: Ints
    column: Ints
    feature: Ints
    first: Words
    steps: Ints
    step_edge: Words
    step_plus: Words
    weights: Ints
    weight: Floats
    factors: Ints
    unmet: Floats
    met: Floats
    unmet_own: Floats
    met_own: Floats


def assemble(bundles: Iterable[Bundle], everything: Sequence[int], column: Sequence[int]) -> DeepProgram:
    """Lay deep leaves out as flat arrays."""
    players, steps, weights, factors = [0], [0], [0], [0]
    features: list[int] = []
    first: list[int] = []
    step: list[tuple[int, int]] = []
    weight: list[Floats] = []
    factor: list[Floats] = []
    for bundle in bundles:
        leaf = bundle.leaves[0]
        at, own = np.polynomial.legendre.leggauss(points(len(leaf.features)))
        t = (at + 1) / 2
        weight.append(leaf.value * own / 2)
        weights.append(weights[-1] + len(t))
        for feature, allowed, share in zip(leaf.features, leaf.sets, leaf.shares, strict=True):
            changes = runs((everything[feature] & ~allowed, allowed))
            first.append(changes[0][1])
            step.extend((start - 1, 1 if part else 2**16 - 1) for start, part in changes[1:])
            steps.append(len(step))
            features.append(feature)
            unmet = share * (1 - t)
            met = unmet + t
            factor.append(np.stack([unmet, met, -share / unmet, (1 - share) / met]))
            factors.append(factors[-1] + len(t))
        players.append(len(features))
    laid = np.concatenate([*factor, np.zeros((4, 0))], axis=1)
    edges = np.array(step, dtype=np.int64).reshape(-1, 2).T
    return DeepProgram(
        players=np.array(players, dtype=np.int64),
        column=np.array([column[feature] for feature in features], dtype=np.int64),
        feature=np.array(features, dtype=np.int64),
        first=np.array(first, dtype=np.uint16),
        steps=np.array(steps, dtype=np.int64),
        step_edge=edges[0].astype(np.uint16),
        step_plus=edges[1].astype(np.uint16),
        weights=np.array(weights, dtype=np.int64),
        weight=np.concatenate([*weight, np.zeros(0)]),
        factors=np.array(factors, dtype=np.int64),
        unmet=laid[0].copy(),
        met=laid[1].copy(),
        unmet_own=laid[2].copy(),
        met_own=laid[3].copy(),
    )
