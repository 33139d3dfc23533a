"""The page of the track record: tables of a backtest in plain Dutch, and two drawings.

A share always has its counts, and an interval where one was measured. It is compared with the hardest opponent,
the best simple ordering of every year as one knows it afterwards, and with that chosen beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.catalogue import plain
from riskmodel.forecasting.backtest_record import main_cohort
from riskmodel.forecasting.evaluation.calibration import over_origins
from riskmodel.forecasting.evaluation.paired import BEFOREHAND, BEST
from riskmodel.forecasting.groups import LABELS
from riskmodel.products.governance.audit_tables import GROUPS
from riskmodel.products.rendering import dutch
from riskmodel.products.risk_list.texts import event_in_dutch, in_dutch
from riskmodel.products.risk_list.track_record import places_sentence
from riskmodel.web.pages.record_drawings import Interval, Reliability, interval_rows, reliability
from riskmodel.web.serving.snapshot import Snapshot

#: The simple orderings by what they put on top.
ORDERINGS: Mapping[str, str] = {
    "border": "het dichtst bij de grens bovenaan",
    "persistence": "alles blijft zoals het is",
    "level_low": "laagste score bovenaan",
    "level_high": "hoogste score bovenaan",
    "last_fall": "vorige keer het meest gedaald",
    "last_rise": "vorige keer het meest gestegen",
    "trend_fall": "al langer het meest dalend",
    "small": "minste inwoners bovenaan",
    "markov": "wat gebieden van dezelfde klasse deden",
    "markov_spatial": "wat gebieden van dezelfde klasse met zulke buren deden",
}
#: Metric of a list as long as the capacity, and of one that is a part of the areas.
HITS, TOP = "hits_at_k", ("precision_at_5pct", 0.05)
#: With fewer events than this the page says that there are few.
FEW = 50


@dataclass(frozen=True)
class Year:
    """A list of one length, made from one wave, and what then happened.

    Attributes
    ----------
    label : str
        ``"2016 tot 2018"``, or ``"Gemiddeld"``.
    areas, events : int
        Areas in the forecast, and in how many it happened.
    length : int
        Areas on the list; 0 for a mean over years.
    own, simple : Interval
        Share of the list in which it happened: of the model, and of the best simple ordering.
    ordering : str
        Which ordering that was.
    difference : Interval
        The first minus the second.
    """

    label: str
    areas: int
    events: int
    length: int
    own: Interval
    simple: Interval
    ordering: str
    difference: Interval

    @property
    def base(self) -> float:
        """Share of all areas in which it happened."""
        return self.events / self.areas

    @property
    def verdict(self) -> str:
        """Whether the difference is larger than chance, in Dutch."""
        if self.difference.low > 0:
            return "duidelijk beter"
        return "duidelijk slechter" if self.difference.high < 0 else "geen duidelijk verschil"

    def hits(self, share: float) -> str:
        """Return a share of the list with its counts."""
        if not self.length:
            return dutch.share(share)
        return f"{dutch.whole(share * self.length)} van de {dutch.whole(self.length)}"


def record_of(snapshot: Snapshot) -> dict[str, Any] | None:
    """Return the track record of one question for the page; None without a complete backtest."""
    tables = {name: _read(snapshot, name) for name in ("scores", "paired", "calibration")}
    model, event = snapshot.stored.model, snapshot.experiment.event.name
    chosen = {
        name: table[(table["model"] == model) & (table["target"] == event)] for name, table in tables.items()
    }
    if any(table.empty for table in chosen.values()):
        return None
    cohorts = [
        {"name": _cohort(str(name)), "lengths": lengths, "pairs": _pairs_in_words(own)}
        for name, own in chosen["scores"].groupby("cohort", sort=False)
        if (lengths := _lengths(own, chosen["paired"][chosen["paired"]["cohort"] == name], snapshot))
    ]
    drawn, places = _reliability(chosen["calibration"]), _read(snapshot, "places").to_dict("records")
    return {
        "cohorts": cohorts,
        "others": _other_events(
            tables["paired"], main_cohort(snapshot.experiment, tables["scores"]).name, snapshot
        ),
        "places": [(row, in_dutch(places_sentence(row))) for row in places if row["places"] > 0],
        "drawings": drawn,
        "deciles": [point for part in drawn for point in part.rows],
        "groups": _groups(chosen["calibration"]),
    }


def _read(snapshot: Snapshot, name: str) -> pd.DataFrame:
    path = snapshot.workspace.path("backtests", snapshot.experiment.name, f"{name}.csv")
    if not path.is_file():
        return pd.DataFrame(columns=["model", "target"])
    return pd.read_csv(path, dtype={"origin_date": str, "group": str})


def _cohort(name: str) -> str:
    """Return the name of a cohort in Dutch; one of an experiment of one's own keeps its name."""
    words = {
        "all": "Alle gebieden",
        "500+": "Gebieden met 500 inwoners of meer",
        "class 5+": "Alle gebieden die voldoende of beter waren",
        "class 5+, 500+": "Gebieden die voldoende of beter waren, met 500 inwoners of meer",
    }
    return words.get(name, name)


