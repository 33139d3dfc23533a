"""Veiligheidsmonitor: figures with the bounds of their interval, municipalities only, since the break of 2021."""

import math
from pathlib import Path

import numpy as np
import pytest

from riskmodel.catalogue import indicators, load
from riskmodel.errors import InputError
from riskmodel.sources.statline.veiligheidsmonitor import read_survey

HEADER = (
    "ID,Marges,RegioS,Perioden,SocialeCohesieSchaalscore_15,AchteruitGegaan_17,RapportcijferLeefbaarheidWoonbuurt_18,"
    "TevredenMetSamenstellingBevolking_12,Slachtoffers_68,Slachtoffers_72\n"
)
COHESION, DECLINED, GRADE = "vm_cohesion_score", "vm_neighbourhood_declined", "vm_liveability_grade"


def write(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text(header + "".join(f"{number},{row}\n" for number, row in enumerate(rows)), encoding="utf-8")
    return path


def of_almere(year: int = 2021, area: str = "GM0034   ", shift: float = 0.0) -> list[str]:
    return [
        f"MW00000,{area},{year}JJ00,{6.1 + shift},  16.4,7.1,80.0,1,2",
        f"MOG0095,{area},{year}JJ00,{6.0 + shift},  14.9,7.0,80.0,1,2",
        f"MBG0095,{area},{year}JJ00,{6.2 + shift},  17.9,7.2,80.0,1,2",
    ]


def test_figures_come_with_the_bounds_of_their_interval(tmp_path: Path) -> None:
    (made,) = read_survey([write(tmp_path / "a.csv", *of_almere())])
    assert (made.source, made.level, made.boundaries, made.years) == (
        "veiligheidsmonitor",
        "gemeente",
        2021,
        (2021,),
    )
    row = made.frame.iloc[0]
    assert (row["location"], row["name"]) == ("GM0034", "GM0034")
    assert [row[COHESION + end] for end in ("", "_low", "_high")] == [6.1, 6.0, 6.2]
    assert [row[DECLINED + end] for end in ("", "_low", "_high")] == [16.4, 14.9, 17.9]
    assert [row[GRADE + end] for end in ("", "_low", "_high")] == [7.1, 7.0, 7.2]
    assert all(dtype == "float64" for dtype in made.frame[list(made.indicators)].dtypes)


def test_only_catalogued_topics_are_read(tmp_path: Path) -> None:
    (made,) = read_survey([write(tmp_path / "a.csv", *of_almere())])
    assert {name.removesuffix("_low").removesuffix("_high") for name in made.indicators} == {
        COHESION,
        DECLINED,
        GRADE,
    }
    assert "left out, not in a.csv: VooruitGegaan" in made.notes


def test_every_year_stands_on_its_own_boundaries(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", *of_almere(2023), *of_almere(2021), *of_almere(2021, "GM0014", 0.5))
    made = read_survey([path])
    assert [(each.boundaries, each.years) for each in made] == [(2021, (2021,)), (2023, (2023,))]
    assert made[0].frame[["location", COHESION]].to_numpy().tolist() == [["GM0014", 6.6], ["GM0034", 6.1]]


def test_years_in_two_files_are_put_together(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{year}.csv", *of_almere(year)) for year in (2023, 2021)]
    assert [each.years for each in read_survey(paths)] == [(2021,), (2023,)]


def test_country_province_and_police_regions_are_no_municipalities(tmp_path: Path) -> None:
    rows = [
        f"MW00000,{area},2021JJ00,6.1,16.4,7.1,,," for area in ("NL01", "PV24", "RE06", "PD0301", "LD01", "GM0034")
    ]
    (made,) = read_survey([write(tmp_path / "a.csv", *rows)])
    assert made.frame["location"].tolist() == ["GM0034"]


@pytest.mark.parametrize("withheld", ["", ".", "       .", "null"])
def test_a_withheld_figure_is_missing_with_its_bounds(tmp_path: Path, withheld: str) -> None:
    rows = [
        f"{margin},GM0034,2021JJ00,{figure},{withheld},7.1,,,"
        for margin, figure in [("MW00000", 6.1), ("MOG0095", 6.0), ("MBG0095", 6.2)]
    ]
    path = write(tmp_path / "a.csv", *rows, *of_almere(area="GM0014"))
    (made,) = read_survey([path])
    held = made.frame.set_index("location")
    assert all(math.isnan(held.loc["GM0034", DECLINED + end]) for end in ("", "_low", "_high"))
    assert held.loc["GM0014", DECLINED] == 16.4


def test_a_file_without_bounds_gives_figures_without_companions(tmp_path: Path) -> None:
    (made,) = read_survey([write(tmp_path / "a.csv", of_almere()[0])])
    assert made.indicators == (DECLINED, GRADE, COHESION)
    assert "a.csv has not both bounds of the 95% interval" in made.notes


def test_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Marges;RegioS;Perioden;AchteruitGegaan_17\nMW00000;GM0034;2021JJ00;16,4\nMOG0095;GM0034;2021JJ00;14,9\n",
        encoding="utf-8-sig",
    )
    (made,) = read_survey([path])
    np.testing.assert_array_equal(made.frame[[DECLINED, f"{DECLINED}_low"]], [[16.4, 14.9]])


def test_indicators_and_their_bounds_are_in_the_catalogue() -> None:
    entry = load("veiligheidsmonitor")
    names = [name for topics in entry["columns"].values() for name in topics.values()]
    made = {name + end for name in names for end in entry["margins"].values()}
    assert made == {key for key, each in indicators().items() if each.source == "veiligheidsmonitor"}


@pytest.mark.parametrize("year", [2012, 2017, 2019, 2020])
def test_years_before_the_break_of_method_are_refused(tmp_path: Path, year: int) -> None:
    path = write(tmp_path / "a.csv", *of_almere(2021), *of_almere(year))
    with pytest.raises(InputError) as refusal:
        read_survey([path])
    assert str(refusal.value) == (
        f"{path}, line 5, column 'Perioden': found '{year}JJ00'; expected a year from 2021. Questions and method "
        "changed in 2021; earlier years are another instrument. Leave them out."
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "MW00000,GM0014,2021JJ00,6.1,160,7.1,,,",
            "line 5, column 'AchteruitGegaan_17': found '160'; expected 0 to 100.",
        ),
        (
            "MW00000,GM0014,2021JJ00,61,16,7.1,,,",
            "line 5, column 'SocialeCohesieSchaalscore_15': found '61'; expected 0 to 10.",
        ),
        (
            "MW00000,GM0014,2021JJ00,6.1,16,0.5,,,",
            "line 5, column 'RapportcijferLeefbaarheidWoonbuurt_18': found '0.5'; expected 1 to 10.",
        ),
        (
            'MW00000,GM0014,2021JJ00,"6,1",16,7,,,',
            "line 5, column 'SocialeCohesieSchaalscore_15': found '6,1' beside '16.4'; expected one decimal sign "
            "in a file. Save all numbers with the same decimal sign.",
        ),
        (
            "MW00000,Almere,2021JJ00,6.1,16,7,,,",
            "line 5, column 'RegioS': found 'Almere'; expected an area code like GM0344, WK034401 or BU03440101. "
            "Save the table with codes, not with names.",
        ),
        (
            "Waarde,GM0014,2021JJ00,6.1,16,7,,,",
            "line 5, column 'Marges': found 'Waarde'; expected one of MW00000, MOG0095, MBG0095.",
        ),
        (
            "MW00000,GM0014,2021MM02,6.1,16,7,,,",
            "line 5, column 'Perioden': found '2021MM02'; expected a year like 2021JJ00.",
        ),
        (
            "MW00000,GM0034,2021JJ00,6.1,16,7,,,",
            "line 5, column 'RegioS': found 'GM0034'; expected every municipality, year and margin once.",
        ),
    ],
)
def test_a_bad_row_is_refused_with_its_line(tmp_path: Path, row: str, message: str) -> None:
    path = write(tmp_path / "a.csv", *of_almere(), row)
    with pytest.raises(InputError) as refusal:
        read_survey([path])
    assert str(refusal.value) == f"{path}, {message}"


