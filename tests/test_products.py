"""The three forms of a risk list, read back by other programs than the ones that wrote them."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from list_columns import completed
from openpyxl.utils import get_column_letter

from riskmodel.catalogue import Driver
from riskmodel.forecasting.targets import Event
from riskmodel.products.rendering import dutch
from riskmodel.products.risk_list.formats import WRITERS, write_formats
from riskmodel.products.risk_list.formats.csv import write_csv
from riskmodel.products.risk_list.formats.workbook import code_words, write_xlsx
from riskmodel.products.risk_list.risk_list import COLUMNS, About, RiskList
from riskmodel.products.risk_list.texts import Sentence, in_dutch
from riskmodel.workspace.safe_text import safe_cell

SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://x")'
QUOTED = 'O\'Brien "de Hoek", & co'
TURNED = "Links\u202egnidnew"

DRIVERS = (
    Driver("level", "Waar het gebied nu staat"),
    Driver("recent", "Wat er de laatste jaren veranderde"),
    Driver("people", "Bewoners & huishoudens"),
    Driver("homes", "Woningen"),
)

# name, municipality, inhabitants, score, class, change, long change, chance, lower, upper
AREAS = [
    ("Havenkwartier", "Meerstad", 5230, 3.912, 4, -0.021, -0.063, 0.412, -0.118, 0.011),
    (SCRIPT, "Meerstad", 2210, 4.011, 5, 0.034, 0.012, 0.334, -0.109, 0.022),
    (FORMULA, "Duinvoort", 1840, 3.871, 4, -0.008, -0.051, 0.287, -0.097, 0.031),
    (TURNED, "Duinvoort", 310, 4.102, 6, 0.058, 0.020, 0.251, -0.162, 0.104),
    (QUOTED, "Meerstad", 7105, 4.034, 5, 0.004, -0.019, 0.179, -0.079, 0.041),
    ("Bloemenbuurt", "Meerstad", 12480, 3.798, 3, -0.015, -0.088, 0.096, -0.068, 0.052),
    ("Ümit's Plein", "Duinvoort", 3305, 4.120, 6, 0.011, 0.045, 0.061, -0.058, 0.060),
    ("Oude Dorp", "Duinvoort", 940, 4.155, 7, -0.002, 0.033, 0.043, -0.061, 0.075),
    ("Zonneveld", "Meerstad", 4620, 4.207, 8, 0.019, 0.061, 0.024, -0.041, 0.064),
    ("De Akkers", "Duinvoort", 150, 4.188, 7, np.nan, np.nan, 0.021, -0.120, 0.141),
    ("Parkrand", "Meerstad", 6870, 4.290, 9, 0.022, 0.070, 0.003, -0.022, 0.078),
    ("Nieuwe Polder", "Duinvoort", np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan),
]  # fmt: skip
PARTS = [
    (-0.020, -0.011, -0.014, -0.006),
    (-0.013, -0.022, 0.004, -0.009),
    (-0.024, 0.006, -0.011, 0.0),
    (-0.002, -0.031, 0.003, 0.001),
    (-0.006, -0.009, -0.002, -0.001),
    (-0.009, 0.004, -0.003, 0.0005),
    (0.001, -0.003, 0.002, 0.0014),
    (0.004, 0.001, 0.001, 0.002),
    (0.006, -0.004, 0.005, 0.003),
    (0.003, 0.002, 0.004, 0.001),
    (0.011, 0.003, 0.008, 0.005),
    (np.nan, np.nan, np.nan, np.nan),
]
CLASSES = "zeer onvoldoende,ruim onvoldoende,onvoldoende,zwak,voldoende,ruim voldoende,goed,zeer goed,uitstekend"
BASE = 0.0021
CAPACITY = 5
RECORD = Sentence("track_record", {"years": (2018,), "capacity": 50, "own": (38,), "base": (4,), "best": (30,)})
#: The last columns of the table.
PROVENANCE = (
    "made_on", "origin_date", "known_at", "waves", "horizon", "event", "model", "model_version", "code_version",
    "forecast_id", "let_op",
)  # fmt: skip


def _row(position: int, area: tuple) -> dict[str, object]:
    name, municipality, people, score, level, change, long, chance, lower, upper = area
    return {
        "rank": position + 1,
        "location": f"WK99{position:04d}",
        "name": name,
        "municipality": municipality,
        "inhabitants": people,
        "score": score,
        "score_class": level,
        "class_name": "" if np.isnan(level) else CLASSES.split(",")[int(level) - 1],
        "change_last": change,
        "change_long": long,
        "p_decline": chance,
        "expected_change": BASE + sum(PARTS[position]),
        "lower80": lower,
        "upper80": upper,
        "under_pressure": bool(level <= 4),
        "threatens": bool(chance >= 0.12 and not people < 500),
        "too_small": bool(people < 500),
        "on_list": position < CAPACITY,
        "audit": position == 7,
        "drivers_down": "wat er de laatste jaren veranderde, bewoners" if position < 8 else "",
        "drivers_up": "woningen" if position > 2 else "",
    }


def make_list(**changes: object) -> RiskList:
    rows = completed(pd.DataFrame([_row(position, area) for position, area in enumerate(AREAS)]))
    parts = pd.DataFrame(PARTS, columns=[driver.id for driver in DRIVERS])
    base = parts["level"] * 0 + BASE
    contributions = pd.concat([rows["location"], base.rename("base"), parts], axis="columns")
    contributions.loc[rows["too_small"], contributions.columns != "location"] = np.nan
    settings: dict[str, object] = {
        "title": "Risicolijst Meerstad en Duinvoort",
        "question": "In welke wijken dreigt de leefbaarheid achteruit te gaan?",
        "event": Event("fall"),
        "experiment": "wijken-2-jaar",
        "model": "lightgbm-kwantielen",
        "model_version": "3",
        "code_version": "18c3bff",
        "forecast_id": "f-2020-2-a81c",
        "origin_date": date(2020, 1, 1),
        "known_at": date(2022, 4, 14),
        "made_on": date(2022, 6, 1),
        "horizon": 2,
        "change_last_from": 2018,
        "change_long_from": 2014,
        "average_risk": 0.041,
        "threat_limit": 0.12,
        "raised_limit": 0.08,
        "small_limit": 500,
        "capacity": CAPACITY,
        "sources": ("leefbaarometer-wijken.csv sha256:0f3a91c2", "kwb-2020.xlsx sha256:<77b1>"),
        "example": True,
        "track_record": RECORD,
    }
    return RiskList(rows, contributions, DRIVERS, About(**(settings | changes)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def risk_list() -> RiskList:
    return make_list()


@pytest.fixture(scope="module")
def forms(risk_list: RiskList, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_formats(risk_list, tmp_path_factory.mktemp("products") / "new" / "folder")


def _same(text: str, value: object) -> bool:
    if pd.isna(value):
        return text == ""
    return text == str(value) if isinstance(value, str | bool | np.bool_) else float(text) == float(value)  # type: ignore[arg-type]


# --- numbers in Dutch -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (dutch.signed(0.012), "+0,012"),
        (dutch.signed(-0.0314), "−0,031"),
        (dutch.signed(-0.0001), "0,000"),
        (dutch.signed(float("nan")), "onbekend"),
        (dutch.number(1234.5, 1), "1.234,5"),
        (dutch.number(-1234567.891, 2), "−1.234.567,89"),
        (dutch.whole(12480), "12.480"),
        (dutch.whole(pd.NA), "onbekend"),
        (dutch.percent(0.1834), "18%"),
        (dutch.percent(0.1834, 1), "18,3%"),
        (dutch.percent(0.003), "minder dan 1%"),
        (dutch.percent(0.999), "meer dan 99%"),
        (dutch.percent(0.9999, 1), "meer dan 99,9%"),
        (dutch.percent_short(0.12), "12%"),
        (dutch.percent_short(0.075), "7,5%"),
        (dutch.one_in(1 / 6), "1 op de 6"),
        (dutch.one_in(0.0), "onbekend"),
        (dutch.yes_no(np.True_), "ja"),
        (dutch.yes_no(False), "nee"),
        (dutch.yes_no(None), "onbekend"),
        (dutch.day_words(date(2022, 3, 1)), "1 maart 2022"),
    ],
)
def test_dutch_forms(made: str, expected: str) -> None:
    assert made == expected


# --- table ------------------------------------------------------------------------------------------


def test_table_equals_the_list(risk_list: RiskList, forms: dict[str, Path]) -> None:
    with forms["csv"].open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    driver_columns = [f"bijdrage_{driver.id}" for driver in DRIVERS]
    assert list(read[0]) == [*COLUMNS, "basis", *driver_columns, *PROVENANCE]
    assert len(read) == len(risk_list.rows)
    for position, line in enumerate(read):
        row, parts = risk_list.rows.iloc[position], risk_list.contributions.iloc[position]
        for column in set(COLUMNS) - {"name"}:
            assert _same(line[column], row[column]), (position, column)
        assert _same(line["basis"], parts["base"])
        for driver in DRIVERS:
            assert _same(line[f"bijdrage_{driver.id}"], parts[driver.id])
    assert read[0]["inhabitants"] == "5230"
    assert [line["name"] for line in read[1:5]] == [SCRIPT, f"'{FORMULA}", "Linksgnidnew", QUOTED]
    assert not forms["csv"].read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\t=", " =", "\u202e="])
def test_no_cell_of_the_table_starts_a_formula(start: str) -> None:
    cell = safe_cell(f"{start}1+1")
    assert cell.startswith("'")
    assert cell.isprintable()


def test_harmless_text_is_left_alone() -> None:
    assert safe_cell("’s-Hertogenbosch – Noord (é)") == "’s-Hertogenbosch – Noord (é)"
    assert safe_cell(None) == ""


def test_fractions_of_people_are_not_rounded(tmp_path: Path) -> None:
    whole = make_list()
    half = RiskList(
        whole.rows.assign(inhabitants=whole.rows["inhabitants"] + 0.5),
        whole.contributions,
        whole.drivers,
        whole.about,
    )
    write_csv(half, tmp_path / "list.csv")
    assert pd.read_csv(tmp_path / "list.csv")["inhabitants"].iloc[0] == 5230.5


# --- workbook ---------------------------------------------------------------------------------------


def _flag_in_words(column: str, row: pd.Series) -> str:
    if column == "threatens" and row["too_small"]:
        return "geen oordeel"
    return "ja" if row[column] else "nee"


def test_workbook_equals_the_list(risk_list: RiskList, forms: dict[str, Path]) -> None:
    book = openpyxl.load_workbook(forms["xlsx"])
    assert book.sheetnames == ["In één minuut", "Risicolijst", "Bijdragen", "Leeswijzer", "Herkomst"]
    sheet = book["Risicolijst"]
    lines = list(sheet.iter_rows(values_only=True))
    assert list(lines[0]) == [heading for heading, _ in COLUMNS.values()]
    assert sheet.freeze_panes == "D2"
    assert sheet.auto_filter.ref == f"A1:{get_column_letter(len(COLUMNS))}{len(risk_list.rows) + 1}"
    for position, line in enumerate(lines[1:]):
        row = risk_list.rows.iloc[position]
        for column, cell in zip(COLUMNS, line, strict=True):
            value = row[column]
            if isinstance(value, bool | np.bool_):
                assert cell == _flag_in_words(column, row)
            elif isinstance(value, str):
                assert (cell or "") == code_words(column, value).replace("\u202e", "")
            else:
                assert cell == (None if pd.isna(value) else pytest.approx(value, abs=1e-15))


def test_workbook_contributions_add_up(risk_list: RiskList, forms: dict[str, Path]) -> None:
    lines = list(openpyxl.load_workbook(forms["xlsx"])["Bijdragen"].iter_rows(values_only=True))
    assert list(lines[0][2:]) == ["Basis", *(driver.label for driver in DRIVERS), "Verwachte verandering"]
    for line, small in zip(lines[1:-1], risk_list.rows["too_small"], strict=False):
        assert line[2:] == (None,) * 6 if small else sum(line[2:-1]) == pytest.approx(line[-1])
    assert lines[-1][2:] == (None,) * 6


def test_workbook_holds_no_formula_and_no_link(forms: dict[str, Path]) -> None:
    book = openpyxl.load_workbook(forms["xlsx"])
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)
    assert any(cell.value == FORMULA and cell.data_type == "s" for cell in cells)


def test_workbook_explains_itself(risk_list: RiskList, forms: dict[str, Path]) -> None:
    book = openpyxl.load_workbook(forms["xlsx"])
    told = [book[name].iter_rows(values_only=True) for name in ("Leeswijzer", "Herkomst")]
    text = "\n".join(str(v) for rows in told for row in rows for v in row if v)
    about = risk_list.about
    for expected in [
        about.title,
        about.question,
        about.forecast_id,
        about.model,
        *about.sources,
        in_dutch(about.track_record),
    ]:
        assert expected in text
    for heading, meaning in COLUMNS.values():
        assert heading in text and meaning in text
    for heading, limit in dutch.LIMITS:
        assert heading in text and limit in text
    assert "verzonnen" in text
    assert book.properties.created == datetime(2022, 6, 1)


def test_workbook_is_the_same_every_time(tmp_path: Path) -> None:
    for name in ("one.xlsx", "two.xlsx"):
        write_xlsx(make_list(), tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


# --- all forms --------------------------------------------------------------------------------------


def test_forms_leave_nothing_else_behind(forms: dict[str, Path]) -> None:
    assert {form: path.name for form, path in forms.items()} == {
        "csv": "risicolijst.csv",
        "xlsx": "risicolijst.xlsx",
        "html": "risicolijst.html",
    }
    folder = forms["csv"].parent
    assert sorted(folder.iterdir()) == sorted(forms.values())


def test_a_failure_keeps_the_previous_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write_formats(make_list(), tmp_path)
    before = {form: path.read_bytes() for form, path in paths.items()}

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setitem(WRITERS, "html", fail)
    with pytest.raises(OSError, match="disk full"):
        write_formats(make_list(title="Anders"), tmp_path)
    assert {form: path.read_bytes() for form, path in paths.items()} == before
    assert sorted(tmp_path.iterdir()) == sorted(paths.values())
