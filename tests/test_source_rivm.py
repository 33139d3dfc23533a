"""The health monitor: padded codes and figures, withheld and not asked, and the boundaries on which it stands."""

import csv
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskmodel.catalogue import indicators, load
from riskmodel.errors import InputError
from riskmodel.sources.observations import Observations
from riskmodel.sources.statline.rivm import read_monitor

TOPICS: dict[str, str] = load("rivm")["columns"]
HEADER = [
    *["ID", "Leeftijd", "Marges", "WijkenEnBuurten", "Perioden", "Gemeentenaam_1", "SoortRegio_2", "Codering_3"],
    *[f"{stem}_{number}" for number, stem in enumerate(TOPICS, start=4)],
]
YEARS = (2012, 2016, 2020)
#: Topics without any figure in a year, as counted in the official files.
NOT_ASKED = {2012: 15, 2016: 8, 2020: 3}


def row_of(
    area: str, *figures: object, age: object = 20300, margin: str = "MW00000", year: str = "2020JJ00"
) -> list:
    filled = [*figures, *["    50.0"] * (len(TOPICS) - len(figures))]
    return [0, age, margin, area.ljust(10), year, "Aa en Hunze".ljust(40), "Wijk", area.ljust(20), *filled]


def write(path: Path, *rows: Sequence[object], header: Sequence[object] = HEADER) -> Path:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in (header, *rows):
        sheet.append(list(row))
    book.save(path)
    return path


@pytest.fixture(scope="module")
def official(request: pytest.FixtureRequest) -> dict[str, Observations]:
    real_data: Path = request.getfixturevalue("real_data")
    made = read_monitor([real_data / "rivm" / f"{year}_18plus.xlsx" for year in YEARS])
    return {each.level: each for each in made}


# --- The official files -----------------------------------------------------------------------------------


def test_official_files_have_all_areas_of_three_levels(official: dict[str, Observations]) -> None:
    areas = {level: made.frame["location"].nunique() for level, made in official.items()}
    assert areas == {"gemeente": 355, "wijk": 3177, "buurt": 13808}
    for made in official.values():
        assert made.years == YEARS
        assert len(made.frame) == 3 * made.frame["location"].nunique()
        assert not made.frame.duplicated(["location", "year"]).any()
        assert made.frame[["location", "year"]].equals(
            made.frame[["location", "year"]].sort_values(["location", "year"], ignore_index=True)
        )
        assert (made.source, made.boundaries, len(made.indicators)) == ("rivm", 2020, 32)


@pytest.mark.parametrize("year", YEARS)
def test_official_files_equal_openpyxl(official: dict[str, Observations], real_data: Path, year: int) -> None:
    book = openpyxl.load_workbook(real_data / "rivm" / f"{year}_18plus.xlsx", read_only=True)
    rows = book.worksheets[0].iter_rows(max_row=900, values_only=True)
    names = [str(name) for name in next(rows)]
    places = {names.index(next(n for n in names if n.rsplit("_", 1)[0] == stem)): TOPICS[stem] for stem in TOPICS}
    held = pd.concat([made.frame[made.frame["year"] == year] for made in official.values()]).set_index("location")
    compared = 0
    for row in rows:
        code = str(row[3]).strip()
        if code == "NL01":
            assert code not in held.index
            continue
        found = held.loc[code]
        for place, indicator in places.items():
            text = str(row[place] or "").strip()
            if text in ("", "."):
                assert indicator not in held or math.isnan(found[indicator])
            else:
                assert found[indicator] == float(text)
                compared += 1
        if code.startswith("GM"):
            assert found["name"] == str(row[5]).strip()
    assert compared > 15_000


def test_what_was_not_asked_is_told_and_what_is_withheld_is_missing(official: dict[str, Observations]) -> None:
    made = official["buurt"]
    for year, absent in NOT_ASKED.items():
        empty = made.frame[made.frame["year"] == year].drop(columns=["location", "name", "year"]).isna().all()
        assert int(empty.sum()) == absent - 3, "three topics have no figure in any year and no column"
    (never,) = [note for note in made.notes if note.startswith("left out")]
    assert never == (
        "left out, in none of the years: rivm_active_commute, rivm_walking_commute, rivm_cycling_commute"
    )
    assert sum(note.startswith("not asked in") for note in made.notes) == 2
    # 860, 811 and 769 areas have a dot in every topic that was asked.
    withheld = pd.concat([each.frame for each in official.values()]).set_index("year")["rivm_good_health"].isna()
    assert withheld.groupby("year").sum().tolist() == [860, 811, 769]


