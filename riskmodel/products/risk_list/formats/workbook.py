"""The risk list as a workbook: the list, its explanation, a guide and its provenance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter

from riskmodel.catalogue import driver_labels
from riskmodel.products.rendering.dutch import EXAMPLE, is_true, known, yes_no
from riskmodel.products.risk_list.formats.workbook_explained import HEADINGS, NO_VERDICT, explained
from riskmodel.products.risk_list.formats.workbook_texts import Blocks, guide_blocks, origin_blocks
from riskmodel.products.risk_list.minute import minute
from riskmodel.products.risk_list.moment_words import moment_sentences, moment_warnings
from riskmodel.products.risk_list.provenance import caveats
from riskmodel.products.risk_list.risk_list import CHANCES, COLUMNS, FLAGS, TEXT_COLUMNS, About, RiskList
from riskmodel.products.risk_list.texts import TEXTS, in_dutch
from riskmodel.products.risk_list.verdicts import OTHER, TO_WEAK, WEAK
from riskmodel.workspace.safe_text import plain_text

WIDTHS = {
    "rank": 7,
    "location": 13,
    "name": 30,
    "municipality": 20,
    "class_name": 18,
    "drivers_down": 52,
    "drivers_up": 52,
}
_WIDTH = 14

CHANGE = "+0.000;-0.000;0.000"
NUMBER_FORMATS = {
    "rank": "0",
    "inhabitants": "#,##0",
    "score": "0.000",
    "score_class": "0",
    **dict.fromkeys(CHANCES, "0.0%"),
}


#: Beginning of the key of the words of a code, by column.
CODES = {"section": "minute_", "kind": "kind_", "verdict": "verdict_word_", "reason": "no_chance_"}
#: Headings and widths of the first sheet, and the names in each of its sections.
MINUTE = (
    ("Onderdeel", 24),
    ("Gebied", 30),
    ("Gemeente", 20),
    ("Kans", 9),
    ("Oordeel", 16),
    ("Soort", 20),
    ("Kans op herstel", 11),
    ("Waarom", 70),
)
MOST_NAMES = {TO_WEAK: 25, WEAK: 25, OTHER: 10, "top": 25}

FONT = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
HEADING = {"bold": True, "text_wrap": True, "bg_color": "#0B4F7D", "font_color": "#FFFFFF"}
WRAPPED = {"text_wrap": True}
#: Cells of a table: a line below, and room between a number and the text after it.
LINED = {"bottom": 1, "bottom_color": "#D5DCE2"}
TEXT: dict[str, object] = WRAPPED | {"align": "left", "indent": 1}
#: Height of one line of text, in points.
LINE = 15.0
MARKED: dict[str, dict[str, object]] = {
    "under_pressure": {"bg_color": "#DCE9F2"},
    "threatens": {"bg_color": "#FBE5D0"},
    "too_small": {"italic": True},
}


class _Styles:
    """Formats of one workbook, made once each: a workbook stores every format that it was given."""

    def __init__(self, book: Any, base: Mapping[str, object] | None = None) -> None:
        self._book = book
        self._base = FONT | dict(base or {})
        self._made: dict[str, Any] = {}

    def get(self, properties: Mapping[str, object] | None = None) -> Any:
        wanted = self._base | dict(properties or {})
        key = repr(sorted(wanted.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(wanted)
        return self._made[key]

    def number(self, pattern: str) -> Any:
        return self.get({"num_format": pattern})


def _write_number(sheet: Any, row: int, column: int, value: Any, style: Any) -> None:
    found = known(value)
    if found is None:
        sheet.write_blank(row, column, None, style)
    else:
        sheet.write_number(row, column, found, style)


def _fit_rows(sheet: Any, columns: Sequence[tuple[Sequence[Any], int]], first: int = 1) -> None:
    """Set the height of rows to that of their texts: not every program does so when it opens a file.

    ``columns`` are the texts of a column and its width in signs.
    """
    lines = [[max(1, math.ceil(len(str(text)) / (width - 2))) for text in texts] for texts, width in columns]
    for row, needed in enumerate(zip(*lines, strict=True), start=first):
        if max(needed) > 1:
            sheet.set_row(row, LINE * max(needed))


def _headings(sheet: Any, headings: list[str], styles: _Styles) -> None:
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, plain_text(heading), styles.get(HEADING | {"align": "left", "indent": 1}))
    sheet.set_row(0, 48)


def _table_settings(sheet: Any, rows: int, columns: int, about: About) -> None:
    sheet.freeze_panes(1, 3)
    sheet.autofilter(0, 0, rows, columns - 1)
    sheet.repeat_rows(0)
    _on_paper(sheet, about)
    # A3: twenty columns are not to be read on A4.
    sheet.set_paper(8)


def _on_paper(sheet: Any, about: About) -> None:
    """A4 as wide as the sheet, with the provenance at the foot of every page."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_header(f"&CVoorbeeld. {EXAMPLE}" if about.example else "&C&A")
    made = f"Meting {about.origin_date.isoformat()}, gemaakt {about.made_on.isoformat()}, {about.forecast_id[:40]}"
    sheet.set_footer(f"&L{plain_text(made).replace('&', '&&')}&RPagina &P van &N")


