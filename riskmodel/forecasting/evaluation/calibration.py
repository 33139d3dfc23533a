"""Calibration of chances: per tenth of the chances, and by group of areas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from riskmodel.forecasting.evaluation.metrics import bin_numbers
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.groups import LABELS, UNKNOWN, label_numbers
from riskmodel.panel.panel import FloatArray, Panel

#: Columns of the table.
COLUMNS = (
    "model",
    "target",
    "origin_date",
    "group_kind",
    "group",
    "n",
    "n_events",
    "mean_chance",
    "observed",
    "low95",
    "high95",
)
#: Fewer origins than this say nothing of how periods differ.
FEWEST_ORIGINS = 3
#: Group kind of the tenths of equally many areas, lowest chances first.
DECILE = "decile"
#: Standard normal quantile of a 95% interval.
Z = 1.959963984540054


def calibration_table(experiment: Experiment, panel: Panel, forecasts: Iterable[Forecast]) -> pd.DataFrame:
    """Mean chance of the main event beside the share of areas where it happened.

    Parameters
    ----------
    experiment : Experiment
        The question.
    panel : Panel
        With the outcomes.
    forecasts : iterable of Forecast
        Forecasts from any models and origins.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`, over all areas that are judged. ``group_kind`` is ``"decile"`` (``group`` 1 to 10;
        fewer where many chances are equal), ``"size"``, ``"urbanity"`` or ``"level"`` (``group`` as in
        :data:`riskmodel.forecasting.groups.LABELS`, and ``"unknown"``). ``low95`` and ``high95`` are the interval
        of Wilson around ``observed``; it takes areas as independent, so it is somewhat too narrow for areas of one
        municipality.
    """
    event = experiment.event
    by_wave: dict[int, tuple[npt.NDArray[np.str_], FloatArray, dict[str, npt.NDArray[np.intp]]]] = {}
    parts: list[dict[str, Sequence[object]]] = []
    for forecast in forecasts:
        wave = forecast.origin_date.year
        if wave not in by_wave:
            happened = event.happened(panel, wave, wave + experiment.horizon)
            asked = event.eligible(panel, wave) & ~np.isnan(happened)
            numbers = {kind: label_numbers(panel, wave, kind)[asked] for kind in LABELS}
            by_wave[wave] = panel.areas[asked], happened[asked], numbers
        areas, happened, numbers = by_wave[wave]
        if len(areas):
            chance = forecast.chance_of(event)[forecast.positions(areas)]
            for part in _parts(chance, happened, numbers):
                rows = len(part["n"])
                about = {"model": forecast.model, "target": event.name, "origin_date": forecast.origin_date}
                parts.append({**{key: [value] * rows for key, value in about.items()}, **part})
    columns = {key: [value for part in parts for value in part[key]] for key in COLUMNS}
    return pd.DataFrame(columns, columns=list(COLUMNS))


def over_origins(table: pd.DataFrame) -> pd.DataFrame:
    """Calibration of groups over origins, with the origin as the unit.

    A forecast is made before anybody knows what kind of period is coming. What a whole period does moves all areas
    of a group together, so that areas of one origin are no independent witnesses; origins are. The gap of a group
    is its observed share minus its mean chance, averaged over origins, each counting once; its interval is that of
    Student for a mean of as many values as there are origins. With three or four origins it is wide: a group whose
    gap lies within it is not shown to be wrong, which is less than shown to be right.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`calibration_table` returns.

    Returns
    -------
    pandas.DataFrame
        Columns ``model, target, group_kind, group``, ``origins`` how many, ``n`` and ``n_events`` added up over
        them, ``mean_chance, observed, gap`` as means over origins, and ``gap_low95, gap_high95``, the 95% interval
        of ``gap``; NaN below :data:`FEWEST_ORIGINS` origins.

    References
    ----------
    Student (1908), "The probable error of a mean", Biometrika 6(1).
    """
    keys = ["model", "target", "group_kind", "group"]
    rows = table.assign(gap=table["observed"] - table["mean_chance"]).groupby(keys, sort=False)
    found = rows.agg(
        origins=("gap", "size"),
        n=("n", "sum"),
        n_events=("n_events", "sum"),
        mean_chance=("mean_chance", "mean"),
        observed=("observed", "mean"),
        gap=("gap", "mean"),
    )
    number = found["origins"].to_numpy(dtype=float)
    enough = number >= FEWEST_ORIGINS
    error = rows["gap"].std(ddof=1).to_numpy() / np.sqrt(number)
    half = np.where(enough, stats.t.ppf(0.975, np.maximum(number - 1, 1)) * error, np.nan)
    found["gap_low95"], found["gap_high95"] = found["gap"] - half, found["gap"] + half
    return found.reset_index()


def _parts(
    chance: FloatArray, happened: FloatArray, numbers: dict[str, npt.NDArray[np.intp]]
) -> Iterator[dict[str, Sequence[object]]]:
    tenths = [str(number) for number in range(1, 11)]
    yield _compared(DECILE, tenths, bin_numbers(chance), chance, happened)
    for kind, number in numbers.items():
        yield _compared(kind, [*LABELS[kind], UNKNOWN], number, chance, happened)


def _compared(
    kind: str, names: list[str], number: npt.NDArray[np.intp], chance: FloatArray, happened: FloatArray
) -> dict[str, Sequence[object]]:
    n = np.bincount(number, minlength=len(names))
    there = n > 0
    events = np.bincount(number, weights=happened, minlength=len(names))[there].astype(float)
    chances = np.bincount(number, weights=chance, minlength=len(names))[there]
    low, high = wilson(events, n[there].astype(float))
    return {
        "group_kind": [kind] * int(there.sum()),
        "group": [name for name, some in zip(names, there, strict=True) if some],
        "n": n[there].tolist(),
        "n_events": events.astype(int).tolist(),
        "mean_chance": (chances / n[there]).tolist(),
        "observed": (events / n[there]).tolist(),
        "low95": low.tolist(),
        "high95": high.tolist(),
    }


def wilson(events: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """95% interval of a share.

    Parameters
    ----------
    events, n : numpy.ndarray
        Events out of how many, above 0.

    Returns
    -------
    low, high : numpy.ndarray

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22(158).
    """
    share = events / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return np.where(events == 0, 0.0, middle - half), np.where(events == n, 1.0, middle + half)