def test_the_codes_are_those_of_2020(real_data: Path, official: dict[str, Observations]) -> None:
    """By links between years: everything that 2020 brought is there, nothing that 2021 brought is."""
    links = pd.read_csv(real_data / "crosswalk" / "code_changes_2016_2024.csv", dtype=str)
    codes = {code[2:] for code in official["wijk"].frame["location"]}

    def changes(year: int) -> tuple[set[str], set[str]]:
        pair = links[(links["level"] == "wijk") & (links["year_from"] == str(year - 1))]
        pair = pair[pair["year_to"] == str(year)]
        old, new = set(pair["code_from"]), set(pair["code_to"])
        return old - new, new - old

    gone, come = changes(2020)
    assert (len(gone & codes), len(gone), len(come - codes), len(come)) == (1, 48, 0, 64)
    gone, come = changes(2021)
    assert (len(gone - codes), len(gone), len(come & codes), len(come)) == (0, 67, 0, 136)


def test_join_rate_with_the_districts_of_the_leefbaarometer(
    real_data: Path, official: dict[str, Observations]
) -> None:
    path = real_data / "leefbaarometer-3.0" / "Leefbaarometer-scores wijken 2002-2020.csv"
    with path.open(encoding="utf-8", newline="") as file:
        areas = {row["wk_code"] for row in csv.DictReader(file)}
    joined = areas & set(official["wijk"].frame["location"])
    assert (len(joined), len(areas)) == (3022, 3303)
    assert len(joined) / len(areas) == pytest.approx(0.915, abs=5e-4)


def test_a_file_is_read_in_seconds(real_data: Path) -> None:
    start = process_time()
    read_monitor([real_data / "rivm" / "2020_18plus.xlsx"])
    assert process_time() - start < 6.0, "about two seconds on a free machine"


# --- Small files ------------------------------------------------------------------------------------------


def test_padded_texts_numbers_dots_and_blanks(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xlsx",
        row_of("NL01", "    76.1"),
        row_of("WK168000", "    76.1", 51, "       .", None),
        row_of("GM1680", 75.5, 0, 100, "."),
    )
    gemeente, wijk = read_monitor([path])
    first, second, third = list(TOPICS.values())[:3]
    assert wijk.frame[["location", "name", "year"]].to_numpy().tolist() == [["WK168000", "WK168000", 2020]]
    np.testing.assert_array_equal(wijk.frame[[first, second, third]], [[76.1, 51.0, np.nan]])
    assert gemeente.frame["name"].tolist() == ["Aa en Hunze"]
    np.testing.assert_array_equal(gemeente.frame[[first, second, third]], [[75.5, 0.0, 100.0]])
    assert "rivm_weekly_sports" in wijk.indicators, "a topic with figures at another level keeps its column"


def test_other_ages_and_bounds_are_not_mixed_in(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xlsx",
        row_of("WK168000", 10.0, age=80200),
        row_of("WK168000", 20.0),
        row_of("WK168000", 15.0, margin="MOG0095"),
    )
    (made,) = read_monitor([path])
    assert made.frame["rivm_good_health"].tolist() == [20.0]


def test_a_csv_of_the_open_data_service_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "50090NED.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, row_of("WK168000", "    76.1", ""), row_of("GM1680", ".")])
    gemeente, wijk = read_monitor([path])
    assert wijk.frame["rivm_good_health"].tolist() == [76.1]
    assert math.isnan(gemeente.frame["rivm_good_health"].iloc[0])


def test_topics_are_found_wherever_they_stand_in_the_table(tmp_path: Path) -> None:
    moved = [
        *HEADER[:8],
        "NieuwOnderwerp_4",
        *[f"{stem}_{n}" for n, stem in enumerate(reversed(TOPICS), start=90)],
    ]
    row = row_of("WK168000")
    row.insert(8, "99")
    row[-1] = " 12.5"
    (made,) = read_monitor([write(tmp_path / "a.xlsx", row, header=moved)])
    assert made.frame["rivm_good_health"].tolist() == [12.5]


