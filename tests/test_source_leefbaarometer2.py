"""Leefbaarometer 2.0 is read as published, absolute scores follow, and computed classes equal published ones."""

import csv
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from riskmodel.catalogue import drivers, indicators, load
from riskmodel.errors import InputError
from riskmodel.sources.leefbaarometer.edition2 import (
    SOURCE,
    class_scheme,
    compare_classes,
    development_scheme,
    read_scores,
)
from riskmodel.sources.observations import Observations

PARTS = ("RMTR", "WON", "BEV", "VRZ", "VEI", "FYS")
NAMES = ("lbm2_score", "lbm2_housing", "lbm2_residents", "lbm2_amenities", "lbm2_safety", "lbm2_environment")
#: Published with three decimals; a row stops where everything after it is missing.
PC4_CLASSES = """CODE,KL02,KL08,KL12,KL14,KL16,KL18,VKL0208,VKL1214,VKL1618
1011,7,9,9,9,9,9,5,4,4
1014,,,4,4,6,6,,4,4
1041
1043,,,,,,6
"""
PC4_POSITIONS = f"""GBD,{",".join(f"RLB{part}{year}" for year in (12, 18) for part in PARTS)}
1011,0.278,0.159,-0.004,0.490,-0.231,-0.136,0.199,0.114,0.005,0.531,-0.312,-0.139
1014,-0.356,-0.057,-0.244,0.162,-0.045,-0.172,-0.004,0.034,-0.036,0.205,-0.073,-0.134
1041
1043,,,,,,,-0.012,0.006,-0.023,0.134,-0.028,-0.101
"""
WIDE = [["GBD", *(f"RLB{part}{year}" for year in (12, 14) for part in PARTS)]]
WIDE += [["WK001400", 0.15, 0.01, 0.02, 0.03, 0.04, 0.05, 0.2, 0.02, 0.03, 0.04, 0.05, 0.06]]
WIDE += [["WK001401", *[None] * 6, -0.15, -0.01, -0.02, -0.03, -0.04, -0.05]]
LONG = [["GBD", "JAAR", *(f"RLB{part}" for part in PARTS)]]
LONG += [["WK001400", 2012, *WIDE[1][1:7]], ["WK001400", 2014, *WIDE[1][7:]]]
LONG += [["WK001401", 2012, *[None] * 6], ["WK001401", 2014, *WIDE[2][7:]]]
CLASSES = [["WK_CODE", "KL12", "KL14", "VKL1214"], ["WK001400", 7, 8, 4], ["WK001401", None, 5, None]]
SHIFT_2014 = (0.0086479290758676, 0.0029813115734215, -0.0050495457325460, -0.0009478667363238)
SHIFT_2014 += (0.0120662282443416, -0.0004021982730179)

Rows = Sequence[Sequence[object]]


def workbook(path: Path, *sheets: Rows) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"data({number})")
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def text(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def changed(rows: Rows, row: int, column: int, value: object) -> list[list[object]]:
    copy = [list(each) for each in rows]
    copy[row][column] = value
    return copy


def refusal(*paths: Path, boundaries: int | None = 2016) -> str:
    with pytest.raises(InputError) as caught:
        read_scores(paths, boundaries)
    return str(caught.value)


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "leefbaarometer-2.0"


@pytest.fixture(scope="module")
def real(folder: Path) -> dict[str, Observations]:
    return {made.level: made for made in read_scores(sorted(folder.glob("*.xlsx")))}


def sheet_rows(path: Path, sheet: int) -> list[dict[str, object]]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    names, *rows = book.worksheets[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, names), row, strict=True)) for row in rows]


def number(cell: object) -> float:
    return float("nan") if cell in (None, "", "#N/A") else float(str(cell))


# --- The official files ---------------------------------------------------------------------------------------


