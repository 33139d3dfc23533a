"""The registry of models: versions of a model, its champion, and how that was promoted.

A model is asked for by its own name or by that of an experiment that it answers.

The alias ``champion`` is the model that forecasts. Training gives it only where there is none yet; afterwards it
moves by promotion alone. ``candidate`` is the newest model trained as champion while another one is that,
``challenger`` the newest of the experiment's challenger. Models are registered by
:mod:`riskmodel.workflow.tracking.registering`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from riskmodel.errors import InputError
from riskmodel.workflow.questions import model_of
from riskmodel.workflow.tracking.log import user
from riskmodel.workflow.tracking.store import client_of, has_store
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import writing_runs

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, CANDIDATE, CHALLENGER = "champion", "candidate", "challenger"
#: Longest text of a tag.
LONGEST = 4000


@dataclass(frozen=True)
class Version:
    """A version of a registered model.

    Attributes
    ----------
    number : str
        Version number in MLflow.
    release_id : str
        Released model behind it: the name of its folder.
    alias : str
        Alias it was found by or given; empty for none.
    """

    number: str
    release_id: str
    alias: str = ""


def release_by_alias(workspace: Workspace, experiment: str, alias: str) -> tuple[str, str] | None:
    """Release id and number of the version with an alias, None when there is none."""
    if not has_store(workspace):
        return None
    found = version_at(client_of(workspace), model_of(workspace, experiment), alias)
    return None if found is None else (found.release_id, found.number)


def find_version(workspace: Workspace, experiment: str, asked: str) -> Version:
    """The version of a registered model by number or alias."""
    there = versions(workspace, experiment)
    chosen = [each for each in there if asked in (each.number, each.alias)]
    if not chosen:
        known = [f"{each.number}{f' ({each.alias})' if each.alias else ''}" for each in there]
        raise InputError(
            f"--version {asked}",
            f"no such version of {experiment!r}",
            f"one of {', '.join(known)}" if known else "a trained model",
            "" if known else "Run: riskmodel train experiments/NAME.yaml",
        )
    return chosen[0]


def versions(workspace: Workspace, experiment: str) -> list[Version]:
    """Versions of a registered model, oldest first, a row for each alias; empty when there are none."""
    from mlflow.exceptions import MlflowException

    if not has_store(workspace):
        return []
    client, name = client_of(workspace), model_of(workspace, experiment)
    try:
        aliases: Mapping[str, object] = client.get_registered_model(name).aliases
    except MlflowException:
        return []
    found = []
    for each in client.search_model_versions(f"name = '{name}'"):
        own = [alias for alias, number in aliases.items() if str(number) == str(each.version)] or [""]
        found += [Version(str(each.version), str(each.tags.get("release", "")), alias) for alias in sorted(own)]
    return sorted(found, key=lambda version: (int(version.number), version.alias))


def make_champion(
    workspace: Workspace, experiment: str, version: Version, *, reasons: Sequence[str], reason: str
) -> None:
    """Move the alias ``champion`` to a version, and record who did so, when and why."""
    experiment = model_of(workspace, experiment)
    with writing_runs(workspace):
        client = client_of(workspace)
        before = version_at(client, experiment, CHAMPION)
        tags = {
            "promoted.gate": "forced" if reasons else "held",
            "promoted.after": before.number if before else "none",
            "promoted.against": "; ".join(reasons)[:LONGEST] or "nothing",
            "promoted.reason": reason[:LONGEST] or "the gate held",
            **promoter(),
        }
        tag(client, experiment, version.number, tags)
        summary = f"version {version.number} after {tags['promoted.after']} by {tags['promoted.by']}, "
        summary += f"gate {tags['promoted.gate']}: {tags['promoted.reason']}"
        client.set_registered_model_tag(experiment, f"promotion {tags['promoted.at']}", summary[:LONGEST])
        client.set_registered_model_alias(experiment, CHAMPION, version.number)
        candidate = version_at(client, experiment, CANDIDATE)
        if candidate is not None and candidate.number == version.number:
            client.delete_registered_model_alias(experiment, CANDIDATE)


def version_at(client: MlflowClient, experiment: str, alias: str) -> Version | None:
    """The version with an alias, None when there is none."""
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_model_version_by_alias(experiment, alias)
    except MlflowException:
        return None
    return Version(str(found.version), str(found.tags["release"]), alias)


def tag(client: MlflowClient, experiment: str, number: str, tags: Mapping[str, str]) -> None:
    """Tag a version."""
    for key, value in tags.items():
        client.set_model_version_tag(experiment, number, key, value)


def promoter() -> dict[str, str]:
    """Tags of who promotes a version, and when."""
    return {"promoted.by": user(), "promoted.at": f"{datetime.now(tz=UTC):%Y-%m-%dT%H:%M:%SZ}"}
