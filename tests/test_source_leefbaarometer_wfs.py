"""Attribute tables of the WFS are read with their classes, and everything that is not as published is refused."""

import csv
from pathlib import Path

import numpy as np
import pytest

from riskmodel.catalogue import class_scheme, drivers, indicators
from riskmodel.errors import InputError
from riskmodel.sources.leefbaarometer.wfs import SOURCE, read_layers

DIMENSIONS = ("won", "fys", "vrz", "soc", "onv")
HEADER = "kscore,kafw,afw,kwon,kfys,kvrz,ksoc,konv,won,fys,vrz,soc,onv,year,code,naam"
ROW = "9,8,0.19,5,5,9,5,3,-0.01,0.03,0.31,-0.03,-0.11,2024,BU00140000,Binnenstad"


def table(folder: Path, *rows: str, name: str = "buurtscore24.csv", header: str = HEADER) -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def refusal(*paths: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_layers(paths)
    return str(caught.value)


@pytest.fixture(scope="module")
def real_layer(real_data: Path) -> Path:
    return real_data / "leefbaarometer-3.0" / "wfs buurtscore24.csv"


def test_real_layer_is_read_value_by_value(real_layer: Path) -> None:
    (made,) = read_layers([real_layer])
    with real_layer.open(encoding="utf-8", newline="") as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}
    assert (made.source, made.level, made.boundaries, made.years) == (SOURCE, "buurt", 2024, (2024,))
    assert made.base is None
    assert len(made.frame) == len(rows) == 12_147
    assert made.frame["location"].tolist() == sorted(rows)
    pairs = {"afw": "wfs_deviation", "kscore": "wfs_class", "kafw": "wfs_class_deviation"}
    pairs |= {each: f"wfs_{each}" for each in DIMENSIONS} | {
        f"k{each}": f"wfs_class_{each}" for each in DIMENSIONS
    }
    assert set(pairs.values()) == set(made.indicators)
    for column, indicator in pairs.items():
        expected = [float(rows[code][column]) for code in made.frame["location"]]
        np.testing.assert_array_equal(made.frame[indicator].to_numpy(), expected, err_msg=column)
    assert made.frame["name"].tolist() == [rows[code]["naam"].strip() for code in made.frame["location"]]


def test_computed_classes_equal_the_published_ones_in_the_real_layer(real_layer: Path) -> None:
    (made,) = read_layers([real_layer])
    computed = class_scheme("3.0").classify(made.frame["wfs_deviation"].to_numpy())
    np.testing.assert_array_equal(computed, made.frame["wfs_class"])
    cuts = np.array([-0.2352, -0.1568, -0.0784, -0.0392, 0.0392, 0.0784, 0.1568, 0.2352])
    for each in ("deviation", *DIMENSIONS):
        by_cuts = np.searchsorted(cuts, made.frame[f"wfs_{each}"], side="right") + 1.0
        assert (by_cuts == made.frame[f"wfs_class_{each}"]).mean() > 0.9995, each


def test_codes_of_the_real_layer_are_those_of_2024(real_layer: Path, real_data: Path) -> None:
    (made,) = read_layers([real_layer])
    with (real_data / "codes" / "Population85984_2024.csv").open(encoding="utf-8", newline="") as file:
        known = {row["nhood_id"].strip() for row in csv.DictReader(file)}
    assert set(made.frame["location"]) <= known


@pytest.mark.parametrize(
    ("layer", "level", "code"),
    [
        ("wijkscore22", "wijk", "WK0363AA"),
        ("gemeentescore22", "gemeente", "GM0363"),
        ("pc4score22", "pc4", "1011"),
        ("clippedgridscore22", "grid", "E1213N4879"),
        ("lbm3_buurtscore22", "buurt", "BU0363AA01"),
    ],
)
def test_level_and_year_come_from_codes_and_the_name_of_the_layer(
    tmp_path: Path, layer: str, level: str, code: str
) -> None:
    header, row = HEADER.replace(",year,code,naam", ",id"), ROW.split(",2024")[0] + f",{code}"
    (made,) = read_layers([table(tmp_path, row, name=f"{layer}.csv", header=header)])
    assert (made.level, made.years) == (level, (2022,))
    assert made.frame[["location", "name"]].iloc[0].tolist() == [code, code]


def test_the_names_of_the_service_itself_are_known_and_geometry_is_left(tmp_path: Path) -> None:
    header = "FID," + HEADER.replace("code,naam", "id,name") + ",geom"
    row = "buurtscore24.1," + ROW + ',"MULTIPOLYGON (((1 2, 3 4, 5 6, 1 2)))"'
    (made,) = read_layers([table(tmp_path, row, header=header)])
    assert made.frame[["location", "name", "wfs_class"]].iloc[0].tolist() == ["BU00140000", "Binnenstad", 9.0]


def test_sentinels_and_blanks_are_missing(tmp_path: Path) -> None:
    gone = ",".join(["-99997"] * 13) + ",2024,BU00140001,Zuid"
    blank = "," * 13 + "2024,BU00140002,Oost"
    (made,) = read_layers([table(tmp_path, ROW, gone, blank, name="any.csv")])
    assert made.frame[list(made.indicators)].isna().all(axis=1).tolist() == [False, True, True]


