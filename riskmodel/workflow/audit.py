"""``riskmodel audit``: audit the champion of a backtest by groups of areas."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.forecasting.backtest_record import Record, read_record
from riskmodel.forecasting.group_audit.attributes import ATTRIBUTES
from riskmodel.forecasting.group_audit.audit import GroupAudit, audit_groups
from riskmodel.products.governance.audit_tables import as_csv, audit_text
from riskmodel.sources.supplied_groups import SuppliedGroups, read_groups
from riskmodel.workspace.atomic import write_atomically
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import put_files, writing_runs

#: Characters that the name of a metric cannot have.
NO_WORD = re.compile("[^A-Za-z0-9]+")
#: Names of the files of an audit.
TABLE, TEXT = "audit.csv", "audit.md"


@dataclass(frozen=True)
class Audited:
    """An audit, its text in Markdown, its files (table, text and pictures), and the id of its run in MLflow."""

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
    :func:`riskmodel.forecasting.group_audit.audit.audit_table`.

    Parameters
    ----------
    workspace : Workspace
        With the backtest and the files it was made from.
    experiment : str
        Name of the experiment.
    groups : Path, optional
        A table of other groups, for instance by composition of the population: columns ``location, group`` and,
        optionally, ``label``. It is used for this audit alone and stored nowhere; its name, its fingerprint and
        the counts per group are part of the audit.
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
    contents = {folder / name: content for name, content in files.items()}
    if out is None:
        paths = tuple(put_files(workspace, contents))
    else:
        paths = tuple(write_atomically(path, content) for path, content in contents.items())
    return Audited(found, files[TEXT].decode(), paths, _log(workspace, record, found, supplied, files))


def audit_files(found: GroupAudit, experiment: str) -> dict[str, bytes]:
    """Files of an audit by name: the whole table, the text, and a picture for every attribute."""
    from riskmodel.products.governance.audit_pictures import attribute_picture

    files = {TABLE: as_csv(found.table), TEXT: f"# Audit of {experiment}\n\n{audit_text(found)}\n".encode()}
    for attribute in found.attributes:
        rows = found.over_all[found.over_all["attribute"] == attribute.name]
        if len(rows):
            name = attribute.name if attribute.name in ATTRIBUTES else "supplied"
            title = f"{experiment}: who stands on the list, and where it is wrong, by {attribute.name}"
            picture = attribute_picture(rows, attribute.groups, title, found.model)
            files[f"audit_{name}.png"] = picture
    return files


def _log(
    workspace: Workspace,
    record: Record,
    found: GroupAudit,
    supplied: SuppliedGroups | None,
    files: Mapping[str, bytes],
) -> str:
    """Log a run of its own, with the figures over all origins and the files, and return its id."""
    from riskmodel.workflow.tracking.log import AUDIT, begin_run, log_figures, run_tags
    from riskmodel.workflow.tracking.store import client_of, experiment_id

    settings = {
        "model": found.model,
        "level": record.level,
        "origins": ", ".join(str(each.origin_date.year) for each in record.of(found.model)),
        "backtest_code_version": record.code_version,
        **{f"input_{number}": f"sha256:{sum_}" for number, sum_ in enumerate(record.inputs, 1)},
    }
    if supplied is not None:
        settings["supplied"] = f"{supplied.file.name} sha256:{supplied.file.sha256}"
    with writing_runs(workspace), tempfile.TemporaryDirectory() as folder:
        client = client_of(workspace)
        experiment = experiment_id(client, workspace, record.experiment.name)
        tags = {**run_tags("audit", AUDIT), "model": found.model}
        run = begin_run(client, experiment, f"audit {found.model}", tags, settings)
        log_figures(client, run, _figures(found))
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        client.log_artifacts(run, folder)
        client.set_terminated(run)
    return run


def _figures(found: GroupAudit) -> dict[str, float]:
    """Figures of the model over all origins; groups that a user supplied are named by their number."""
    figures: dict[str, float] = {}
    rows = found.over_all[(found.over_all["model"] == found.model) & (found.over_all["told"] == "")]
    for attribute in found.attributes:
        for number, group in enumerate(attribute.groups, 1):
            own = attribute.name in ATTRIBUTES
            name = f"{attribute.name}.{NO_WORD.sub('_', group)}" if own else f"supplied.{number}"
            inside = rows[(rows["attribute"] == attribute.name) & (rows["group"] == group)]
            figures |= {
                f"{metric}.{name}": float(value)
                for metric, value in zip(inside["metric"], inside["value"], strict=True)
            }
    return figures
