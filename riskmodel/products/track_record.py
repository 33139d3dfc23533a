"""How well the method did at earlier origins, in one or two plain Dutch sentences."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.store import StoredForecast


def simple_orderings(experiment: Experiment) -> list[str]:
    """Names of the simple orderings of an experiment."""
    return [spec.name for spec in experiment.models if spec.kind == "ordering"]


def track_record(scores_file: Path, stored: StoredForecast) -> str:
    """Hits in the top of the list at the last origin that was tested, beside the best simple ordering.

    Parameters
    ----------
    scores_file : Path
        ``scores.csv`` of a backtest of the same experiment; need not exist.
    stored : StoredForecast
        The forecast that is shown.

    Returns
    -------
    str
        Empty when there is no backtest of this model.
    """
    if not scores_file.exists():
        return ""
    scores = pd.read_csv(scores_file)
    cohort = stored.experiment.cohorts[0].name
    chosen = scores[(scores["cohort"] == cohort) & (scores["metric"] == "precision_at_k")]
    own = chosen[chosen["model"] == stored.model].sort_values("origin_date")
    if own.empty:
        return ""
    capacity = stored.experiment.capacity
    sentences = []
    for row in own.itertuples():
        here = chosen[chosen["origin_date"] == row.origin_date]
        simple = here[here["model"].isin(simple_orderings(stored.experiment))]["value"].max()
        base = row.n_events / row.n
        sentences.append(
            f"Voor de voorspelling vanaf {str(row.origin_date)[:4]} kwam het uit bij {_of(row.value * capacity, capacity)} "
            f"gebieden bovenaan de lijst ({_percent(row.value)}); bij willekeurig kiezen zou dat "
            f"{_percent(base)} zijn, met de beste eenvoudige lijst achteraf {_percent(simple)}."
        )
    return " ".join(sentences)


def _of(hits: float, total: int) -> str:
    return f"{hits:.0f} van de {total}"


def _percent(share: float) -> str:
    return f"{share:.0%}".replace(".", ",")
