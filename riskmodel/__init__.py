"""riskmodel: which Dutch neighbourhoods threaten to decline, why, and how sure.

One way through: sources -> panel -> forecasting -> products.
The calls below have the names of the commands of the ``riskmodel`` program.
"""

from __future__ import annotations

import os as _os
from importlib import import_module as _import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

# All must be set before lightgbm, scikit-learn or mlflow is imported: spinning OpenMP threads make
# two fits on two cores some thirty times slower; mlflow reports its use by default, and shows a bar
# for every file it copies.
_os.environ.setdefault("OMP_WAIT_POLICY", "passive")
_os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
_os.environ.setdefault("DO_NOT_TRACK", "true")
_os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

#: The module of each public name, loaded on first use so that ``riskmodel --help`` stays quick.
_MODULES = {
    "InputError": "errors",
    "Workspace": "workspace.store",
    "adopt": "workspace.transaction",
    "audit": "workflow.audit",
    "backtest": "workflow.backtest",
    "check": "workspace.check",
    "check_deep": "workspace.verify",
    "compare": "workflow.compare",
    "current": "workflow.present",
    "describe": "workflow.train",
    "draft_local_mapping": "workflow.ingest",
    "evaluate_outcomes": "workflow.outcomes",
    "forecast": "workflow.forecast",
    "ingest": "workflow.ingest",
    "ingest_boundaries": "workflow.ingest",
    "ingest_crosswalk": "workflow.ingest",
    "ingest_kwb": "workflow.ingest",
    "ingest_leefbaarometer": "workflow.ingest",
    "ingest_local": "workflow.ingest",
    "ingest_outcomes": "workflow.outcomes",
    "monitor_areas": "workflow.present",
    "national": "workflow.present",
    "promote": "workflow.promote",
    "register_entry": "workflow.register_entry",
    "reproduce": "workflow.reproduce",
    "risk_list": "workflow.risk_list",
    "score": "workflow.score",
    "statements": "workflow.present",
    "survey": "workflow.present",
    "train": "workflow.train",
    "verify": "workflow.present",
    "what_if": "workflow.what_if",
}
__all__ = ["__version__", *_MODULES]

if TYPE_CHECKING:
    from riskmodel.errors import InputError as InputError
    from riskmodel.workflow.audit import audit as audit
    from riskmodel.workflow.backtest import backtest as backtest
    from riskmodel.workflow.compare import compare as compare
    from riskmodel.workflow.forecast import forecast as forecast
    from riskmodel.workflow.ingest import draft_local_mapping as draft_local_mapping
    from riskmodel.workflow.ingest import ingest as ingest
    from riskmodel.workflow.ingest import ingest_boundaries as ingest_boundaries
    from riskmodel.workflow.ingest import ingest_crosswalk as ingest_crosswalk
    from riskmodel.workflow.ingest import ingest_kwb as ingest_kwb
    from riskmodel.workflow.ingest import ingest_leefbaarometer as ingest_leefbaarometer
    from riskmodel.workflow.ingest import ingest_local as ingest_local
    from riskmodel.workflow.outcomes import evaluate_outcomes as evaluate_outcomes
    from riskmodel.workflow.outcomes import ingest_outcomes as ingest_outcomes
    from riskmodel.workflow.present import current as current
    from riskmodel.workflow.present import monitor_areas as monitor_areas
    from riskmodel.workflow.present import national as national
    from riskmodel.workflow.present import statements as statements
    from riskmodel.workflow.present import survey as survey
    from riskmodel.workflow.present import verify as verify
    from riskmodel.workflow.promote import promote as promote
    from riskmodel.workflow.register_entry import register_entry as register_entry
    from riskmodel.workflow.reproduce import reproduce as reproduce
    from riskmodel.workflow.risk_list import risk_list as risk_list
    from riskmodel.workflow.score import score as score
    from riskmodel.workflow.train import describe as describe
    from riskmodel.workflow.train import train as train
    from riskmodel.workflow.what_if import what_if as what_if
    from riskmodel.workspace.check import check as check
    from riskmodel.workspace.store import Workspace as Workspace
    from riskmodel.workspace.transaction import adopt as adopt
    from riskmodel.workspace.verify import check_deep as check_deep

    __version__: str


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version("riskmodel")
    if name in _MODULES:
        return getattr(_import_module(f"riskmodel.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'riskmodel' has no attribute {name!r}")
