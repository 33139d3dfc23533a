"""Page about the present of a municipality or a group of areas, one or two sheets of A4 when printed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from typing import Any

import numpy as np
from markupsafe import Markup

from riskmodel.products.present import sheet_drawings as drawings
from riskmodel.products.present import sheet_words as words
from riskmodel.products.present.pictures import CLASS_COLOURS, ink_on
from riskmodel.products.present.sheet_data import SMALL_AREA, Facts
from riskmodel.products.rendering import dutch
from riskmodel.products.rendering.html import asset, environment, policy
from riskmodel.products.rendering.scale import symmetric_scale
from riskmodel.sources.observations import SourceFile

TEMPLATE = "now_sheet.html.j2"
#: Most areas with which everything may fit on one page of A4; with more, the table begins on the second.
MOST_ROWS = 14
BARS_WIDTH = 160.0
UP_COLOUR, DOWN_COLOUR = "#0072B2", "#D55E00"


def render_now_sheet(
    found: Facts,
    *,
    boundaries: Any = None,
    files: Sequence[SourceFile] = (),
    made_on: date | None = None,
    example: bool = False,
) -> str:
    """Return the page of a sheet of the present.

    ``boundaries`` are polygons with ``location`` and ``geometry``; without them there is no map.
    """
    style = asset("base.css") + asset("now_sheet.css") + _class_style()
    page = environment().get_template(TEMPLATE)
    return page.render(
        {
            "facts": found,
            "words": words,
            "dutch": dutch,
            "tiles": words.tiles(found),
            "summary": words.summary(found),
            "limits": words.limits(found),
            "origin": [*words.origin(found), *_made(made_on)],
            "classes": _classes(found),
            "areas": _areas(found),
            "several": found.level != "gemeente" and found.areas["municipality"].nunique() > 1,
            "parts": _parts(found),
            "dimension_lines": [] if found.parts is None else words.dimensions(found, found.parts),
            "bars": symmetric_scale([row["change"] for row in _parts(found)], BARS_WIDTH),
            "course": drawings.course(found),
            "map": None if boundaries is None else drawings.class_map(found, boundaries),
            "size": {
                "width": drawings.WIDTH,
                "height": drawings.HEIGHT,
                "left": drawings.LEFT,
                "right": drawings.RIGHT,
            },
            "files": files,
            "made_on": made_on,
            "example": example,
            "small_area": SMALL_AREA,
            "long": len(found.areas) > MOST_ROWS,
            "up_colour": UP_COLOUR,
            "down_colour": DOWN_COLOUR,
            # The text is ours, and its hash in the policy only matches when it stays unescaped.
            "style": Markup(style),
            "policy": Markup(policy(style)),
        }
    )


def _class_style() -> str:
    """Return the style of the classes in the colours of the pictures."""
    return "".join(
        f".c{number} {{ background: {colour}; color: {ink_on(colour)}; }}\n"
        for number, colour in enumerate(CLASS_COLOURS, start=1)
    )


def _made(made_on: date | None) -> list[tuple[str, str]]:
    if made_on is None:
        return []
    return [("Blad gemaakt op", dutch.day_words(made_on)), ("Versie van de code", version("riskmodel"))]


def _classes(found: Facts) -> list[dict[str, Any]]:
    own, country = found.classes["inhabitants"].sum(), found.classes["country_inhabitants"].sum()
    return [
        {
            "number": row["class"],
            "name": row["class_name"],
            "areas": row["areas"],
            "inhabitants": dutch.whole(row["inhabitants"]) if own > 0 else dutch.UNKNOWN,
            "share": _short(words.share(row["inhabitants"], own, 1)),
            "country": _short(words.share(row["country_inhabitants"], country, 1)),
        }
        # Best class on top, as in the key of a map.
        for row in found.classes.iloc[::-1].to_dict("records")
    ]


def _short(text: str) -> str:
    """Return a share with signs for words, for a narrow column."""
    return text.replace("minder dan ", "<\N{NO-BREAK SPACE}").replace("meer dan ", ">\N{NO-BREAK SPACE}")


def _areas(found: Facts) -> list[dict[str, Any]]:
    starts = [span.start for span in found.spans]
    return [
        {
            **{
                key: row[key] for key in ("location", "name", "municipality", "inhabitants", "score", "class_name")
            },
            "number": None if np.isnan(row["class"]) else int(row["class"]),
            "small": bool(row["small"]),
            "changes": [(row[f"change_{start}"], row[f"direction_{start}"]) for start in starts],
        }
        for row in found.areas.to_dict("records")
    ]


def _parts(found: Facts) -> list[dict[str, Any]]:
    if found.parts is None:
        return []
    rows = found.parts.rows.sort_values("change", key=np.abs, ascending=False, kind="stable")
    total = {"label": "gemiddelde score", "change": found.parts.total, "country": found.parts.country_total}
    return [*({str(key): value for key, value in row.items()} for row in rows.to_dict("records")), total]