def _flag_words(name: str, area: Mapping[Any, Any]) -> str:
    """Return a flag in words; neither yes nor no for an area too small for a verdict."""
    if name == "threatens" and is_true(area["too_small"]):
        return NO_VERDICT
    return yes_no(area[name])


def _cell(sheet: Any, row: int, column: int, name: str, area: Mapping[Any, Any], styles: _Styles) -> None:
    value = area[name]
    if name in TEXT_COLUMNS:
        sheet.write_string(row, column, plain_text(code_words(name, value)), styles.get(TEXT))
    elif name in FLAGS:
        words = _flag_words(name, area)
        mark = MARKED.get("too_small" if words == NO_VERDICT else name, {}) if words != "nee" else {}
        sheet.write_string(row, column, words, styles.get(TEXT | mark))
    else:
        pattern = NUMBER_FORMATS.get(name, CHANGE)
        _write_number(sheet, row, column, value, styles.number(pattern))


def code_words(name: str, code: str) -> str:
    """Return a code of a column of a list in plain Dutch; a text that is no code stays as it is."""
    return TEXTS[f"{CODES[name]}{code}"][0] if name in CODES and code else code


def _minute_sheet(book: Any, risk_list: RiskList, styles: _Styles) -> None:
    """The areas at the top of each section, with what raises their chance in words."""
    sheet, found = book.add_worksheet("In één minuut"), minute(risk_list, MOST_NAMES)
    _headings(sheet, [heading for heading, _ in MINUTE], styles)
    row, texts = 0, []
    for section in found.sections:
        for area, why in section.areas:
            row += 1
            chance = area["p_decline"] if section.key == OTHER else area["chance"]
            words = [
                TEXTS[f"minute_{section.key}"][0],
                area["name"],
                area["municipality"],
                code_words("verdict", area["verdict"]),
                code_words("kind", area["kind"]) if section.key in (TO_WEAK, WEAK) else "",
                "; ".join(map(in_dutch, why)),
            ]
            for column, text in zip((0, 1, 2, 4, 5, 7), words, strict=True):
                sheet.write_string(row, column, plain_text(text), styles.get(TEXT))
            _write_number(sheet, row, 3, chance, styles.number("0%"))
            _write_number(sheet, row, 6, area["p_recover"], styles.number("0%"))
            texts.append(words[-1])
    for column, (_, width) in enumerate(MINUTE):
        sheet.set_column(column, column, width)
    _fit_rows(sheet, [(texts, MINUTE[-1][1])])
    about = [*_moment_lines(risk_list.about), *map(in_dutch, found.nothing)]
    for line in about:
        row += 1
        sheet.write_string(row, 0, plain_text(line.replace("**", "")), styles.get())
    sheet.freeze_panes(1, 2)
    _on_paper(sheet, risk_list.about)


def _moment_lines(about: About) -> list[str]:
    return [in_dutch(each) for each in (*moment_sentences(about.moment), *moment_warnings(about.moment))]


def _chance_sheet(book: Any, risk_list: RiskList, styles: _Styles) -> None:
    """The parts of the chance of every area, in percentage points from the national mean."""
    parts = risk_list.chance_parts
    if parts is None:
        return
    sheet = book.add_worksheet("Waarom deze kans")
    labels, groups = driver_labels(), risk_list.chance_groups
    headings = ["Code", "Gebied", "Landelijk gemiddelde", *(labels[group] for group in groups), "Kans"]
    _headings(sheet, headings, styles)
    known = parts[groups].notna().all(axis="columns").tolist()
    columns = [parts[group].tolist() for group in groups]
    for row, (area, there) in enumerate(zip(risk_list.rows.to_dict("records"), known, strict=True), start=1):
        for column, name in enumerate(("location", "name")):
            sheet.write_string(row, column, plain_text(area[name]), styles.get(TEXT))
        values = [risk_list.about.average_risk, *(column[row - 1] for column in columns), area["chance"]]
        for column, value in enumerate(values, start=2):
            pattern = "0.0%" if column in (2, len(headings) - 1) else "+0.0%;-0.0%;0.0%"
            _write_number(sheet, row, column, value if there else None, styles.number(pattern))
    sheet.set_column(0, 0, WIDTHS["location"])
    sheet.set_column(1, 1, WIDTHS["name"])
    sheet.set_column(2, len(headings) - 1, 15)
    _table_settings(sheet, len(risk_list.rows), len(headings), risk_list.about)