def test_real_files_have_the_known_areas_and_years(real: dict[str, Observations], real_data: Path) -> None:
    assert {level: made.frame["location"].nunique() for level, made in real.items()} == {
        "wijk": 2981,
        "gemeente": 390,
    }
    for made in real.values():
        assert (made.source, made.boundaries, made.base) == (SOURCE, 2016, 4.1544)
        assert made.years == (2002, 2008, 2012, 2014, 2016)
        assert made.notes == ()
        assert not made.frame.duplicated(["location", "year"]).any()
        assert made.frame[["location", "year"]].equals(
            made.frame[["location", "year"]].sort_values(["location", "year"], ignore_index=True)
        )
    with (real_data / "kwb" / "wijk_2016.csv").open(encoding="utf-8", newline="") as file:
        assert set(real["wijk"].frame["location"]) == {row["WK_CODE"] for row in csv.DictReader(file)}


@pytest.mark.parametrize("sheet", [0, 1])
def test_real_positions_are_those_of_either_sheet(real: dict[str, Observations], folder: Path, sheet: int) -> None:
    frame = real["gemeente"].frame.set_index(["location", "year"])
    rows = sheet_rows(folder / "dimensiescore_gemeente (stand).xlsx", sheet)
    assert len(rows) == (1170, 390)[sheet]
    facts = load("leefbaarometer2")
    for year, (part, name) in itertools.product((2012, 2014, 2016), zip(PARTS, NAMES, strict=True)):
        column = f"RLB{part}{year - 2000}" if sheet else f"RLB{part}"
        published = {row["GBD"]: number(row[column]) for row in rows if sheet or row["JAAR"] == year}
        assert len(published) == 390
        added = facts["shift"][part][str(year)] + (4.1544 if part == "RMTR" else 0.0)
        absolute = frame.loc[[(code, year) for code in published], name].to_numpy()
        np.testing.assert_allclose(absolute - added, list(published.values()), rtol=0, atol=1e-12)


def test_differences_in_time_are_the_published_changes(real: dict[str, Observations], folder: Path) -> None:
    frame = real["wijk"].frame.set_index(["location", "year"])
    rows = sheet_rows(folder / "dimensiescore_wijk (ontwikkeling).xlsx", 0)
    assert len(rows) == 8886
    start = frame.loc[[(row["GBD"], row["BEGIN"]) for row in rows], list(NAMES)].to_numpy()
    end = frame.loc[[(row["GBD"], row["EINDE"]) for row in rows], list(NAMES)].to_numpy()
    published = np.array([[number(row[f"DLB{part}"]) for part in PARTS] for row in rows])
    known = ~np.isnan(published)
    assert known.all(axis=1).sum() == 8434
    np.testing.assert_allclose((end - start)[known], published[known], rtol=0, atol=1e-12)


def test_dimensions_add_up_to_the_score_minus_the_base(real: dict[str, Observations]) -> None:
    frame = real["wijk"].frame.dropna(subset=["lbm2_score"])
    assert len(frame) == 8483
    total = frame[list(NAMES[1:])].sum(axis=1)
    np.testing.assert_allclose(total, frame["lbm2_score"] - 4.1544, rtol=0, atol=1e-12)


def test_real_classes_equal_the_workbook(real: dict[str, Observations], folder: Path) -> None:
    frame = real["wijk"].frame.set_index(["location", "year"])
    rows = sheet_rows(folder / "wijk.xlsx", 0)
    assert len(rows) == 2981
    years = (2002, 2008, 2012, 2014, 2016)
    columns = {f"KL{year % 100:02}": ("lbm2_class", year) for year in years}
    for begin, end in itertools.combinations(years, 2):
        columns[f"VKL{begin % 100:02}{end % 100:02}"] = (f"lbm2_development_since_{begin}", end)
    assert set(columns) == set(rows[0]) - {"WK_CODE"}
    for column, (name, year) in columns.items():
        made = frame.loc[[(row["WK_CODE"], year) for row in rows], name].to_numpy()
        np.testing.assert_array_equal(made, [number(row[column]) for row in rows], err_msg=column)


