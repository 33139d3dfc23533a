"""Tables of skill in Markdown: champion beside the best simple ordering, beside every ordering, and a summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.forecasting.evaluation.calibration import over_origins
from riskmodel.forecasting.evaluation.paired import BEFOREHAND, BEST
from riskmodel.forecasting.experiment import HOLDOUT, Experiment
from riskmodel.forecasting.groups import UNKNOWN
from riskmodel.products.rendering.markdown import aligned_table, short

#: Scores in the skill table, with their headings.
SHOWN = {
    "auc": "AUC",
    "average_precision": "avg. precision",
    "hits_at_k": "hits in K",
    "precision_at_1pct": "P@1%",
    "precision_at_5pct": "P@5%",
    "log_loss": "log loss",
    "brier": "Brier",
    "crps": "CRPS",
    "calibration_error": "cal. error",
    "coverage_80": "cover 80%",
}
#: Decimals there of scores that need more or fewer than three.
DIGITS = {"hits_at_k": 0, "log_loss": 4}
#: Scores that carry their interval there.
WITH_INTERVAL = ("auc", "average_precision")
#: Scores in the table of orderings, with headings and decimals.
COMPARED = {
    "average_precision": ("AP", 3),
    "hits_at_k": ("hits in K", 1),
    "auc": ("AUC", 3),
    "log_loss": ("log loss", 4),
}

#: Kinds of groups in the table of calibration.
GROUPED = ("size", "urbanity")
ENDS = ("low", "high")


def skill_table(
    scores: pd.DataFrame,
    experiment: Experiment,
    paired: pd.DataFrame | None = None,
    *,
    target: str | None = None,
    left_out: bool = False,
) -> str:
    """Return a Markdown table: champion and challenger beside the best simple ordering, per origin and cohort.

    The best simple ordering is chosen with hindsight, for each origin and cohort the one with the highest average
    precision: the hardest opponent. AUC and average precision carry their 95% interval.
    """
    scores = _chosen(scores, experiment, target, left_out)
    pairs = None if paired is None else _chosen(paired, experiment, target, left_out)
    more = ["AP - best ordering", "AP / best ordering"] if pairs is not None else []
    header = ["origin", "cohort", "areas", "events", "base rate", "model", *SHOWN.values(), *more]
    rows = []
    for (origin, cohort), part in scores.groupby(["origin_date", "cohort"], sort=False):
        wide = {
            str(name): dict(zip(own["metric"], own["value"], strict=True)) for name, own in part.groupby("model")
        }
        n, n_events = int(part["n"].iloc[0]), int(part["n_events"].iloc[0])
        best = _best(wide, experiment.orderings)
        for model in dict.fromkeys([experiment.champion, experiment.challenger, best]):
            if model not in wide:
                continue
            name = f"best ordering: {model}" if model == best else model
            cells = [_with_interval(wide[model], metric) for metric in SHOWN]
            if pairs is not None:
                cells += _difference_and_ratio(pairs, model, origin, cohort)
            counts = [f"{n:,}", f"{n_events:,}", short(n_events / n)]
            rows.append([str(origin)[:4], str(cohort), *counts, name, *cells])
    return aligned_table(header, rows, left=(0, 1, 5))


def ordering_table(
    scores: pd.DataFrame,
    paired: pd.DataFrame,
    experiment: Experiment,
    *,
    target: str | None = None,
    left_out: bool = False,
) -> str:
    """Return Markdown tables, one a cohort: average precision, hits in the first K, AUC and log loss.

    K is the capacity of the experiment. Beside each opponent stands the champion minus it, with the paired 95%
    interval; a star marks the best simple ordering of that origin by average precision, a circle the one that
    could be chosen beforehand. The last rows are means over origins; an opponent that exists at fewer of them has
    its own counts, and its difference is one over those. The best ordering of the means is the best by each metric
    at each origin.
    """
    scores = _chosen(scores, experiment, target, left_out)
    paired = _chosen(paired, experiment, target, left_out)
    own = paired[paired["model"] == experiment.champion]
    headings = [text for name, _ in COMPARED.values() for text in (name, "champion - it")]
    tables = []
    for cohort in scores["cohort"].unique():
        rows: list[list[str]] = []
        for origin, part in own[own["cohort"] == cohort].groupby(own["origin_date"].astype(str), sort=False):
            rows += _block(part, experiment.champion, str(origin)[:4])
        means = own[(own["cohort"] == cohort) & own["origin_date"].isna()]
        if len(means):
            rows += _block(means, experiment.champion, "mean")
        tables.append(
            f"cohort {cohort}\n\n" + aligned_table(["origin", "events", "model", *headings], rows, left=(0, 2))
        )
    return "\n\n".join(tables)


def summary_table(
    scores: pd.DataFrame,
    paired: pd.DataFrame,
    experiment: Experiment,
    *,
    target: str | None = None,
    left_out: bool = False,
) -> str:
    """Return a Markdown table over origins: the mean, and where the skill is lowest."""
    scores = _chosen(scores, experiment, target, left_out)
    paired = _chosen(paired, experiment, target, left_out)
    rows = []
    ranked = paired[paired["metric"] == "average_precision"]
    for cohort in scores["cohort"].unique():
        for model in dict.fromkeys([experiment.champion, experiment.challenger]):
            own = scores[(scores["cohort"] == cohort) & (scores["model"] == model)]
            against = ranked[(ranked["cohort"] == cohort) & (ranked["model"] == model)]
            each = against[against["best"] & against["origin_date"].notna()]
            if own.empty:
                continue
            origins = own["origin_date"].nunique()
            events = int(own.loc[own["metric"] == "base_rate", "n_events"].sum())
            cells = [
                *(_mean_ratio(against[against["opponent"] == name]) for name in (BEFOREHAND, BEST)),
                _extreme(each.set_index("origin_date")["ratio"], "min", 2),
                _extreme(_by_origin(own, "auc"), "min"),
                _extreme(_by_origin(own, "calibration_error"), "max"),
                _range(_by_origin(own, "coverage_80")),
            ]
            rows.append([str(cohort), str(model), str(origins), f"{events:,}", *cells])
    header = ["cohort", "model", "origins", "events", "AP / chosen beforehand", "AP / best ordering", "smallest"]
    return aligned_table([*header, "lowest AUC", "highest cal. error", "cover 80%"], rows, left=(0, 1))


def group_calibration_table(calibration: pd.DataFrame, experiment: Experiment) -> str:
    """Return a Markdown table: whether the champion's chances mean the same in every class of size and urbanity.

    For every origin the mean chance and, behind a slash, the share that it happened to; a star where the chance
    lies outside the interval of that share. Then the mean of share minus chance over origins, with the interval
    that takes origins as the unit, see :func:`riskmodel.forecasting.evaluation.calibration.over_origins`.
    """
    own = calibration[
        (calibration["model"] == experiment.champion)
        & (calibration["target"] == experiment.event.name)
        & calibration["group_kind"].isin(GROUPED)
        & (calibration["group"] != UNKNOWN)
    ].assign(origin=lambda table: table["origin_date"].astype(str).str[:4])
    origins = sorted(own["origin"].unique())
    cells = {(row["group_kind"], row["group"], row["origin"]): row for row in own.to_dict("records")}
    rows = []
    for row in over_origins(own).to_dict("records"):
        kind, group = row["group_kind"], row["group"]
        each = [_chance_and_share(cells.get((kind, group, origin))) for origin in origins]
        gap = _estimate({"difference": row["gap"]} | {f"difference_{end}95": row[f"gap_{end}95"] for end in ENDS})
        inside = "-" if np.isnan(row["gap_low95"]) else _yes(row["gap_low95"] <= 0 <= row["gap_high95"])
        rows.append([kind, group, f"{row['n_events']:,}/{row['n']:,}", *each, gap, inside])
    header = ["kind", "group", "events", *origins, "share - chance", "holds 0"]
    return aligned_table(header, rows, left=(0, 1))


def _chosen(table: pd.DataFrame, experiment: Experiment, target: str | None, left_out: bool) -> pd.DataFrame:
    """Return the rows of one target, of models that left provinces out or of the others, under their own names."""
    rows = table[table["target"] == (target or experiment.event.name)]
    names = [column for column in ("model", "opponent") if column in rows.columns]
    rows = rows[rows["model"].str.endswith(HOLDOUT) == left_out]
    return rows.assign(**{name: rows[name].str.removesuffix(HOLDOUT) for name in names})


def _best(values: Mapping[str, Mapping[str, float]], orderings: Sequence[str]) -> str:
    """Return the ordering with the highest average precision; empty where none has one."""
    known = {name: values[name]["average_precision"] for name in orderings if name in values}
    known = {name: value for name, value in known.items() if not np.isnan(value)}
    return max(known, key=lambda name: known[name]) if known else ""


def _block(part: pd.DataFrame, champion: str, origin: str) -> list[list[str]]:
    """Return the rows of one origin: the champion, then its opponents with the strongest first."""
    wide = {str(metric): rows.set_index("opponent").to_dict("index") for metric, rows in part.groupby("metric")}
    ranked = wide["average_precision"]
    everywhere = max(ranked, key=lambda name: ranked[name]["origins"])
    own = [short(wide[metric][everywhere]["value"], digits) for metric, (_, digits) in COMPARED.items()]
    counts = _counts(ranked[everywhere])
    rows = [[origin, counts, champion, *(cell for value in own for cell in (value, ""))]]
    strongest_first = sorted(ranked, key=lambda name: np.nan_to_num(-ranked[name]["opponent_value"], nan=1.0))
    for opponent in strongest_first:
        cells = []
        for metric, (_, digits) in COMPARED.items():
            pair = wide[metric][opponent]
            cells += [short(pair["opponent_value"], digits), _estimate(pair, "difference", digits)]
        others = _counts(ranked[opponent])
        marks = {"best": " *", "beforehand": " °"}
        name = str(opponent) + "".join(mark for column, mark in marks.items() if ranked[opponent].get(column))
        rows.append(["", "" if others == counts else others, name, *cells])
    return rows


def _counts(pair: Mapping[Any, Any]) -> str:
    return f"{int(pair['n_events']):,}/{int(pair['n']):,}"


def _difference_and_ratio(paired: pd.DataFrame, model: str, origin: object, cohort: object) -> list[str]:
    here = (paired["model"] == model) & (paired["origin_date"] == origin) & (paired["cohort"] == cohort)
    rows = paired[here & paired["best"] & (paired["metric"] == "average_precision")]
    if rows.empty:
        return ["", ""]
    row = rows.iloc[0].to_dict()
    return [_estimate(row, "difference", 3), _estimate(row, "ratio", 2)]


def _chance_and_share(row: Mapping[Any, Any] | None) -> str:
    if row is None:
        return "-"
    outside = not row["low95"] <= row["mean_chance"] <= row["high95"]
    return f"{short(row['mean_chance'])} / {short(row['observed'])}{' *' if outside else ''}"


def _yes(condition: bool) -> str:
    return "yes" if condition else "no"


def _estimate(row: Mapping[Any, Any], name: str = "difference", digits: int = 3) -> str:
    """Return a difference or ratio with its interval."""
    if np.isnan(row[name]):
        return "-"
    signed = name == "difference"
    low, high = (short(row[f"{name}_{end}95"], digits) for end in ("low", "high"))
    sign = "+" if signed and row[name] >= 0 else ""
    return f"{sign}{short(row[name], digits)} ({low}, {high})"


def _mean_ratio(means: pd.DataFrame) -> str:
    return _estimate(means.iloc[0].to_dict(), "ratio", 2) if len(means) else ""


def _with_interval(row: Mapping[Any, Any], metric: str) -> str:
    text = short(row[metric], DIGITS.get(metric, 3))
    if metric in WITH_INTERVAL:
        text += f" ({short(row[f'{metric}_low95'])}-{short(row[f'{metric}_high95'])})"
    return text


def _by_origin(own: pd.DataFrame, metric: str) -> pd.Series:
    return own[own["metric"] == metric].set_index("origin_date")["value"].dropna()


def _extreme(values: pd.Series, end: str, digits: int = 3) -> str:
    """Return the lowest or highest value and the year of its origin."""
    known = sorted((float(value), str(day)[:4]) for day, value in values.dropna().items())
    if not known:
        return "-"
    value, year = known[0 if end == "min" else -1]
    return f"{short(value, digits)} ({year})"


def _range(values: pd.Series) -> str:
    return f"{short(values.min())}-{short(values.max())}" if len(values) else "-"
