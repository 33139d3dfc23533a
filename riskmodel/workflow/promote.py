"""``riskmodel promote``: make a registered model the champion, if it passes the gate."""

from __future__ import annotations

from dataclasses import dataclass

from riskmodel.errors import InputError
from riskmodel.forecasting.checks import Context, run_checks
from riskmodel.products.governance.model_card import JSON as CARD
from riskmodel.scoring.release import load_release
from riskmodel.workflow.findings import read_findings, stored_record
from riskmodel.workflow.questions import asked_of, find_question, release_folder
from riskmodel.workspace.findings import Finding
from riskmodel.workspace.store import Workspace

#: Checks that run anew on the stored backtest when a model is to be promoted; without their answer there is no
#: promotion.
GATE = ("RM006", "RM007")


@dataclass(frozen=True)
class Promotion:
    """Result of :func:`promote`.

    Attributes
    ----------
    experiment, version, release_id : str
        The model.
    promoted : bool
        Whether it is champion now.
    reasons : tuple of str
        Reasons against it; empty for one that passes the gate.
    findings : tuple of Finding
        Those of the gate.
    """

    experiment: str
    version: str
    release_id: str
    promoted: bool
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...]


def promote(
    workspace: Workspace, experiment: str, *, version: str | None = None, force: bool = False, reason: str = ""
) -> Promotion:
    """Make a registered model the champion, if it passes the gate.

    The gate: no check of severity error failed in its training; and in the stored backtest of the same model on
    the same files it is no worse than the best simple ordering, and calibrated.

    Parameters
    ----------
    workspace : Workspace
        Where the models are.
    experiment : str
        Name of an experiment, or of the model itself.
    version : str, optional
        Version number or alias; by default ``candidate`` where there is one, else ``challenger``.
    force : bool
        Promote one that does not pass the gate; who did so, when and why is recorded with the version.
    reason : str
        Why; needed to force.

    Raises
    ------
    InputError
        If there is no such version, it is champion already, its contributions cannot be told, or there is no
        reason for a forced promotion.
    """
    from riskmodel.workflow.tracking import registry

    if force and not reason.strip():
        raise InputError("--force", "no reason", "--reason TEXT", "It is kept with the model.")
    if version is None:
        aliases = {each.alias for each in registry.versions(workspace, experiment)}
        version = registry.CANDIDATE if registry.CANDIDATE in aliases else registry.CHALLENGER
    chosen = registry.find_version(workspace, experiment, version)
    champion = registry.release_by_alias(workspace, experiment, registry.CHAMPION)
    if champion is not None and champion[1] == chosen.number:
        raise InputError(f"--version {version}", "the champion itself", "another version")
    findings = gate_findings(workspace, experiment, chosen.release_id)
    reasons = tuple(_reason(found) for found in findings if _speaks_against(found))
    promoted = force or not reasons
    if promoted:
        registry.make_champion(workspace, experiment, chosen, reasons=reasons, reason=reason.strip())
    return Promotion(experiment, chosen.number, chosen.release_id, promoted, reasons, findings)


def gate_findings(workspace: Workspace, experiment: str, release_id: str) -> tuple[Finding, ...]:
    """Findings on the training of a release, with those that need a backtest made anew on the stored one.

    The backtest is that of the experiment that is named; by the name of a model, of the one it was trained with.
    """
    release = load_release(release_folder(workspace, release_id))
    question = find_question(workspace, experiment)
    trained = release.experiment if question is None else asked_of(release.experiment, question)
    if not hasattr(release.model, "contributions"):
        raise InputError(
            release.folder,
            f"{release.name!r}, whose contributions cannot be told",
            "a model that can say what stands behind its expectation: a risk list needs it",
        )
    if not (release.folder / CARD).exists():
        raise InputError(
            release.folder, "no model card", "one", "Train again: riskmodel train experiments/NAME.yaml"
        )
    panel = workspace.panel(release.level, allow_origin=release.experiment.allow_origin)
    record, no_record = stored_record(workspace, trained, release.name, release.level, release.files)
    anew = run_checks(Context(trained, release.name, panel, record=record, no_record=no_record))
    fresh = {found.code: found for found in anew}
    return tuple(
        fresh[found.code] if found.code in GATE or found.code not in fresh else found
        for found in read_findings(release.folder / CARD)
    )


def _speaks_against(found: Finding) -> bool:
    failed = found.severity == "error" and found.outcome == "failed"
    return failed or (found.code in GATE and found.outcome != "passed")


def _reason(found: Finding) -> str:
    unknown = "not shown, " if found.outcome == "not applicable" else ""
    return f"{found.code} {found.title}: {unknown}{found.message}"