def test_a_figure_outside_its_interval_is_refused(tmp_path: Path) -> None:
    value, low, high = of_almere()
    swapped = [low.replace("MOG0095", "MBG0095"), high.replace("MBG0095", "MOG0095")]
    path = write(tmp_path / "a.csv", value, *swapped)
    with pytest.raises(InputError) as refusal:
        read_survey([path])
    assert str(refusal.value) == (
        f"{path}, column 'AchteruitGegaan_17', GM0034 in 2021: found 16.4 with interval 17.9 to 14.9; expected a "
        "figure inside its interval."
    )


def test_one_year_in_two_files_is_refused(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, *of_almere()) for name in ("a.csv", "b.csv")]
    with pytest.raises(InputError) as refusal:
        read_survey(paths)
    assert (
        str(refusal.value) == f"{paths[1]}: found GM0034 in 2021 twice; expected every municipality and year once."
    )


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Marges,RegioS,Perioden,Iets_1\nMW00000,GM0034,2021JJ00,1\n", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_survey([path])
    assert str(refusal.value) == (
        f"{path}, line 1: found none of the topics (columns: Marges, RegioS, Perioden, Iets_1); expected columns "
        "of 85146NED such as VooruitGegaan_1."
    )
    path.write_text("Kenmerken,Perioden,AchteruitGegaan_17\nT009002,2021JJ00,1\n", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_survey([path])
    assert str(refusal.value) == (
        f"{path}, line 1: found no column 'Marges' (columns: Kenmerken, Perioden, AchteruitGegaan_17); expected "
        "columns Marges, RegioS, Perioden, AchteruitGegaan_17."
    )


def test_a_topic_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Marges,RegioS,Perioden,AchteruitGegaan_17,AchteruitGegaan_21\n", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_survey([path])
    assert str(refusal.value) == (
        f"{path}, line 1: found columns 'AchteruitGegaan_17' and 'AchteruitGegaan_21'; expected one column "
        "'AchteruitGegaan'."
    )


def test_a_file_without_municipalities_and_no_file_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "MW00000,NL01,2021JJ00,6.1,16.4,7.1,,,")
    with pytest.raises(InputError) as refusal:
        read_survey([path])
    assert str(refusal.value) == (
        f"{path}: found no figures of municipalities; expected rows of GM codes with margin MW00000."
    )
    with pytest.raises(InputError) as refusal:
        read_survey([])
    assert str(refusal.value) == "files: found none; expected at least one file of the Veiligheidsmonitor."
    with pytest.raises(InputError, match="Is a directory"):
        read_survey([tmp_path])
    (tmp_path / "b.csv").write_bytes(b"PK\x03\x04\xff")
    with pytest.raises(InputError, match="zip archive"):
        read_survey([tmp_path / "b.csv"])


def test_bounds_are_no_features_of_a_model() -> None:
    of_survey = [each for each in indicators().values() if each.source == "veiligheidsmonitor"]
    assert all(each.feature != each.id.endswith(("_low", "_high")) for each in of_survey)
