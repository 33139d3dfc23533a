"""Tables in Markdown that can be read on a terminal too."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

#: A row of a table: text by heading.
Cells = dict[str, str]


def markdown_table(rows: Sequence[Cells]) -> str:
    """Rows of cells as a table in Markdown, columns lined up; ``-`` where a row has no such cell."""
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
