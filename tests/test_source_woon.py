"""WoON: results with margins, of municipalities or of the regions they belong to."""

import math
from pathlib import Path

import pytest

from riskmodel.catalogue import indicators, load, regions
from riskmodel.errors import InputError
from riskmodel.sources.statline.woon import read_results

HEADER = "area,year,indicator,share,margin\n"
SATISFIED = "woon_satisfied_dwelling"
DECLINED = "woon_neighbourhood_declined"


def write(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_shares_come_with_the_bounds_that_their_margin_gives(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        f"GM0034,2021,{SATISFIED},86.5,2.5",
        f"GM0034,2021,{DECLINED},20,4",
        f"GM0014,2021,{SATISFIED},99,2.5",
        f"GM0014,2021,{DECLINED},1,4",
    )
    (made,) = read_results([path])
    assert (made.source, made.level, made.boundaries, made.years) == ("woon", "gemeente", 2021, (2021,))
    assert made.indicators == (
        *[f"{SATISFIED}{end}" for end in ("", "_low", "_high")],
        *[f"{DECLINED}{end}" for end in ("", "_low", "_high")],
    )
    assert made.frame[["location", "name", *made.indicators]].to_numpy().tolist() == [
        ["GM0014", "GM0014", 99.0, 96.5, 100.0, 1.0, 0.0, 5.0],
        ["GM0034", "GM0034", 86.5, 84.0, 89.0, 20.0, 16.0, 24.0],
    ]
    assert made.notes == ()


def test_unknown_shares_and_margins_are_missing(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv",
        f"GM0034,2021,{SATISFIED},86.5,",
        f"GM0014,2021,{SATISFIED},.,.",
        f"GM0003,2021,{SATISFIED},80,1",
    )
    (made,) = read_results([path])
    held = made.frame.set_index("location")
    assert held.loc["GM0034", SATISFIED] == 86.5
    assert math.isnan(held.loc["GM0034", f"{SATISFIED}_low"])
    assert held.loc["GM0014", list(made.indicators)].isna().all()


def test_a_region_counts_for_its_municipalities_that_have_no_result_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f"Drechtsteden,2021,{SATISFIED},84.0,1", f"GM0505,2021,{SATISFIED},80.0,2")
    (made,) = read_results([path])
    assert set(made.frame["location"]) == set(regions()["Drechtsteden"])
    shares = dict(zip(made.frame["location"], made.frame[SATISFIED], strict=True))
    assert shares.pop("GM0505") == 80.0
    assert set(shares.values()) == {84.0}
    assert made.notes == (f"from a region's result: {', '.join(sorted(shares))}",)


def test_years_stand_apart_on_their_own_boundaries(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / "b.csv", f"GM0034,2021,{SATISFIED},86,2"),
        write(tmp_path / "a.csv", f"GM0034,2018,{SATISFIED},85,2", f"GM0034,2018,{DECLINED},20,2"),
    ]
    made = read_results(paths)
    assert [(each.boundaries, each.years, each.frame[SATISFIED].tolist()) for each in made] == [
        (2018, (2018,), [85.0]),
        (2021, (2021,), [86.0]),
    ]
    assert DECLINED not in made[1].indicators
    assert [each.boundaries for each in read_results(paths, boundaries=2022)] == [2022, 2022]


def test_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", f"GM0034;2021;{SATISFIED};86,5;2,5", header="area;year;indicator;share;margin\n"
    )
    (made,) = read_results([path])
    assert made.frame[[SATISFIED, f"{SATISFIED}_low", f"{SATISFIED}_high"]].to_numpy().tolist() == [
        [86.5, 84.0, 89.0]
    ]


def test_indicators_and_their_bounds_are_in_the_catalogue() -> None:
    made = {name + end for name in load("woon")["indicators"] for end in ("", "_low", "_high")}
    assert made == {key for key, each in indicators().items() if each.source == "woon"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"GM0014,2021,{SATISFIED},101,1", "line 3, column 'share': found '101'; expected 0 to 100."),
        (f"GM0014,2021,{SATISFIED},10,-1", "line 3, column 'margin': found '-1'; expected 0 to 100."),
        (
            f"GM0014,2021,{SATISFIED},veel,1",
            "line 3, column 'share': found 'veel'; expected a number, or '.' or nothing.",
        ),
        (
            f"Almelo,2021,{SATISFIED},10,1",
            "line 3, column 'area': found 'Almelo'; expected a code like GM0344 or one of Almere, Drechtsteden, "
            "Noord-Limburg.",
        ),
        (f"GM0014,21,{SATISFIED},10,1", "line 3, column 'year': found '21'; expected a year such as 2021."),
        (
            "GM0014,2021,tevreden,10,1",
            f"line 3, column 'indicator': found 'tevreden'; expected one of "
            f"{', '.join(sorted(load('woon')['indicators']))}.",
        ),
        (
            f"GM0034,2021,{SATISFIED},10,1",
            f"line 3: found {SATISFIED} of GM0034 in 2021 twice; expected every result once.",
        ),
        (
            f"GM0014,2021,{SATISFIED},10",
            "line 3: found 4 fields; expected 5 fields, as in the header. The file may be cut off.",
        ),
    ],
)
def test_a_bad_row_is_refused_with_its_line(tmp_path: Path, row: str, message: str) -> None:
    path = write(tmp_path / "a.csv", f"GM0034,2021,{SATISFIED},86,2", row)
    with pytest.raises(InputError) as refusal:
        read_results([path])
    assert str(refusal.value) == f"{path}, {message}"


def test_a_region_twice_is_refused(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, f"Noord-Limburg,2021,{SATISFIED},84.0,1") for name in ("a.csv", "b.csv")]
    with pytest.raises(InputError) as refusal:
        read_results(paths)
    assert str(refusal.value) == (
        f"{paths[1]}, line 2: found {SATISFIED} of GM0889 in 2021 twice; expected every result once."
    )


def test_absent_columns_no_file_and_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("gemeente,jaar,aandeel\nGM0034,2021,10\n", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_results([path])
    assert str(refusal.value) == (
        f"{path}, line 1: found no column 'area' (columns: gemeente, jaar, aandeel); expected columns area, year, "
        "indicator, share, margin."
    )
    with pytest.raises(InputError) as refusal:
        read_results([])
    assert str(refusal.value) == "files: found none; expected at least one table of results."
    with pytest.raises(InputError, match="Is a directory"):
        read_results([tmp_path])
    path.write_bytes(b"\xff\xfea\x00r\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_results([path])
