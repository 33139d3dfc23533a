"""``riskmodel forecast``: forecast with the champion of an experiment."""

from __future__ import annotations

from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.forecasting.drivers.alternative_models import explanation_of
from riskmodel.forecasting.drivers.contributions import by_driver, contributions_of
from riskmodel.forecasting.forecast_store import StoredForecast, save_forecast
from riskmodel.forecasting.origins import latest_origin
from riskmodel.forecasting.stage import forecast_of, present_features
from riskmodel.panel.panel import Panel
from riskmodel.scoring.release import Release, load_release
from riskmodel.workflow.questions import model_of
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.versions import versions


def forecast(workspace: Workspace, *, experiment: str | None = None) -> list[StoredForecast]:
    """Forecast from the latest wave with the champion that answers one experiment, or with every champion.

    Each forecast and its contributions are stored in ``forecasts/MODEL/ID``; the same model and input give the
    same forecast, which is then left as it is. It answers every experiment of its horizon and level.
    """
    trained = sorted(path.name for path in workspace.path("models").glob("[!.]*") if path.is_dir())
    chosen = [model_of(workspace, experiment)] if experiment else trained
    if not chosen or chosen[0] not in trained:
        raise InputError(
            workspace.folder,
            f"no trained model{f' for {experiment!r}' if experiment else ''}",
            f"one of {trained}" if trained else "a trained model",
            "Run: riskmodel train experiments/NAME.yaml",
        )
    return [_forecast_with_champion(workspace, name) for name in chosen]


def _forecast_with_champion(workspace: Workspace, name: str) -> StoredForecast:
    from riskmodel.workflow.tracking import registry

    found = registry.release_by_alias(workspace, name, registry.CHAMPION)
    if found is None:
        raise InputError(workspace.folder, f"no champion for {name!r}", "one", f"Run: riskmodel train {name}.yaml")
    release = load_release(workspace.path("models", name, found[0]))
    panel = workspace.panel(release.level, allow_origin=release.experiment.allow_origin)
    return forecast_with(release, panel, workspace.path("forecasts", name), workspace)


def forecast_with(
    release: Release, panel: Panel, parent: Path, workspace: Workspace | None = None
) -> StoredForecast:
    """Forecast from the latest wave with a released model."""
    origin = latest_origin(panel, release.experiment.horizon)
    features = present_features(panel, origin)
    made = forecast_of(release.name, release.model, release.experiment, panel, origin, features)
    by_feature = contributions_of(release.model, features)
    if by_feature is None:
        raise InputError(release.folder, "a champion without drivers", "one whose contributions can be told")
    contributions = by_driver(features.names, by_feature)
    contributions.insert(0, "location", made.locations)
    return save_forecast(
        parent,
        made,
        contributions,
        release.folder / "experiment.yaml",
        release_id=release.id,
        code_version=release.code_version,
        level=release.level,
        inputs=tuple(file.sha256 for file in panel.files),
        explanation=explanation_of(release.model, panel, release.wave, made, features, by_feature),
        workspace=workspace,
        versions=versions(),
    )