def test_computed_classes_equal_every_published_class(real: dict[str, Observations]) -> None:
    compared = pd.concat([compare_classes(made).assign(level=level) for level, made in real.items()])
    counts = compared.groupby(["level", "indicator", "year"]).size().to_dict()
    assert counts == {
        ("gemeente", "lbm2_class", 2012): 390,
        ("gemeente", "lbm2_class", 2014): 390,
        ("gemeente", "lbm2_class", 2016): 390,
        ("gemeente", "lbm2_development_since_2012", 2014): 390,
        ("gemeente", "lbm2_development_since_2012", 2016): 390,
        ("gemeente", "lbm2_development_since_2014", 2016): 390,
        ("wijk", "lbm2_class", 2012): 2823,
        ("wijk", "lbm2_class", 2014): 2814,
        ("wijk", "lbm2_class", 2016): 2846,
        ("wijk", "lbm2_development_since_2012", 2014): 2806,
        ("wijk", "lbm2_development_since_2012", 2016): 2817,
        ("wijk", "lbm2_development_since_2014", 2016): 2811,
    }
    assert compared.loc[compared["published"] != compared["computed"]].empty
    # No score lies so near a cut that another release's rounding of the national mean could not move it.
    nearest = np.abs(compared["value"].to_numpy()[:, None] - class_scheme().cuts).min(axis=1)
    assert (nearest[compared["indicator"] == "lbm2_class"] < 1e-4).sum() > 0


def test_the_catalogue_suffices_without_the_file_of_changes(real: dict[str, Observations], folder: Path) -> None:
    (alone,) = read_scores([folder / "dimensiescore_gemeente (stand).xlsx"])
    with_changes = real["gemeente"].frame.dropna(subset=["lbm2_score"])[list(NAMES)]
    np.testing.assert_allclose(alone.frame[list(NAMES)], with_changes, rtol=0, atol=1e-12)
    assert alone.indicators == NAMES


def test_real_files_that_do_not_belong_together_are_refused(folder: Path, tmp_path: Path) -> None:
    changes = folder / "dimensiescore_wijk (ontwikkeling).xlsx"
    assert refusal(changes) == (
        f"{changes}: found changes of level wijk alone; expected positions as well. Add the 'stand' file."
    )
    stand = folder / "dimensiescore_gemeente (stand).xlsx"
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(stand.read_bytes())
    assert refusal(stand, copy) == (
        f"{copy}: found a second file of positions of level gemeente; expected one; {stand.name} is the first."
    )


# --- Forms of the same table ----------------------------------------------------------------------------------


@pytest.mark.parametrize("sheets", [[LONG], [WIDE], [LONG, WIDE]])
def test_long_and_wide_sheets_say_the_same(tmp_path: Path, sheets: list[Rows]) -> None:
    (made,) = read_scores([workbook(tmp_path / "stand.xlsx", *sheets)], 2016)
    assert made.frame[["location", "year"]].to_numpy().tolist() == [
        ["WK001400", 2012],
        ["WK001400", 2014],
        ["WK001401", 2012],
        ["WK001401", 2014],
    ]
    assert made.frame.loc[0, list(NAMES)].tolist() == pytest.approx([4.3044, 0.01, 0.02, 0.03, 0.04, 0.05])
    published = np.array([0.2 + 4.1544, 0.02, 0.03, 0.04, 0.05, 0.06])
    assert made.frame.loc[1, list(NAMES)].tolist() == pytest.approx((published + SHIFT_2014).tolist())
    assert made.frame.loc[2, list(NAMES)].isna().all()


def test_sheets_without_area_codes_are_left(tmp_path: Path) -> None:
    (made,) = read_scores([workbook(tmp_path / "stand.xlsx", [["Toelichting"], ["..."]], WIDE, [])], 2016)
    assert len(made.frame) == 4


