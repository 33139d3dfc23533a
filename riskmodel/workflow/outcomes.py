"""The calls around a risk list: what was found on the spot, what that says, and what the model would say if.

Imports what forecasts only where it is asked: to record visits needs none of it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.products.outcomes.lists import load_list
from riskmodel.products.outcomes.visits import add_visits, read_visits, visits_of
from riskmodel.workspace.store import Workspace

if TYPE_CHECKING:
    from riskmodel.products.outcomes.evaluate import Evaluation


def ingest_outcomes(
    file: Path, workspace: Workspace, *, list_id: str | None = None, today: date | None = None
) -> pd.DataFrame:
    """Record what was found in the areas of a list; all rows or none.

    Parameters
    ----------
    file : Path
        CSV or XLSX; see :func:`riskmodel.products.outcomes.visits.read_visits`.
    workspace : Workspace
        Where the list was made.
    list_id : str, optional
        The list that was followed; may be left out when there is one.
    today : datetime.date, optional
        No visit lies after it; by default today.

    Returns
    -------
    pandas.DataFrame
        The visits that were read.
    """
    record = load_list(workspace, list_id)
    visits = read_visits(file, record, today or datetime.now(tz=UTC).date())
    add_visits(workspace, record, visits)
    return visits


def evaluate_outcomes(workspace: Workspace, *, list_id: str | None = None) -> Evaluation:
    """What the visits to a list say of it, beside the later measurement where there is one.

    See :func:`riskmodel.products.outcomes.evaluate.evaluate`; in Dutch by
    :func:`riskmodel.products.outcomes.words.evaluation_in_words`.
    """
    from riskmodel.forecasting.forecast_store import load_forecast
    from riskmodel.products.outcomes.evaluate import evaluate

    record = load_list(workspace, list_id)
    experiment = load_forecast(workspace.path("forecasts", record.experiment, record.forecast_id)).experiment
    panel = workspace.panel(record.level, allow_origin=experiment.allow_origin)
    return evaluate(record, visits_of(workspace, record), experiment.event, panel)
