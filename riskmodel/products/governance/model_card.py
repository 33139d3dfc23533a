"""The card of a released model: its question, data, skill and limits.

Written as Markdown for people and as JSON for programs, with pictures of reliability, into the folder of the
release. Nothing in it depends on the moment of making, so the same model and backtest give the same card.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from riskmodel.catalogue import driver_labels, load
from riskmodel.forecasting.backtest_record import Record
from riskmodel.forecasting.compare import against_best_ordering
from riskmodel.forecasting.evaluation.calibration import over_origins
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.group_audit.audit import EVERYBODY, GroupAudit, audit_groups
from riskmodel.forecasting.origins import publication_dates
from riskmodel.forecasting.stage import Stage
from riskmodel.panel.panel import Panel
from riskmodel.products.governance.audit_tables import as_csv, audit_text, comparisons, differing
from riskmodel.products.risk_list.texts import event_in_dutch
from riskmodel.workspace.findings import Finding

#: Files of a card.
MARKDOWN, JSON = "model_card.md", "model_card.json"
#: Figures of the audit by groups of areas, over all origins.
AUDIT = "model_card_audit.csv"
BY_ORIGIN, BY_GROUP, BY_PERIOD = (f"model_card_by_{kind}.png" for kind in ("origin", "group", "period"))
TEMPLATE = "model_card.md.j2"
LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class CardFacts:
    """Facts behind a model card.

    Attributes
    ----------
    experiment : Experiment
        The question.
    model : str
        Name of the model in it.
    panel : Panel
        Everything measured.
    stage : Stage
        What the released model learned from.
    findings : sequence of Finding
        What the checks found.
    record : Record, optional
        Backtest of the same model on the same files.
    no_record : str
        Why there is none.
    importance : pandas.DataFrame, optional
        ``feature, value``: mean absolute contributions of the released model.
    code_version : str
        Version of riskmodel.
    """

    experiment: Experiment
    model: str
    panel: Panel
    stage: Stage
    findings: Sequence[Finding]
    record: Record | None
    no_record: str
    importance: pd.DataFrame | None
    code_version: str

    @cached_property
    def audit(self) -> GroupAudit | None:
        """Audit of the backtest by groups of areas; None without one."""
        return None if self.record is None else audit_groups(self.record, self.model, self.panel)


def card_files(facts: CardFacts) -> dict[str, bytes]:
    """Return all files of a card by name: Markdown, JSON and, with a backtest, pictures and audit."""
    # Loaded when a card is made: whoever only reads one should not wait for a drawing library.
    from riskmodel.products.governance import model_card_pictures as card_pictures

    content = card_content(facts)
    files = {
        MARKDOWN: render_card(content, "" if facts.audit is None else audit_text(facts.audit)).encode(),
        JSON: (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode(),
    }
    if facts.audit is not None:
        files[AUDIT] = as_csv(facts.audit.over_all)
    if facts.record is not None:
        origins = card_pictures.by_origin(facts.record, facts.model, facts.panel, EVERYBODY)
        groups = card_pictures.by_group(facts.record, facts.model, facts.panel, EVERYBODY)
        if origins:
            files[BY_ORIGIN] = card_pictures.reliability_of_origins(origins)
        if groups:
            files[BY_GROUP] = card_pictures.reliability_of_groups(groups)
        periods = card_pictures.by_period(facts.record, facts.model)
        if periods:
            files[BY_PERIOD] = card_pictures.reliability_of_periods(periods)
    return files


def card_content(facts: CardFacts) -> dict[str, Any]:
    """Return the card as plain values: texts, numbers, lists; None where a number is not known."""
    experiment, origin, panel = facts.experiment, facts.stage.origin, facts.panel
    spec = experiment.model(facts.model)
    content = {
        "experiment": experiment.name,
        "question": experiment.question,
        "event": experiment.event.name,
        "event_in_dutch": event_in_dutch(experiment.event),
        "horizon": experiment.horizon,
        "model": {"name": spec.name, "kind": spec.kind, "settings": dict(spec.parameters)},
        "level": panel.level,
        "edition": panel.edition,
        "boundaries": panel.boundaries,
        "origin": {
            "wave": origin.wave,
            "known_at": origin.known_at.isoformat(),
            "pairs": [*map(list, origin.pairs)],
        },
        "examples": len(facts.stage.training.change),
        "areas": len(facts.stage.areas),
        "allow_origin": experiment.allow_origin,
        "waves": _waves(panel, facts.stage),
        "sources": _sources(panel, facts.stage),
        "files": [asdict(file) for file in panel.files],
        "features": _features(facts.stage, facts.importance),
        "evaluation": _evaluation(facts),
        "audit": _audit(facts),
        "calibration_over_origins": _calibration(facts),
        "findings": [finding.as_dict() for finding in facts.findings],
        "code_version": facts.code_version,
        "licence": LICENCE,
    }
    plain: dict[str, Any] = _plain(content)
    return plain


def environment() -> Environment:
    """Return the environment of templates of Markdown."""
    made = Environment(
        loader=PackageLoader("riskmodel.products", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"share": _share, "cell": _cell, "number": _number}
    return made


def render_card(content: Mapping[str, Any], audit: str = "") -> str:
    """Return the Markdown of a card, with the text of an audit where there is one."""
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            card=content,
            audit=audit,
            main=_main_rows(content),
            pictures={"origin": BY_ORIGIN, "group": BY_GROUP, "period": BY_PERIOD},
        )
    )


def _waves(panel: Panel, stage: Stage) -> list[dict[str, Any]]:
    """Return every wave that was known at the origin."""
    dates = publication_dates(panel)
    learned = {wave for pair in stage.origin.pairs for wave in pair}
    return [
        {
            "wave": wave,
            "published": day.isoformat(),
            "areas": int((~np.isnan(panel.at("score", wave))).sum()),
            "learned_change": wave in learned,
        }
        for wave, day in sorted(dates.items())
        if day <= stage.origin.known_at
    ]


def _sources(panel: Panel, stage: Stage) -> list[dict[str, Any]]:
    """Return the sources of the model: label with licence, years, indicators, last publication."""
    known = panel.known_at(stage.origin.known_at)
    rows: dict[str, dict[str, Any]] = {}
    labels = load("sources")
    for about, years in known.for_forecasts().items():
        row = rows.setdefault(
            about.source,
            {
                "source": about.source,
                "label": labels.get(about.source, {}).get("label", f"{about.source} (of the municipality itself)"),
                "indicators": 0,
                "years": set(),
                "last_published": "",
            },
        )
        row["indicators"] += 1
        row["years"] |= set(years)
        last = max(known.published_on(about.id, year) for year in years).isoformat()
        row["last_published"] = max(row["last_published"], last)
    return [{**row, "years": sorted(row["years"])} for row in rows.values()]


def _features(stage: Stage, importance: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Return the features by driver, with each driver's share in the mean absolute contributions where known."""
    names = driver_labels()
    shares: Mapping[Any, float] = {}
    if importance is not None and len(importance) and importance["value"].sum() > 0:
        values = importance.groupby("feature")["value"].mean()
        shares = (values / values.sum()).to_dict()
    grouped: dict[str, list[str]] = {}
    for name in stage.features.names:
        grouped.setdefault(name.split(".")[0], []).append(name)
    return [
        {
            "driver": driver,
            "label": names.get(driver, driver),
            "features": features,
            "share": sum(shares.get(name, 0.0) for name in features) if shares else None,
        }
        for driver, features in grouped.items()
    ]


