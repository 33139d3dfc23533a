"""Small made worlds for the tests of forecasting: panels, examples and experiments of which the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
from scipy.stats import norm

from riskmodel.catalogue import class_scheme, published_on
from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.features import Features, Training
from riskmodel.forecasting.forecast import Forecast, Outputs
from riskmodel.forecasting.models.structural import EXPECTATION, SPREAD, UNREST
from riskmodel.panel.build import build_panel
from riskmodel.panel.panel import Panel
from riskmodel.sources.kwb import reader as kwb
from riskmodel.sources.leefbaarometer import scores as leefbaarometer
from riskmodel.workflow.example import write_example

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
BASE = 4.1
LATER = np.datetime64("2099-01-01", "D")
NEVER = np.datetime64("NaT", "D")


def example_panel(folder: Path, n_areas: int = 300, seed: int = 1) -> Panel:
    """The invented country, read from its files."""
    files = write_example(folder, n_areas=n_areas, seed=seed)
    [scores] = leefbaarometer.read_scores([files.leefbaarometer])
    return build_panel(scores, kwb.read_tables(list(files.kwb)))


def panel_of(
    values: Mapping[str, Mapping[int, Sequence[float]]],
    codes: Sequence[str],
    dates: Mapping[tuple[str, int], date] | None = None,
) -> Panel:
    """A panel of wijken from ``{indicator: {year: values}}``, published as the catalogue says unless told."""
    years = sorted({year for each in values.values() for year in each})
    shape = (len(values), len(codes), len(years))
    filled, published = np.full(shape, np.nan), np.full((shape[0], shape[2]), NEVER)
    for row, (indicator, by_year) in enumerate(values.items()):
        for year, numbers in by_year.items():
            filled[row, :, years.index(year)] = numbers
            day = (dates or {}).get((indicator, year)) or published_on(indicator, year)
            published[row, years.index(year)] = np.datetime64(day, "D")
    return Panel(
        level="wijk",
        edition="3.0",
        base=BASE,
        boundaries=2022,
        areas=np.array(codes),
        names=np.array([f"naam {code}" for code in codes]),
        years=tuple(years),
        indicators=tuple(values),
        values=filled,
        published=published,
    )


def wijk_codes(n: int, towns: int = 20) -> list[str]:
    """Codes of ``n`` wijken dealt out over municipalities."""
    return sorted(f"WK{9001 + i % towns}{i // towns:02d}" for i in range(n))


def experiment(name: str = "decline-2y", trees: int | None = None) -> Experiment:
    """One of the experiments that come along; with fewer trees where the number does not matter."""
    loaded = load_experiment(EXPERIMENTS / f"{name}.yaml")
    if trees is None:
        return loaded
    models = tuple(
        replace(spec, parameters={**spec.parameters, "trees": trees, "min_in_leaf": 20})
        if spec.kind == "lightgbm"
        else spec
        for spec in loaded.models
    )
    return replace(loaded, models=models)


def made_features(
    n: int, more: Sequence[str] = (), seed: int = 2, typical: float = 0.03
) -> tuple[Features, np.random.Generator]:
    """Standard normal features: those of the structural model and ``more``; spreads around ``typical``."""
    rng = np.random.default_rng(seed)
    names = (*EXPECTATION, UNREST, SPREAD, *more)
    values = rng.normal(size=(n, len(names)))
    values[:, names.index(SPREAD)] = np.log(typical) + 0.4 * values[:, names.index(SPREAD)]
    return Features(names, values), rng


def training_from(
    features: Features, change: np.ndarray, towns: int = 25, years: np.ndarray | int = 2, horizon: int = 2
) -> Training:
    """Training examples with these features and changes over so many years, dealt out over municipalities."""
    n = len(change)
    return Training(
        features=features,
        change=change,
        score_start=np.full(n, BASE),
        municipality=np.array([f"GM{i % towns:04d}" for i in range(n)]),
        start=np.full(n, 2018) - years,
        end=np.full(n, 2018),
        horizon=horizon,
    )


def normal_forecast(
    outputs: Outputs, model: str, panel: Panel, wave: int, mean: np.ndarray, spread: np.ndarray | float
) -> Forecast:
    """A normal forecast of the change in two years around a mean, written out by hand."""
    wide = np.broadcast_to(spread, mean.shape)[:, None]
    below = norm.cdf((class_scheme("3.0").cuts - panel.deviation(wave)[:, None] - mean[:, None]) / wide)
    edges = np.column_stack([np.zeros(len(mean)), below, np.ones(len(mean))])
    return Forecast(
        model=model,
        origin_date=date(wave, 1, 1),
        known_at=panel.published_on("score", wave),
        horizon=2,
        outputs=outputs,
        locations=panel.areas,
        mean=mean,
        quantiles=mean[:, None] + wide * norm.ppf(np.array(outputs.quantiles)),
        cdf=norm.cdf((np.array(outputs.thresholds) - mean[:, None]) / wide),
        pmf=np.diff(edges, axis=1),
    )


def with_another_future(panel: Panel, moment: date, fill: Callable[[tuple[int, ...]], np.ndarray]) -> Panel:
    """The panel with everything published after a moment replaced, also figures that were never published."""
    published = np.where(np.isnat(panel.published), LATER, panel.published)
    later = (published > np.datetime64(moment, "D"))[:, None, :]
    return replace(panel, values=np.where(later, fill(panel.values.shape), panel.values), published=published)


def with_score(panel: Panel, year: int, score: np.ndarray) -> Panel:
    """The same panel with another total score in one year."""
    values = panel.values.copy()
    values[panel.indicators.index("score"), :, panel.years.index(year)] = score
    return replace(panel, values=values)
