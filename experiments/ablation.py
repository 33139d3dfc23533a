"""What each ingredient of the champion brings: leave one out, backtest again, and compare.

    python experiments/ablation.py WORKSPACE experiments/decline-2y.yaml          # all rows
    python experiments/ablation.py WORKSPACE experiments/decline-2y.yaml pooling  # one row

Prints, per row, the average precision of the champion without that ingredient divided by that of the best simple
ordering chosen with hindsight (mean and lowest over the origins), AUC, and two figures that hang less on a few
events: the skill of the chances after the country's own base rate is known, and the CRPS.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from riskmodel.catalogue import DIMENSIONS
from riskmodel.forecasting import backtest, origins
from riskmodel.forecasting.evaluation.metrics import log_loss
from riskmodel.forecasting.evaluation.scores import score_forecasts
from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.models import ModelSpec
from riskmodel.panel.panel import Panel
from riskmodel.workspace.store import Workspace


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes
    ----------
    says : str
        What is different.
    settings : dict
        Settings of the champion that differ.
    panel : callable
        Makes another panel of the panel.
    widest_gap : int
        Waves that follow each other within this many years teach, whatever the horizon.
    waves : tuple of int or None
        Origins, by default all.
    kind : str
        Kind of model.
    """

    says: str
    settings: dict[str, float]
    panel: Callable[[Panel], Panel] = lambda panel: panel
    widest_gap: int = origins.WIDEST_GAP
    waves: tuple[int, ...] | None = None
    kind: str = "lightgbm"


def only(*sources: str) -> Callable[[Panel], Panel]:
    """Panel without indicators of other sources; the score and its dimensions always stay."""

    def cut(panel: Panel) -> Panel:
        kept = [
            place
            for place, key in enumerate(panel.indicators)
            if key == "score" or panel.definitions[key].source in sources
        ]
        ids = tuple(panel.indicators[place] for place in kept)
        return replace(
            panel,
            indicators=ids,
            values=panel.values[kept],
            published=panel.published[kept],
            definitions={key: panel.definitions[key] for key in ids},
        )

    return cut


def without_dimensions(panel: Panel) -> Panel:
    """Panel in which the five dimensions are not known."""
    values, published = panel.values.copy(), panel.published.copy()
    for name in DIMENSIONS:
        values[panel.indicators.index(name)] = np.nan
        published[panel.indicators.index(name)] = np.datetime64("NaT", "D")
    return replace(panel, values=values, published=published)


NO_TERMS = 1e9
#: Two-year origins that have a pair exactly two years apart before them.
LATER = (2014, 2016, 2018)
ROWS = {
    "champion": Row("the champion", {}),
    "structural": Row("no trees: the structural model alone", {"share": 0.0}),
    "trees": Row("no structural terms: trees alone", {"penalty": NO_TERMS, "share": 1.0}),
    "share": Row("all of what trees learn counts, not half", {"share": 1.0}),
    "pooling": Row("no pooling of gaps", {}, widest_gap=0),
    "same-origins": Row("the champion at the origins where that is possible (2014 and later)", {}, waves=LATER),
    "neighbours": Row(
        "surroundings from the municipality, not from neighbours",
        {},
        lambda p: replace(p, borders=np.empty((0, 2), dtype=np.intp)),
    ),
    "sources": Row("no RIVM and no Leefbaarometer 2.0", {}, only("leefbaarometer-3.0", "kwb")),
    "size": Row("Leefbaarometer 3.0 alone: no size", {}, only("leefbaarometer-3.0")),
    "dimensions": Row("no dimensions", {}, without_dimensions),
    "more-trees": Row("1,000 trees", {"trees": 1000}),
    "deep-trees": Row("trees of 31 leaves, any depth", {"leaves": 31, "depth": -1}),
    "scorecard": Row("the logistic scorecard instead", {}, kind="scorecard"),
}


def best_orderings(question: Experiment, panel: Panel) -> pd.Series:
    """Highest average precision of a simple ordering, by origin and cohort: chosen with hindsight."""
    simple = tuple(spec for spec in question.models if spec.kind in ("ordering", "markov"))
    names = [spec.name for spec in simple]
    done = backtest.run(replace(question, models=simple, champion=names[0], challenger=names[0]), panel)
    precision = done.scores[done.scores["metric"] == "average_precision"]
    best: pd.Series = precision.groupby(["origin_date", "cohort"])["value"].max()
    return best


def scored(row: Row, question: Experiment, panel: Panel, best: pd.Series) -> dict[str, float]:
    """Figures of one row; whatever the row leaves out, outcomes and cohorts are those of the whole panel."""
    spec = ModelSpec("tried", row.kind, row.settings)
    asked = replace(question, models=(spec,), champion="tried", challenger="tried")
    origins.WIDEST_GAP = row.widest_gap
    done = backtest.run(asked, row.panel(panel), row.waves)
    scores = score_forecasts(asked, panel, done.forecasts)
    wide = scores.pivot_table(index=["origin_date", "cohort"], columns="metric", values="value")
    ratio = wide["average_precision"] / best.reindex(wide.index)
    figures: dict[str, float] = {"origins": float(len(done.origins))}
    for cohort in question.cohorts:
        part = ratio.xs(cohort.name, level="cohort")
        figures[f"ratio {cohort.name}"] = float(part.mean())
        figures[f"lowest {cohort.name}"] = float(part.min())
        figures[f"AUC {cohort.name}"] = float(wide["auc"].xs(cohort.name, level="cohort").mean())
    figures["skill"] = float(np.mean([_skill(asked, panel, each) for each in done.forecasts]))
    figures["CRPS x 1000"] = 1000 * float(wide["crps"].xs(question.cohorts[0].name, level="cohort").mean())
    return figures


def _skill(question: Experiment, panel: Panel, forecast: Forecast) -> float:
    """Share of the log loss of the base rate that the chances take away, after shifting them to that base rate."""
    wave = forecast.origin_date.year
    happened = question.event.happened(panel, wave, wave + question.horizon)
    judged = question.event.eligible(panel, wave) & ~np.isnan(happened)
    chance = np.clip(forecast.chance_of(question.event)[forecast.positions(panel.areas[judged])], 1e-4, 1 - 1e-4)
    happened = happened[judged]
    shifted = minimize_scalar(
        lambda by: log_loss(happened, expit(logit(chance) + by)), bounds=(-4, 4), method="bounded"
    )
    return 1 - float(shifted.fun) / log_loss(happened, np.full(len(happened), happened.mean()))


def main(arguments: Sequence[str]) -> None:
    """Print the table, or one row of it."""
    panel, question = Workspace(arguments[0]).panel(), load_experiment(Path(arguments[1]))
    names = arguments[2:] or [name for name in ROWS if name != "same-origins" or question.horizon == 2]
    best = best_orderings(question, panel)
    table = pd.DataFrame({ROWS[name].says: scored(ROWS[name], question, panel, best) for name in names}).T
    print("| | " + " | ".join(table.columns) + " |")
    print("|---|" + "--:|" * len(table.columns))
    for says, figures in table.iterrows():
        cells = [f"{value:.0f}" if name == "origins" else f"{value:.3f}" for name, value in figures.items()]
        print(f"| {says} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
