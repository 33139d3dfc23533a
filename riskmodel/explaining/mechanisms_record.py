"""How areas in which a mechanism held fared afterwards, compared with the other areas to which it applied."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from riskmodel.explaining.mechanisms import Rule, catalogued_rules, stacking
from riskmodel.forecasting.origins import backtest_origins
from riskmodel.forecasting.targets import Event, score_change
from riskmodel.panel.panel import Panel

COLUMNS = ("origin", "mechanism", "applicable", "holds", "declined", "rate", "base_rate", "change", "base_change")


def later_decline(
    panel: Panel,
    event: Event,
    horizon: int,
    *,
    waves: Sequence[int] | None = None,
    least_inhabitants: float = 0.0,
    rules: tuple[Rule, ...] | None = None,
) -> pd.DataFrame:
    """How often an event happened where a mechanism held, and how often wherever it applied.

    Rules are evaluated on what was known at each origin. A difference is no effect of the mechanism: areas in
    which it holds differ in more than that.

    Parameters
    ----------
    panel : Panel
        Everything that was measured.
    event : Event
        What is asked.
    horizon : int
        Years ahead.
    waves : sequence of int, optional
        Origins; by default all of which the outcome is known.
    least_inhabitants : float
        Leave out smaller areas and those of unknown size; 0 leaves out none.
    rules : tuple of Rule, optional
        By default those of the catalogue.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`, a row an origin and mechanism. ``applicable`` and ``holds`` count areas whose
        outcome is known, ``declined`` those of ``holds`` in which the event happened. ``rate`` and ``base_rate``
        are shares (0 to 1) of ``holds`` and of ``applicable``, ``change`` and ``base_change`` mean changes in
        score points. NaN over no areas.
    """
    chosen = catalogued_rules() if rules is None else rules
    rows = []
    for origin in backtest_origins(panel, horizon, waves):
        known = panel.known_at(origin.known_at)
        state = stacking(known, chosen).state
        happened = event.happened(panel, origin.wave, origin.target_wave)
        change = score_change(panel, origin.wave, origin.target_wave)
        judged = event.eligible(panel, origin.wave) & ~np.isnan(happened)
        if least_inhabitants > 0:
            judged &= panel.latest("population") >= least_inhabitants
        for rule, own in zip(chosen, state, strict=True):
            applies, holds = judged & ~np.isnan(own), judged & (own == 1)
            rows.append(
                (
                    origin.wave,
                    rule.id,
                    int(applies.sum()),
                    int(holds.sum()),
                    int(happened[holds].sum()),
                    _mean(happened[holds]),
                    _mean(happened[applies]),
                    _mean(change[holds]),
                    _mean(change[applies]),
                )
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