def test_a_layer_without_dimensions_is_read_and_told(tmp_path: Path) -> None:
    path = table(tmp_path, "7,6,0.05,BU00140000", name="buurtscore16.csv", header="kscore,kafw,afw,id")
    (made,) = read_layers([path, table(tmp_path, ROW)])
    assert made.years == (2016, 2024)
    assert made.frame["wfs_deviation"].tolist() == [0.05, 0.19]
    assert np.isnan(made.frame["wfs_onv"].iloc[0])
    assert made.notes == ("buurtscore16.csv: a layer without dimensions",)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("9,8,0.19", "10,8,0.19", ", line 2, column 'kscore': found 10; expected a class from 1 to 9."),
        ("9,8,0.19", "8.5,8,0.19", ", line 2, column 'kscore': found 8.5; expected a class from 1 to 9."),
        ("0.19", "-9999", ", line 2, column 'afw': found -9999; expected a deviation from -3 to 3."),
        ("9,8,0.19", ",8,0.19", ", line 2: found only one of 'afw' and 'kscore'; expected both or neither."),
        (
            "5,5,9,5,3,-0.01,0.03,0.31,-0.03,-0.11",
            "5,5,9,5,,-0.01,0.03,0.31,-0.03,",
            ", line 2: found some of deviation and dimensions; expected all six, or no dimension.",
        ),
        (
            "0.19",
            "0.20",
            ", line 2: found dimensions that add up to 0.190000; expected 0.200000 (column 'afw'). "
            "The file may be damaged, or its columns may have been swapped.",
        ),
        (
            "2024,",
            "2022,",
            ", line 2, column 'year': found 2022; expected 2024, as in the name of the file.",
        ),
        (
            "BU0014",
            "BU14",
            ", line 2, column 'code': found 'BU140000'; expected a code of buurt, wijk, gemeente, pc4, grid.",
        ),
        (
            "BU00140000",
            "WK001400",
            ": found codes of level wijk; expected level buurt, as in the name of the file.",
        ),
        ("0.19", "0;19", ", line 2, column 'afw': found '0;19'; expected a number or ['', 'NA']."),
    ],
)
def test_a_wrong_value_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = table(tmp_path, ROW.replace(old, new, 1))
    assert refusal(path) == f"{path}{told}"


def test_a_code_of_another_level_further_down_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path, ROW, ROW.replace("BU00140000", "GM0014"))
    assert refusal(path) == f"{path}, line 3, column 'code': found 'GM0014'; expected a code of level buurt."


def test_a_layer_of_one_dimension_is_refused_because_its_afw_is_no_total(tmp_path: Path) -> None:
    path = table(tmp_path, ROW, name="buurtscore14_fys.csv")
    assert refusal(path) == (
        f"{path}: found a layer of dimension 'fys' alone; expected the layer of the total. "
        "In it 'afw' is the dimension; use buurtscore14."
    )


def test_a_table_without_year_needs_the_name_of_its_layer(tmp_path: Path) -> None:
    path = table(tmp_path, "7,6,0.05,BU00140000", name="buurten.csv", header="kscore,kafw,afw,id")
    assert refusal(path) == (
        f"{path}, line 1: found no column 'year'; expected the year. "
        "Or name the file after its layer: buurtscore24.csv."
    )


def test_other_tables_are_refused(tmp_path: Path) -> None:
    scores = table(tmp_path, "WK001400,Centrum,2020,4.2", name="a.csv", header="wk_code,wk_naam,jaar,lbm")
    assert refusal(scores) == (
        f"{scores}, line 1: found columns wk_code, wk_naam, jaar, lbm; expected a column 'code' or 'id'. "
        "Is it the table of a WFS layer such as buurtscore24?"
    )
    half = table(tmp_path, "1,2", name="b.csv", header="code,kscore")
    assert refusal(half) == (
        f"{half}, line 1: found no column 'afw' (columns: code, kscore); expected afw, kafw and kscore, and "
        "all five dimensions with their classes or none."
    )
    with pytest.raises(InputError, match="files: found none"):
        read_layers([])


def test_an_area_and_year_twice_is_refused(tmp_path: Path) -> None:
    paths = [table(tmp_path, ROW), table(tmp_path, ROW, name="again.csv")]
    assert refusal(*paths) == (
        f"{paths[1]}, line 2: found BU00140000 in 2024 twice; expected every area and year once."
    )


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html><html></html>", b"\xff\xfe\x00", b"PK\x03\x04 zip"])
def test_any_other_bytes_are_refused_as_input(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "buurtscore24.csv"
    path.write_bytes(content)
    assert str(path) in refusal(path)
    assert str(tmp_path) in refusal(tmp_path)


def test_every_indicator_stands_in_the_catalogue(tmp_path: Path) -> None:
    (made,) = read_layers([table(tmp_path, ROW)])
    known = {key: each for key, each in indicators().items() if each.source == SOURCE}
    assert set(known) == set(made.indicators)
    assert {each.driver for each in known.values()} <= {each.id for each in drivers()}