def test_classes_alone_are_read_without_a_score(tmp_path: Path) -> None:
    (made,) = read_scores([workbook(tmp_path / "wijk.xlsx", CLASSES)], 2016)
    assert made.indicators == ("lbm2_class", "lbm2_development_since_2012")
    assert made.base is None
    assert made.frame["lbm2_class"].tolist()[:2] == [7.0, 8.0]
    with pytest.raises(InputError, match="Read both kinds of file"):
        compare_classes(made)


def test_postcode_csv_with_rows_that_stop_early(tmp_path: Path) -> None:
    files = [text(tmp_path / "PC4LBR.csv", PC4_CLASSES), text(tmp_path / "PC4DIMENSIE.csv", PC4_POSITIONS)]
    (made,) = read_scores(files, 2018)
    assert (made.level, made.boundaries) == ("pc4", 2018)
    frame = made.frame.set_index(["location", "year"])
    assert frame.loc[("1011", 2012), "lbm2_score"] == pytest.approx(4.1544 + 0.278)
    assert frame.loc[("1011", 2018), "lbm2_score"] == pytest.approx(4.1940 + 0.199)
    assert frame.loc[("1043", 2018), "lbm2_class"] == 6
    assert frame.drop(columns="name").loc["1041"].isna().all(axis=None)
    assert frame.loc[("1014", 2012), "lbm2_housing"] == -0.057
    assert frame.xs(2018, level="year")[list(NAMES[1:])].isna().all(axis=None)
    assert made.notes == (
        "PC4LBR.csv: 2 rows stop before the last column; the rest is missing",
        "PC4DIMENSIE.csv: 1 rows stop before the last column; the rest is missing",
        "dimensions of 2018 left out: where the national mean moved is in the file of changes, not given",
    )
    compared = compare_classes(made)
    assert compared["computed"].tolist() == compared["published"].tolist()


def test_the_file_of_changes_tells_where_the_mean_moved(tmp_path: Path) -> None:
    moved = (0.0397, 0.008, -0.006, 0.0007, 0.038, -0.001)
    lines = [",".join(["GBD", "BEGIN", "EINDE", *(f"DLB{part}" for part in PARTS)])]
    for line in PC4_POSITIONS.splitlines()[1:3]:
        code, *cells = line.split(",")
        values = [float(cells[6 + k]) - float(cells[k]) + moved[k] for k in range(6)]
        lines.append(",".join([code, "2012", "2018", *map(repr, values)]))
    changes = text(tmp_path / "ontwikkeling.csv", "\n".join(lines) + "\n")
    positions = text(tmp_path / "stand.csv", PC4_POSITIONS)
    (made,) = read_scores([positions, changes], 2018)
    frame = made.frame.set_index(["location", "year"])
    assert frame.loc[("1011", 2018), "lbm2_score"] == pytest.approx(4.1544 + 0.199 + 0.0397)
    assert frame.loc[("1011", 2018), "lbm2_safety"] == pytest.approx(-0.312 + 0.038)
    assert made.notes == ("stand.csv: 1 rows stop before the last column; the rest is missing",)

    damaged = text(
        tmp_path / "damaged.csv", changes.read_text(encoding="utf-8").replace("2012,2018,-0.0", "2012,2018,-0.1")
    )
    assert "dimensions that add up to" in refusal(positions, damaged)


