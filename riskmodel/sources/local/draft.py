"""Draft a mapping of a local file, for its owner to complete.

What can be seen in the file is filled in: its format, and the columns of area codes, years and numbers. What only
its owner knows is ``"..."``, and the reader refuses the mapping until it is filled in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from riskmodel.catalogue import load
from riskmodel.sources.local import recognise
from riskmodel.sources.local.keys import BLANK
from riskmodel.sources.local.mapping import MEANINGS, SUPPRESS_BELOW
from riskmodel.sources.local.persons import origin_word, plain, proxy_word, refuse_persons
from riskmodel.sources.local.recognise import Code, Seen
from riskmodel.sources.local.table import Table, open_table

#: Values that are proposed to be left out, and columns that are listed.
MOST_LEFT_OUT, MOST_LISTED = 10, 20


def draft_mapping(file: Path) -> str:
    """The text of a first mapping of a file."""
    seen = recognise.look_at(file)
    table = open_table(file, seen.format)
    refuse_persons(table)
    codes = recognise.codes_in(table)
    code = max(codes, key=lambda each: each.distinct, default=None)
    year = recognise.year_column(table)
    values = _value_columns(table, {year, *(each.name for each in codes)})
    wide = {} if year else recognise.columns_by_year(values)
    slug = _slug(file.stem)
    name = re.sub(r"[\x00-\x1f\x7f]", "?", file.name)
    lines = [
        f"# Mapping of {name}, drafted by riskmodel; docs/local-sources.md explains every key.",
        f'# Fill in every "{BLANK}", delete the indicators that you do not want, then:',
        f"#   riskmodel ingest local {_shell(name)} --mapping THIS_FILE",
        "",
        f"slug = {_text(slug)}  # the source is called local-{slug}",
        f"label = {_text(' '.join(file.stem.split()) or slug)}  # owner and subject, as people read it",
        f"suppress_below = {SUPPRESS_BELOW}  # counts of fewer persons are treated as missing",
        "",
        *_file_lines(seen, recognise.missing_in(table, values)),
        "",
        *_area_lines(table, codes, code),
        "",
        *_year_lines(year, bool(wide)),
    ]
    keys: set[str] = set()
    if wide:
        lines += _wide_lines(file, wide, values, keys)
    else:
        for column in values:
            lines += _indicator_lines(_key(column, keys), f"column = {_text(column)}", [column])
    if not values:
        lines += ["", "# No column with numbers was recognised."]
        lines += _indicator_lines("name", f'column = "{BLANK}"', [])
    return "\n".join(lines) + "\n"


def _value_columns(table: Table, taken: set[str]) -> list[str]:
    """Columns with numbers that are no codes, years or numbers of rows."""
    skipped = load("local")["headers"]["numbers"]
    return [
        name
        for name in recognise.usable(table)
        if name not in taken and plain(name) not in skipped and recognise.is_numeric(table.column(name))
    ]


def _file_lines(seen: Seen, missing: Sequence[str]) -> list[str]:
    form = seen.format
    lines = ["[file]"]
    if len(seen.sheets) > 1:
        lines += [f"sheet = {_text(form.sheet)}  # one of {', '.join(map(_text, seen.sheets))}"]
    if seen.kind == "csv":
        lines += [f"separator = {_text(form.separator)}", f"encoding = {_text(form.encoding)}"]
    if seen.kind != "parquet":
        lines += [f"decimal = {_text(form.decimal)}  # decimal sign of numbers that are written as text"]
        lines += [f"header_row = {form.header_row}"]
    return [*lines, f"missing = [{', '.join(map(_text, ['', *missing]))}]"]


def _area_lines(table: Table, codes: Sequence[Code], code: Code | None) -> list[str]:
    boundaries = f'boundaries = "{BLANK}"  # {MEANINGS["boundaries"]}'
    if code is None:
        known = ", ".join(map(_text, recognise.usable(table)[:MOST_LISTED]))
        return [
            "[areas]",
            "# No column with area codes such as WK098301 or BU09830101 was recognised.",
            f"# columns: {known}",
            f'column = "{BLANK}"',
            f'level = "{BLANK}"  # {MEANINGS["level"]}',
            boundaries,
        ]
    lines = ["[areas]", f"column = {_text(code.name)}", f'level = "{code.level}"', boundaries]
    lines += ["without_letters = true"] if code.without_letters else []
    name = recognise.name_column(table, code)
    lines += [f"name = {_text(name)}"] if name else []
    if code.others:
        left_out = ", ".join(map(_text, code.others[:MOST_LEFT_OUT]))
        lines += [f"leave_out = [{left_out}]  # rows that are no {code.level}: check them"]
    return [
        *lines,
        *(f"# also a column with codes: {_text(each.name)} ({each.level})" for each in codes if each != code),
    ]


def _year_lines(year: str, wide: bool) -> list[str]:
    if year:
        which = f"column = {_text(year)}"
    elif wide:
        which = "# the years stand in the names of the columns"
    else:
        which = f'year = "{BLANK}"  # of all values; or column = ... where each row has its year'
    return [
        "[years]",
        which,
        f'covers = "{BLANK}"  # {MEANINGS["covers"]}',
        f'published_after_months = "{BLANK}"  # from the end of that to the day on which the value was known',
        "# published = { 2022 = 2023-03-15 }  # that day itself, where you know it",
    ]


def _wide_lines(
    file: Path, wide: Mapping[str, Mapping[int, str]], values: Sequence[str], keys: set[str]
) -> list[str]:
    lines: list[str] = []
    for stem, columns in wide.items():
        text = ", ".join(f"{year} = {_text(name)}" for year, name in sorted(columns.items()))
        lines += _indicator_lines(_key(stem or file.stem, keys), f"columns = {{ {text} }}", [stem])
    dated = {name for columns in wide.values() for name in columns.values()}
    rest = [name for name in values if name not in dated]
    if rest:
        lines += ["", f"# numbers without a year in their name: {', '.join(map(_text, rest[:MOST_LISTED]))}"]
    return lines


def _indicator_lines(key: str, columns: str, texts: Sequence[str]) -> list[str]:
    sensitivity = "origin" if origin_word(texts) else "proxy" if proxy_word(texts) else ""
    share = any(re.search(r"%|perc|pct|aandeel", text.casefold()) for text in texts)
    return [
        "",
        f"[indicators.{key}]",
        columns,
        f'label_nl = "{BLANK}"',
        f'driver = "{BLANK}"  # {MEANINGS["driver"]}',
        f'direction = "{BLANK}"  # {MEANINGS["direction"]}',
        f'kind = "{BLANK}"  # {MEANINGS["kind"]}',
        f'unit = "{"%" if share else ""}"',
        *([f'sensitivity = "{sensitivity}"'] if sensitivity else []),
    ]


def _key(name: str, taken: set[str]) -> str:
    letters = "_".join(_parts(name))
    base = (letters if letters[:1].isalpha() else f"value_{letters}".rstrip("_"))[:50].rstrip("_")
    key, number = base, 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    taken.add(key)
    return key


def _slug(stem: str) -> str:
    return "-".join(_parts(stem))[:60].strip("-") or "source"


def _parts(name: str) -> list[str]:
    """Words of a name in plain letters and digits."""
    return [part for part in map(plain, re.split(r"[^0-9A-Za-zÀ-ÿ]+", name)) if part]


def _text(value: str) -> str:
    """A TOML string."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _shell(name: str) -> str:
    return name if re.fullmatch(r"[\w.\-]+", name) else f'"{name}"'
