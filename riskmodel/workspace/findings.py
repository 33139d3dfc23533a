"""Findings of checks: about new observations, about a panel, and about a model with its backtest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "info", "refuse", "flag"]
Outcome = Literal["passed", "failed", "not applicable"]
#: What is asked of a finding about a model.
MODEL_KEYS = ("code", "title", "severity", "outcome", "message", "figures")


@dataclass(frozen=True)
class Finding:
    """Answer of one check.

    Attributes
    ----------
    code, title : str
        Of the check.
    severity : {"error", "warning", "info", "refuse", "flag"}
        How bad a failure is. A failed error keeps a model from being promoted; new observations that are refused
        stay out, those that are flagged come in with a note.
    outcome : {"passed", "failed", "not applicable"}
        What was found.
    message : str
        One sentence with the figures that matter.
    figures : mapping of str to float
        Named numbers for MLflow and the model card.
    indicator : str
        Where it was seen; empty for a model, and for all indicators together.
    year : int, optional
        In which year.
    """

    code: str
    title: str
    severity: Severity
    outcome: Outcome
    message: str
    figures: Mapping[str, float] = field(default_factory=dict)
    indicator: str = ""
    year: int | None = None

    @property
    def line(self) -> str:
        """A finding about a model on one line."""
        shown = self.severity if self.outcome == "failed" else self.outcome
        return f"{self.code} {shown:<14} {self.title}: {self.message}"

    def as_dict(self, *keys: str) -> dict[str, Any]:
        """These fields as plain data, for JSON; by default :data:`MODEL_KEYS`."""
        return {key: getattr(self, key) for key in keys or MODEL_KEYS}
