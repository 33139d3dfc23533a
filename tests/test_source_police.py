"""Police tables: what is withheld stays missing, totals are not added, months make whole years or nothing."""

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskmodel.catalogue import indicators, load
from riskmodel.errors import InputError
from riskmodel.sources.observations import Observations
from riskmodel.sources.statline.police import read_counts

HEADER = "ID,SoortMisdrijf,WijkenEnBuurten,Perioden,GeregistreerdeMisdrijven_1\n"
NUISANCE = "ID,Overlast,WijkenEnBuurten,Perioden,GeregistreerdeOverlast_1\n"
EVERY_KEY = (
    ["0.0.0"]
    + [key for keys in load("police")["tables"]["offences"]["groups"].values() for key in keys]
    + [key for keys in load("police")["tables"]["offences"]["unused"].values() for key in keys]
)


def write(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text(header + "".join(f"{number},{row}\n" for number, row in enumerate(rows)), encoding="utf-8")
    return path


def value(made: list[Observations], area: str, year: int, indicator: str) -> float:
    for each in made:
        row = each.frame[(each.frame["location"] == area) & (each.frame["year"] == year)]
        if len(row):
            return float(row[indicator].iloc[0])
    raise AssertionError(f"no {area} in {year}")


# --- What stands in a file --------------------------------------------------------------------------------


def test_padded_keys_codes_and_counts_are_read_and_grouped(tmp_path: Path) -> None:
    path = write(
        tmp_path / "47018NED.csv",
        "0.0.0 ,WK034401  ,2022JJ00,     140",
        "1.1.1 ,WK034401  ,2022JJ00,      12",
        "1.1.2 ,WK034401  ,2022JJ00,       3",
        "2.2.1 ,WK034401  ,2022JJ00,       7",
    )
    (made,) = read_counts([path])
    assert (made.source, made.level, made.boundaries, made.years) == ("police", "wijk", 2024, (2022,))
    assert made.frame[["location", "name", "year"]].to_numpy().tolist() == [["WK034401", "WK034401", 2022]]
    assert made.indicators == ("police_offences", "police_burglary", "police_vandalism")
    assert made.frame[list(made.indicators)].to_numpy().tolist() == [[140.0, 15.0, 7.0]]
    assert all(dtype == "float64" for dtype in made.frame[list(made.indicators)].dtypes)


def test_the_total_is_read_but_never_added_to_a_sum(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", *[f"{key} ,GM0344    ,2020JJ00,1" for key in EVERY_KEY])
    (made,) = read_counts([path])
    expected = {name: len(keys) for name, keys in load("police")["tables"]["offences"]["groups"].items()}
    assert {name: value([made], "GM0344", 2020, name) for name in expected} == expected
    assert value([made], "GM0344", 2020, "police_offences") == 1.0


@pytest.mark.parametrize("withheld", ["", ".", "       .", "null", "NA"])
def test_a_withheld_part_makes_the_sum_missing_and_never_zero(tmp_path: Path, withheld: str) -> None:
    path = write(
        tmp_path / "a.csv",
        "1.1.1,BU03440101,2022JJ00,12",
        f"1.1.2,BU03440101,2022JJ00,{withheld}",
        "1.1.1,BU03440102,2022JJ00,0",
        "1.1.2,BU03440102,2022JJ00,0",
    )
    (made,) = read_counts([path])
    assert math.isnan(value([made], "BU03440101", 2022, "police_burglary"))
    assert value([made], "BU03440102", 2022, "police_burglary") == 0.0
    assert "police_burglary: missing in 1 of 2 areas and years" in made.notes


def test_a_part_without_a_row_makes_the_sum_missing(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        "1.1.1,WK034401,2022JJ00,12",
        "1.1.1,WK034402,2022JJ00,4",
        "1.1.2,WK034402,2022JJ00,1",
    )
    (made,) = read_counts([path])
    np.testing.assert_array_equal(made.frame["police_burglary"], [np.nan, 5.0])


def test_a_group_whose_kind_is_nowhere_in_the_file_is_left_out_and_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "1.1.1,WK034401,2022JJ00,12", "2.2.1,WK034401,2022JJ00,2")
    (made,) = read_counts([path])
    assert made.indicators == ("police_vandalism",)
    assert "police_burglary left out: no rows of 1.1.2" in made.notes
    assert "police_offences left out: no rows of 0.0.0" in made.notes


def test_every_level_gets_its_own_observations_and_larger_areas_none(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        *[
            f"2.2.1,{area},{year}JJ00,{count}"
            for year in (2021, 2020)
            for area, count in [("NL00", 900), ("BU0363AA01", 1), ("WK0363AA", 2), ("GM0363", 3), ("GM0000", 4)]
        ],
    )
    made = read_counts([path])
    assert [(each.level, each.years, each.frame["police_vandalism"].tolist()) for each in made] == [
        ("gemeente", (2020, 2021), [3.0, 3.0]),
        ("wijk", (2020, 2021), [2.0, 2.0]),
        ("buurt", (2020, 2021), [1.0, 1.0]),
    ]
    assert {area for each in made for area in each.frame["location"]} == {"GM0363", "WK0363AA", "BU0363AA01"}


@pytest.mark.parametrize("count", ["100000", "1e+05", "100000.0"])
def test_semicolons_quotes_and_the_notations_of_r_and_python(tmp_path: Path, count: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        '"ID";"SoortMisdrijf";"WijkenEnBuurten";"Perioden";"GeregistreerdeMisdrijven_1"\r\n'
        f'"0";"2.2.1 ";"GM0344    ";"2022JJ00";"{count}"\r\n',
        encoding="utf-8-sig",
    )
    (made,) = read_counts([path])
    assert made.frame["police_vandalism"].tolist() == [100000.0]


def test_months_are_added_up_and_a_year_without_all_of_them_is_left_out(tmp_path: Path) -> None:
    full = [f"2.2.1,WK034401,2021MM{month:02d},{month}" for month in range(1, 13)]
    part = [f"2.2.1,WK034401,2022MM{month:02d},5" for month in range(1, 8)]
    (made,) = read_counts([write(tmp_path / "47022NED.csv", *full, *part)])
    assert made.years == (2021,)
    assert made.frame["police_vandalism"].tolist() == [sum(range(1, 13))]
    assert "2022: 7 of 12 months, left out" in made.notes


def test_one_withheld_month_makes_the_year_of_that_area_missing(tmp_path: Path) -> None:
    rows = [f"2.2.1,WK034401,2021MM{month:02d},{'' if month == 3 else 4}" for month in range(1, 13)]
    rows += [f"2.2.1,WK034402,2021MM{month:02d},4" for month in range(1, 13)]
    (made,) = read_counts([write(tmp_path / "a.csv", *rows)])
    np.testing.assert_array_equal(made.frame["police_vandalism"], [np.nan, 48.0])


def test_a_year_given_as_a_whole_is_not_added_up_from_its_months_as_well(tmp_path: Path) -> None:
    months = [f"2.2.1,WK034401,2021MM{month:02d},4" for month in range(1, 13)]
    (made,) = read_counts([write(tmp_path / "a.csv", "2.2.1,WK034401,2021JJ00,50", *months)])
    assert made.frame["police_vandalism"].tolist() == [50.0]
    assert "2021: given as a whole and by month, the months left out" in made.notes


def test_offences_and_nuisance_come_together_per_level(tmp_path: Path) -> None:
    offences = write(tmp_path / "47018NED.csv", "2.2.1,WK034401,2021JJ00,50")
    rows = [f"0.0.0 ,WK034401,2021MM{month:02d},2" for month in range(1, 13)]
    rows += [f"1.2.3 ,WK034401,2021MM{month:02d},1" for month in range(1, 13)]
    nuisance = write(tmp_path / "47024NED.csv", *rows, header=NUISANCE)
    (made,) = read_counts([offences, nuisance])
    assert made.frame[["police_vandalism", "police_nuisance"]].to_numpy().tolist() == [[50.0, 24.0]]
    assert [file.name for file in made.files] == ["47018NED.csv", "47024NED.csv"]


def test_a_nuisance_table_without_its_total_is_refused(tmp_path: Path) -> None:
    nuisance = write(tmp_path / "a.csv", "T1 ,WK034401,2021JJ00,9", "A1 ,WK034401,2021JJ00,4", header=NUISANCE)
    with pytest.raises(InputError) as refusal:
        read_counts([nuisance])
    assert str(refusal.value) == "a.csv: found no row of 0.0.0; expected counts per gemeente, wijk or buurt."


def test_files_of_two_regions_are_put_together(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / "a.csv", "2.2.1,WK034401,2021JJ00,1"),
        write(tmp_path / "b.csv", "2.2.1,WK001400,2021JJ00,2"),
    ]
    (made,) = read_counts(paths, boundaries=2025)
    assert made.frame[["location", "police_vandalism"]].to_numpy().tolist() == [["WK001400", 2], ["WK034401", 1]]
    assert made.boundaries == 2025
    assert "codes are taken to stand on the boundaries of 2025" in made.notes


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(EVERY_KEY[:14]),
            st.sampled_from(["GM0344", "WK034401", "WK034402"]),
            st.sampled_from([2020, 2021]),
            st.none() | st.integers(0, 999),
        ),
        min_size=1,
        max_size=60,
        unique_by=lambda row: row[:3],
    )
)
def test_sums_equal_those_of_a_plain_loop(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, int, int | None]]
) -> None:
    groups = load("police")["tables"]["offences"]["groups"]
    there = {key for key, *_ in rows}
    complete = {name: keys for name, keys in groups.items() if there >= set(keys)}
    path = write(
        tmp_path_factory.mktemp("loop") / "a.csv",
        *[f"{key},{area},{year}JJ00,{'' if count is None else count}" for key, area, year, count in rows],
    )
    made = read_counts([path])
    counts = {row[:3]: row[3] for row in rows}
    for area, year in {(row[1], row[2]) for row in rows}:
        for name, keys in complete.items():
            parts = [counts.get((key, area, year)) for key in keys]
            known = [part for part in parts if part is not None]
            expected = float(sum(known)) if len(known) == len(keys) else math.nan
            np.testing.assert_equal(value(made, area, year, name), expected)


