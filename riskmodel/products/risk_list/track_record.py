"""How well the method did at earlier origins, and which kinds of areas its lists named, as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.group_audit.attributes import FIFTHS
from riskmodel.products.rendering.dutch import known
from riskmodel.products.risk_list.texts import Sentence

#: What the text of a kind of areas begins with.
GROUP = "group "


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


def places_sentences(places: pd.DataFrame) -> tuple[Sentence, ...]:
    """Return which kinds of areas had clearly fewer or more places than events; the lowest incomes in any case.

    From the table of :func:`riskmodel.forecasting.group_audit.audit.places_table`. Kinds without a single place
    are those that no list can hold: the smallest areas.
    """
    return tuple(
        places_sentence(row)
        for row in places.to_dict("records")
        if row["places"] > 0 and (row["group"] == FIFTHS[0] or not row["low95"] <= 1 <= row["high95"])
    )


def places_sentence(row: Mapping[Any, Any]) -> Sentence:
    """Return how many places a kind of areas had for every event, beside the mean."""
    key = "fewer" if row["high95"] < 1 else "more" if row["low95"] > 1 else "alike"
    ratio, low, high = (round(row[column], 1) for column in ("ratio", "low95", "high95"))
    group = Sentence(f"{GROUP}{row['group']}")
    return Sentence(f"places_{key}", {"group": group, "ratio": ratio, "low": low, "high": high})


def _percentages(shares: Iterable[float]) -> tuple[int | None, ...]:
    return tuple(None if known(share) is None else round(100 * share) for share in shares)
