"""The risk list as a workbook: the list, the contributions behind it, and how to read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter

from riskmodel.products.dutch import EXAMPLE, LIMITS, is_true, known, percent_short, provenance, whole, yes_no
from riskmodel.products.risk_list import COLUMNS, About, RiskList
from riskmodel.products.table import TEXT_COLUMNS, plain_text

FLAGS = ("under_pressure", "threatens", "too_small", "on_list", "audit")

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
    "p_decline": "0%",
}

FONT = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
HEADING = {"bold": True, "text_wrap": True, "bg_color": "#0B4F7D", "font_color": "#FFFFFF"}
WRAPPED = {"text_wrap": True}
MARKED: dict[str, dict[str, object]] = {
    "under_pressure": {"bg_color": "#DCE9F2"},
    "threatens": {"bg_color": "#FBE5D0"},
    "too_small": {"italic": True},
}


class _Styles:
    """Formats of one workbook, made once each: a workbook keeps every format it was ever given."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[str, Any] = {}

    def get(self, properties: Mapping[str, object] | None = None) -> Any:
        wanted = FONT | dict(properties or {})
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


def _headings(sheet: Any, headings: list[str], styles: _Styles) -> None:
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, plain_text(heading), styles.get(HEADING))
    sheet.set_row(0, 48)


def _table_settings(sheet: Any, rows: int, columns: int, about: About) -> None:
    sheet.freeze_panes(1, 3)
    sheet.autofilter(0, 0, rows, columns - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header(f"&CVoorbeeld. {EXAMPLE}" if about.example else "&A")
    sheet.set_footer("&L&A&RPagina &P van &N")


def _cell(sheet: Any, row: int, column: int, name: str, value: Any, styles: _Styles) -> None:
    if name in TEXT_COLUMNS:
        sheet.write_string(row, column, plain_text(value), styles.get(WRAPPED))
    elif name in FLAGS:
        mark = MARKED.get(name) if is_true(value) else None
        sheet.write_string(row, column, yes_no(value), styles.get(mark))
    else:
        _write_number(sheet, row, column, value, styles.number(NUMBER_FORMATS.get(name, CHANGE)))


def _list_sheet(book: Any, risk_list: RiskList, styles: _Styles) -> None:
    sheet = book.add_worksheet("Risicolijst")
    _headings(sheet, [heading for heading, _ in COLUMNS.values()], styles)
    for column, name in enumerate(COLUMNS):
        sheet.set_column(column, column, WIDTHS.get(name, _WIDTH))
        for row, value in enumerate(risk_list.rows[name], start=1):
            _cell(sheet, row, column, name, value, styles)
    _table_settings(sheet, len(risk_list.rows), len(COLUMNS), risk_list.about)


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
            sheet.write_string(row, column, plain_text(value), styles.get(WRAPPED))
    for column, values in enumerate(numbers, start=len(texts)):
        sheet.set_column(column, column, 16)
        for row, value in enumerate(values, start=1):
            _write_number(sheet, row, column, value, styles.number(CHANGE))
    _table_settings(sheet, len(risk_list.rows), len(headings), risk_list.about)


def _settings(about: About) -> list[tuple[str, str]]:
    capacity = "geen grens" if about.capacity is None else f"{whole(about.capacity)} gebieden"
    return [
        ("Achteruitgang", f"{about.event}, binnen {about.horizon} jaar"),
        ("Gemiddelde kans", percent_short(about.average_risk)),
        ("Dreigt achteruit te gaan", f"kans van {percent_short(about.threat_limit)} of meer"),
        ("Klein gebied", f"minder dan {whole(about.small_limit)} inwoners: het cijfer is erg onzeker"),
        ("Verandering laatste meting", _since(about.change_last_from)),
        ("Verandering langere termijn", _since(about.change_long_from)),
        ("Capaciteit", capacity),
        ("Bijdragen", "de basis plus alle bijdragen is de verwachte verandering, in punten van de score"),
    ]


def _since(year: int | None) -> str:
    return "niet vergeleken" if year is None else f"vergeleken met {year}"


def _guide_blocks(about: About) -> list[tuple[str, list[tuple[str, str]]]]:
    columns = [
        (heading, f"{meaning} (in het csv-bestand: {name})") for name, (heading, meaning) in COLUMNS.items()
    ]
    sources = [("Bron", source) for source in about.sources]
    blocks = [
        ("Wat betekenen de kolommen?", columns),
        ("Waar ligt de grens?", _settings(about)),
        ("Wat deze lijst niet zegt", list(LIMITS)),
        ("Waar komt deze lijst vandaan?", provenance(about) + sources),
    ]
    if about.track_record:
        blocks.insert(3, ("Hoe goed werkte deze methode eerder?", [("", about.track_record)]))
    return blocks


def _guide_sheet(book: Any, about: About, styles: _Styles) -> None:
    sheet = book.add_worksheet("Leeswijzer")
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 100)
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, plain_text(about.title), styles.get({"bold": True, "font_size": 16}))
    sheet.write_string(1, 0, plain_text(about.question), styles.get())
    row = 2
    if about.example:
        sheet.write_string(row, 0, f"Voorbeeld. {EXAMPLE}", styles.get({"bold": True, "bg_color": "#FFF1C2"}))
        row += 1
    for heading, lines in _guide_blocks(about):
        row += 1
        sheet.write_string(row, 0, heading, styles.get({"bold": True, "font_size": 13, "font_color": "#0B4F7D"}))
        for label, text in lines:
            row += 1
            sheet.write_string(row, 0, plain_text(label), styles.get({"text_wrap": True, "bold": True}))
            sheet.write_string(row, 1, plain_text(text), styles.get(WRAPPED))
        row += 1
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def write_xlsx(risk_list: RiskList, path: str | Path) -> None:
    """Write a risk list as a workbook; the same list always gives the same bytes.

    Parameters
    ----------
    risk_list : RiskList
        The list.
    path : str or pathlib.Path
        The file to write.
    """
    about = risk_list.about
    # Names come from outside: none of them may become a formula or a link.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        # Without a fixed date the file would carry the moment of writing.
        created = datetime.combine(about.made_on, time())
        book.set_properties({"title": plain_text(about.title), "created": created})
        styles = _Styles(book)
        _list_sheet(book, risk_list, styles)
        _parts_sheet(book, risk_list, styles)
        _guide_sheet(book, about, styles)
