"""The risk list on paper, for a meeting: summary, limits, the list, and one page for each area to visit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from riskmodel.products.rendering import dutch
from riskmodel.products.rendering.html import asset, environment
from riskmodel.products.rendering.pdf import Printed, lay_out
from riskmodel.products.risk_list.formats.pdf_drawings import bar, largest, spot
from riskmodel.products.risk_list.formats.pdf_sheets import clipped, sheet_context
from riskmodel.products.risk_list.map import draw_map
from riskmodel.products.risk_list.minute import minute
from riskmodel.products.risk_list.moment_words import moment_sentences, moment_warnings
from riskmodel.products.risk_list.page.drawings import NO_STEP, step_limits, steps_of
from riskmodel.products.risk_list.page.markup import PageTexts
from riskmodel.products.risk_list.page.page import capacity_line
from riskmodel.products.risk_list.provenance import origin_lines, too_small
from riskmodel.products.risk_list.risk_list import RiskList, counts, flagged, threatening
from riskmodel.products.risk_list.texts import event_sentence, family_of, in_dutch
from riskmodel.products.risk_list.verdicts import OTHER, TO_WEAK, WEAK
from riskmodel.workspace.safe_text import plain_text

TEMPLATE = "risk_list_pdf.html.j2"
#: Rows of the list on paper, beside the areas to visit.
MOST_ROWS = 120
#: Sheets when no capacity says how many areas will be visited.
SHEETS_WITHOUT_CAPACITY = 10
#: Names in each section of the first page.
MOST_NAMES = {TO_WEAK: 6, WEAK: 4, OTHER: 0, "top": 8}
#: Sheets at most: more than anybody takes into a meeting.
MOST_SHEETS = 60
#: Colours of the map, as on the web page.
STEP_COLOURS = ("#eef1f3", "#fbe8cf", "#f6c78f", "#e0813a", "#8f3606", "#ffffff")


def visited(risk_list: RiskList) -> np.ndarray:
    """Return the rows of the areas that get a sheet: those to visit, or without a capacity the first so many."""
    fit = ~flagged(risk_list.rows, "too_small")
    if risk_list.about.capacity is None:
        return np.flatnonzero(fit)[:SHEETS_WITHOUT_CAPACITY]
    # Random visits are included however long the list is.
    drawn = np.flatnonzero(fit & flagged(risk_list.rows, "audit"))
    asked = np.flatnonzero(fit & _to_visit(risk_list))
    return np.union1d(asked[: max(MOST_SHEETS - len(drawn), 0)], drawn)[:MOST_SHEETS]


def _to_visit(risk_list: RiskList) -> np.ndarray:
    return flagged(risk_list.rows, "on_list") | flagged(risk_list.rows, "audit")


def render_list_pdf(risk_list: RiskList, *, compact: bool = False) -> str:
    """Return the HTML that is printed."""
    rows, about = risk_list.rows.reset_index(drop=True), risk_list.about
    rows = rows.assign(threatens=threatening(rows))
    words = PageTexts(family_of(about.event))
    chosen = visited(risk_list).tolist() if risk_list.sheets else []
    shown = np.union1d(np.arange(min(len(rows), MOST_ROWS)), np.flatnonzero(flagged(rows, "audit")))
    areas = [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
    context = {
        "about": about,
        "asked": int(_to_visit(risk_list).sum()),
        "bar": bar,
        "clipped": clipped,
        "compact": compact,
        "counts": counts(rows),
        "dutch": dutch,
        "bold": lambda sentence: words.say(sentence.key, **sentence.values),
        "event_sentence": event_sentence(about.event),
        "minute": minute(risk_list, MOST_NAMES),
        "moment": moment_sentences(about.moment),
        "warnings": moment_warnings(about.moment),
        "say": words.say,
        "in_dutch": in_dutch,
        "line": capacity_line(rows),
        "listed": [(row, areas[row], row in chosen) for row in shown.tolist()],
        "map": _map(risk_list),
        "most": largest(rows["chance"], 1.2 * about.threat_limit),
        "origin": origin_lines(risk_list),
        "several": rows["municipality"].map(plain_text).nunique() > 1,
        "sheets": [sheet_context(areas[row], risk_list.sheets[row], len(areas)) for row in chosen],
        "spot": spot,
        "style": Markup(asset("risk_list_pdf.css")),
        "too_small": too_small(about),
    }
    return environment().get_template(TEMPLATE).render(context)


def print_list(risk_list: RiskList) -> Printed:
    """Lay a risk list out on paper."""
    printed = lay_out(render_list_pdf(risk_list))
    if _one_page_each(printed):
        return printed
    return lay_out(render_list_pdf(risk_list, compact=True))


def write_list_pdf(risk_list: RiskList, path: str | Path) -> None:
    """Write a risk list as a PDF that screen readers can follow."""
    print_list(risk_list).write(path)


def _one_page_each(printed: Printed) -> bool:
    """Return whether every sheet is on a page of its own: one of two pages has its anchor on both."""
    names = [name for page in printed.document.pages for name in page.anchors if name.startswith("blad-")]
    return len(names) == len(set(names))


def _map(risk_list: RiskList) -> dict[str, Any] | None:
    drawn = draw_map(risk_list)
    if drawn is None:
        return None
    steps = steps_of(risk_list.rows, risk_list.about.threat_limit)
    pressed = flagged(risk_list.rows, "under_pressure")
    visible = [row for row, path in enumerate(drawn.paths) if path]
    numbered = set(visited(risk_list).tolist()) if len(visible) <= MOST_ROWS else set()
    limits = [dutch.percent_short(limit) for limit in step_limits(risk_list.about.threat_limit)]
    centres = drawn.centres.tolist()
    return {
        "width": drawn.width,
        "height": drawn.height,
        "side": max(drawn.width, drawn.height),
        "shapes": [(STEP_COLOURS[steps[row]], steps[row] == NO_STEP, drawn.paths[row]) for row in visible],
        "borders": drawn.borders,
        "towns": drawn.towns,
        "marks": [centres[row] for row in visible if pressed[row] and row not in numbered],
        "ranks": [
            (row + 1, *centres[row], bool(steps[row] == len(limits)), bool(pressed[row]))
            for row in visible
            if row in numbered
        ],
        "missing": drawn.missing,
        "keys": [
            (colour, f"minder dan {limits[0]}" if not step else f"vanaf {limits[step - 1]}")
            for step, colour in enumerate(STEP_COLOURS[:-1])
        ],
    }