def test_changes_of_other_positions_are_refused(tmp_path: Path) -> None:
    positions = workbook(
        tmp_path / "stand.xlsx", [WIDE[0], *(["WK00140" + str(k), *WIDE[1][1:]] for k in range(3))]
    )
    header = ["GBD", *(f"DLB{part}1214" for part in PARTS)]
    change = [0.05 + 0.0086] + [0.01 + 0.00172] * 5
    rows = [["WK00140" + str(k), *change] for k in range(3)]
    rows[2][1:3] = [change[0] + 0.04, change[1] + 0.04]
    path = workbook(tmp_path / "ontwikkeling.xlsx", [header, *rows])
    assert refusal(positions, path) == (
        f"{path}: found a change of WK001402 from 2012 to 2014 that is 0.040000 off; "
        "expected the difference of its positions. The two files may be of different releases."
    )
    rows = [["WK00140" + str(k), 0.1, *[0.02] * 5] for k in range(3)]
    path = workbook(tmp_path / "other edition.xlsx", [header, *rows])
    assert refusal(positions, path) == (
        f"{path}: found a national mean of RMTR that moved 0.0500 from 2012 to 2014; expected 0.0086, as in the "
        "catalogue. Is it Leefbaarometer 2.0?"
    )


def test_dbase_is_read_as_it_is_written(tmp_path: Path) -> None:
    pyogrio = pytest.importorskip("pyogrio", reason="the extra riskmodel[geo] is not installed")
    frame = pd.DataFrame(LONG[1:], columns=LONG[0]).astype(dict.fromkeys(LONG[0][2:], "float64"))
    path = tmp_path / "stand.dbf"
    pyogrio.write_dataframe(frame, path, driver="ESRI Shapefile")
    (made,) = read_scores([path], 2016)
    (expected,) = read_scores([workbook(tmp_path / "stand.xlsx", LONG)], 2016)
    pd.testing.assert_frame_equal(made.frame, expected.frame, atol=1e-12)

    content = path.read_bytes()
    path.write_bytes(content[:-100])
    assert refusal(path) == (
        f"{path}: found {len(content) - 100} bytes; expected {len(content) - 1} for its 4 records. "
        "The file may be cut off."
    )
    # The library of maps takes a damaged number for the digits before the damage.
    year = content.index(b"2012")
    path.write_bytes(content[:year] + b"20l2" + content[year + 4 :])
    assert "record 1, column 'JAAR': found '20l2'" in refusal(path)