# --- The official key lists -------------------------------------------------------------------------------


def test_the_catalogue_knows_every_offence_of_the_official_list_once(real_data: Path) -> None:
    with (real_data / "codes" / "SoortMisdrijf_47018NED.csv").open(encoding="utf-8", newline="") as file:
        official = [row["Key"].strip() for row in csv.DictReader(file)]
    assert sorted(EVERY_KEY) == sorted(official)


def test_the_region_list_stands_on_the_boundaries_that_the_catalogue_names(real_data: Path) -> None:
    """The metadata say "indeling 2024"; the neighbourhoods are those of the CBS table of 2024."""
    codes = pd.read_csv(real_data / "codes" / "WijkenEnBuurten_47018NED.csv")["Key"].str.strip()
    of_2024 = set(pd.read_csv(real_data / "codes" / "Population85984_2024.csv")["nhood_id"])
    assert {code for code in codes if code.startswith("BU")} - {"BU00000000"} == of_2024
    properties = (real_data / "codes" / "DataProperties_47018NED.csv").read_text(encoding="utf-8")
    assert f"indeling {load('police')['boundaries']}" in properties


def test_every_official_area_and_offence_can_stand_in_a_table(tmp_path: Path, real_data: Path) -> None:
    codes = pd.read_csv(real_data / "codes" / "WijkenEnBuurten_47018NED.csv")["Key"]
    path = tmp_path / "a.csv"
    rows = [f"{key} ,{code},2022JJ00,1" for code in codes for key in ("0.0.0", "1.1.1", "1.1.2", "2.6.10")]
    made = read_counts([write(path, *rows)])
    assert {each.level: len(each.frame) for each in made} == {"gemeente": 342, "wijk": 3393, "buurt": 14574}
    assert all((each.frame["police_burglary"] == 2).all() for each in made)