def _lengths(scores: pd.DataFrame, paired: pd.DataFrame, snapshot: Snapshot) -> list[dict[str, Any]]:
    found, capacity = [], snapshot.experiment.capacity
    for metric, words in ((HITS, f"de {capacity} gebieden bovenaan"), (TOP[0], "de bovenste 5%")):
        rows = paired[(paired["metric"] == metric) & paired["best"].astype(bool)]
        years = [_year(row, scores, snapshot) for row in rows.to_dict("records")]
        years.sort(key=lambda year: (not year.length, year.label))
        if years:
            found.append(
                {
                    "words": words,
                    "years": years,
                    "drawing": interval_rows([(year.own, year.simple, year.base) for year in years]),
                    "verdict": _verdict(years),
                    "beforehand": _beforehand(paired, metric, capacity),
                }
            )
    return found


def _verdict(years: Sequence[Year]) -> str:
    """Return in how many years the model beat the best rule of thumb, and whether that could be chance."""
    single = [year for year in years if year.length]
    more = sum(year.difference.value > 0 for year in single)
    same = sum(year.difference.value == 0 for year in single)
    clear = sum(year.verdict == "duidelijk beter" for year in single)
    worse = sum(year.verdict == "duidelijk slechter" for year in single)
    equal = f" In {same} {'jaar' if same == 1 else 'jaren'} vonden ze evenveel." if same else ""
    many = f"{len(single)} {'jaar' if len(single) == 1 else 'jaren'}"
    found = f"In {more or 'geen'} van de {many} vond dit model meer dan de beste vuistregel."
    if not clear and not worse:
        return f"{found}{equal} Het verschil kan steeds toeval zijn."
    return (
        f"{found}{equal} Duidelijk beter was het in {clear or 'geen'} van de {many}, duidelijk "
        f"slechter in {worse or 'geen'}."
    )


def _beforehand(paired: pd.DataFrame, metric: str, capacity: int) -> str:
    """Return the model beside the rule of thumb that could be chosen beforehand; empty without one."""
    rows = paired[(paired["metric"] == metric) & (paired["opponent"] == BEFOREHAND)]
    if rows.empty:
        return ""
    row = rows.iloc[0]
    scale = 1 if metric == HITS else 100
    own, other = (dutch.number(scale * row[name], 1) for name in ("value", "opponent_value"))
    unit = f"van de {capacity}" if metric == HITS else "van de 100"
    clear = "Dat verschil kan toeval zijn."
    if row["difference_low95"] > 0 or row["difference_high95"] < 0:
        clear = "Dat is meer dan toeval."
    return (
        f"Gemiddeld waren het er {own} {unit}. Vooraf had u zelf een vuistregel kunnen kiezen. "
        f"Dan waren het er {other} {unit}. {clear}"
    )


