"""How well the method did at earlier origins, as a sentence."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from riskmodel.forecasting.experiment import Experiment
from riskmodel.products.rendering.dutch import known
from riskmodel.products.risk_list.texts import Sentence


def track_record(scores: pd.DataFrame, experiment: Experiment, model: str) -> Sentence | None:
    """Return the hits at the top of the list at each origin, beside chance and the best simple ordering.

    From the scores of a backtest, for one of its models; None without those of the model or of an ordering.
    """
    chosen = scores[
        (scores["cohort"] == experiment.cohorts[0].name)
        & (scores["target"] == experiment.event.name)
        & (scores["metric"].isin(["precision_at_k", "base_rate"]))
    ]
    wide = chosen.pivot_table(index="origin_date", columns=["metric", "model"], values="value")
    simple = [name for name in experiment.orderings if ("precision_at_k", name) in wide.columns]
    if ("precision_at_k", model) not in wide.columns or not simple:
        return None
    lists = pd.DataFrame(wide["precision_at_k"])
    values = {
        "years": tuple(int(str(day)[:4]) for day in wide.index),
        "capacity": experiment.capacity,
        "own": _percentages(lists[model]),
        "base": _percentages(wide["base_rate"][model]),
        "best": _percentages(np.nanmax(lists[simple].to_numpy(), axis=1)),
    }
    return Sentence("track_record", values)


def _percentages(shares: Iterable[float]) -> tuple[int | None, ...]:
    return tuple(None if known(share) is None else round(100 * share) for share in shares)
