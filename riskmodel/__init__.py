"""riskmodel: which Dutch neighbourhoods threaten to decline, why, and how sure.

Data flows from sources to panel, forecasting and products. The public calls have the names of the commands of the
``riskmodel`` program.
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

#: Public names by module, loaded on first use so that ``riskmodel --help`` stays quick.
_NAMES = {
    "errors": ("InputError",),
    "workflow.audit": ("audit",),
    "workflow.backtest": ("backtest",),
    "workflow.compare": ("compare",),
    "workflow.forecast": ("forecast",),
    "workflow.ingest": (
        "draft_local_mapping", "ingest", "ingest_boundaries", "ingest_crosswalk", "ingest_kwb",
        "ingest_leefbaarometer", "ingest_local",
    ),
    "workflow.outcomes": ("evaluate_outcomes", "ingest_outcomes"),
    "workflow.present": ("current", "monitor_areas", "national"),
    "workflow.promote": ("promote",),
    "workflow.published": ("statements", "survey", "verify"),
    "workflow.register_entry": ("register_entry",),
    "workflow.reproduce": ("reproduce",),
    "workflow.risk_list": ("risk_list",),
    "workflow.score": ("score",),
    "workflow.train": ("describe", "train"),
    "workflow.what_if": ("what_if",),
    "workspace.check": ("check",),
    "workspace.store": ("Workspace",),
    "workspace.transaction": ("adopt",),
    "workspace.verify": ("check_deep",),
}  # fmt: skip
_MODULES = {name: module for module, names in _NAMES.items() for name in names}
__all__ = ["__version__", *sorted(_MODULES)]

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
    from riskmodel.workflow.promote import promote as promote
    from riskmodel.workflow.published import statements as statements
    from riskmodel.workflow.published import survey as survey
    from riskmodel.workflow.published import verify as verify
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