def _other_events(paired: pd.DataFrame, cohort: str, snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return how often the list of another event of the same forecast was right, on average over the years."""
    found = []
    for event in snapshot.experiment.targets:
        rows = paired[
            (paired["target"] == event.name)
            & (paired["model"] == snapshot.stored.model)
            & (paired["cohort"] == cohort)
            & (paired["metric"] == HITS)
            & paired["origin_date"].isna()
        ]
        means = rows.set_index("opponent").to_dict("index")
        if BEST in means and BEFOREHAND in means:
            best, beforehand = means[BEST], means[BEFOREHAND]
            found.append(
                {
                    "event": event_in_dutch(event),
                    "n": int(best["n"]),
                    "events": int(best["n_events"]),
                    "own": best["value"],
                    "best": best["opponent_value"],
                    "beforehand": beforehand["opponent_value"],
                    "random": snapshot.experiment.capacity * best["n_events"] / best["n"],
                }
            )
    return found


def _year(row: Mapping[Any, Any], scores: pd.DataFrame, snapshot: Snapshot) -> Year:
    mean = not isinstance(row["origin_date"], str)
    n, events = int(row["n"]), int(row["n_events"])
    # As :mod:`riskmodel.forecasting.evaluation.ranked` counts them.
    hits = row["metric"] == HITS
    length = min(snapshot.experiment.capacity, n) if hits else math.ceil(TOP[1] * n - 1e-9)
    unit = length if hits else 1
    low = high = float("nan")
    label = "Gemiddeld"
    if not mean:
        start = int(row["origin_date"][:4])
        label = f"{start} tot {start + snapshot.experiment.horizon}"
        there = scores[scores["origin_date"] == row["origin_date"]].set_index("metric")["value"]
        low, high = (float(there.get(f"{row['metric']}_{end}", np.nan)) / unit for end in ("low95", "high95"))
    return Year(
        label=label,
        areas=n,
        events=events,
        length=0 if mean else length,
        own=Interval(float(row["value"]) / unit, low, high),
        simple=Interval(float(row["opponent_value"]) / unit),
        ordering="per jaar de beste" if mean else ORDERINGS.get(row["opponent"], plain(row["opponent"])),
        difference=Interval(*(row[f"difference{end}"] / unit for end in ("", "_low95", "_high95"))),
    )


def _pairs_in_words(scores: pd.DataFrame) -> str:
    """Return the area under the ROC curve as a choice between two areas, over all years of the backtest."""
    found = scores[scores["metric"] == "auc"]["value"]
    if found.empty:
        return ""
    low, high = (f"{100 * value:.0f}" for value in (found.min(), found.max()))
    between = low if low == high else f"{low} tot {high}"
    return (
        "Neem steeds twee gebieden: een waar het gebeurde en een waar het niet gebeurde. In "
        f"{between} van de 100 keer gaf het model het eerste gebied de hoogste kans. Bij gokken is dat 50."
    )


def _reliability(table: pd.DataFrame) -> list[Reliability]:
    rows = table[table["group_kind"] == "decile"]
    return [
        reliability(str(origin)[:4], part.sort_values("mean_chance"))
        for origin, part in rows.groupby("origin_date", sort=True)
    ]


def _groups(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return mean chance and observed share by kind of area, over all years."""
    found = {str(row["group"]): row for row in over_origins(table).to_dict("records")}
    return [
        {"kind": words, "rows": rows}
        for kind, words in (("size", "Naar grootte"), ("urbanity", "Naar stedelijkheid"))
        if (rows := [_group(found[name]) for name in LABELS[kind] if name in found])
    ]


def _group(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "name": GROUPS[str(row["group"])],
        "n": int(row["n"]),
        "events": int(row["n_events"]),
        "chance": row["mean_chance"],
        "observed": row["observed"],
        "words": _gap(row),
    }


def _gap(row: Mapping[Any, Any]) -> str:
    if np.isnan(row["gap_low95"]):
        return "te weinig jaren om dat te zeggen"
    if row["gap_low95"] > 0:
        words = "gebeurde vaker dan gezegd"
    elif row["gap_high95"] < 0:
        words = "gebeurde minder vaak dan gezegd"
    else:
        words = "geen duidelijk verschil"
    return f"{words}{'; weinig gevallen' if row['n_events'] < FEW else ''}"
