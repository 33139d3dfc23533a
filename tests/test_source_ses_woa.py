"""SES-WOA: two ways in which it is published, and boundaries that only the table's number tells."""

import math
from pathlib import Path

import numpy as np
import pytest

from riskmodel.catalogue import indicators
from riskmodel.errors import InputError
from riskmodel.sources.statline.ses_woa import read_scores

ODATA = "ID,WijkenEnBuurten,Perioden,ParticuliereHuishoudens_2,GemiddeldeScore_29,k_30,Waarde_37\n"
STATLINE = (
    '"Perioden";"Wijken en buurten";"Regiocode (gemeente, wijk, buurt) (code)";'
    '"SES-WOA/Totaalscore/Gemiddelde score (Getal)";"Spreiding/Spreiding totaal/Waarde (Getal)"\n'
)


def odata(path: Path, *rows: str) -> Path:
    path.write_text(ODATA + "".join(f"{number},{row}\n" for number, row in enumerate(rows)), encoding="utf-8")
    return path


def statline(path: Path, *rows: str) -> Path:
    path.write_text(STATLINE + "".join(f"{row}\n" for row in rows) + '"Bron: CBS"\n', encoding="utf-8-sig")
    return path


def test_open_data_with_padded_codes_and_withheld_scores(tmp_path: Path) -> None:
    path = odata(
        tmp_path / "85900NED.csv",
        "NL00      ,2022JJ00,8000000,0.000,,0.8",
        "GM1680    ,2022JJ00,11200,   0.170,,   0.715",
        "WK168000  ,2022JJ00,1600,   0.222,,   0.688",
        "WK168000  ,2021JJ00,1600,  -0.222,,   0.600",
        "BU16800009,2022JJ00,100,       .,,       .",
    )
    gemeente, wijk, buurt = read_scores([path])
    assert [each.level for each in (gemeente, wijk, buurt)] == ["gemeente", "wijk", "buurt"]
    assert (wijk.source, wijk.boundaries, wijk.years) == ("ses-woa", 2023, (2021, 2022))
    assert wijk.frame[["location", "name", "year", "ses_score", "ses_spread"]].to_numpy().tolist() == [
        ["WK168000", "WK168000", 2021, -0.222, 0.6],
        ["WK168000", "WK168000", 2022, 0.222, 0.688],
    ]
    assert gemeente.frame["ses_score"].tolist() == [0.17]
    assert buurt.frame[["ses_score", "ses_spread"]].isna().all(axis=None)
    assert wijk.notes == ()


def test_the_csv_of_the_website_with_decimal_commas_and_provisional_years(tmp_path: Path) -> None:
    """Figures as the website shows them for Aa en Hunze."""
    path = statline(
        tmp_path / "85900NED.csv",
        '"2022*";"Aa en Hunze";"GM1680    ";"0,170";"0,715"',
        '"2021";"Aa en Hunze";"GM1680    ";"0,160";"0,720"',
        '"2022*";"Verspreide huizen Annen";"BU16800009";".";"."',
    )
    gemeente, buurt = read_scores([path])
    assert gemeente.frame[["year", "ses_score", "ses_spread"]].to_numpy().tolist() == [
        [2021, 0.16, 0.72],
        [2022, 0.17, 0.715],
    ]
    assert math.isnan(buurt.frame["ses_score"].iloc[0])
    assert gemeente.notes == ("provisional: 2022",)
    assert gemeente.indicators == ("ses_score", "ses_spread")


@pytest.mark.parametrize(
    ("name", "vintage"),
    [("85163NED.csv", 2021), ("ses-85539ned-wijken.csv", 2022), ("85900NED.csv", 2023), ("86092NED.csv", 2024)],
)
def test_the_number_of_the_table_tells_the_boundaries(tmp_path: Path, name: str, vintage: int) -> None:
    (made,) = read_scores([odata(tmp_path / name, "WK168000,2019JJ00,1600,0.2,,0.6")])
    assert made.boundaries == vintage


def test_a_table_without_number_needs_its_boundaries(tmp_path: Path) -> None:
    path = odata(tmp_path / "SES_WOA_scores.csv", "WK168000,2019JJ00,1600,0.2,,0.6")
    with pytest.raises(InputError) as refusal:
        read_scores([path])
    assert str(refusal.value) == (
        f"{path}: found 0 table numbers in the file name; expected one of 85163NED, 85539NED, 85900NED, 86092NED. "
        "Each table stands on boundaries of another year: name the file after the table, or say which year."
    )
    assert read_scores([path], boundaries=2025)[0].boundaries == 2025


def test_pages_of_one_table_are_put_together(tmp_path: Path) -> None:
    paths = [
        odata(tmp_path / "85900NED-1.csv", "WK168001,2022JJ00,1600,0.2,,0.6"),
        odata(tmp_path / "85900NED-2.csv", "WK168000,2022JJ00,1600,0.1,,0.5"),
    ]
    (made,) = read_scores(paths)
    np.testing.assert_array_equal(made.frame["ses_score"], [0.1, 0.2])
    assert [file.name for file in made.files] == ["85900NED-1.csv", "85900NED-2.csv"]


