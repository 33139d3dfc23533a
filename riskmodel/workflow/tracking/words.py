"""Descriptions of runs and models in MLflow, the figures that come first, and their data.

MLflow sorts columns by name and shows groups before a slash together: the few figures that matter are named
``main/...``, and everything else comes after them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.forecasting.backtest_record import Record, main_cohort
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.origins import Origin
from riskmodel.panel.panel import Panel
from riskmodel.sources.observations import SourceFile

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

    from riskmodel.scoring.release import Release

#: Tag of MLflow for a description, and of a dataset for its use.
NOTE, CONTEXT = "mlflow.note.content", "mlflow.data.context"
TRAINING, EVALUATION = "training", "evaluation"
#: Scores that come first, by the name they have there.
FIRST = {
    "average_precision": "main/AP",
    "auc": "main/AUC",
    "calibration_error": "main/cal_error",
    "coverage_80": "main/cover_80",
}
#: Decimals of these; the scores themselves are logged beside them in full.
DIGITS = 4
BEST, RATIO, EVENTS = "main/AP_best", "main/AP_ratio", "main/events"


def first_figures(scores: pd.DataFrame, experiment: Experiment) -> pd.DataFrame:
    """The figures that come first, of every model at every origin, in the main cohort."""
    cohort = main_cohort(experiment, scores).name
    own = scores[(scores["target"] == experiment.event.name) & (scores["cohort"] == cohort)]
    by = ["model", "origin_date"]
    wide = own.pivot(index=by, columns="metric", values="value").reindex(columns=list(FIRST))
    figures = wide.rename(columns=FIRST)
    precision = wide["average_precision"]
    ordering = precision.index.get_level_values("model").isin(experiment.orderings)
    best = precision[ordering].groupby("origin_date").max()
    figures[BEST] = best.reindex(figures.index.get_level_values("origin_date")).to_numpy()
    figures[RATIO] = precision / figures[BEST]
    figures[EVENTS] = own.groupby(by)["n_events"].first()
    return figures


def mean_figures(figures: pd.DataFrame, model: str) -> dict[str, float]:
    """Means over origins of one model's figures; events are added up. Empty when there are none."""
    rows = figures[figures.index.get_level_values("model") == model]
    if rows.empty:
        return {}
    means = {str(name): round(float(value), DIGITS) for name, value in rows.mean().items()}
    return means | {EVENTS: float(rows[EVENTS].sum())}


def dataset_input(panel: Panel, context: str) -> DatasetInput:
    """A panel as MLflow's dataset: level and waves as its name, the fingerprints of its files as its digest."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    files = [{"name": file.name, "sha256": file.sha256} for file in panel.files]
    profile = {
        "level": panel.level,
        "edition": panel.edition,
        "boundaries": panel.boundaries,
        "areas": len(panel.areas),
        "waves": list(panel.waves),
    }
    columns = [{"type": "double", "name": name, "required": False} for name in panel.indicators]
    dataset = Dataset(
        name=f"{panel.level} {panel.waves[0]}-{panel.waves[-1]}",
        digest=files_digest(panel.files),
        source_type="files",
        source=json.dumps({"files": files}),
        schema=json.dumps({"mlflow_colspec": columns}),
        profile=json.dumps(profile),
    )
    return DatasetInput(dataset, [InputTag(CONTEXT, context)])


def files_digest(files: Sequence[SourceFile]) -> str:
    """One short fingerprint of several files, whatever their order."""
    return hashlib.sha256("".join(sorted(file.sha256 for file in files)).encode()).hexdigest()[:10]


def experiment_note(experiment: Experiment) -> str:
    """Description of an experiment, and of its columns."""
    return (
        f"{experiment.question}\n\n"
        f"Columns that come first, in cohort {main_cohort(experiment).name}: `main/AP` average precision, "
        "`main/AP_best` that of the best simple ordering of the same origin (chosen afterwards), "
        "`main/AP_ratio` one by the other: above 1 is better than every simple ordering. `main/cal_error` is how "
        "far chances are off, `main/cover_80` how often the 80% interval held.\n\n"
        "A run *backtest* holds the means of the champion; below it stands a run for each model and origin. "
        "`riskmodel compare` puts two side by side with intervals, `riskmodel promote` moves the alias champion."
    )


def forecast_note(model: str, role: str, origin: Origin) -> str:
    """Description of a run of one model at one origin."""
    return (
        f"{model} ({role}), from the wave of {origin.wave} to that of {origin.target_wave}, "
        f"with what was known on {origin.known_at}."
    )


def model_note(experiment: Experiment) -> str:
    """Description of a registered model, and of its aliases."""
    return (
        f"{experiment.question}\n\n"
        "`champion` makes the forecasts. `candidate` is the newest model trained as champion while another one "
        f"has that place, `challenger` the newest of the other kind. `riskmodel promote {experiment.name}` moves "
        "the alias, through a gate: no worse than the best simple ordering, calibrated, and no check against it."
    )


def version_note(release: Release, record: Record | None, no_record: str = "") -> str:
    """Description of a version: its training, its skill beside the best ordering, and where its card is."""
    question = release.experiment
    trained = (
        f"{release.name} until {release.wave}, trained on level {release.level} with what was published by "
        f"{release.known_at}."
    )
    card = f"Its card: `model_card.md` among the artifacts of the run that trained it (release `{release.id}`)."
    return "\n\n".join([trained, question.question, _skill(release, record, no_record), card])


def _skill(release: Release, record: Record | None, no_record: str) -> str:
    figures = None if record is None else first_figures(record.scores, release.experiment)
    means = {} if figures is None else mean_figures(figures, release.name)
    if record is None or figures is None or not means:
        return f"Skill not shown: {no_record or 'there is no backtest of it'}."
    rows = figures[figures.index.get_level_values("model") == release.name].droplevel("model")
    known = sorted((float(ratio), str(day)[:4]) for day, ratio in rows[RATIO].dropna().items())
    least = f"; smallest {known[0][0]:.2f} (origin {known[0][1]})" if known else ""
    cohort = main_cohort(release.experiment, record.scores).name
    return (
        f"Backtest, cohort {cohort}, {len(rows)} origins, {means[EVENTS]:.0f} "
        f"events: average precision {means[RATIO]:.2f} times that of the best simple ordering, chosen "
        f"afterwards{least}. AUC {means['main/AUC']:.3f}, calibration error {means['main/cal_error']:.3f}."
    )
