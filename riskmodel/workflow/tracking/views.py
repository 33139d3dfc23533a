"""Saved views of an experiment in MLflow's own pages: which columns, in which order, grouped by what.

MLflow stores a view that somebody shares as a tag of the experiment: JSON, deflated, in base64 (MLflow 3.17).
The address of an experiment with ``?viewStateShareKey=NAME`` behind it opens one.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from riskmodel.workflow.tracking.words import BEST, EVENTS, FIRST, RATIO

#: Tag that holds a view, before its name; tag that says what an experiment is, and that it trains models.
VIEW, KIND_OF_EXPERIMENT, TRAINS_MODELS = (
    "mlflow.sharedViewState.",
    "mlflow.experimentKind",
    "custom_model_development",
)
#: Columns of both views, in MLflow's way of naming them; a group has no data of its own.
COLUMNS = (
    *(f"metrics.`{name}`" for name in sorted([*FIRST.values(), BEST, RATIO, EVENTS])),
    "params.`origin`",
    "tags.`role`",
)
DATA = "attributes.`Dataset`"
#: Name of each view, and the parameter by which it groups runs.
VIEWS = {"runs": "", "models": "model"}


def experiment_tags() -> dict[str, str]:
    """Tags with the saved views of an experiment, and one that makes MLflow show it as training models."""
    return {KIND_OF_EXPERIMENT: TRAINS_MODELS} | {
        f"{VIEW}{name}": _packed(_view(by)) for name, by in VIEWS.items()
    }


def _view(group_by: str) -> dict[str, Any]:
    grouped = {
        "aggregateFunction": "average",
        "groupByKeys": [{"mode": "param", "groupByData": group_by}],
    }
    return {
        "selectedColumns": [*COLUMNS] if group_by else [*COLUMNS, DATA],
        "orderByKey": f"metrics.`{RATIO}`",
        "orderByAsc": False,
        # Runs of one model at one origin: means of a backtest and trained models are no attempts to be ranked.
        "searchFilter": "tags.`riskmodel.kind` = 'model at an origin'",
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
        "datasetsFilter": [],
        "groupBy": grouped if group_by else None,
        "viewMaximized": False,
        "runListHidden": False,
    }


def _packed(view: dict[str, Any]) -> str:
    return "deflate;" + base64.b64encode(zlib.compress(json.dumps(view).encode())).decode()
