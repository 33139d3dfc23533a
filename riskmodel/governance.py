"""The calls around accountability: audit a model by groups of areas, and describe a released model anew."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.errors import InputError
from riskmodel.forecasting.attributes import ATTRIBUTES
from riskmodel.forecasting.group_audit import GroupAudit, audit_groups
from riskmodel.forecasting.record import Record, read_record
from riskmodel.locking import only_writer
from riskmodel.panel.store import Workspace, write_atomically
from riskmodel.products.audit_tables import audit_text
from riskmodel.products.table import safe_cell
from riskmodel.sources.supplied_groups import SuppliedGroups, read_groups

if TYPE_CHECKING:
    from mlflow.entities import Metric

#: Kind of the run of an audit in MLflow.
AUDIT = "audit"
#: What cannot stand in the name of a metric.
NO_WORD = re.compile("[^A-Za-z0-9]+")
#: Names of the files of an audit.
TABLE, TEXT = "audit.csv", "audit.md"


@dataclass(frozen=True)
class Audited:
    """An audit and where it was written.

    Attributes
    ----------
    audit : GroupAudit
        What was found.
    text : str
        The same in Markdown.
    files : tuple of Path
        Table, text and pictures.
    run : str
        Id of its run in MLflow.
    """

    audit: GroupAudit
    text: str
    files: tuple[Path, ...]
    run: str


def audit(
    workspace: Workspace,
    experiment: str,
    *,
    groups: Path | None = None,
    out: Path | None = None,
) -> Audited:
    """Audit the champion of a stored backtest by groups of areas, and log it to MLflow.

    Selection, errors and chances by urbanity, size, level and income, beside the best simple ordering; see
    :func:`riskmodel.forecasting.group_audit.audit_table`.

    Parameters
    ----------
    workspace : Workspace
        With the backtest and the files it was made from.
    experiment : str
        Name of the experiment.
    groups : Path, optional
        A table of other groups, for instance by composition of the population: columns ``location, group`` and,
        optionally, ``label``. It is used for this audit alone and stored nowhere; its name, its fingerprint and
        what was counted per group stay with the audit.
    out : Path, optional
        Folder for table, text and pictures; by default ``audits/EXPERIMENT`` in the workspace.

    Raises
    ------
    InputError
        If there is no backtest on the files of the workspace, or the table of groups is not as expected.
    """
    supplied = None if groups is None else read_groups(groups, ATTRIBUTES)
    record = read_record(workspace.path("backtests", experiment))
    model = record.experiment.champion
    panel = workspace.panel(record.level, allow_origin=record.experiment.allow_origin)
    if reason := record.differs(record.experiment, model, panel.level, [file.sha256 for file in panel.files]):
        raise InputError(
            f"audit {experiment}",
            reason,
            "a backtest on these files",
            "Run: riskmodel backtest experiments/NAME.yaml",
        )
    found = audit_groups(record, model, panel, supplied)
    files = audit_files(found, experiment)
    folder = out or workspace.path("audits", experiment)
    paths = tuple(
        write_atomically(folder / name, partial(_put, content=content)) for name, content in files.items()
    )
    return Audited(found, files[TEXT].decode(), paths, _log(workspace, record, found, supplied, files))


def audit_files(found: GroupAudit, experiment: str) -> dict[str, bytes]:
    """Files of an audit by name: the whole table, the text, and a picture for every attribute."""
    from riskmodel.products.audit_pictures import attribute_picture

    files = {TABLE: as_csv(found.table), TEXT: f"# Audit of {experiment}\n\n{audit_text(found)}\n".encode()}
    for attribute in found.attributes:
        rows = found.over_all[found.over_all["attribute"] == attribute.name]
        if len(rows):
            name = attribute.name if attribute.name in ATTRIBUTES else "supplied"
            title = f"{experiment}: who stands on the list, and where it is wrong, by {attribute.name}"
            picture = attribute_picture(rows, attribute.groups, title, found.model)
            files[f"audit_{name}.png"] = picture
    return files


def as_csv(table: pd.DataFrame) -> bytes:
    """A table of an audit as CSV, no text of which can be read as a formula."""
    texts = {name: table[name].map(safe_cell) for name in ("attribute", "group")}
    return table.assign(**texts).to_csv(index=False, float_format="%.5g").encode()


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _log(
    workspace: Workspace,
    record: Record,
    found: GroupAudit,
    supplied: SuppliedGroups | None,
    files: Mapping[str, bytes],
) -> str:
    """A run of its own: what was audited, the figures over all origins, and the files."""
    from mlflow.entities import Param

    from riskmodel import tracking

    settings = {
        "model": found.model,
        "level": record.level,
        "origins": ", ".join(str(each.origin_date.year) for each in record.of(found.model)),
        "backtest_code_version": record.code_version,
        **{f"input_{number}": f"sha256:{sum_}" for number, sum_ in enumerate(record.inputs, 1)},
    }
    if supplied is not None:
        settings["supplied"] = f"{supplied.file.name} sha256:{supplied.file.sha256}"
    with only_writer(workspace), tempfile.TemporaryDirectory() as folder:
        client = tracking.client_of(workspace)
        place = tracking.experiment_id(client, workspace, record.experiment.name)
        tags = {"mlflow.source.name": "riskmodel audit", tracking.KIND: AUDIT, "model": found.model}
        tags["code_version"] = tracking.code_version()
        run = str(client.create_run(place, run_name=f"audit {found.model}", tags=tags).info.run_id)
        client.log_batch(run, params=[Param(key, str(value)) for key, value in settings.items()])
        metrics = _metrics(found)
        for start in range(0, len(metrics), tracking.BATCH):
            client.log_batch(run, metrics=metrics[start : start + tracking.BATCH])
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        client.log_artifacts(run, folder)
        client.set_terminated(run)
    return run


def _metrics(found: GroupAudit) -> list[Metric]:
    """Figures of the model over all origins; what a user supplied goes by the number of the group."""
    from mlflow.entities import Metric

    now, metrics = int(time.time() * 1000), []
    rows = found.over_all[(found.over_all["model"] == found.model) & (found.over_all["told"] == "")]
    for attribute in found.attributes:
        for number, group in enumerate(attribute.groups, 1):
            own = attribute.name in ATTRIBUTES
            name = f"{attribute.name}.{NO_WORD.sub('_', group)}" if own else f"supplied.{number}"
            inside = rows[(rows["attribute"] == attribute.name) & (rows["group"] == group)]
            metrics += [
                Metric(f"{metric}.{name}", float(value), now, 0)
                for metric, value in zip(inside["metric"], inside["value"], strict=True)
            ]
    return metrics
