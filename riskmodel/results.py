"""Results of commands under keys that stay: what ``--json`` prints, once :mod:`riskmodel.plain` made it plain.

``make sessions`` writes the keys of every command to ``docs/sessions/json.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskmodel.catalogue import Indicator
from riskmodel.products.risk_list import COLUMNS, RiskList

if TYPE_CHECKING:
    from riskmodel.attempts import Promotion
    from riskmodel.forecasting.backtest import Backtest
    from riskmodel.forecasting.checks import Finding
    from riskmodel.forecasting.store import StoredForecast
    from riskmodel.monitor.measured import Measured
    from riskmodel.monitoring_files import Written
    from riskmodel.training import Trained

#: What is told of a model beside the best simple ordering.
AGAINST_BEST = (
    "model", "opponent", "cohort", "origin_date", "value", "opponent_value", "difference", "difference_low95",
    "difference_high95", "ratio", "ratio_low95", "ratio_high95", "n", "n_events",
)  # fmt: skip


def findings_result(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """What the checks found, without their figures."""
    keys = ("code", "title", "severity", "outcome", "message")
    return [{key: getattr(each, key) for key in keys} for each in findings]


def backtest_result(done: Backtest, findings: Sequence[Finding], folder: Path) -> dict[str, Any]:
    """Scores of champion and challenger, each beside the best simple ordering, and what the checks found.

    A row of ``against_best`` without ``origin_date`` is the mean over origins.
    """
    question = done.experiment
    told = dict.fromkeys([question.champion, question.challenger])
    own = done.scores[done.scores["model"].isin(told) & (done.scores["target"] == question.event.name)]
    keys = ["origin_date", "cohort", "model", "n", "n_events"]
    scores = [
        {**dict(zip(keys, key, strict=True)), "metrics": dict(zip(rows["metric"], rows["value"], strict=True))}
        for key, rows in own.groupby(keys, sort=False)
    ]
    pairs = done.paired
    best = pairs[
        pairs["best"]
        & (pairs["metric"] == "average_precision")
        & (pairs["target"] == question.event.name)
        & pairs["model"].isin(told)
    ]
    return {
        "experiment": question.name,
        "event": question.event.name,
        "horizon": question.horizon,
        "champion": question.champion,
        "challenger": question.challenger,
        "origins": [origin.wave for origin in done.origins],
        "scores": scores,
        "against_best": best[list(AGAINST_BEST)],
        "skipped": list(done.skipped),
        "findings": findings_result(findings),
        "folder": folder,
    }


def train_result(trained: Mapping[str, Trained]) -> list[dict[str, Any]]:
    """A model each: what it is, where it stands, its version and alias, and what the checks found."""
    return [
        {
            "role": role,
            "experiment": each.release.experiment.name,
            "model": each.release.name,
            "release": each.release.id,
            "folder": each.release.folder,
            "version": each.version,
            "alias": each.alias or None,
            "findings": findings_result(each.findings),
        }
        for role, each in trained.items()
    ]


def forecast_result(made: Sequence[StoredForecast]) -> list[dict[str, Any]]:
    """A forecast each: its id, the model behind it, and what it was made from."""
    return [
        {
            "experiment": each.experiment.name,
            "id": each.id,
            "model": each.model,
            "release": each.release_id,
            "level": each.level,
            "origin_date": each.forecast.origin_date,
            "known_at": each.forecast.known_at,
            "horizon": each.forecast.horizon,
            "areas": len(each.forecast.locations),
        }
        for each in made
    ]


def list_result(made: RiskList, forms: Mapping[str, Path]) -> dict[str, Any]:
    """A risk list: what it is, where its forms are, and a row an area in order of rank."""
    keys = ("title", "experiment", "event", "model_version", "forecast_id", "origin_date", "horizon", "capacity")
    about = {key: getattr(made.about, key) for key in keys}
    return {**about, "forms": dict(forms), "areas": made.rows[list(COLUMNS)]}


def promote_result(done: Promotion) -> dict[str, Any]:
    """Whether a version is champion now, and what spoke against it."""
    keys = ("experiment", "version", "release_id", "promoted", "reasons")
    return {key: getattr(done, key) for key in keys} | {"findings": findings_result(done.findings)}


def indicator_result(found: Sequence[Indicator]) -> list[dict[str, Any]]:
    """Entries of the catalogue, as they stand there."""
    return [asdict(each) for each in found]


def monitor_result(areas: Measured, written: Written) -> dict[str, Any]:
    """What the monitor wrote, about which areas, and what could not be made."""
    about = {"level": areas.level, "edition": areas.edition, "areas": len(areas.areas)}
    return {**about, "files": dict(written.files), "notes": written.notes}