def test_tables_of_two_boundaries_are_refused(tmp_path: Path) -> None:
    paths = [
        odata(tmp_path / "85900NED.csv", "WK168000,2022JJ00,1600,0.2,,0.6"),
        odata(tmp_path / "86092NED.csv", "WK168000,2023JJ00,1600,0.2,,0.6"),
    ]
    with pytest.raises(InputError) as refusal:
        read_scores(paths)
    assert str(refusal.value) == (
        f"{paths[1]}: found boundaries of 2024; expected 2023 as in 85900NED.csv. A table on other boundaries "
        "gives all years again; read one table."
    )


def test_indicators_are_in_the_catalogue_as_proxies() -> None:
    made = {key: each for key, each in indicators().items() if each.source == "ses-woa"}
    assert set(made) == {"ses_score", "ses_spread"}
    assert all(each.sensitivity == "proxy" for each in made.values()), "made of income and education"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "WK168001,2022JJ00,1600,170,,0.6",
            "line 3, column 'GemiddeldeScore_29': found '170'; expected -5 to 5.",
        ),
        (
            "WK168001,2022JJ00,1600,0.1,,-0.6",
            "line 3, column 'Waarde_37': found '-0.6'; expected 0 to 5.",
        ),
        (
            'WK168001,2022JJ00,1600,"0,170",,0.6',
            "line 3, column 'GemiddeldeScore_29': found '0,170' beside '0.2'; expected one decimal sign in a "
            "file. Save all numbers with the same decimal sign.",
        ),
        (
            "WK168001,2022JJ00,1600,inf,,0.6",
            "line 3, column 'GemiddeldeScore_29': found 'inf'; expected a number, or '.' or nothing.",
        ),
        (
            "WK168001,2022KW01,1600,0.1,,0.6",
            "line 3, column 'Perioden': found '2022KW01'; expected a year like 2022JJ00 or 2022.",
        ),
        (
            "Annen,2022JJ00,1600,0.1,,0.6",
            "line 3, column 'WijkenEnBuurten': found 'Annen'; expected an area code like GM0344, WK034401 or "
            "BU03440101. Save the table with codes, not with names.",
        ),
        (
            "WK168000  ,2022JJ00,1600,0.1,,0.6",
            "line 3: found WK168000 in 2022 twice; expected every area and year once.",
        ),
        (
            "WK168001,2022JJ00,1600,0,170,,0,600",
            "line 3: found 9 fields; expected 7 fields, as in the header. The file may be cut off.",
        ),
    ],
)
def test_a_bad_row_is_refused_with_its_line(tmp_path: Path, row: str, message: str) -> None:
    path = odata(tmp_path / "85900NED.csv", "WK168000,2022JJ00,1600,0.2,,0.6", row)
    with pytest.raises(InputError) as refusal:
        read_scores([path])
    assert str(refusal.value) == f"{path}, {message}"


def test_a_point_among_decimal_commas_is_refused(tmp_path: Path) -> None:
    path = statline(tmp_path / "85900NED.csv", "2022;A;GM1680;0,170;0,715", "2021;A;GM1680;0.160;0,720")
    with pytest.raises(InputError) as refusal:
        read_scores([path])
    assert str(refusal.value) == (
        f"{path}, line 3, column 'SES-WOA/Totaalscore/Gemiddelde score (Getal)': found '0.160' beside "
        "'0,170'; expected one decimal sign in a file. Save all numbers with the same decimal sign."
    )


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "85900NED.csv"
    path.write_text("Id;Measure;Value;WijkenEnBuurten;Perioden\n", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_scores([path])
    assert str(refusal.value) == (
        f"{path}, line 1: found columns Id, Measure, Value, WijkenEnBuurten, Perioden; expected one of: open "
        "data: WijkenEnBuurten, GemiddeldeScore_29, Waarde_37; CSV of the StatLine website: Regiocode (gemeente, "
        "wijk, buurt) (code), SES-WOA/Totaalscore/Gemiddelde score (Getal), Spreiding/Spreiding "
        "totaal/Waarde (Getal)."
    )


def test_only_the_country_nothing_and_a_folder_are_refused(tmp_path: Path) -> None:
    path = odata(tmp_path / "85900NED.csv", "NL00,2022JJ00,1600,0.2,,0.6")
    with pytest.raises(InputError) as refusal:
        read_scores([path])
    assert str(refusal.value) == f"{path}: found no gemeente, wijk or buurt; expected scores per area."
    with pytest.raises(InputError) as refusal:
        read_scores([])
    assert str(refusal.value) == "files: found none; expected at least one SES-WOA table."
    with pytest.raises(InputError, match="Is a directory"):
        read_scores([tmp_path], boundaries=2023)
