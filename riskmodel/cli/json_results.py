"""Results of commands under keys that stay, for ``--json``, before :mod:`riskmodel.cli.plain` makes them plain.

``make sessions`` writes the keys of every command to ``docs/sessions/json.md``. Imports nothing heavy itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.catalogue import Indicator
    from riskmodel.forecasting.backtest import Backtest
    from riskmodel.forecasting.forecast_store import StoredForecast
    from riskmodel.monitor.measured import Measured
    from riskmodel.products.governance.register_entry import Entry
    from riskmodel.products.outcomes.evaluate import Evaluation
    from riskmodel.products.present.folder import Written
    from riskmodel.products.risk_list.risk_list import RiskList
    from riskmodel.sources.observations import Observations
    from riskmodel.workflow.audit import Audited
    from riskmodel.workflow.promote import Promotion
    from riskmodel.workflow.reproduce import Reproduction
    from riskmodel.workflow.train import Trained
    from riskmodel.workspace.findings import Finding

#: Columns of a model beside the best simple ordering.
AGAINST_BEST = (
    "model", "opponent", "cohort", "origin_date", "value", "opponent_value", "difference", "difference_low95",
    "difference_high95", "ratio", "ratio_low95", "ratio_high95", "n", "n_events",
)  # fmt: skip


def findings_result(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """What the checks found, without their figures."""
    keys = ("code", "title", "severity", "outcome", "message")
    return [each.as_dict(*keys) for each in findings]


def backtest_result(done: Backtest, findings: Sequence[Finding], folder: Path) -> dict[str, Any]:
    """Scores of champion and challenger, each beside the best simple ordering, and what the checks found.

    A row of ``against_best`` without ``origin_date`` is the mean over origins.
    """
    question = done.experiment
    models = [question.champion, question.challenger]
    own = done.scores[done.scores["model"].isin(models) & (done.scores["target"] == question.event.name)]
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
        & pairs["model"].isin(models)
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
    """A model each: its role, folder, version and alias, and what the checks found."""
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
    """A risk list: what it is, the paths of its forms, and a row an area in order of rank."""
    from riskmodel.products.risk_list.risk_list import COLUMNS
    from riskmodel.products.risk_list.texts import event_in_dutch

    keys = ("title", "experiment", "event", "model_version", "forecast_id", "origin_date", "horizon", "capacity")
    about = _fields(made.about, *keys) | {"event": event_in_dutch(made.about.event)}
    return {**about, "forms": dict(forms), "areas": made.rows[list(COLUMNS)]}


def promote_result(done: Promotion) -> dict[str, Any]:
    """Whether a version is champion now, and what spoke against it."""
    about = _fields(done, "experiment", "version", "release_id", "promoted", "reasons")
    return {**about, "findings": findings_result(done.findings)}


def indicator_result(found: Sequence[Indicator]) -> list[dict[str, Any]]:
    """Entries of the catalogue."""
    return [asdict(each) for each in found]


def monitor_result(areas: Measured, written: Written) -> dict[str, Any]:
    """Files that were written, about which areas, and what could not be made."""
    about = {"level": areas.level, "edition": areas.edition, "areas": len(areas.areas)}
    return {**about, "files": dict(written.files), "notes": written.notes}


def ingest_result(read: Sequence[Observations]) -> list[dict[str, Any]]:
    """What was read, a row a source, level and boundary vintage."""
    keys = ("source", "level", "boundaries", "indicators", "years", "files", "notes")
    return [{**_fields(each, *keys), "areas": int(each.frame["location"].nunique())} for each in read]


def links_result(links: pd.DataFrame) -> dict[str, int]:
    """Number of links between area codes, and their years."""
    return {"links": len(links), "from": int(links["year_from"].min()), "to": int(links["year_to"].max())}


def survey_result(table: pd.DataFrame, text: str, out: Path | None) -> dict[str, Any]:
    """A survey beside what was measured: a row an area or group, and a text in plain Dutch."""
    about = {key: table.attrs[key] for key in ("edition", "level", "who")}
    span = {"from": table.attrs["start"], "to": table.attrs["end"]}
    return {**about, **span, "units": table, "text": text.splitlines(), "folder": out}


def visits_result(visits: pd.DataFrame, list_id: str) -> dict[str, Any]:
    """Number of visits and areas in a file."""
    return {"list": list_id, "visits": len(visits), "areas": int(visits["location"].nunique())}


def outcomes_result(found: Evaluation, text: Sequence[str]) -> dict[str, Any]:
    """Evaluation of a list by its visits, in figures and in plain Dutch; counts by part of the list.

    ``measured`` is None as long as the wave that was forecast is not there.
    """
    from riskmodel.products.outcomes.evaluate import counts_of

    later = found.measured and {
        "wave": found.measured.wave,
        "by_part": counts_of(found.measured.by_part),
        "agreement": counts_of(found.measured.agreement),
    }
    about = _fields(found.record, "title", "experiment", "wave", "horizon", "made_on")
    figures = _fields(found, "precision", "declines", "recall")
    by_part = counts_of(found.by_part)
    return {"list": found.record.id, **about, "by_part": by_part, **figures, "measured": later, "text": text}


def audit_result(done: Audited, experiment: str) -> dict[str, Any]:
    """An audit over all origins together, a row a group and metric; ``audit.csv`` has those of each origin too."""
    about = {"experiment": experiment, "model": done.audit.model, "orderings": done.audit.orderings}
    return {**about, "run": done.run, "files": done.files, "groups": done.audit.over_all.drop(columns="origin")}


def register_result(made: Entry, files: Mapping[str, Path]) -> dict[str, Any]:
    """Whether an entry for the register is complete, and the keys that people must or may still fill in."""
    missing = [field.standard.key for field in made.missing]
    asked = [field.standard.key for field in made.fields if field.ask]
    optional = [key for key in asked if key not in missing]
    return {"complete": not missing, "missing": missing, "optional": optional, "files": dict(files)}


def reproduce_result(found: Reproduction) -> dict[str, Any]:
    """Whether a result that was made again is the same to the last bit, in all and by file."""
    files = [{"name": name, "same": True} for name in found.same]
    files += [{"name": name, "same": False} for name in found.differs]
    return {"kind": found.kind, "id": found.id, "same": not found.differs, "files": files, "notes": found.notes}


def _fields(value: object, *names: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}