def test_indicators_are_in_the_catalogue() -> None:
    tables = load("police")["tables"]
    made = {entry["total_indicator"] for entry in tables.values()} | set(tables["offences"]["groups"])
    assert made == {key for key, each in indicators().items() if each.source == "police"}
    assert all(indicators()[key].kind == "extensive" for key in made)


# --- What is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            ["2.2.1,WK034401,2022JJ00,-3"],
            "line 2, column 'GeregistreerdeMisdrijven_1': found '-3'; "
            "expected a whole number of 0 or more, or '.' or nothing.",
        ),
        (
            ["2.2.1,WK034401,2022JJ00,1", "2.2.1,WK034402,2022JJ00,1.200"],
            "line 3, column 'GeregistreerdeMisdrijven_1': found '1.200'; "
            "expected a whole number of 0 or more, or '.' or nothing.",
        ),
        (
            ["2.2.1,WK034401,2022JJ00,x"],
            "line 2, column 'GeregistreerdeMisdrijven_1': found 'x'; "
            "expected a whole number of 0 or more, or '.' or nothing.",
        ),
        (
            ["9.9.9,WK034401,2022JJ00,1"],
            "line 2, column 'SoortMisdrijf': found '9.9.9'; "
            "expected a key of the list of offences (1.1.1 and so on).",
        ),
        (
            ["2.2.1,Annen,2022JJ00,1"],
            "line 2, column 'WijkenEnBuurten': found 'Annen'; expected an area code like GM0344, WK034401 or "
            "BU03440101. Save the table with codes, not with names.",
        ),
        (
            ["2.2.1,WK03440,2022JJ00,1"],
            "line 2, column 'WijkenEnBuurten': found 'WK03440'; expected an area code like GM0344, WK034401 or "
            "BU03440101. Save the table with codes, not with names.",
        ),
        (
            ["2.2.1,WK034401,2022,1"],
            "line 2, column 'Perioden': found '2022'; expected a period like 2022JJ00 or 2022MM01.",
        ),
        (
            ["2.2.1,WK034401,2022MM13,1"],
            "line 2, column 'Perioden': found '2022MM13'; expected a period like 2022JJ00 or 2022MM01.",
        ),
        (
            ["2.2.1,WK034401,2022JJ00,1", "2.2.1 ,WK034401  ,2022JJ00,2"],
            "line 3: found WK034401, 2022JJ00, 2.2.1 twice; expected every area, period and kind once.",
        ),
        (
            ["2.2.1,WK034401,2022JJ00,1", "2.2.1,WK034402"],
            "line 3: found 3 fields; expected 5 fields, as in the header. The file may be cut off.",
        ),
    ],
)
def test_a_bad_row_is_refused_with_its_line(tmp_path: Path, rows: list[str], message: str) -> None:
    path = write(tmp_path / "a.csv", *rows)
    with pytest.raises(InputError) as refusal:
        read_counts([path])
    assert str(refusal.value) == f"{path}, {message}"


