"""Tables in Markdown that can be read on a terminal too, and the numbers in them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

#: A row of a table: text by heading.
Cells = dict[str, str]


def markdown_table(rows: Sequence[Cells]) -> str:
    """Return rows of cells as a table in Markdown, columns lined up; ``-`` where a row has no such cell."""
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    cells = pd.DataFrame(list(rows), columns=headings).fillna("-")
    widths = {heading: max([len(heading), *cells[heading].str.len()]) for heading in headings}
    lines = [" | ".join(heading.ljust(widths[heading]) for heading in headings)]
    lines += [
        " | ".join(row[heading].ljust(widths[heading]) for heading in headings) for row in cells.to_dict("records")
    ]
    rule = "|".join("-" * (widths[heading] + 2) for heading in headings)
    head, *body = (f"| {line} |" for line in lines)
    return "\n".join([head, f"|{rule}|", *body])


def aligned_table(header: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = ()) -> str:
    """Return a table in Markdown with cells aligned right, and left in the columns of ``left``."""
    widths = [max(3, *(len(row[at]) for row in [header, *rows])) for at in range(len(header))]
    ruler = ["-" * width if at in left else "-" * (width - 1) + ":" for at, width in enumerate(widths)]
    lines = []
    for row in [header, ruler, *rows]:
        cells = [
            text.ljust(width) if at in left else text.rjust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def short(value: float, digits: int = 3, *, sign: bool = False) -> str:
    """Return a number without the zero before its point; a dash for NaN.

    Examples
    --------
    >>> short(0.25), short(-0.5, 1), short(0.25, 2, sign=True), short(1.25, 2), short(float("nan"))
    ('.250', '-.5', '+.25', '1.25', '-')
    """
    if math.isnan(value):
        return "-"
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if text.lstrip("+-").startswith("0.") else text