# --- What is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            changed(CLASSES, 1, 1, 10),
            ", sheet 'data(1)', row 2, column 'KL12': found 10; expected a whole number from 1 to 9, or nothing.",
        ),
        (
            changed(CLASSES, 1, 3, 8),
            ", sheet 'data(1)', row 2, column 'VKL1214': found 8; "
            "expected a whole number from 1 to 7, or nothing.",
        ),
        (
            changed(CLASSES, 1, 1, "7"),
            ", sheet 'data(1)', row 2, column 'KL12': found '7'; expected a whole number from 1 to 9, or nothing.",
        ),
        (
            changed(CLASSES, 2, 0, "WK1401"),
            ", sheet 'data(1)', row 3, column 'WK_CODE': found 'WK1401'; expected a code of level wijk.",
        ),
        (
            changed(CLASSES, 1, 0, "Centrum"),
            ", sheet 'data(1)', row 2, column 'WK_CODE': found 'Centrum'; "
            "expected BU03440101, WK034401, GM0344 or 3511, for instance.",
        ),
        (
            changed(CLASSES, 2, 0, "WK001400"),
            ", sheet 'data(1)', row 3: found WK001400 twice; expected every area once a measurement.",
        ),
        (
            changed(CLASSES, 0, 1, "KL13"),
            ", sheet 'data(1)', row 2: found period 2013 to 2013; "
            "expected measurements of [2002, 2008, 2012, 2014, 2016, 2018].",
        ),
        (
            changed(CLASSES, 0, 3, "VKL1412"),
            ", sheet 'data(1)', row 2: found period 2014 to 2012; "
            "expected measurements of [2002, 2008, 2012, 2014, 2016, 2018].",
        ),
        (
            changed(CLASSES, 0, 3, "KLASSE"),
            ", sheet 'data(1)', header: found column 'KLASSE'; expected columns KL.., VKL...., RLB* or DLB*.",
        ),
        (
            changed(CLASSES, 0, 2, "KL12"),
            ", sheet 'data(1)', row 1: found column 'KL12' twice; expected every column once.",
        ),
        (
            changed(CLASSES, 0, 0, "NAAM"),
            ": found no column with area codes; expected one of GBD, CODE, WK_CODE, GM_CODE, BU_CODE, PC4. "
            "Is it Leefbaarometer 2.0?",
        ),
        (
            changed(WIDE, 1, 1, 0.16),
            ", sheet 'data(1)', row 2: found dimensions that add up to 0.150000; expected 0.160000, the total. "
            "The file may be damaged, or its columns may have been swapped.",
        ),
        (
            changed(WIDE, 1, 2, None),
            ", sheet 'data(1)', row 2: found some of total and dimensions; expected all six or none.",
        ),
        (
            changed(WIDE, 1, 2, -99999),
            ", sheet 'data(1)', row 2, column 'RLBWON12': found -99999; "
            "expected a number from -3 to 3, or nothing.",
        ),
        (
            [row[:-1] for row in WIDE],
            ", sheet 'data(1)', header: found no FYS (2014,); expected total and five dimensions a year.",
        ),
        (
            [row[:1] + row[2:] for row in LONG],
            ", sheet 'data(1)', header: found no JAAR; expected total and five dimensions a year.",
        ),
        (
            changed(LONG, 2, 1, 2012),
            ", sheet 'data(1)', row 3: found WK001400 twice; expected every area once a measurement.",
        ),
        (
            [a + b[1:] for a, b in zip(CLASSES, WIDE, strict=True)],
            ", sheet 'data(1)', header: found classes and positions; expected one kind of value, in one form.",
        ),
        ([["GBD", "KL12"]], ", sheet 'data(1)': found a header without rows; expected rows below the header."),
        (
            [["GBD"], ["WK001400"]],
            ", sheet 'data(1)', header: found no values; expected one kind of value, in one form.",
        ),
    ],
)
def test_a_workbook_that_is_not_as_published_is_refused(tmp_path: Path, rows: Rows, told: str) -> None:
    path = workbook(tmp_path / "file.xlsx", rows)
    assert refusal(path) == f"{path}{told}"


def test_sheets_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    other = changed(changed(WIDE, 1, 7, 0.3), 1, 8, 0.12)
    path = workbook(tmp_path / "stand.xlsx", LONG, other)
    assert refusal(path) == (
        f"{path}, sheet 'data(2)': found another value of WK001400 in 2014 than on the first sheet; "
        "expected the same value."
    )
    path = workbook(tmp_path / "less.xlsx", LONG, WIDE[:2])
    assert refusal(path) == (
        f"{path}, sheet 'data(2)': found another value of WK001401 in 2014 than on the first sheet; "
        "expected the same value."
    )
    path = workbook(tmp_path / "mixed.xlsx", LONG, CLASSES)
    assert refusal(path) == (
        f"{path}, sheet 'data(2)': found classes of level wijk; expected positions of level wijk."
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "1011,7,",
            "1011,NA,",
            ", line 2, column 'KL02': found 'NA'; expected a whole number from 1 to 9, or nothing.",
        ),
        (
            "1011,7,",
            '1011,"7,0",',
            ", line 2, column 'KL02': found '7,0'; expected a whole number from 1 to 9, or nothing. "
            "Numbers need a decimal point.",
        ),
        ("1014,,", "101,,", ", line 3, column 'CODE': found '101'; expected a code of level pc4."),
        (
            "5,4,4\n1014",
            "5,4,4,4\n1014",
            ", line 2: found 11 fields; expected 10 fields, as in the header, "
            "or fewer where the last are missing. Numbers may be written with a decimal comma.",
        ),
        (
            "\n1041",
            "\n\n1041",
            ", line 4: found an empty line; expected 10 fields, as in the header, "
            "or fewer where the last are missing.",
        ),
        (
            "6\n",
            "6",
            ", line 5: found the end of the file; expected the end of a line. Use the file as published.",
        ),
        (
            ",",
            ";",
            ", line 1: found columns separated by ';'; expected columns separated by ','. "
            "Use the file as published, not one saved again by a spreadsheet.",
        ),
    ],
)
def test_a_csv_that_is_not_as_published_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    # The last place for what ends a file, every place for what separates.
    head, last, tail = PC4_CLASSES.rpartition(old)
    content = PC4_CLASSES.replace(old, new) if old == "," else f"{head}{new}{tail}" if last else PC4_CLASSES
    path = text(tmp_path / "file.csv", content)
    assert refusal(path) == f"{path}{told}"


