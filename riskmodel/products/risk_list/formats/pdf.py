"""The risk list on paper, for a meeting: what it says and cannot say, the list, and a page an area to visit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from riskmodel.products.rendering import dutch
from riskmodel.products.rendering.html import asset, environment
from riskmodel.products.rendering.pdf import Printed, lay_out
from riskmodel.products.risk_list.formats.csv import verdicts
from riskmodel.products.risk_list.formats.pdf_drawings import bar, largest, spot
from riskmodel.products.risk_list.formats.pdf_sheets import clipped, sheet_context
from riskmodel.products.risk_list.map import draw_map
from riskmodel.products.risk_list.page.drawings import NO_STEP, step_limits, steps_of
from riskmodel.products.risk_list.page.page import capacity_line
from riskmodel.products.risk_list.provenance import origin_lines, too_small
from riskmodel.products.risk_list.risk_list import COLUMNS, RiskList, flagged
from riskmodel.workspace.safe_text import plain_text

TEMPLATE = "risk_list_pdf.html.j2"
#: Rows of the list on paper, beside the areas to visit; a longer list says where the rest is.
MOST_ROWS = 120
#: Sheets when no capacity says how many areas will be visited.
SHEETS_WITHOUT_CAPACITY = 10
#: Sheets at most: more than anybody takes into a meeting.
MOST_SHEETS = 60
#: Colours of the map, as on the web page.
STEP_COLOURS = ("#eef1f3", "#fbe8cf", "#f6c78f", "#e0813a", "#8f3606", "#ffffff")


def visited(risk_list: RiskList) -> np.ndarray:
    """Places of the areas that get a sheet: those to visit, or without a capacity the first so many."""
    rows = risk_list.rows
    fit = ~flagged(risk_list.rows, "too_small")
    if risk_list.about.capacity is None:
        return np.flatnonzero(fit)[:SHEETS_WITHOUT_CAPACITY]
    asked = np.flatnonzero(fit & (flagged(risk_list.rows, "on_list") | flagged(risk_list.rows, "audit")))
    # What was drawn at random comes with the list however long it is.
    drawn = np.flatnonzero(fit & flagged(risk_list.rows, "audit"))
    keep = np.union1d(asked[: max(MOST_SHEETS - len(drawn), 0)], drawn)[:MOST_SHEETS]
    return keep if len(rows) else asked


def render_list_pdf(risk_list: RiskList, *, compact: bool = False) -> str:
    """Make the page that is printed."""
    rows, about = risk_list.rows.reset_index(drop=True), risk_list.about
    rows = rows.assign(threatens=verdicts(risk_list))
    places = visited(risk_list) if risk_list.sheets else np.empty(0, dtype=int)
    shown = np.union1d(np.arange(min(len(rows), MOST_ROWS)), np.flatnonzero(flagged(risk_list.rows, "audit")))
    areas = [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
    with_sheet = set(places.tolist())
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            about=about,
            bar=bar,
            clipped=clipped,
            columns=[
                COLUMNS[name] for name in ("p_decline", "expected_change", "score", "threatens", "under_pressure")
            ],
            compact=compact,
            counts=_counts(risk_list),
            dutch=dutch,
            line=capacity_line(rows),
            listed=[(place, areas[place], place in with_sheet) for place in shown.tolist()],
            map=_map(risk_list),
            most=largest(rows["p_decline"], 1.2 * about.threat_limit),
            origin=origin_lines(risk_list),
            several=rows["municipality"].map(plain_text).nunique() > 1,
            sheets=[sheet_context(areas[place], risk_list.sheets[place], len(areas)) for place in places.tolist()],
            spot=spot,
            style=Markup(asset("risk_list_pdf.css")),
            too_small=too_small(about),
            asked=int((flagged(risk_list.rows, "on_list") | flagged(risk_list.rows, "audit")).sum()),
        )
    )


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
    """Whether every sheet is on a page of its own: a sheet that goes on stands on two pages by the same name."""
    names = [name for page in printed.document.pages for name in page.anchors if name.startswith("blad-")]
    return len(names) == len(set(names))


def _counts(risk_list: RiskList) -> dict[str, int]:
    threatens, pressed = verdicts(risk_list), flagged(risk_list.rows, "under_pressure")
    small = flagged(risk_list.rows, "too_small")
    return {
        "areas": len(small),
        "judged": int((~small).sum()),
        "small": int(small.sum()),
        "threatens": int(threatens.sum()),
        "pressed": int(pressed.sum()),
        "both": int((threatens & pressed).sum()),
        "on_list": int(flagged(risk_list.rows, "on_list").sum()),
        "audit": int(flagged(risk_list.rows, "audit").sum()),
    }


def _map(risk_list: RiskList) -> dict[str, Any] | None:
    drawn = draw_map(risk_list)
    if drawn is None:
        return None
    steps = steps_of(risk_list.rows, risk_list.about.threat_limit)
    pressed = flagged(risk_list.rows, "under_pressure")
    side = max(drawn.width, drawn.height)
    visible = [place for place, path in enumerate(drawn.paths) if path]
    numbered = set(visited(risk_list).tolist()) if len(visible) <= MOST_ROWS else set()
    limits = [dutch.percent_short(limit) for limit in step_limits(risk_list.about.threat_limit)]
    return {
        "width": drawn.width,
        "height": drawn.height,
        "side": side,
        "shapes": [(STEP_COLOURS[steps[place]], steps[place] == NO_STEP, drawn.paths[place]) for place in visible],
        "borders": drawn.borders,
        "towns": drawn.towns,
        "marks": [drawn.centres[place].tolist() for place in visible if pressed[place] and place not in numbered],
        "ranks": [
            (place + 1, *drawn.centres[place].tolist(), bool(steps[place] == len(limits)), bool(pressed[place]))
            for place in visible
            if place in numbered
        ],
        "missing": drawn.missing,
        "keys": [
            (colour, f"minder dan {limits[0]}" if not step else f"vanaf {limits[step - 1]}")
            for step, colour in enumerate(STEP_COLOURS[:-1])
        ],
        "limits": limits,
    }
