"""riskmodel: which Dutch neighbourhoods threaten to decline, why, and how sure.

One way through: sources -> panel -> forecasting -> forecasts -> products.
The calls below have the names of the commands of the ``riskmodel`` program.
"""

from __future__ import annotations

import os as _os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# All must be set before lightgbm, scikit-learn or mlflow is imported: spinning OpenMP threads make
# two fits on two cores some thirty times slower; mlflow reports its use unless told not to, and shows a bar
# for every file it copies.
_os.environ.setdefault("OMP_WAIT_POLICY", "passive")
_os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
_os.environ.setdefault("DO_NOT_TRACK", "true")
_os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

__version__ = "0.1.0"

_INGEST = (
    "draft_local_mapping",
    "ingest",
    "ingest_boundaries",
    "ingest_crosswalk",
    "ingest_kwb",
    "ingest_leefbaarometer",
    "ingest_local",
)
_WORKFLOW = ("backtest", "compare", "forecast", "promote", "risk_list", "train")
_MONITOR = ("current", "monitor_areas", "national", "statements", "survey", "verify")
_GOVERNANCE = ("audit", "register_entry")
_TRAINING = ("describe",)
_KEEP = {"adopt": "keeping", "check": "panel.check", "check_deep": "deep", "reproduce": "reproducing"}
_LISTING = ("evaluate_outcomes", "ingest_outcomes", "what_if")
_SCORING = ("score",)
__all__ = [
    *_GOVERNANCE,
    *_INGEST,
    *_KEEP,
    *_LISTING,
    *_MONITOR,
    *_SCORING,
    *_TRAINING,
    *_WORKFLOW,
    "InputError",
    "__version__",
]

if TYPE_CHECKING:
    from riskmodel.deep import check_deep as check_deep
    from riskmodel.errors import InputError as InputError
    from riskmodel.governance import audit as audit
    from riskmodel.governance import register_entry as register_entry
    from riskmodel.ingesting import draft_local_mapping as draft_local_mapping
    from riskmodel.ingesting import ingest as ingest
    from riskmodel.ingesting import ingest_boundaries as ingest_boundaries
    from riskmodel.ingesting import ingest_crosswalk as ingest_crosswalk
    from riskmodel.ingesting import ingest_kwb as ingest_kwb
    from riskmodel.ingesting import ingest_leefbaarometer as ingest_leefbaarometer
    from riskmodel.ingesting import ingest_local as ingest_local
    from riskmodel.keeping import adopt as adopt
    from riskmodel.listing import evaluate_outcomes as evaluate_outcomes
    from riskmodel.listing import ingest_outcomes as ingest_outcomes
    from riskmodel.listing import what_if as what_if
    from riskmodel.monitoring import current as current
    from riskmodel.monitoring import monitor_areas as monitor_areas
    from riskmodel.monitoring import national as national
    from riskmodel.monitoring import statements as statements
    from riskmodel.monitoring import survey as survey
    from riskmodel.monitoring import verify as verify
    from riskmodel.panel.check import check as check
    from riskmodel.reproducing import reproduce as reproduce
    from riskmodel.scoring.run import score as score
    from riskmodel.training import describe as describe
    from riskmodel.workflow import backtest as backtest
    from riskmodel.workflow import compare as compare
    from riskmodel.workflow import forecast as forecast
    from riskmodel.workflow import promote as promote
    from riskmodel.workflow import risk_list as risk_list
    from riskmodel.workflow import train as train


def __getattr__(name: str) -> Any:
    """Load a public call on first use, so that ``riskmodel --help`` stays quick."""
    if name == "InputError":
        from riskmodel.errors import InputError

        return InputError
    if name in _KEEP:
        return getattr(import_module(f"riskmodel.{_KEEP[name]}"), name)
    for names, module in (
        (_GOVERNANCE, "riskmodel.governance"),
        (_INGEST, "riskmodel.ingesting"),
        (_LISTING, "riskmodel.listing"),
        (_MONITOR, "riskmodel.monitoring"),
        (_SCORING, "riskmodel.scoring.run"),
        (_TRAINING, "riskmodel.training"),
        (_WORKFLOW, "riskmodel.workflow"),
    ):
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'riskmodel' has no attribute {name!r}")