def _list_sheet(book: Any, risk_list: RiskList, styles: _Styles) -> None:
    sheet = book.add_worksheet("Risicolijst")
    _headings(sheet, [heading for heading, _ in COLUMNS.values()], styles)
    areas = risk_list.rows.to_dict("records")
    for column, name in enumerate(COLUMNS):
        sheet.set_column(column, column, WIDTHS.get(name, _WIDTH))
        for row, area in enumerate(areas, start=1):
            _cell(sheet, row, column, name, area, styles)
    _fit_rows(sheet, [([area[name] for area in areas], WIDTHS.get(name, _WIDTH)) for name in TEXT_COLUMNS])
    chance = list(COLUMNS).index("chance")
    bars = {"type": "data_bar", "bar_color": "#F2B97F", "min_type": "num", "min_value": 0}
    # No bar beside an area without a verdict; those are at the end.
    judged = max((row for row, area in enumerate(areas, start=1) if not is_true(area["too_small"])), default=0)
    if judged:
        sheet.conditional_format(1, chance, judged, chance, bars)
    _table_settings(sheet, len(areas), len(COLUMNS), risk_list.about)


def _explained_sheet(book: Any, risk_list: RiskList, styles: _Styles) -> None:
    statements = explained(risk_list)
    if not statements:
        return
    sheet = book.add_worksheet("Uitleg per gebied")
    _headings(sheet, [heading for _, heading, _ in HEADINGS], styles)
    for column, (name, _, width) in enumerate(HEADINGS):
        sheet.set_column(column, column, width)
        for row, statement in enumerate(statements, start=1):
            value = getattr(statement, name)
            if isinstance(value, str):
                sheet.write_string(row, column, plain_text(value), styles.get(TEXT))
            else:
                _write_number(sheet, row, column, value, styles.number("0" if name == "rank" else CHANGE))
    texts = [(name, width) for name, _, width in HEADINGS if name in ("name", "part", "text")]
    _fit_rows(sheet, [([getattr(each, name) for each in statements], width) for name, width in texts])
    _table_settings(sheet, len(statements), len(HEADINGS), risk_list.about)


def _parts_sheet(book: Any, risk_list: RiskList, styles: _Styles) -> None:
    sheet = book.add_worksheet("Bijdragen")
    texts = {name: risk_list.rows[name] for name in ("location", "name")}
    labels = {"base": "Basis"} | {driver.id: driver.label for driver in risk_list.drivers}
    headings = [COLUMNS[name][0] for name in texts] + list(labels.values()) + [COLUMNS["expected_change"][0]]
    numbers = [risk_list.contributions[name] for name in labels] + [risk_list.rows["expected_change"]]
    _headings(sheet, headings, styles)
    for column, (name, values) in enumerate(texts.items()):
        sheet.set_column(column, column, WIDTHS[name])
        for row, value in enumerate(values, start=1):
            sheet.write_string(row, column, plain_text(value), styles.get(TEXT))
    for column, values in enumerate(numbers, start=len(texts)):
        sheet.set_column(column, column, 16)
        for row, value in enumerate(values, start=1):
            _write_number(sheet, row, column, value, styles.number(CHANGE))
    _table_settings(sheet, len(risk_list.rows), len(headings), risk_list.about)


def _text_sheet(book: Any, name: str, about: About, blocks: Blocks, styles: _Styles) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 100)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, plain_text(about.title), styles.get({"bold": True, "font_size": 16}))
    sheet.set_row(0, 22)
    sheet.write_string(1, 0, plain_text(about.question), styles.get())
    row = 2
    if about.example:
        sheet.write_string(row, 0, f"Voorbeeld. {EXAMPLE}", styles.get({"bold": True, "bg_color": "#FFF1C2"}))
        row += 1
    for heading, lines in blocks:
        row += 1
        sheet.write_string(row, 0, heading, styles.get({"bold": True, "font_size": 13, "font_color": "#0B4F7D"}))
        for label, text in lines:
            row += 1
            sheet.write_string(row, 0, plain_text(label), styles.get({"text_wrap": True, "bold": True}))
            sheet.write_string(row, 1, plain_text(text), styles.get(WRAPPED))
            _fit_rows(sheet, [([label], 34), ([text], 100)], first=row)
        row += 1
    _on_paper(sheet, about)


def write_xlsx(risk_list: RiskList, path: str | Path) -> None:
    """Write a risk list as a workbook; the same list always gives the same bytes."""
    about = risk_list.about
    # Names come from outside: none of them may become a formula or a link.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        # Without a fixed date the file would carry the moment of writing.
        created = datetime.combine(about.made_on, time())
        book.set_properties(
            {
                "title": plain_text(about.title),
                "comments": plain_text(" ".join(caveats(about))),
                "keywords": plain_text(f"{about.model} {about.model_version} {about.forecast_id}"),
                "created": created,
            }
        )
        styles, cells = _Styles(book), _Styles(book, LINED)
        _minute_sheet(book, risk_list, cells)
        _list_sheet(book, risk_list, cells)
        _chance_sheet(book, risk_list, cells)
        _explained_sheet(book, risk_list, cells)
        _parts_sheet(book, risk_list, cells)
        _text_sheet(book, "Leeswijzer", about, guide_blocks(about), styles)
        _text_sheet(book, "Herkomst", about, origin_blocks(risk_list), styles)