def test_indicators_are_in_the_catalogue() -> None:
    assert set(TOPICS.values()) == {key for key, each in indicators().items() if each.source == "rivm"}
    assert len(TOPICS) == 35
    drivers = {key: indicators()[key].driver for key in TOPICS.values()}
    assert drivers["rivm_loneliness"] == "soc"
    assert drivers["rivm_neighbour_noise"] == "onv"
    assert drivers["rivm_money_trouble"] == "context"
    assert drivers["rivm_obesity"] == "health"


# --- What is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            row_of("WK168000", "   101.0"),
            "column 'ErvarenGezondheidGoedZeerGoed_4': found '101.0'; expected 0 to 100.",
        ),
        (row_of("WK168000", -1), "column 'ErvarenGezondheidGoedZeerGoed_4': found '-1'; expected 0 to 100."),
        (
            row_of("WK168000", "76,1"),
            "column 'ErvarenGezondheidGoedZeerGoed_4': found '76,1' beside '50.0'; expected one decimal sign in "
            "a file. Save all numbers with the same decimal sign.",
        ),
        (
            row_of("WK168000", "nan"),
            "column 'ErvarenGezondheidGoedZeerGoed_4': found 'nan'; expected a number, or '.' or nothing.",
        ),
        (
            row_of("Annen"),
            "column 'WijkenEnBuurten': found 'Annen'; expected an area code like GM0344, WK034401 or BU03440101. "
            "Save the table with codes, not with names.",
        ),
        (
            row_of("WK168001", year="2020MM01"),
            "column 'Perioden': found '2020MM01'; expected a year like 2020JJ00.",
        ),
        (
            row_of("WK168001", year="2020"),
            "column 'Perioden': found '2020'; expected a period like 2022JJ00 or 2022MM01.",
        ),
        (
            row_of("WK168099"),
            "column 'WijkenEnBuurten': found 'WK168099'; expected every area and year once.",
        ),
    ],
)
def test_a_bad_row_is_refused_with_its_number(tmp_path: Path, row: list[object], message: str) -> None:
    path = write(tmp_path / "a.xlsx", row_of("WK168099"), row)
    with pytest.raises(InputError) as refusal:
        read_monitor([path])
    assert str(refusal.value) == f"{path}, row 3, {message}"


def test_a_date_or_yes_in_a_cell_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", row_of("WK168000", True))
    with pytest.raises(InputError) as refusal:
        read_monitor([path])
    assert str(refusal.value) == (
        f"{path}, row 2, column 'ErvarenGezondheidGoedZeerGoed_4': found 'True'; "
        "expected a number, or '.' or nothing."
    )


def test_rows_that_were_shuffled_are_refused(tmp_path: Path) -> None:
    row = row_of("WK168000")
    row[7] = "WK168001"
    path = write(tmp_path / "a.xlsx", row_of("WK168002"), row)
    with pytest.raises(InputError) as refusal:
        read_monitor([path])
    assert str(refusal.value) == (
        f"{path}, row 3, column 'Codering_3': found 'WK168001'; expected 'WK168000' as in column "
        "'WijkenEnBuurten'."
    )


def test_a_file_without_the_age_group_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", row_of("WK168000", age=80200))
    with pytest.raises(InputError) as refusal:
        read_monitor([path])
    assert str(refusal.value) == f"{path}, column 'Leeftijd': found only '80200'; expected '20300'."


def test_one_year_in_two_files_is_refused(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, row_of("WK168000")) for name in ("a.xlsx", "b.xlsx")]
    with pytest.raises(InputError) as refusal:
        read_monitor(paths)
    assert str(refusal.value) == f"{paths[1]}: found WK168000 in 2020 twice; expected every area and year once."


def test_codes_of_other_boundaries_are_refused_unless_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", row_of("GM1979"))
    with pytest.raises(InputError) as refusal:
        read_monitor([path])
    assert str(refusal.value) == (
        f"{path}: found GM1979, which was no municipality in 2020; expected codes of 2020. Say on which "
        "boundaries the codes stand."
    )
    assert read_monitor([path], boundaries=2021)[0].boundaries == 2021


def test_the_codes_that_show_other_boundaries_are_not_in_the_official_files(
    official: dict[str, Observations], real_data: Path
) -> None:
    shown = set(load("rivm")["other_boundaries"])
    assert not shown & set(official["gemeente"].frame["location"])
    of_2016 = {"GM" + code[2:6] for code in pd.read_csv(real_data / "kwb" / "wijk_2016.csv")["WK_CODE"]}
    of_2022 = set(pd.read_csv(real_data / "kwb" / "gemeente_2022.csv")["code"])
    assert shown - {"GM1992"} <= of_2016 | of_2022, "GM1992 was founded in 2023"


