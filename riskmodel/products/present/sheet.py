"""One sheet about a municipality or a group of areas now: a page, and the same on A4."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from markupsafe import Markup

from riskmodel.errors import InputError
from riskmodel.monitor.measured import Measured
from riskmodel.panel.measurement_noise import Noise
from riskmodel.products.present import sheet_drawings as drawings
from riskmodel.products.present import sheet_words as words
from riskmodel.products.present.pictures import CLASS_COLOURS, ink_on
from riskmodel.products.present.sheet_data import SMALL_AREA, Facts
from riskmodel.products.present.sheet_facts import BoolArray, facts
from riskmodel.products.rendering import dutch
from riskmodel.products.rendering.html import asset, environment, policy
from riskmodel.products.rendering.pdf import lay_out
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
    release: str = "",
    made_on: date | None = None,
    example: bool = False,
    long: bool | None = None,
) -> str:
    """Make the page of a sheet of the present."""
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
            "origin": [*words.origin(found, release), *_made(made_on)],
            "classes": _classes(found),
            "areas": _areas(found),
            "several": found.level != "gemeente" and found.areas["municipality"].nunique() > 1,
            "parts": _parts(found),
            "told_parts": [] if found.parts is None else words.dimensions(found, found.parts),
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
            "long": len(found.areas) > MOST_ROWS if long is None else long,
            "up_colour": UP_COLOUR,
            "down_colour": DOWN_COLOUR,
            # The text is ours, and its hash in the policy only matches when it stays unescaped.
            "style": Markup(style),
            "policy": Markup(policy(style)),
        }
    )


def write_now_sheet(
    measured: Measured,
    chosen: BoolArray,
    *,
    title: str,
    out: str | Path,
    start: int | None = None,
    end: int | None = None,
    previous: int | None = None,
    noise: Noise | None = None,
    boundaries: Any = None,
    files: Sequence[SourceFile] = (),
    release: str = "",
    made_on: date | None = None,
    example: bool = False,
    pdf: bool = True,
    name: str = "",
) -> dict[str, Path]:
    """Write the sheet of the present of a municipality or group: a page, and the same as PDF."""
    found = facts(measured, chosen, title=title, start=start, end=end, previous=previous, noise=noise)
    render = partial(
        render_now_sheet,
        found,
        boundaries=boundaries,
        files=files,
        release=release,
        made_on=made_on,
        example=example,
    )
    html = render()
    printed = lay_out(html) if pdf else None
    if printed is not None and printed.pages > 1 and len(found.areas) <= MOST_ROWS:
        # Better a first page for the whole story and a second for the table than a table cut in two.
        html = render(long=True)
        printed = lay_out(html)
    stem = name or f"leefbaarheid-{_slug(title)}-{found.wave}"
    if not re.fullmatch(r"[\w][\w.-]*", stem):
        raise InputError("sheet", f"file name {stem!r}", "letters, digits, '-', '_' and '.'")
    target = Path(out)
    paths = {form: target / f"{stem}.{form}" for form in (("html", "pdf") if pdf else ("html",))}
    try:
        target.mkdir(parents=True, exist_ok=True)
        # Both forms are written before the first is put in place: they belong together.
        with TemporaryDirectory(dir=target, prefix=".sheet-") as drafts:
            # A line end other than the one that was hashed would make the browser refuse the style.
            (Path(drafts) / paths["html"].name).write_text(html, encoding="utf-8", newline="\n")
            if printed is not None:
                printed.write(Path(drafts) / paths["pdf"].name)
            for path in paths.values():
                (Path(drafts) / path.name).replace(path)
    except OSError as error:
        raise InputError(target, error.strerror or "no folder", "a folder to write into") from error
    return paths


def _class_style() -> str:
    """Colours of the classes, which have their one place in the pictures."""
    return "".join(
        f".c{number} {{ background: {colour}; color: {ink_on(colour)}; }}\n"
        for number, colour in enumerate(CLASS_COLOURS, start=1)
    )


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "gebied"


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
    """Signs for words, where a column has no room for them."""
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
