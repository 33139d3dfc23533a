"""Audit by groups of areas: selection, errors and calibration of a list, each with an interval.

Made from stored forecasts and observations alone, for the model and for the best simple ordering of each origin.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.forecasting.backtest_record import Outcomes, Record, outcomes_of
from riskmodel.forecasting.evaluation.metrics import divided
from riskmodel.forecasting.evaluation.resampling import IntArray, draw_municipalities, interval
from riskmodel.forecasting.experiment import Cohort, Experiment
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.group_audit.attributes import Attribute, attributes_of
from riskmodel.forecasting.group_audit.metrics import (
    AREAS,
    COMPARED,
    EVENTS,
    METRICS,
    PLACES,
    TOO_FEW,
    Counted,
    compared,
)
from riskmodel.forecasting.groups import UNKNOWN, abstains, as_known
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.sources.supplied_groups import SuppliedGroups

BoolArray = npt.NDArray[np.bool_]
#: Columns of the table.
COLUMNS = (
    *("model", "ordering", "origin", "list", "attribute", "group", "n", "n_events", "n_selected", "known_then"),
    *("metric", *COMPARED, "origins", "same_sign", "told"),
)
#: Columns of the table of places.
PLACES_COLUMNS = ("attribute", "group", "n_events", "places", "ratio", "low95", "high95", "excess")
#: Name of the opponent: at every origin the simple ordering that did best there, chosen with hindsight.
BEST_ORDERING = "best ordering"
#: All origins together; every area counts once an origin.
ALL_ORIGINS = "all"
#: Length of the long list, as a share of the areas that can be on a list.
LIST_SHARE = 0.05
TOP = "top 5%"
#: All areas, whatever cohorts an experiment has.
EVERYBODY = Cohort("all areas")


@dataclass(frozen=True)
class GroupAudit:
    """An audit of one model of a backtest.

    Attributes
    ----------
    model : str
        Name of the model.
    attributes : tuple of Attribute
        What areas were grouped by.
    table : pandas.DataFrame
        As :func:`audit_table` returns.
    places : pandas.DataFrame
        As :func:`places_table` returns.
    """

    model: str
    attributes: tuple[Attribute, ...]
    table: pd.DataFrame
    places: pd.DataFrame

    @property
    def over_all(self) -> pd.DataFrame:
        """Rows over all origins together, of the long list and of what no list matters to."""
        return self.table[(self.table["origin"] == ALL_ORIGINS) & self.table["list"].isin(("", TOP))]

    @property
    def orderings(self) -> dict[str, str]:
        """The best simple ordering by origin."""
        rows = self.table[(self.table["model"] == BEST_ORDERING) & (self.table["origin"] != ALL_ORIGINS)]
        return {str(key): str(name) for key, name in rows.groupby("origin")["ordering"].first().items()}


def audit_groups(record: Record, model: str, panel: Panel, supplied: SuppliedGroups | None = None) -> GroupAudit:
    """Audit a model of a backtest by all that is known of areas, and by what a user supplies."""
    waves = sorted({each.origin_date.year for each in record.forecasts})
    attributes = attributes_of(panel, waves, supplied)
    table, places = (make(record, model, panel, attributes) for make in (audit_table, places_table))
    return GroupAudit(model, attributes, table, places)


def audit_table(record: Record, model: str, panel: Panel, attributes: Sequence[Attribute]) -> pd.DataFrame:
    """Selection, errors and calibration of a model and of the best simple ordering, by group.

    The list is that of the whole country: the highest chances among areas with 200 or more inhabitants (smaller
    ones are on no list, see :func:`riskmodel.forecasting.groups.abstains`). It is as long as the capacity
    of the experiment, or 5% of the areas that can be on it. Areas of equal chance where the list ends share
    the places that are left. Intervals (95%) come from drawing whole municipalities, the list staying as it was;
    where none or all of a group is counted, that of Wilson is used, as drawing cannot show what was never seen.
    """
    if not record.of(model):
        raise InputError("audit", f"a backtest without {model!r}", f"one of {record.experiment.name} with it")
    rows: list[dict[str, object]] = []
    for name, forecasts in ((model, record.by_wave(model)), (BEST_ORDERING, best_orderings(record))):
        lists = _lists(record, panel, forecasts)
        orderings = {str(wave): each.model for wave, each in forecasts.items()} if name == BEST_ORDERING else {}
        for attribute in attributes:
            rows += [
                {"model": name, "ordering": _ordering(orderings, row["origin"]), **row}
                for row in _audited(lists, attribute)
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def places_table(record: Record, model: str, panel: Panel, attributes: Sequence[Attribute]) -> pd.DataFrame:
    """Places on the list of the country for every event, by group and divided by those of all areas; 1 is as many.

    All origins together; the list is the long one of :func:`audit_table`. Intervals (95%) come from drawing whole
    municipalities. Groups with too few events are left out.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`PLACES_COLUMNS`; ``excess`` is how many places a group has beyond those of all areas.
    """
    lists, metric = _lists(record, panel, record.by_wave(model)), METRICS["places_per_event"]
    rows: list[tuple[object, ...]] = []
    for attribute, group in ((each, group) for each in attributes for group in each.groups if lists.by_wave):
        own, rest = _over_all(lists.counted(TOP, attribute, group))
        if own.too_few(metric):
            continue
        per_event, of_all = metric.of(own.drawn), metric.of((own + rest).drawn)
        ratio = divided(per_event, of_all)
        low, high = interval(ratio[1:])
        events, places = own.sums[EVENTS], own.sums[PLACES]
        excess = places - of_all[0] * events
        rows.append((attribute.name, group, int(events), places, ratio[0], float(low), float(high), excess))
    return pd.DataFrame(rows, columns=list(PLACES_COLUMNS))


def best_orderings(record: Record) -> dict[int, Forecast]:
    """Forecast of the simple ordering with the highest average precision in the main cohort, by wave."""
    known = {(each.origin_date.year, each.model): each for each in record.forecasts}
    scores = record.score("average_precision", record.main_cohort.name)
    found = {}
    for day, row in scores.iterrows():
        wave = int(str(day)[:4])
        simple = row[[name for name in record.experiment.orderings if (wave, name) in known]].dropna()
        if len(simple):
            found[wave] = known[wave, str(simple.idxmax())]
    return found


def select(chance: FloatArray, allowed: BoolArray, length: int) -> FloatArray:
    """Selection of the highest chances, shape (areas,): 1, 0, or a part where equals share what is left."""
    length = min(length, int(allowed.sum()))
    if not length:
        return np.zeros(len(chance))
    border = np.sort(chance[allowed])[-length]
    above, equal = allowed & (chance > border), allowed & (chance == border)
    selected: FloatArray = above + equal * ((length - above.sum()) / equal.sum())
    return selected


@dataclass(frozen=True)
class _Listed:
    """Outcomes of one forecast: rows of the areas in the panel, and what is added up, by list."""

    rows: npt.NDArray[np.intp]
    summed: Mapping[str, FloatArray]


@dataclass(frozen=True)
class _Lists:
    """Lists of the country, by wave, and how often every municipality counts: once, and in each draw."""

    by_wave: Mapping[int, _Listed]
    counts: FloatArray
    municipality: IntArray

    def counted(self, name: str, attribute: Attribute, group: str) -> dict[int, tuple[Counted, Counted]]:
        """Sums over a group, and over the rest of those whose group is known, by wave."""
        return {
            wave: (self._count(listed, name, own), self._count(listed, name, rest))
            for wave, listed in self.by_wave.items()
            for own, rest in [_sides(listed, attribute, wave, group)]
        }

    def _count(self, listed: _Listed, name: str, mask: BoolArray) -> Counted:
        values, municipality = listed.summed[name][mask], self.municipality[listed.rows[mask]]
        n = self.counts.shape[1]
        by_column = [np.bincount(municipality, weights=column, minlength=n) for column in values.T]
        spread = np.column_stack(by_column).astype(np.float64)
        return Counted(self.counts @ spread, spread)


def _lists(record: Record, panel: Panel, forecasts: Mapping[int, Forecast]) -> _Lists:
    draws = draw_municipalities(panel, record.experiment.seed)
    # The areas themselves first, then every draw.
    counts = np.vstack([np.ones(draws.counts.shape[1]), draws.counts.astype(np.float64)])
    by_wave = {wave: _listed(record.experiment, panel, each) for wave, each in forecasts.items()}
    return _Lists(by_wave, counts, draws.group)


def _over_all(counted: Mapping[int, tuple[Counted, Counted]]) -> tuple[Counted, Counted]:
    """Sums of all waves together: of the group and of the rest."""
    own, rest = (functools.reduce(operator.add, side) for side in zip(*counted.values(), strict=True))
    return own, rest


def _ordering(orderings: Mapping[str, str], origin: object) -> str:
    known = dict.fromkeys(orderings.values()) if origin == ALL_ORIGINS else [orderings.get(str(origin), "")]
    return ", ".join(known)


def _listed(experiment: Experiment, panel: Panel, forecast: Forecast) -> _Listed:
    judged: Outcomes = outcomes_of(experiment, panel, forecast, EVERYBODY)
    allowed = ~abstains(as_known(panel, "population", judged.wave)[judged.rows])
    summed = {}
    for name, length in list_lengths(experiment, int(allowed.sum())).items():
        selected = select(judged.chance, allowed, length)
        columns = (np.ones(len(judged.rows)), judged.happened, judged.chance, selected, selected * judged.happened)
        summed[name] = np.column_stack(columns)
    return _Listed(judged.rows, summed)


def list_lengths(experiment: Experiment, areas: int) -> dict[str, int]:
    """Lengths of the lists by name, for a number of areas that can be on a list."""
    return {TOP: math.ceil(LIST_SHARE * areas - 1e-9), f"capacity {experiment.capacity}": experiment.capacity}


def _audited(lists: _Lists, attribute: Attribute) -> Iterator[dict[str, object]]:
    """Rows of one attribute: all origins together first, then each."""
    names = list(next(iter(lists.by_wave.values())).summed) if lists.by_wave else []
    for group, name in itertools.product(attribute.groups, names):
        counted = lists.counted(name, attribute, group)
        there = {wave: (own, rest) for wave, (own, rest) in counted.items() if own.sums[AREAS]}
        if not there:
            continue
        own, rest = _over_all(there)
        known = _known_then(lists.by_wave, attribute, there, group)
        for key, metric in METRICS.items():
            # Once is enough for what no list matters to.
            if not metric.of_list and name != names[0]:
                continue
            about: dict[str, object] = {"attribute": attribute.name, "group": group, "metric": key}
            about["list"] = name if metric.of_list else ""
            single = {wave: compared(*sides, metric) for wave, sides in there.items()}
            every = compared(own, rest, metric)
            yield about | known[ALL_ORIGINS] | _in_numbers(own, every) | _alike(every, single.values())
            for wave, each in single.items():
                yield about | known[str(wave)] | _in_numbers(there[wave][0], each)


def _sides(listed: _Listed, attribute: Attribute, wave: int, group: str) -> tuple[BoolArray, BoolArray]:
    """Which of the judged areas belong to a group, and which to the rest of those whose group is known."""
    labels = attribute.labels[wave][listed.rows]
    return labels == group, (labels != group) & (labels != UNKNOWN)


def _known_then(
    lists: Mapping[int, _Listed], attribute: Attribute, waves: Iterable[int], group: str
) -> dict[str, dict[str, object]]:
    """By origin and over all: its name, and the share of a group's areas whose group was known in time."""
    known = {}
    for wave in waves:
        inside, _ = _sides(lists[wave], attribute, wave, group)
        then = attribute.known_then.get(wave)
        rows = lists[wave].rows[inside]
        known[str(wave)] = np.full(len(rows), np.nan) if then is None else then[rows].astype(float)
    known[ALL_ORIGINS] = np.concatenate(list(known.values()))
    return {origin: {"origin": origin, "known_then": float(each.mean())} for origin, each in known.items()}


def _in_numbers(own: Counted, found: Mapping[str, float]) -> dict[str, object]:
    return {
        "n": int(own.sums[AREAS]),
        "n_events": int(own.sums[EVENTS]),
        "n_selected": round(float(own.sums[PLACES]), 6),
        **found,
        "told": TOO_FEW if math.isnan(found["value"]) else "",
    }


def _alike(every: Mapping[str, float], single: Iterable[Mapping[str, float]]) -> dict[str, object]:
    """Number of origins with a known difference, and of those where it has the sign it has over all of them."""
    signs = [np.sign(each["difference"]) for each in single if not math.isnan(each["difference"])]
    return {"origins": len(signs), "same_sign": sum(sign == np.sign(every["difference"]) for sign in signs)}
