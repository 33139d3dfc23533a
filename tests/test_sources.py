"""The readers give the numbers that stand in the files, held against the standard library and pandas."""

import csv
import hashlib
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskmodel.errors import InputError
from riskmodel.sources.crosswalk import read_links
from riskmodel.sources.kwb.reader import read_tables, year_in_name
from riskmodel.sources.leefbaarometer.scores import read_scores
from riskmodel.sources.observations import Observations
from riskmodel.workflow.example import ExampleFiles

DIMENSIONS = ("fys", "onv", "soc", "vrz", "won")
WAVES = (2002, 2008, 2012, 2014, 2016, 2018, 2020)
ORIGIN = ("P_WEST_AL", "P_N_W_AL", "P_MAROKKO", "P_ANT_ARU", "P_SURINAM", "P_TURKIJE", "P_OVER_NW")
SCORES_HEADER = "jaar,lbm,afw,fys,onv,soc,vrz,won"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float:
    return math.nan if text == "NA" else float(text)


def assert_scores_equal_file(made: Observations, path: Path, code: str, name: str) -> None:
    """Every value of every row, found again by area and year."""
    rows = rows_of(path)
    held = made.frame.set_index(["location", "year"])
    keys = [(row[code], int(row["jaar"])) for row in rows]
    assert len(held) == len(rows) == len(set(keys))
    found = held.loc[keys]
    assert found["name"].tolist() == [row[name] for row in rows]
    for indicator, column in [("score", "lbm"), *((each, each) for each in DIMENSIONS)]:
        expected = [number(row[column]) for row in rows]
        np.testing.assert_array_equal(found[indicator].to_numpy(), expected, err_msg=indicator)


# --- Leefbaarometer -------------------------------------------------------------------------------------------


def test_real_wijk_file_has_the_known_areas_waves_and_base(real_data: Path) -> None:
    (made,) = read_scores([real_data / "leefbaarometer-3.0" / "Leefbaarometer-scores wijken 2002-2020.csv"])
    assert made.level == "wijk"
    assert made.frame["location"].nunique() == 3303
    assert made.years == WAVES
    assert made.base == pytest.approx(4.102265, abs=5e-7)
    assert made.boundaries == 2022
    with_dimensions = made.frame.dropna(subset=["onv"])["year"].unique().tolist()
    assert sorted(with_dimensions) == [2014, 2018, 2020]


def test_real_wijk_file_is_read_value_by_value(real_data: Path) -> None:
    path = real_data / "leefbaarometer-3.0" / "Leefbaarometer-scores wijken 2002-2020.csv"
    (made,) = read_scores([path])
    assert_scores_equal_file(made, path, "wk_code", "wk_naam")
    names_with_comma = {row["wk_naam"] for row in rows_of(path) if "," in row["wk_naam"]}
    assert names_with_comma
    assert names_with_comma <= set(made.frame["name"])


def test_invented_file_is_read_value_by_value(example_files: ExampleFiles) -> None:
    (made,) = read_scores([example_files.leefbaarometer])
    assert_scores_equal_file(made, example_files.leefbaarometer, "wk_code", "wk_naam")
    assert made.files[0].sha256 == hashlib.sha256(example_files.leefbaarometer.read_bytes()).hexdigest()
    assert made.frame[["location", "year"]].equals(
        made.frame[["location", "year"]].sort_values(["location", "year"], ignore_index=True)
    )


@pytest.mark.parametrize(
    ("level", "columns", "area", "name"),
    [
        ("buurt", "bu_code,bu_naam", 'BU00140000,"Noord, en Zuid"', "Noord, en Zuid"),
        ("gemeente", "gm_code,gm_naam", "GM0014,Groningen", "Groningen"),
        ("pc4", "PC4", "9711", "9711"),
        ("grid", "gridcode", "E1230N4560", "E1230N4560"),
    ],
)
def test_every_level_is_recognised_by_its_header(
    tmp_path: Path, level: str, columns: str, area: str, name: str
) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(
        f"{columns},{SCORES_HEADER}\n"
        f"{area},2016,4.35,0.25,NA,NA,NA,NA,NA\n"
        f"{area},2018,4.2,0.1,0.01,0.02,0.03,0.04,0.0\n",
        encoding="utf-8",
    )
    (made,) = read_scores([path])
    assert (made.level, made.base, made.years) == (level, pytest.approx(4.1), (2016, 2018))
    assert made.frame["name"].tolist() == [name, name]
    assert made.frame["location"].tolist() == [area.split(",")[0]] * 2
    assert made.frame["score"].tolist() == [4.35, 4.2]
    assert made.frame.loc[0, list(DIMENSIONS)].isna().all()
    assert made.frame.loc[1, list(DIMENSIONS)].tolist() == [0.01, 0.02, 0.03, 0.04, 0.0]


def test_a_file_without_any_dimension_is_read(tmp_path: Path) -> None:
    path = tmp_path / "early waves.csv"
    path.write_text(
        f"wk_code,wk_naam,{SCORES_HEADER}\nWK001400,Centrum,2008,4.2,0.1,NA,NA,NA,NA,NA\n", encoding="utf-8"
    )
    (made,) = read_scores([path])
    assert made.frame["score"].tolist() == [4.2]
    assert made.frame[list(DIMENSIONS)].isna().all(axis=None)