def test_an_absent_or_doubled_topic_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", row_of("WK168000")[:-1], header=HEADER[:-1])
    with pytest.raises(InputError) as refusal:
        read_monitor([path])
    assert str(refusal.value) == (
        f"{path}, row 1: found no column 'MoeiteMetRondkomen_...' (columns: ID, Leeftijd, Marges, "
        "WijkenEnBuurten, Perioden, Gemeentenaam_1, SoortRegio_2, Codering_3); expected the 39 columns of "
        "50090NED. Another edition of the table has other topics; this reader knows 50090NED."
    )
    path = write(tmp_path / "b.xlsx", [*row_of("WK168000"), 1], header=[*HEADER, "Eenzaam_99"])
    with pytest.raises(InputError) as refusal:
        read_monitor([path])
    assert str(refusal.value) == (
        f"{path}, line 1: found columns 'Eenzaam_28' and 'Eenzaam_99'; expected one column 'Eenzaam'."
    )


def test_a_cell_far_away_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active["XFD1048576"] = 1
    path = tmp_path / "a.xlsx"
    book.save(path)
    with pytest.raises(InputError) as refusal:
        read_monitor([path])
    assert str(refusal.value) == (
        f"{path}: found a sheet of 1,048,576 rows and 16,384 columns; expected at most 78 columns and 7,800,000 "
        "cells, most of them filled. Delete cells far from the table."
    )


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskmodel.sources.statline.rivm.LARGEST_UNPACKED", 30 << 20)
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (31 << 20))
    with pytest.raises(InputError) as refusal:
        read_monitor([path])
    assert str(refusal.value) == (
        f"{path}: found 32,505,856 bytes unpacked; expected at most 31,457,280. The file may be cut off or "
        "protected."
    )


def test_files_that_are_no_workbook_are_refused(tmp_path: Path) -> None:
    good = write(tmp_path / "good.xlsx", row_of("WK168000")).read_bytes()
    path = tmp_path / "a.xlsx"
    path.write_bytes(good[: len(good) // 2])
    with pytest.raises(InputError) as refusal:
        read_monitor([path])
    assert str(refusal.value) == (
        f"{path}: found a damaged workbook (File is not a zip file); expected an .xlsx workbook. The file may be "
        "cut off or protected."
    )
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)
    with pytest.raises(InputError) as refusal:
        read_monitor([path])
    assert str(refusal.value) == (
        f"{path}: found a workbook with a password or in the format before 2007; expected an .xlsx workbook. Open "
        "it and save it again."
    )
    for content in (b"<html><body>Niet gevonden</body></html>", b"", b"\x00\xff"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"a\.xlsx"):
            read_monitor([path])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    with pytest.raises(InputError, match=r"an archive of readme\.txt"):
        read_monitor([path])
    with pytest.raises(InputError, match="Is a directory"):
        read_monitor([tmp_path])
    with pytest.raises(InputError, match="No such file"):
        read_monitor([tmp_path / "absent.xlsx"])
    with pytest.raises(InputError) as refusal:
        read_monitor([])
    assert str(refusal.value) == "files: found none; expected at least one file of the health monitor."


def test_an_empty_sheet_and_a_header_alone_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx")
    with pytest.raises(InputError) as refusal:
        read_monitor([path])
    assert str(refusal.value) == f"{path}: found a header without rows; expected rows below the header."
    openpyxl.Workbook().save(path)
    with pytest.raises(InputError) as refusal:
        read_monitor([path])
    assert str(refusal.value) == f"{path}: found an empty sheet; expected a header line and rows."


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 4000), st.integers(0, 255))
def test_a_flipped_byte_gives_the_same_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    folder = tmp_path_factory.mktemp("flip")
    path = write(folder / "a.xlsx", row_of("WK168000", 76.1))
    content = bytearray(path.read_bytes())
    content[place % len(content)] = byte
    path.write_bytes(content)
    try:
        (made,) = read_monitor([path])
    except InputError:
        return
    assert made.frame["rivm_good_health"].tolist() == [76.1]
