"""How well the method did at earlier origins, in one or two plain Dutch sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.forecast_store import StoredForecast

RECORD = (
    "We hebben dezelfde methode ook laten voorspellen vanaf {years}. "
    "Van de {capacity} gebieden bovenaan de landelijke lijst gebeurde het bij {own}. "
    "Bij willekeurig kiezen was dat {base}. Met de beste eenvoudige lijst, achteraf gekozen, was het {best}."
)
RECORD_EN = (
    "We let the same method forecast from {years} too. "
    "Of the {capacity} areas at the top of the national list it happened in {own}. "
    "With choosing at random that was {base}. With the best simple list, chosen with hindsight, it was {best}."
)


def track_record(scores_file: Path, stored: StoredForecast) -> str:
    """Hits in the top of the list at the last origin that was tested, beside the best simple ordering."""
    if not scores_file.exists():
        return ""
    return record_in_words(pd.read_csv(scores_file), stored.experiment, stored.model)


def record_in_words(scores: pd.DataFrame, experiment: Experiment, model: str) -> str:
    """The same from the scores of a backtest, for one of its models."""
    chosen = scores[
        (scores["cohort"] == experiment.cohorts[0].name)
        & (scores["target"] == experiment.event.name)
        & (scores["metric"].isin(["precision_at_k", "base_rate"]))
    ]
    wide = chosen.pivot_table(index="origin_date", columns=["metric", "model"], values="value")
    simple = [name for name in experiment.orderings if ("precision_at_k", name) in wide.columns]
    if ("precision_at_k", model) not in wide.columns or not simple:
        return ""
    lists = pd.DataFrame(wide["precision_at_k"])
    years = _and([str(day)[:4] for day in wide.index])
    own = _and([_percent(share) for share in lists[model]])
    base = _and([_percent(share) for share in wide["base_rate"][model]])
    best = _and([_percent(share) for share in np.nanmax(lists[simple].to_numpy(), axis=1)])
    return RECORD.format(years=years, capacity=experiment.capacity, own=own, base=base, best=best)


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} en {parts[-1]}"


def _percent(share: float) -> str:
    return f"{share:.0%}"