def test_columns_are_read_by_name_and_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(
        "won,vrz,jaar,wk_naam,afw,soc,lbm,onv,fys,wk_code\n0.0,0.04,2018,NA,0.1,0.03,4.2,0.02,0.01,WK001400\n",
        encoding="utf-8-sig",
    )
    (made,) = read_scores([path])
    row = made.frame.iloc[0]
    assert row["location"] == "WK001400"
    assert row["name"] == "NA", "an area may be called NA: only numbers can be missing"
    assert [row[each] for each in ("score", *DIMENSIONS)] == [4.2, 0.01, 0.02, 0.03, 0.04, 0.0]


def test_waves_in_two_files_of_one_release_are_put_together(tmp_path: Path) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path, year, score in zip(paths, (2018, 2016), (4.2, 4.3), strict=True):
        path.write_text(
            f"wk_code,wk_naam,{SCORES_HEADER}\nWK001400,Centrum,{year},{score},{score - 4.1},NA,NA,NA,NA,NA\n",
            encoding="utf-8",
        )
    (made,) = read_scores(paths)
    assert made.frame[["year", "score"]].to_numpy().tolist() == [[2016, 4.3], [2018, 4.2]]
    assert [file.name for file in made.files] == ["a.csv", "b.csv"]


# --- KWB ------------------------------------------------------------------------------------------------------


def test_real_kwb_2016_equals_the_file(real_data: Path) -> None:
    path = real_data / "kwb" / "wijk_2016.csv"
    (made,) = read_tables([path])
    rows = {row["WK_CODE"]: row for row in rows_of(path)}
    assert (made.level, made.boundaries, made.years) == ("wijk", 2016, (2016,))
    assert len(made.frame) == len(rows) == 2981
    columns = {"population": "AANT_INW", "density": "BEV_DICHTH", "age_65_plus": "P_65_EO_JR", "urbanity": "STED"}
    for indicator, column in columns.items():
        raw = [float(rows[code][column]) for code in made.frame["location"]]
        expected = [math.nan if value <= -90_000_000 else value for value in raw]
        if indicator in ("density", "age_65_plus"):
            assert any(math.isnan(value) for value in expected), f"{column} has missing values to recognise"
        np.testing.assert_array_equal(made.frame[indicator].to_numpy(), expected, err_msg=indicator)


def test_real_kwb_2022_equals_pandas(real_data: Path) -> None:
    path = real_data / "kwb" / "wijk_2022.csv"
    (made,) = read_tables([path])
    expected = pd.read_csv(path).set_index("code").loc[made.frame["location"]]
    assert len(made.frame) == len(expected) == 3340
    pairs = {"population": "population", "owner_occupied": "dwelling_ownership", "low_income": "income_low"}
    for indicator, column in pairs.items():
        np.testing.assert_array_equal(made.frame[indicator], expected[column], err_msg=indicator)
    degrees = {
        f"{w} urbanised": n for n, w in enumerate(("extremely", "strongly", "moderately", "hardly", "not"), 1)
    }
    np.testing.assert_array_equal(made.frame["urbanity"], expected["urbanity"].map(degrees))


def test_origin_columns_are_told_as_blocked_and_not_read(example_files: ExampleFiles) -> None:
    (made,) = read_tables(example_files.kwb[:1])
    header = example_files.kwb[0].read_text(encoding="utf-8").splitlines()[0].split(",")
    assert set(ORIGIN) <= set(header)
    assert not set(made.frame.columns) & set(ORIGIN)
    assert all(column in " ".join(made.notes) for column in ORIGIN)


@pytest.mark.parametrize(
    ("name", "year"), [("wijk_2016.csv", 2016), ("kwb-2022-v3.csv", 2022), ("2022 wijken 2022.csv", 2022)]
)
def test_year_is_found_in_the_name(name: str, year: int) -> None:
    assert year_in_name(Path(name)) == year


@pytest.mark.parametrize("name", ["wijken.csv", "wijk_2016_2022.csv", "wijk_120161.csv"])
def test_a_name_without_one_year_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="--year"):
        year_in_name(Path(name))


# --- Links between boundary years -----------------------------------------------------------------------------


def test_real_links_equal_the_file(real_data: Path) -> None:
    path = real_data / "crosswalk" / "code_changes_2016_2024.csv"
    links, file = read_links(path)
    rows = rows_of(path)
    prefix = {"wijk": "WK", "gemeente": "GM"}
    assert links["code_from"].tolist() == [prefix[row["level"]] + row["code_from"] for row in rows]
    assert links["code_to"].tolist() == [prefix[row["level"]] + row["code_to"] for row in rows]
    assert links["addresses"].tolist() == [float(row["addresses"]) for row in rows]
    assert links["year_from"].tolist() == [int(row["year_from"]) for row in rows]
    assert file.name == path.name


# --- Properties -----------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    scores=st.lists(st.floats(-1.0, 1.0, allow_subnormal=False), min_size=1, max_size=8),
    name=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20),
)
def test_any_score_and_any_name_survive_writing_and_reading(
    tmp_path_factory: pytest.TempPathFactory, scores: list[float], name: str
) -> None:
    path = tmp_path_factory.mktemp("property") / "scores.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["wk_code", "wk_naam", *SCORES_HEADER.split(",")])
        for number_, deviation in enumerate(scores):
            area = f"WK0014{number_:02d}"
            writer.writerow([area, name, 2018, repr(4.1 + deviation), repr(deviation), *["NA"] * 5])
    (made,) = read_scores([path])
    assert made.frame["score"].tolist() == [4.1 + deviation for deviation in scores]
    assert set(made.frame["name"]) == {name}
