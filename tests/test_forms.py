"""Which forms of a risk list are made, and what happens when one cannot be; and the workbook in LibreOffice."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from form_worlds import ABOUT, HOSTILE, PLAIN, make_list
from typer.testing import CliRunner

from riskmodel import cli
from riskmodel.errors import InputError
from riskmodel.products.risk_list.formats import ALL, DEFAULT, WRITERS, chosen_formats, write_formats
from riskmodel.products.risk_list.formats.csv import as_table
from riskmodel.products.risk_list.formats.workbook import code_words, write_xlsx
from riskmodel.products.risk_list.risk_list import COLUMNS, RiskList
from riskmodel.products.risk_list.texts import in_dutch
from riskmodel.workspace.safe_text import plain_text

QUICK = ("csv", "xlsx", "parquet", "gpkg", "geojson")
AREAS = len(HOSTILE) + len(PLAIN)
SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.fixture(scope="module")
def risk_list() -> RiskList:
    pytest.importorskip("geopandas", reason="the extra riskmodel[geo] is not installed")
    return make_list()


@pytest.fixture(scope="module")
def workbook(risk_list: RiskList, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "risicolijst.xlsx"
    write_xlsx(risk_list, path)
    return path


# --- which forms ------------------------------------------------------------------------------------


def test_by_default_the_three_that_need_nothing_else() -> None:
    assert chosen_formats([]) == DEFAULT == ("csv", "xlsx", "html")


def test_forms_come_once_and_in_one_order() -> None:
    assert chosen_formats(["html", "csv", "html"]) == ("csv", "html")


def test_all_is_every_form() -> None:
    pytest.importorskip("geopandas", reason="the extra riskmodel[geo] is not installed")
    pytest.importorskip("weasyprint", reason="the extra riskmodel[pdf] is not installed")
    assert chosen_formats(["csv", ALL]) == tuple(WRITERS)
    assert set(WRITERS) == {"csv", "xlsx", "html", "parquet", "gpkg", "geojson", "pdf"}


def test_forms_that_were_asked_for_are_there(risk_list: RiskList, tmp_path: Path) -> None:
    paths = write_formats(risk_list, tmp_path / "new", QUICK)
    assert sorted((tmp_path / "new").iterdir()) == sorted(paths.values())
    assert {form: path.name for form, path in paths.items()} == {form: f"risicolijst.{form}" for form in QUICK}
    assert all(path.stat().st_size > 1000 for path in paths.values())


# --- what cannot be made ----------------------------------------------------------------------------


def refused(risk_list: RiskList, folder: Path, *forms: str) -> str:
    """Message of a refusal, after which nothing is written."""
    with pytest.raises(InputError) as found:
        write_formats(risk_list, folder, forms)
    assert not folder.exists()
    return str(found.value)


def test_an_unknown_form_is_refused(risk_list: RiskList, tmp_path: Path) -> None:
    told = refused(risk_list, tmp_path / "out", "csv", "shp")
    assert "--form" in told and "'shp'" in told and "geojson" in told


@pytest.mark.parametrize("form", ["gpkg", "geojson"])
def test_maps_without_boundaries_are_refused(risk_list: RiskList, tmp_path: Path, form: str) -> None:
    told = refused(replace(risk_list, boundaries=None), tmp_path / "out", "csv", form)
    assert form in told and "riskmodel ingest boundaries" in told


def test_maps_without_the_extra_are_refused(
    risk_list: RiskList, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What Python itself leaves for a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "geopandas", None)
    assert "riskmodel[geo]" in refused(risk_list, tmp_path / "out", "csv", "gpkg")


def test_a_pdf_without_the_extra_is_refused(
    risk_list: RiskList, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    assert "riskmodel[pdf]" in refused(risk_list, tmp_path / "out", "csv", "pdf")


def test_a_place_that_is_no_folder_is_refused(risk_list: RiskList, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError):
        write_formats(risk_list, tmp_path / "file", ["csv"])


@pytest.mark.parametrize("form", QUICK)
def test_a_failure_keeps_what_was_there(
    risk_list: RiskList, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    paths = write_formats(risk_list, tmp_path, QUICK)
    before = {path: path.read_bytes() for path in paths.values()}

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setitem(WRITERS, form, fail)
    with pytest.raises(OSError, match="disk full"):
        write_formats(replace(risk_list, about=replace(ABOUT, title="Anders")), tmp_path, QUICK)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_command_refuses_before_it_reads_anything(tmp_path: Path) -> None:
    asked = ["risk-list", "--out", str(tmp_path / "out"), "--workspace", str(tmp_path / "none"), "--form", "doc"]
    done = CliRunner().invoke(cli.app, asked)
    assert isinstance(done.exception, InputError) and "'doc'" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


# --- the table --------------------------------------------------------------------------------------


def test_every_row_of_the_table_says_where_it_comes_from(risk_list: RiskList, tmp_path: Path) -> None:
    [path] = write_formats(risk_list, tmp_path, ["csv"]).values()
    with path.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert len(read) == AREAS
    for line in read:
        assert (line["origin_date"], line["known_at"], line["made_on"]) == (
            "2020-01-01",
            "2022-04-14",
            "2022-06-01",
        )
        assert line["waves"] == "2014 2018 2020" and line["model_version"] == ABOUT.model_version
        assert (
            line["let_op"].startswith(in_dutch(ABOUT.notices[0]))
            and "Een signaal, geen oordeel." in line["let_op"]
        )
    assert [line["name"] for line in read] == as_table(risk_list)["name"].tolist()
    assert not any(cell.startswith(("=", "+", "@")) for line in read for cell in line.values())


# --- the workbook -----------------------------------------------------------------------------------


def test_the_workbook_explains_each_area(risk_list: RiskList, workbook: Path) -> None:
    sheet = openpyxl.load_workbook(workbook)["Uitleg per gebied"]
    heads, *lines = sheet.iter_rows(values_only=True)
    told = [dict(zip(heads, line, strict=True)) for line in lines]
    assert sheet.auto_filter.ref == f"A1:J{len(lines) + 1}" and sheet.freeze_panes == "D2"
    for row, own in zip(risk_list.rows.to_dict("records"), risk_list.sheets, strict=True):
        mine = [line for line in told if line["Code"] == row["location"]]
        if row["too_small"]:
            assert [line["Toelichting"] for line in mine] == ["geen oordeel"]
            continue
        assert mine[0]["Toelichting"] == own.frequency
        found = {line["Onderdeel"]: line["Bijdrage"] for line in mine if line["Bijdrage"] is not None}
        expected = {each.label: each.contribution for each in own.drivers if abs(each.contribution) >= 0.0005}
        assert found == pytest.approx(expected, abs=1e-15)
        unsure = [line for line in mine if (line["Toelichting"] or "").startswith("Niet zeker")]
        assert {line["Onderdeel"] for line in unsure} <= {"Bewoners & <b>huishoudens</b>"}


def test_the_workbook_says_where_it_comes_from(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    told = {line[0]: line[1] for line in book["Herkomst"].iter_rows(values_only=True) if line[0]}
    assert told["Kenmerk van de voorspelling"] == ABOUT.forecast_id
    assert told["Gebruikte metingen"] == "2014, 2018, 2020"
    assert ABOUT.model_version in book.properties.keywords
    assert all(ABOUT.forecast_id in sheet.oddFooter.left.text for sheet in book)


def test_no_cell_of_the_workbook_is_a_formula_or_a_link(workbook: Path) -> None:
    cells = [cell for sheet in openpyxl.load_workbook(workbook) for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)


def test_an_area_too_small_to_judge_gets_neither_yes_nor_no(risk_list: RiskList, workbook: Path) -> None:
    heads, *lines = openpyxl.load_workbook(workbook)["Risicolijst"].iter_rows(values_only=True)
    place = heads.index(COLUMNS["threatens"][0])
    for line, row in zip(lines, risk_list.rows.to_dict("records"), strict=True):
        expected = "geen oordeel" if row["too_small"] else "ja" if row["threatens"] else "nee"
        assert line[place] == expected


@pytest.fixture(scope="module")
def opened(workbook: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Folder with a CSV a sheet as LibreOffice reads them, and what it said."""
    if SOFFICE is None:
        pytest.skip("LibreOffice is not installed (Debian: libreoffice-calc-nogui)")
    folder = tmp_path_factory.mktemp("office")
    # Comma, quote, UTF-8, from the first line; values as they are, not as they are shown; every sheet.
    into = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
    program = [SOFFICE, "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}"]
    done = subprocess.run(
        [*program, "--convert-to", into, "--outdir", str(folder), str(workbook)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=os.environ | {"HOME": str(folder)},
    )
    return folder, done.stdout + done.stderr


def test_libreoffice_opens_the_workbook_without_a_warning(opened: tuple[Path, str]) -> None:
    folder, said = opened
    # The one word it may say on Java is about itself, not about the file.
    told = [
        line for line in said.splitlines() if line and "javaldx" not in line and not line.startswith("convert ")
    ]
    assert [line for line in told if "Overwriting" not in line and "Writing sheet" not in line] == []
    assert len(list(folder.glob("*.csv"))) == 6


def test_libreoffice_reads_the_values_of_the_list(risk_list: RiskList, opened: tuple[Path, str]) -> None:
    with (opened[0] / "risicolijst-Risicolijst.csv").open(encoding="utf-8", newline="") as file:
        heads, *lines = csv.reader(file)
    assert heads == [heading for heading, _ in COLUMNS.values()]
    assert len(lines) == AREAS
    for line, row in zip(lines, risk_list.rows.to_dict("records"), strict=True):
        for name, cell in zip(COLUMNS, line, strict=True):
            if isinstance(row[name], str):
                assert cell == plain_text(code_words(name, row[name]))
            elif isinstance(row[name], bool):
                assert cell in ("ja", "nee", "geen oordeel")
            elif row[name] != row[name]:
                assert cell == ""
            else:
                # A percentage keeps its sign, with all its decimals.
                read = float(cell.rstrip("%")) / (100 if cell.endswith("%") else 1)
                assert read == pytest.approx(row[name], abs=1e-12)
