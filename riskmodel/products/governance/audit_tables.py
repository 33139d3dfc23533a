"""An audit by groups as text: a table for every attribute, differences, and figures with too few areas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from riskmodel.forecasting.group_audit.audit import ALL_ORIGINS, BEST_ORDERING, TOP, GroupAudit
from riskmodel.forecasting.group_audit.metrics import FEWEST, FEWEST_MUNICIPALITIES, METRICS, TOO_FEW
from riskmodel.products.rendering import dutch
from riskmodel.products.rendering.markdown import Cells, markdown_table
from riskmodel.products.risk_list.texts import TEXTS
from riskmodel.products.risk_list.track_record import GROUP
from riskmodel.workspace.safe_text import safe_cell

#: Headings of the metrics in the tables.
HEADINGS: Mapping[str, str] = {
    "base_rate": "happened",
    "mean_chance": "mean chance",
    "selection_rate": "on the list",
    "precision": "hits on the list",
    "false_negative_rate": "events missed",
    "false_positive_rate": "false alarms",
}
#: Metrics of the best ordering beside those of the model.
BESIDE = ("selection_rate", "precision", "false_negative_rate")
#: Metrics that are compared with the rest of the country, in words.
COMPARED: Mapping[str, str] = {
    "selection_rate": "areas on the list",
    "places_per_event": "places per event",
    "precision": "hits on the list",
    "false_negative_rate": "events missed",
    "false_positive_rate": "false alarms",
    "chance_minus_share": "mean chance minus share",
}
HOW_TO_READ = (
    f"The list is the {TOP} of the country at each origin; areas below 200 inhabitants take no place on it. All "
    "origins together, every area counted once an origin. In brackets the 95% interval from drawing whole "
    "municipalities. *Happened*: share of areas with the event; *hits on the list*: share of places with one; "
    "*events missed*: share of events without a place; *false alarms*: share of areas without event that have a "
    f"place. *{TOO_FEW}*: a share of fewer than {FEWEST}, or in fewer than {FEWEST_MUNICIPALITIES} municipalities."
)

Rows = dict[tuple[str, str], Mapping[Any, Any]]


def audit_text(audit: GroupAudit) -> str:
    """Return the Markdown of an audit, with headings of the third level."""
    origins = [origin for origin in dict.fromkeys(audit.table["origin"]) if origin != ALL_ORIGINS]
    best = ", ".join(f"{origin} {name}" for origin, name in audit.orderings.items())
    parts = [f"Model {audit.model}, origins {', '.join(origins)}. Best ordering by origin: {best or 'none'}."]
    parts.append(HOW_TO_READ)
    chosen = audit.over_all
    for attribute in audit.attributes:
        rows = chosen[chosen["attribute"] == attribute.name]
        parts.append(f"### By {attribute.name}\n\nFrom {attribute.source}.{_known(rows, audit.model)}")
        cells = [_cells(str(group), part, audit.model) for group, part in rows.groupby("group", sort=False)]
        parts.append(markdown_table(cells) if cells else "No area of which the group is known.")
    parts += ["### Places for every event", places_text(audit)]
    parts += ["### What stands out", differences_text(audit), "### What cannot be told", too_few_text(audit)]
    return "\n\n".join(parts)


def places_text(audit: GroupAudit) -> str:
    """Return the places for every event of each group, divided by those of the country; below 1 it gets fewer."""
    cells: list[Cells] = [
        {
            "group": f"{row['attribute']}, {safe_cell(str(row['group']))}",
            "events": f"{row['n_events']:,}",
            "places": f"{row['places']:,.0f}",
            "of the country's": f"{row['ratio']:.2f} ({row['low95']:.2f}, {row['high95']:.2f})",
            "excess": f"{row['excess']:+,.0f}",
        }
        for row in audit.places.to_dict("records")
    ]
    if not cells:
        return "No group with enough events."
    return (
        "Places on the list for every event, divided by those of the country: 1 is as many. *Excess* is how many "
        "places more a group has than with the country's. A list of the highest chances gives fewer places for "
        "every event to groups in which high chances are common, even if all chances are right.\n\n"
        + markdown_table(cells)
    )


def as_csv(table: pd.DataFrame) -> bytes:
    """Return a table of an audit as CSV, no text of which can be read as a formula."""
    texts = {name: table[name].map(safe_cell) for name in ("attribute", "group")}
    return table.assign(**texts).to_csv(index=False, float_format="%.5g").encode()


def comparisons(audit: GroupAudit) -> pd.DataFrame:
    """Return the rows of the model, over all origins, with a known difference with the rest of the country."""
    chosen = audit.over_all
    own = chosen[(chosen["model"] == audit.model) & chosen["metric"].isin(COMPARED)]
    return own[own["difference"].notna()]


def differing(audit: GroupAudit) -> pd.DataFrame:
    """Return the :func:`comparisons` whose difference has an interval without zero."""
    own = comparisons(audit)
    return own[(own["difference_low95"] > 0) | (own["difference_high95"] < 0)]


def differences_text(audit: GroupAudit) -> str:
    """Return the differences with the rest of the country, one line each, and how many chance alone would give."""
    found, compared, chosen = differing(audit), len(comparisons(audit)), audit.over_all
    beside = {_key(row): row for row in chosen[chosen["model"] == BEST_ORDERING].to_dict("records")}
    lines = [_line(row, beside.get(_key(row))) for row in found.to_dict("records")]
    tally = (
        f"{len(found)} of {compared} comparisons have an interval without zero; by chance alone about "
        f"{0.05 * compared:.0f} would."
    )
    return "\n".join([*lines, *([""] if lines else []), tally])


def too_few_text(audit: GroupAudit) -> str:
    """Return the groups with too few areas or events for a metric, one line each."""
    chosen = audit.over_all
    missing = chosen[(chosen["model"] == audit.model) & (chosen["told"] != "")]
    lines = [
        f"- {attribute}, {group} ({rows['n'].iloc[0]:,} areas, {rows['n_events'].iloc[0]} events, "
        f"{rows['n_selected'].iloc[0]:g} places): {', '.join(_words(each) for each in rows['metric'])}"
        for (attribute, group), rows in missing.groupby(["attribute", "group"], sort=False)
    ]
    single = audit.table[(audit.table["model"] == audit.model) & (audit.table["origin"] != ALL_ORIGINS)]
    single = single[single["list"].isin(("", TOP))]
    lines = lines or ["- Nothing: of every group everything could be told over all origins together."]
    few = int((single["told"] != "").sum())
    lines.append(
        f"- At single origins {few} of {len(single)} figures have too few areas, events or places behind them."
    )
    return "\n".join(lines)


def _key(row: Mapping[Any, Any]) -> tuple[str, ...]:
    return tuple(str(row[key]) for key in ("attribute", "group", "metric"))


def _cells(group: str, rows: pd.DataFrame, model: str) -> Cells:
    by_key: Rows = {(str(row["model"]), str(row["metric"])): row for row in rows.to_dict("records")}
    first = by_key[model, "base_rate"]
    cells = {"group": group, "areas": f"{first['n']:,}", "events": f"{first['n_events']:,}"}
    cells |= {heading: _share(by_key[model, key]) for key, heading in HEADINGS.items()}
    for key in BESIDE:
        if (BEST_ORDERING, key) in by_key:
            cells[f"best ordering: {HEADINGS[key]}"] = _share(by_key[BEST_ORDERING, key])
    return cells


def _share(row: Mapping[Any, Any]) -> str:
    if row["told"]:
        return TOO_FEW
    return f"{row['value']:.1%} ({row['low95']:.1%}, {row['high95']:.1%})"


def _line(row: Mapping[Any, Any], other: Mapping[Any, Any] | None) -> str:
    """Return one difference in words."""
    text = f"- {row['attribute']}, {row['group']}: {COMPARED[row['metric']]} {_value(row, 'value')}, "
    text += f"elsewhere {_value(row, 'rest')}: "
    if math.isnan(row["ratio"]):
        low, high = (_gap(row, f"difference_{end}95", unit="") for end in ("low", "high"))
        text += f"{_gap(row, 'difference')} ({low}, {high})"
    else:
        text += f"{row['ratio']:.2f} times ({row['ratio_low95']:.2f}, {row['ratio_high95']:.2f})"
    text += f", same sign at {row['same_sign']:.0f} of {row['origins']:.0f} origins" if row["origins"] else ""
    if other is not None and not math.isnan(other["difference"]):
        beside = _gap(other, "difference") if math.isnan(other["ratio"]) else f"{other['ratio']:.2f} times"
        text += f"; best ordering {beside}"
    return text


def _value(row: Mapping[Any, Any], key: str) -> str:
    metric = METRICS[str(row["metric"])]
    if metric.kind == "rate":
        return f"{row[key]:.2f}"
    return _gap(row, key) if metric.kind == "gap" else f"{row[key]:.1%}"


def _gap(row: Mapping[Any, Any], key: str, unit: str = " points") -> str:
    """Return a difference with its sign: of shares in points of a percent."""
    rate = METRICS[str(row["metric"])].kind == "rate"
    return f"{row[key]:+.2f}" if rate else f"{100 * row[key]:+.1f}{unit}"


def _known(rows: pd.DataFrame, model: str) -> str:
    """Return how many areas had their group known in time; empty when all had, or it is not known."""
    own = rows[(rows["model"] == model) & (rows["metric"] == "base_rate")].dropna(subset=["known_then"])
    if own.empty:
        return ""
    share = float((own["known_then"] * own["n"]).sum() / own["n"].sum())
    if share == 1:
        return ""
    return f" Known at the time of {share:.0%} of the areas; for the others the first figure after it stands in."


def _words(metric: str) -> str:
    return COMPARED.get(metric, HEADINGS.get(metric, metric.replace("_", " ")))


#: Kinds of areas, as audit and backtest name them, in Dutch.
GROUPS: Mapping[str, str] = {
    key.removeprefix(GROUP): texts[0] for key, texts in TEXTS.items() if key.startswith(GROUP)
}


#: Phrases for more and for less than elsewhere, by metric.
METRIC_WORDS: Mapping[str, tuple[str, str]] = {
    "selection_rate": ("vaker op de lijst", "minder vaak op de lijst"),
    "places_per_event": ("meer plekken per echte daling", "minder plekken per echte daling"),
    "precision": ("de lijst klopt er vaker", "de lijst klopt er minder vaak"),
    "false_negative_rate": ("een daling wordt vaker gemist", "een daling wordt minder vaak gemist"),
    "false_positive_rate": ("vaker onterecht op de lijst", "minder vaak onterecht op de lijst"),
    # Against elsewhere: a group may be less wrong than the rest of the country.
    "chance_minus_share": ("de kans is er hoger geschat dan elders", "de kans is er lager geschat dan elders"),
}


def differences_in_dutch(audit: GroupAudit) -> list[tuple[str, list[str]]]:
    """Return the differences with the rest of the country in Dutch: name of the group and phrases."""
    found: dict[str, list[str]] = {}
    for row in differing(audit).to_dict("records"):
        found.setdefault(GROUPS.get(str(row["group"]), str(row["group"])), []).append(_phrase(row))
    return list(found.items())


def tally_in_dutch(audit: GroupAudit) -> str:
    """Return how many comparisons were made, and how many would differ by chance alone, in Dutch."""
    made, differ = len(comparisons(audit)), len(differing(audit))
    return (
        f"Er zijn {made} vergelijkingen gemaakt. Bij {differ} is het verschil groter dan de onzekerheid. "
        f"Ook zonder echt verschil zou dat bij ongeveer {0.05 * made:.0f} zo zijn."
    )


def _phrase(row: Mapping[Any, Any]) -> str:
    metric, more = str(row["metric"]), row["difference"] > 0
    words = METRIC_WORDS[metric][0 if more else 1]
    if metric == "places_per_event":
        return f"{words} ({dutch.number(row['value'], 1)}, elders {dutch.number(row['rest'], 1)})"
    if metric == "chance_minus_share":
        value, rest = (dutch.signed(100 * row[key], 1) for key in ("value", "rest"))
        return f"{words} ({value} procentpunt naast wat er gebeurde, elders {rest})"
    return f"{words} ({dutch.percent(row['value'])}, elders {dutch.percent(row['rest'])})"