def _evaluation(facts: CardFacts) -> dict[str, Any]:
    """Return the model beside the best ordering, for all areas and the main cohort."""
    if facts.record is None:
        return {"missing": facts.no_record, "cohorts": []}
    main = facts.record.main_cohort
    chosen = {cohort.name: cohort for cohort in (facts.record.experiment.cohorts[0], main)}
    cohorts = []
    for name, cohort in chosen.items():
        table = against_best_ordering(facts.record, facts.model, facts.panel, cohort)
        if len(table):
            ratio = {"ratio_mean": float(table["ratio"].mean()), "ratio_min": float(table["ratio"].min())}
            rows = table.drop(columns="cohort").to_dict("records")
            cohorts.append({"cohort": name, "main": name == main.name, **ratio, "origins": rows})
    return {"missing": "", "code_version": facts.record.code_version, "cohorts": cohorts}


def _audit(facts: CardFacts) -> dict[str, Any]:
    """Return what was compared, and which groups differ from the rest of the country."""
    if facts.audit is None:
        return {"missing": facts.no_record}
    keys = ["attribute", "group", "metric", "value", "low95", "high95", "rest"]
    return {
        "missing": "",
        "table": AUDIT,
        "sources": {each.name: each.source for each in facts.audit.attributes},
        "compared": len(comparisons(facts.audit)),
        "differing": [
            dict(zip(keys, row, strict=True)) for row in differing(facts.audit)[keys].to_numpy().tolist()
        ],
    }


def _calibration(facts: CardFacts) -> list[dict[str, Any]]:
    """Return mean chance, mean share and their difference over origins, by class of size and urbanity."""
    table = None if facts.record is None else facts.record.tables.get("calibration")
    if table is None or table.empty:
        return []
    own = table[(table["model"] == facts.model) & (table["target"] == facts.experiment.event.name)]
    rows = over_origins(own[own["group_kind"].isin(("size", "urbanity"))]).drop(columns=["model", "target"])
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]


def _main_rows(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return next((each for each in content["evaluation"]["cohorts"] if each["main"]), None)


def _plain(value: Any) -> Any:
    """Return a value in types that JSON has; a number that is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _share(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}%}"


def _cell(text: str) -> str:
    """Return a text that fits into a cell of a Markdown table."""
    return " ".join(str(text).replace("|", "\\|").split())