def test_lines_are_counted_over_empty_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}0,2.2.1,WK034401,2022JJ00,1\n\n\n1,2.2.1,WK034402,2022JJ00,-1\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 5, column"):
        read_counts([path])


def test_only_part_of_a_year_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "2.2.1,WK034401,2022MM01,1", "2.2.1,WK034401,2022MM02,1")
    with pytest.raises(InputError) as refusal:
        read_counts([path])
    assert str(refusal.value) == (
        "a.csv: found 2022: 2 of 12 months, left out; expected at least one year with all its months."
    )


def test_years_after_the_boundaries_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "2.2.1,WK034401,2025JJ00,1")
    with pytest.raises(InputError) as refusal:
        read_counts([path])
    assert str(refusal.value) == (
        "a.csv: found figures of 2025; expected years up to 2024, the boundaries on which the codes are taken to "
        "stand. A later publication stands on later boundaries: say which."
    )
    assert read_counts([path], boundaries=2025)[0].boundaries == 2025


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("SoortMisdrijf,RegioS,Perioden,Aangiften_1\n", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_counts([path])
    assert str(refusal.value) == (
        f"{path}, line 1: found columns SoortMisdrijf, RegioS, Perioden, Aangiften_1; expected one of: 47018NED "
        "(a year) or 47022NED (a month): SoortMisdrijf, GeregistreerdeMisdrijven_1; 47024NED (nuisance, a month): "
        "Overlast, GeregistreerdeOverlast_1."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ": found an empty file; expected a header line and rows."),
        (HEADER.encode(), ": found a header without rows; expected rows below the header."),
        (
            (HEADER + "0,2.2.1,WK034401,2022JJ00,1\n").encode() + b"1,2.2.1,W\xeb,2022JJ00,1\n",
            ", line 3: found bytes that are not UTF-8 text; expected a UTF-8 CSV file.",
        ),
        (
            HEADER.encode("utf-16"),
            ", line 1: found bytes that are not UTF-8 text; expected a UTF-8 CSV file.",
        ),
        (
            b"PK\x03\x04\x14\x00\xff\xfe",
            ", line 1: found bytes that are not UTF-8 text; expected a UTF-8 CSV file. It looks like a zip "
            "archive or a workbook: unpack it, or save it as CSV.",
        ),
        (
            b"ID,SoortMisdrijf,SoortMisdrijf,WijkenEnBuurten,Perioden,GeregistreerdeMisdrijven_1\n",
            ", line 1: found column 'SoortMisdrijf' twice; expected every column once.",
        ),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        read_counts([path])
    assert str(refusal.value) == f"{path}{message}"


@pytest.mark.parametrize(
    "content", [b"<!DOCTYPE html><html></html>", b'{"value": []}', b"\x00" * 50, b'"', b"a\n\n"]
)
def test_anything_else_is_refused_as_well(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=str(path)):
        read_counts([path])


def test_a_folder_an_absent_file_and_no_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Is a directory"):
        read_counts([tmp_path])
    with pytest.raises(InputError, match="No such file"):
        read_counts([tmp_path / "absent.csv"])
    with pytest.raises(InputError) as refusal:
        read_counts([])
    assert str(refusal.value) == "files: found none; expected at least one police table."


def test_a_download_of_everything_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riskmodel.sources.statline.statline.MAX_BYTES", 1 << 20)
    path = tmp_path / "a.csv"
    path.write_bytes(HEADER.encode() + b"0" * (3 << 20))
    with pytest.raises(InputError) as refusal:
        read_counts([path])
    assert str(refusal.value) == (
        f"{path}: found 3 MB; expected at most 1 MB. Select fewer years or regions and give several files."
    )


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_end_in_another_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, with_header: bool
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "a.csv"
    path.write_bytes(HEADER.encode() * with_header + content)
    with pytest.raises(InputError):
        read_counts([path])
