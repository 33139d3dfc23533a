"""The risk list as one web page that needs nothing else: no network, no other file, no script to read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from riskmodel.products.rendering import dutch
from riskmodel.products.rendering.html import asset, environment, policy
from riskmodel.products.rendering.scale import symmetric_scale
from riskmodel.products.risk_list.map import draw_map
from riskmodel.products.risk_list.minute import minute
from riskmodel.products.risk_list.moment_words import moment_sentences, moment_warnings
from riskmodel.products.risk_list.page.data import about_data, page_data, sheets_data
from riskmodel.products.risk_list.page.drawings import (
    among_others,
    corner_counts,
    quadrant,
    step_limits,
    steps_of,
    town_dots,
    towns,
)
from riskmodel.products.risk_list.page.markup import PageTexts, marked
from riskmodel.products.risk_list.provenance import provenance
from riskmodel.products.risk_list.risk_list import About, RiskList, counts, flagged, judged, town_counts
from riskmodel.products.risk_list.texts import family_of, in_dutch
from riskmodel.workspace.safe_text import plain_text

TEMPLATE = "risk_list.html.j2"
#: Parts of the one script of the page, in the order in which they are put together.
SCRIPTS = ("risk_list.js", "risk_list_draw.js", "risk_list_table.js", "risk_list_views.js", "risk_list_sheet.js")
#: Rows of the table that is there without script; a longer list says where the rest is.
PLAIN_ROWS = 4000
#: Sheets that are there without script and in print.
PLAIN_SHEETS = 50
#: Ranks are written on the map for so many areas; more would hide it.
MOST_LABELS = 25


def capacity_line(rows: pd.DataFrame) -> int | None:
    """Return how many areas come before the line; None when all areas can be visited.

    The line is under the last area that can be visited, so that its text about the areas below is true even when
    an area higher up was passed over.
    """
    # An area too small for a verdict is below the line for another reason.
    inside, large = flagged(rows, "on_list"), judged(rows)
    if not (large & ~inside).any():
        return None
    return int(np.flatnonzero(inside)[-1]) + 1 if inside.any() else 0


def _points(risk_list: RiskList, steps: np.ndarray) -> dict[str, Any]:
    """Return the drawings, each with one entry an area that has a point in it."""
    rows = risk_list.rows
    drawn, placed = draw_map(risk_list), quadrant(rows, risk_list.about.threat_limit)
    dots = [
        (index, int(steps[index]), x, y)
        for index, (x, y) in enumerate(zip(placed.x.tolist(), placed.y.tolist(), strict=True))
        if np.isfinite(x) and np.isfinite(y)
    ]
    drawings: dict[str, Any] = {"map": drawn, "quadrant": placed, "dots": dots}
    if drawn is None:
        return drawings
    shapes = [(index, int(steps[index]), path) for index, path in enumerate(drawn.paths) if path]
    centres = [None if np.isnan(x) else (round(x), round(y)) for x, y in drawn.centres.tolist()]

    def points(chosen: np.ndarray) -> list[tuple[int, int, int]]:
        return [(index, *centre) for index, centre in enumerate(centres) if centre and chosen[index]]

    labelled = flagged(rows, "on_list") & (rows["rank"].to_numpy() <= MOST_LABELS)
    marks, labels = points(flagged(rows, "under_pressure")), points(labelled)
    return drawings | {"shapes": shapes, "centres": centres, "marks": marks, "labels": labels}


def _context(risk_list: RiskList) -> dict[str, Any]:
    rows, about = risk_list.rows, risk_list.about
    words = PageTexts(family_of(about.event))
    steps = steps_of(rows, about.threat_limit)
    own = set(rows["municipality"])
    all_towns = towns(town_counts(rows) if risk_list.peers is None else risk_list.peers, own)
    sheets = {sheet.location: sheet for sheet in risk_list.sheets}
    areas = [{str(name): value for name, value in row.items()} for row in rows.head(PLAIN_ROWS).to_dict("records")]
    chosen = (
        [area for area in areas if dutch.is_true(area["on_list"]) or dutch.is_true(area["audit"])][:PLAIN_SHEETS]
        if sheets
        else []
    )
    return {
        "about": about,
        "set": about_data(about),
        "areas": areas,
        "chosen": [(area, sheets[area["location"]]) for area in chosen],
        "areas_missing": int((~judged(rows)).sum()),
        "corners": corner_counts(rows),
        "counts": counts(rows),
        "dutch": dutch,
        "linked": {area["location"] for area in chosen},
        "limits": step_limits(about.threat_limit),
        "line": capacity_line(rows),
        "columns": _headings(about),
        "municipalities": sorted({plain_text(name) for name in rows["municipality"]} - {""}),
        "points": _points(risk_list, steps),
        "provenance": provenance(about),
        "scale": symmetric_scale(rows[["lower80", "expected_change", "upper80"]].to_numpy(float).ravel(), 180.0),
        "towns": all_towns,
        "town_dots": town_dots(all_towns),
        "among": among_others(all_towns),
        "all_own": all(town["own"] for town in all_towns),
        "no_threat": sum(not town["threatens"] for town in all_towns),
        "minute": minute(risk_list),
        "moment": moment_sentences(about.moment),
        "warnings": moment_warnings(about.moment),
        "in_dutch": in_dutch,
        "marked": marked,
        "text": words.text,
        "say": words.say,
        "sentence": words.sentence,
    }


def _headings(about: About) -> list[dict[str, Any]]:
    """Return the columns of the page: heading, and the order of a first click."""
    since = {} if about.change_last_from is None else {"year": about.change_last_from}
    change = "h_change" if since else "h_change_before"
    return [
        {"id": "rank", "key": "h_rank", "values": {}, "first": "ascending"},
        {"id": "name", "key": "h_name", "values": {}, "first": "ascending"},
        {"id": "chance", "key": "h_chance", "values": {}, "first": "descending"},
        {"id": "expected", "key": "h_expected", "values": {}, "first": "ascending"},
        {"id": "score", "key": "h_score", "values": {}, "first": "ascending"},
        {"id": "change", "key": change, "values": since, "first": "ascending"},
    ]


def page_script() -> str:
    """Return the one script of the page: its parts in one closed scope, so that nothing leaks out."""
    return '"use strict";\n(() => {\n' + "\n".join(asset(name) for name in SCRIPTS) + "})();\n"


def render_page(risk_list: RiskList) -> str:
    """Return the web page of a risk list."""
    style, script = asset("base.css") + asset("risk_list.css"), page_script()
    # These texts are ours or hold no sign of markup, and the hashes in the policy only match when they stay
    # unescaped.
    assets = {
        "style": Markup(style),
        "script": Markup(script),
        "policy": Markup(policy(style, script)),
        "data": Markup(page_data(risk_list)),
        "sheets_text": Markup(sheets_data(risk_list)),
    }
    return environment().get_template(TEMPLATE).render(_context(risk_list), **assets)


def write_page(risk_list: RiskList, path: str | Path) -> None:
    """Write a risk list as one self-contained web page."""
    # A line end other than the one that was hashed would make the browser refuse style and script.
    Path(path).write_text(render_page(risk_list), encoding="utf-8", newline="\n")