def test_a_release_of_unknown_boundaries_needs_them(tmp_path: Path) -> None:
    path = text(tmp_path / "PC4LBR.csv", PC4_CLASSES)
    assert refusal(path, boundaries=None) == (
        f"{path}: found a release up to 2018, of which the boundary vintage is not known; "
        "expected one up to 2016. Say the year of the area codes with boundaries."
    )


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".csv", ".dbf"])
@pytest.mark.parametrize(
    "content",
    [b"<html>not found</html>", b"PK\x03\x04half a zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)],
)
def test_any_other_bytes_are_refused_as_input(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path}")


def test_a_workbook_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "whole.xlsx", LONG, WIDE).read_bytes()
    path = tmp_path / "cut.xlsx"
    for share in range(1, 10):
        path.write_bytes(whole[: len(whole) * share // 10])
        assert refusal(path).startswith(f"{path}: found a damaged workbook (")


def test_files_and_folders_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    expected = "expected a file ending in .xlsx, .csv or .dbf."
    assert refusal(tmp_path) == f"{tmp_path}: found a folder; {expected}"
    path = text(tmp_path / "stand.pdf", "%PDF")
    assert refusal(path) == f"{path}: found a file ending in '.pdf'; {expected}"
    gone = tmp_path / "gone.xlsx"
    assert refusal(gone).startswith(
        f"{gone}: found No such file or directory; expected a readable file. Is the name"
    )
    empty = text(tmp_path / "empty.xlsx", "")
    assert refusal(empty) == f"{empty}: found 0 bytes; expected 1 to 67,108,864. Use the file as published."
    assert refusal() == "files: found none; expected at least one file of Leefbaarometer 2.0."


def test_an_error_in_a_cell_is_missing_only_if_it_is_the_published_one(tmp_path: Path) -> None:
    (made,) = read_scores([workbook(tmp_path / "wijk.xlsx", changed(CLASSES, 1, 1, "#N/A"))], 2016)
    assert made.frame["lbm2_class"].isna().tolist() == [True, False, True, False]
    path = workbook(tmp_path / "damaged.xlsx", changed(CLASSES, 1, 1, "#REF!"))
    assert refusal(path) == f"{path}: found a cell #REF!; expected numbers. Use the file as published."


def test_a_cell_far_away_is_refused_before_memory_is_made_for_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "GBD"
    book.active["XFD1048576"] = 1
    path = tmp_path / "far.xlsx"
    book.save(path)
    assert refusal(path) == (
        f"{path}: found a sheet of 1,048,576 rows and 16,384 columns; expected at most 700 columns and "
        "10,000,000 cells, most of them filled. Delete cells far from the table."
    )


def test_every_indicator_stands_in_the_catalogue(real: dict[str, Observations]) -> None:
    known = {key: each for key, each in indicators().items() if each.source == SOURCE}
    assert set(known) == {*real["wijk"].indicators, "lbm2_development_since_2016"}
    assert {each.driver for each in known.values()} <= {each.id for each in drivers()}
    assert "score" not in known
    assert len(class_scheme().names) == len(class_scheme().cuts) + 1 == 9
    assert len(development_scheme().names) == len(development_scheme().cuts) + 1 == 7
