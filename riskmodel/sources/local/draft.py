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
from riskmodel.sources.formats.numbers import Doubt, Evidence, either_way
from riskmodel.sources.local import recognise
from riskmodel.sources.local.keys import BLANK
from riskmodel.sources.local.mapping import MEANINGS, SUPPRESS_BELOW
from riskmodel.sources.local.persons import origin_word, plain, proxy_word, refuse_persons
from riskmodel.sources.local.recognise import Code, Seen
from riskmodel.sources.local.table import Table, nameless, open_without_remarks

#: Values that are proposed to be left out, and columns that are listed.
MOST_LEFT_OUT, MOST_LISTED = 10, 20


def draft_mapping(file: Path) -> str:
    """The text of a first mapping of a file."""
    seen = recognise.look_at(file)
    table, remarks = open_without_remarks(file, seen.format)
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
        *_file_lines(seen, table, recognise.missing_in(table, values)),
        "",
        *_area_lines(table, codes, code),
        *([f"# left out, remarks below the table: {', '.join(remarks)}"] if remarks else []),
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
    name = recognise.name_column(table, code) if code else ""
    lines += _left_lines(recognise.not_read(table, {year, name, *values, *(each.name for each in codes)}))
    return "\n".join(lines) + "\n"


def _value_columns(table: Table, taken: set[str]) -> list[str]:
    """Columns with numbers that are no codes, years or numbers of rows."""
    skipped = load("local")["headers"]["numbers"]
    return [
        name
        for name in recognise.usable(table)
        if name not in taken
        and plain(name) not in skipped
        and name != nameless(table.names.index(name))
        and recognise.is_numeric(table.column(name))
    ]


def _file_lines(seen: Seen, table: Table, missing: Sequence[str]) -> list[str]:
    form = seen.format
    lines = ["[file]"]
    if len(seen.sheets) > 1:
        lines += [f"sheet = {_text(form.sheet)}  # one of {', '.join(map(_text, seen.sheets))}"]
    if len(seen.with_codes) > 1:
        lines += [f"# area codes are also on {', '.join(map(_text, seen.with_codes[1:]))}"]
    if seen.kind == "csv":
        lines += [f"separator = {_text(form.separator)}", f"encoding = {_text(form.encoding)}"]
    lines += _decimal_lines(recognise.evidence(table))
    if seen.kind != "parquet":
        lines += [f"header_row = {form.header_row}"]
    return [*lines, f"missing = [{', '.join(map(_text, ['', *missing]))}]"]


def _decimal_lines(evidence: Evidence) -> list[str]:
    """The decimal sign where numbers show one, a blank where they leave it open, nothing where they have none."""
    found = evidence.number_format()
    if isinstance(found, Doubt):
        values = (
            f'"{form.decimal}" if it is {form.number(found.text):.15g}' for form in either_way(found.sign or ".")
        )
        which = ", ".join(values) if found.sign else found.hint
        return [f'decimal = "{BLANK}"  # {_text(found.column)} has {found.found}: {which}']
    if not (evidence.decimal or evidence.thousands):
        return []
    grouped = next((text for (_, sign), text in evidence.grouped.items() if sign == found.thousands), "")
    taken = f"; {_text(grouped)} is {found.number(grouped):.15g}" if grouped else ""
    return [f"decimal = {_text(found.decimal)}  # decimal sign of numbers that are written as text{taken}"]


def _left_lines(reasons: Mapping[str, str]) -> list[str]:
    """Columns that are not read, and why, in remarks."""
    lines = [f"# not read: {_text(name)}: {reason}" for name, reason in list(reasons.items())[:MOST_LISTED]]
    more = len(reasons) - MOST_LISTED
    return ["", *lines, *([f"# not read: {more} more columns"] if more > 0 else [])] if lines else []


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
    near = [text for text in code.others if recognise.looks_like_code(text)]
    others = [text for text in code.others if text not in near]
    if others:
        left_out = ", ".join(map(_text, others[:MOST_LEFT_OUT]))
        lines += [f"leave_out = [{left_out}]  # rows that are no {code.level}: check them"]
    if near:
        shown = ", ".join(map(_text, near[:MOST_LEFT_OUT]))
        lines += [f"# not left out, nearly codes: {shown}; was a zero lost, or a sign added? Correct the file"]
    empty = sum(cell == "" for cell in table.column(code.name))
    if empty:
        lines += [
            f'# rows without a code ({empty}): fill them in, or add "" to leave_out where they are no {code.level}'
        ]
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
    """A TOML string, in which signs that cannot be seen are written as their number."""
    quoted = json.dumps(value, ensure_ascii=False)
    signs = (sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in quoted)
    return "".join(signs)


def _shell(name: str) -> str:
    return name if re.fullmatch(r"[\w.\-]+", name) else f'"{name}"'
