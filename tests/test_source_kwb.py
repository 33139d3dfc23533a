"""KWB tables of every year and dialect give the same indicators, and say no where a number would be a guess."""

import csv
import json
import math
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from riskmodel.catalogue import drivers, indicators, load
from riskmodel.errors import InputError
from riskmodel.sources.kwb import containers as kwb_containers
from riskmodel.sources.kwb.reader import read_tables, year_in_name
from riskmodel.sources.observations import Observations

AGES = ("age_0_14", "age_15_24", "age_25_44", "age_45_64", "age_65_plus")


def titles(text: str) -> list[str]:
    return text.split(",")


#: Columns of a KWB workbook of CBS of about 2021, and an area of each kind.
MNEMONICS = titles(
    "gwb_code_10,gwb_code_8,regio,gm_naam,recs,gwb_code,ind_wbi,a_inw,a_00_14,a_15_24,a_25_44,a_45_64,a_65_oo,"
    "a_w_all,a_nw_all,a_marok,a_hh,a_1p_hh,a_hh_z_k,a_hh_m_k,g_hhgro,bev_dich,g_wozbag,p_koopw,p_wcorpw,p_leegsw,"
    "p_mgezw,a_opl_lg,a_opl_md,a_opl_hg,g_ink_pi,a_soz_wb,ste_mvs,ste_oad"
)
COUNTRY = "NL00,0000,Nederland,Nederland,Land,NL00,.,17475415,2736730,2150330,4363005,4812820,3412530"
COUNTRY_ROW = [*COUNTRY.split(","), *["."] * (len(MNEMONICS) - 13)]
GEMEENTE = [
    *["GM0344", "0344", "Utrecht", "Utrecht", "Gemeente", "GM0344", ".", 1000, 150, 200, 400, 150, 100],
    *[120, 180, 40, 500, 250, 150, 100, "     2,0", "    3800", "     353", "43", "31", "4", "68"],
    *[100, 200, 500, "    30,1", 45, 1, 3211],
]
WIJK = [
    *["WK034401", "034401", "Wijk 01 West", "Utrecht", "Wijk      ", "WK034401", 3, 800, 120, 160, 320, 120, 80],
    *[100, 140, 30, 400, 200, 120, 80, "     2,1", "    4100", "       .", "       .", "35,5", "       .", "70"],
    *[80, 160, 400, "    28,4", 40, 1, 3400],
]
BUURT = [
    *["BU034401A1", "034401A1", "Een buurt", "Utrecht", "Buurt", "BU034401A1", 1, 40, 5, 10, 10, 10, 5],
    *[5, 5, 0, 20, 10, 5, 5, "     1,9", "     900", "       .", "       .", "       .", "       .", "       ."],
    *["       .", "       .", "       .", "       .", "       .", 2, 1600],
]
ROWS = [COUNTRY_ROW, GEMEENTE, WIJK, BUURT]


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        call()
    assert len(str(caught.value)) < 1500
    return str(caught.value)


def by_level(made: Sequence[Observations]) -> dict[str, Observations]:
    assert len({each.level for each in made}) == len(made)
    return {each.level: each for each in made}


def one(made: Observations, location: str) -> pd.Series:
    (row,) = (made.frame.loc[at] for at in made.frame.index[made.frame["location"] == location])
    return row


def workbook(
    path: Path, rows: Sequence[Sequence[Any]], header: Sequence[str] = MNEMONICS, sheet: str = "Blad1"
) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in [header, *rows]:
        page.append(list(row))
    book.save(path)
    return path


def delimited(
    path: Path, rows: Sequence[Sequence[Any]], names: Sequence[str] = MNEMONICS, mark: str = ","
) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=mark).writerows([names, *rows])
    return path


def changed(row: Sequence[Any], **cells: Any) -> list[Any]:
    """A row of the workbook with other cells in the columns named."""
    return [cells.get(name, cell) for name, cell in zip(MNEMONICS, row, strict=True)]


def number(text: str) -> float:
    """A figure of CBS read by hand: nothing, a point and NA are missing, comma and point are decimal."""
    bare = text.strip()
    return math.nan if bare in ("", ".", "NA") else float(bare.replace(",", "."))


def share(part: float, whole: float, per: int = 100) -> float:
    return per * min(part, whole) / whole if whole >= 50 else math.nan


# --- The catalogue --------------------------------------------------------------------------------------------


def test_every_quantity_of_every_dialect_has_a_meaning() -> None:
    derived, known = (
        load("kwb")["derived"]["of"],
        {key for key, each in indicators().items() if each.source == "kwb"},
    )
    parts = {part for entry in load("kwb")["groups"].values() for part in entry["parts"]}
    education = {"n_lower_education", "n_middle_education"}
    for name, dialect in load("kwb")["dialects"].items():
        for quantity in [*dialect.get("columns", {}).values(), *dialect.get("origin", {}).values()]:
            if quantity.startswith("n_"):
                assert quantity in education or quantity[2:] in derived, (name, quantity)
            else:
                assert quantity in known | parts, (name, quantity)
        assert {
            indicators()[key.removeprefix("n_")].sensitivity for key in dialect.get("origin", {}).values()
        } <= {"origin"}
    assert {indicators()[key].driver for key in known} <= {driver.id for driver in drivers()}
    assert set(derived) - known == {"childless_households"}, "the rest of the other two kinds of households"


# --- The files that are here ----------------------------------------------------------------------------------


def test_attribute_table_as_dbf_and_as_csv_say_the_same(real_data: Path) -> None:
    (text,) = read_tables([real_data / "kwb" / "wijk_2016.csv"])
    (dbase,) = read_tables([real_data / "kwb" / "wijk_2016.dbf"])
    pd.testing.assert_frame_equal(text.frame, dbase.frame, check_exact=True)
    assert (text.level, text.boundaries, text.notes) == (dbase.level, dbase.boundaries, dbase.notes)
    assert "Wijk 45 Aldlân" in set(dbase.frame["name"]), "the file is UTF-8 and does not say so"


def test_attribute_table_equals_the_file_in_every_column(real_data: Path) -> None:
    path = real_data / "kwb" / "wijk_2016.csv"
    (made,) = read_tables([path])
    with path.open(encoding="utf-8", newline="") as file:
        rows = {row["WK_CODE"]: row for row in csv.DictReader(file)}
    columns = load("kwb")["dialects"]["attributes"]["columns"]
    read = {quantity: column for column, quantity in columns.items() if quantity in made.frame}
    assert len(read) == 13
    for indicator, column in read.items():
        raw = [float(rows[code][column]) for code in made.frame["location"]]
        expected = [math.nan if value <= -99990 else value for value in raw]
        np.testing.assert_array_equal(made.frame[indicator], expected, err_msg=indicator)
    assert made.notes == (
        "blocked (origin): P_WEST_AL, P_N_W_AL, P_MAROKKO, P_ANT_ARU, P_SURINAM, P_TURKIJE, P_OVER_NW",
        "since the year before: 2583 unchanged, 79 another code, 319 another boundary",
    )


def test_english_tables_of_wijken_and_gemeenten_stand_side_by_side(real_data: Path) -> None:
    paths = [real_data / "kwb" / f"{level}_2022.csv" for level in ("wijk", "gemeente")]
    made = by_level(read_tables(paths))
    assert {level: len(each.frame) for level, each in made.items()} == {"wijk": 3340, "gemeente": 345}
    for path in paths:
        each = made[path.stem.split("_")[0]]
        expected = pd.read_csv(path).set_index("code").loc[each.frame["location"]]
        assert each.frame["name"].tolist() == expected["name"].tolist()
        pairs = {"population": "population", "dwellings": "dwelling_total", "higher_education": "edu_appl_sci"}
        for indicator, column in pairs.items():
            np.testing.assert_array_equal(each.frame[indicator], expected[column], err_msg=indicator)
        few = (expected["population"] < 50).to_numpy()
        np.testing.assert_array_equal(each.frame["age_65_plus"], expected["pop_65plus"].mask(few))
    assert made["wijk"].notes == ("withheld: shares of 72 areas with fewer than 50 inhabitants or households",)


STATLINE_NUMBERS = {
    "population": "Bevolking.Aantal.inwoners..aantal.",
    "density": "Bevolking.Bevolkingsdichtheid..aantal.inwoners.per.km..",
    "household_size": "Bevolking.Particuliere.huishoudens.Gemiddelde.huishoudensgrootte..aantal.",
    "rented_corporation": "Wonen.Woningen.naar.eigendom.Huurwoningen.In.bezit.woningcorporatie....",
    "vacancy": "Wonen.Woningen.naar.bewoning.Percentage.onbewoond....",
    "income_per_inhabitant": "Inkomen.Inkomen.van.personen.Gemiddeld.inkomen.per.inwoner...x.1.000.euro.",
    "distance_school": "Nabijheid.voorzieningen.Basisonderwijs.Afstand.tot.school..km.",
    "urbanity": "Stedelijkheid.Mate.van.stedelijkheid..code.",
}
STATLINE_PARTS = {
    "age_15_24": "Bevolking.Leeftijdsgroepen.15.tot.25.jaar..aantal.",
    "age_65_plus": "Bevolking.Leeftijdsgroepen.65.jaar.of.ouder..aantal.",
    "social_assistance": "Sociale.zekerheid.Personen.per.soort.uitkering..Bijstand..aantal.",
    "single_households": "Bevolking.Particuliere.huishoudens.Eenpersoonshuishoudens..aantal.",
}
HOUSEHOLDS = "Bevolking.Particuliere.huishoudens.Huishoudens.totaal..aantal."


@pytest.mark.parametrize("year", [2017, 2019])
def test_table_saved_by_r_gives_every_level_and_shares_from_counts(real_data: Path, year: int) -> None:
    path = real_data / "kwb" / f"amsterdam_{year}.csv"
    made = by_level(read_tables([path]))
    assert {level: len(each.frame) for level, each in made.items()} == {"gemeente": 1, "wijk": 99, "buurt": 479}
    with path.open(encoding="utf-8", newline="") as file:
        rows = {row["Regioaanduiding.Codering..code."].strip(): row for row in csv.DictReader(file)}
    assert "NL00" in rows, "the country is in the file and not in the tables"
    for each in made.values():
        assert (each.boundaries, each.years) == (year, (year,))
        raw = [rows[code] for code in each.frame["location"]]
        assert each.frame["name"].tolist() == [row["Wijken.en.buurten"].strip() for row in raw]
        for indicator, column in STATLINE_NUMBERS.items():
            expected = [number(row[column]) for row in raw]
            np.testing.assert_array_equal(each.frame[indicator], expected, err_msg=indicator)
        for indicator, column in STATLINE_PARTS.items():
            whole = HOUSEHOLDS if indicator == "single_households" else STATLINE_NUMBERS["population"]
            per = 1000 if indicator == "social_assistance" else 100
            expected = [share(number(row[column]), number(row[whole]), per) for row in raw]
            np.testing.assert_allclose(each.frame[indicator], expected, rtol=1e-12, err_msg=indicator)
        shares = each.frame[list(AGES)].sum(axis=1, skipna=False).dropna()
        assert shares.between(60, 140).all()
    assert made["gemeente"].frame[list(AGES)].sum(axis=1).iloc[0] == pytest.approx(100, abs=0.01)
    single, households = {2017: (255703, 462329), 2019: (257453, 470223)}[year]
    assert one(made["gemeente"], "GM0363")["single_households"] == pytest.approx(100 * single / households)


def test_share_with_higher_education_means_the_same_in_both_dialects(real_data: Path) -> None:
    counted = by_level(read_tables([real_data / "kwb" / "amsterdam_2019.csv"]))["gemeente"]
    (published,) = read_tables([real_data / "kwb" / "gemeente_2022.csv"])
    of_all_levels = 100 * 337200 / (160570 + 204590 + 337200)
    assert one(counted, "GM0363")["higher_education"] == pytest.approx(of_all_levels)
    assert one(published, "GM0363")["higher_education"] == pytest.approx(of_all_levels, abs=1)


def test_codes_join_with_the_leefbaarometer_as_measured(real_data: Path) -> None:
    path = real_data / "leefbaarometer-3.0" / "Leefbaarometer-scores wijken 2002-2020.csv"
    with path.open(encoding="utf-8", newline="") as file:
        areas = {row["wk_code"] for row in csv.DictReader(file)}
    (of_2016,) = read_tables([real_data / "kwb" / "wijk_2016.csv"])
    (of_2022,) = read_tables([real_data / "kwb" / "wijk_2022.csv"])
    assert len(areas & set(of_2022.frame["location"])) == len(areas)
    assert len(areas & set(of_2016.frame["location"])) / len(areas) == pytest.approx(0.757, abs=0.001)


# --- Workbooks and CSV with mnemonics -------------------------------------------------------------------------


def assert_rows_as_written(made: Sequence[Observations], year: int) -> None:
    levels = by_level(made)
    assert set(levels) == {"gemeente", "wijk", "buurt"}, "the country is dropped"
    assert {each.boundaries for each in made} == {year}
    wijk = one(levels["wijk"], "WK034401")
    assert wijk["name"] == "Wijk 01 West"
    assert (wijk["population"], wijk["households"], wijk["density"], wijk["urbanity"]) == (800, 400, 4100, 1)
    assert [wijk[key] for key in AGES] == [15, 20, 40, 15, 10]
    assert (wijk["single_households"], wijk["family_households"], wijk["household_size"]) == (50, 20, 2.1)
    assert (wijk["rented_corporation"], wijk["multi_family"], wijk["income_per_inhabitant"]) == (35.5, 70, 28.4)
    assert wijk["higher_education"] == 62.5
    assert wijk["social_assistance"] == 50
    assert not {"dwelling_value", "owner_occupied", "vacancy"} & set(levels["wijk"].indicators)
    assert one(levels["gemeente"], "GM0344")["dwelling_value"] == 353
    buurt = one(levels["buurt"], "BU034401A1")
    assert (buurt["population"], buurt["households"], buurt["urbanity"]) == (40, 20, 2)
    assert not {*AGES, "single_households", "social_assistance"} & set(levels["buurt"].indicators)
    assert "childless_households" not in levels["wijk"].indicators
    assert not [key for each in made for key in each.indicators if indicators()[key].sensitivity == "origin"]


def test_workbook_gives_every_level(tmp_path: Path) -> None:
    made = read_tables([workbook(tmp_path / "kwb-2021.xlsx", ROWS)])
    assert_rows_as_written(made, 2021)
    notes = by_level(made)["wijk"].notes
    assert "blocked (origin): a_w_all, a_nw_all, a_marok" in notes
    assert "since the year before: 1 another boundary" in notes
    assert "not published yet, or not at this level: dwelling_value, owner_occupied, vacancy" in notes
    small = "withheld: shares of 1 areas with fewer than 50 inhabitants or households"
    assert small in by_level(made)["buurt"].notes
    assert small not in notes


def test_old_workbook_is_read_the_same(tmp_path: Path) -> None:
    xlwt = pytest.importorskip("xlwt", reason="no way to write an .xls here: xlwt is not installed")
    book = xlwt.Workbook()
    page = book.add_sheet("KWB2018")
    for at, row in enumerate([MNEMONICS, *ROWS]):
        for column, cell in enumerate(row):
            page.write(at, column, cell)
    book.save(str(tmp_path / "kwb-2018.xls"))
    assert_rows_as_written(read_tables([tmp_path / "kwb-2018.xls"]), 2018)


@pytest.mark.parametrize("mark", [",", ";"])
def test_csv_of_the_same_columns_is_read_the_same(tmp_path: Path, mark: str) -> None:
    assert_rows_as_written(read_tables([delimited(tmp_path / "kwb-2021.csv", ROWS, mark=mark)]), 2021)


def test_a_sheet_of_explanation_and_blanks_around_names_and_rows_do_no_harm(tmp_path: Path) -> None:
    path = workbook(tmp_path / "kwb-2024.xlsx", [*ROWS, []], [f"{name} " for name in MNEMONICS])
    book = openpyxl.load_workbook(path)
    book.create_sheet("Toelichting", 0).append(["Kerncijfers wijken en buurten", "CBS"])
    book.save(path)
    assert_rows_as_written(read_tables([path]), 2024)


def test_education_renamed_in_2023_is_the_same_indicator(tmp_path: Path) -> None:
    new = {"a_opl_lg": "a_opl_bvm", "a_opl_md": "a_opl_hvm", "a_opl_hg": "a_opl_hw", "g_wozbag": "g_woz"}
    path = workbook(tmp_path / "kwb-2023.xlsx", ROWS, [new.get(name, name) for name in MNEMONICS])
    assert_rows_as_written(read_tables([path]), 2023)


def test_percentages_of_older_years_are_the_same_indicator_as_shares_of_counts(tmp_path: Path) -> None:
    names = "gwb_code_10,regio,recs,a_inw,p_00_14_jr,p_15_24_jr,p_25_44_jr,p_45_64_jr,p_65_eo_jr,a_hh,p_1p_hh"
    row = ["WK034401", "Wijk 01 West", "Wijk", 800, 15, 20, 40, 15, 10, 400, 50]
    (old,) = read_tables([workbook(tmp_path / "kwb-2013.xlsx", [row], names.split(","))])
    new = by_level(read_tables([workbook(tmp_path / "kwb-2021.xlsx", ROWS)]))["wijk"]
    for key in [*AGES, "single_households"]:
        assert one(old, "WK034401")[key] == one(new, "WK034401")[key], key


def test_mnemonics_of_until_2012_without_prefixes_are_read(tmp_path: Path) -> None:
    names = (
        "GWB_CODE12,GWB_NAAM12_60POS,RECS,GM_CODE,WK_CODE,AANT_INW,P_00_14_JR,P_65_EO_JR,P_WEST_AL,P_KOOPWON,STED"
    )
    rows = [
        ["00", "Nederland", "N", "", "", 16730350, 17, 16, 9, "   59,3", "."],
        ["0344", "Utrecht", "G", "0344", "", 316275, 18, 10, 10, "   47,8", "1"],
        ["034401", "Wijk 01 West", "W", "0344", "01", 28375, 17, 9, 10, "   50,1", "-"],
        ["3440111", "Een buurt", "B", "344", "1", 2375, 17, "x", 10, "      .", "2"],
    ]
    made = by_level(read_tables([delimited(tmp_path / "kwb-2012.csv", rows, names.split(","))]))
    assert {level: each.frame["location"].tolist() for level, each in made.items()} == {
        "gemeente": ["GM0344"],
        "wijk": ["WK034401"],
        "buurt": ["BU03440111"],
    }
    assert one(made["wijk"], "WK034401")["owner_occupied"] == 50.1
    assert "urbanity" not in made["wijk"].indicators
    assert made["wijk"].notes[0] == "blocked (origin): P_WEST_AL"


def test_origin_is_read_on_request_only_and_single_countries_never(tmp_path: Path) -> None:
    path = workbook(tmp_path / "kwb-2021.xlsx", ROWS)
    wijk = by_level(read_tables([path], allow_origin=True))["wijk"]
    assert one(wijk, "WK034401")["western_background"] == 12.5
    assert one(wijk, "WK034401")["non_western_background"] == 17.5
    assert wijk.notes[:2] == ("read on request (origin): a_w_all, a_nw_all", "never read (origin): a_marok")
    names = [{"a_w_all": "a_nl_all", "a_nw_all": "a_eur_al", "a_marok": "a_neu_al"}.get(n, n) for n in MNEMONICS]
    later = by_level(read_tables([workbook(tmp_path / "kwb-2023.xlsx", ROWS, names)], allow_origin=True))["wijk"]
    found = {key: one(later, "WK034401")[key] for key in later.indicators if indicators()[key].sensitivity}
    assert found["origin_netherlands"] == 12.5, "another classification since 2023 has other indicators"
    assert not {"western_background", "non_western_background"} & set(found)


def test_urbanity_of_zero_is_missing_as_in_2013(tmp_path: Path) -> None:
    path = workbook(tmp_path / "kwb-2013.xlsx", [GEMEENTE, changed(WIJK, ste_mvs="0")])
    made = by_level(read_tables([path]))
    assert "urbanity" not in made["wijk"].indicators
    assert one(made["gemeente"], "GM0344")["urbanity"] == 1


def test_counts_rounded_up_beyond_their_whole_are_the_whole(tmp_path: Path) -> None:
    row = changed(WIJK, a_inw=60, a_00_14=65, a_15_24=0, a_25_44=0, a_45_64=0, a_65_oo=0, a_hh=20, a_1p_hh=25)
    row = changed(row, a_w_all=0, a_nw_all=0, a_soz_wb=0, a_hh_z_k=0, a_hh_m_k=0)
    (made,) = read_tables([workbook(tmp_path / "kwb-2021.xlsx", [row])])
    assert one(made, "WK034401")["age_0_14"] == 100
    assert "single_households" not in made.indicators


# --- OData ----------------------------------------------------------------------------------------------------

ODATA = titles(
    "ID,WijkenEnBuurten,Gemeentenaam_1,SoortRegio_2,Codering_3,IndelingswijzigingWijkenEnBuurten_4,"
    "AantalInwoners_5,k_0Tot15Jaar_8,k_15Tot25Jaar_9,k_25Tot45Jaar_10,k_45Tot65Jaar_11,k_65JaarOfOuder_12,"
    "Nederland_17,EuropaExclusiefNederland_18,BuitenEuropa_19,Nederland_20,HuishoudensTotaal_29,"
    "Eenpersoonshuishoudens_30,HuishoudensZonderKinderen_31,HuishoudensMetKinderen_32,Koopwoningen_41,Marokko_60"
)
ODATA_COUNTRY = [0, "NL00      ", "Nederland", "Land      ", "NL00      ", ".", *["no figure"] * 16]
ODATA_WIJK = [
    *[1, "WK034401  ", "Utrecht                                 ", "Wijk      ", "WK034401  ", "1", 800],
    *[120, 160, 320, 120, 80, 500, 100, 200, 450, 400, 200, 120, 80, "    43.5", 25],
]
ODATA_GEMEENTE = [2, "GM0344    ", "Utrecht", "Gemeente  ", "GM0344    ", ".", *ODATA_WIJK[6:-2], "       .", 25]


def answer(path: Path, rows: Sequence[Sequence[Any]], names: Sequence[str] = ODATA, **more: str) -> Path:
    value = [dict(zip(names, row, strict=True)) for row in rows]
    path.write_text(json.dumps({**more, "value": value}), encoding="utf-8")
    return path


def metadata(table: str) -> dict[str, str]:
    return {
        "odata.metadata": f"https://opendata.cbs.nl/ODataApi/OData/{table}/$metadata#Cbs.OData.WebAPI.TypedDataSet"
    }


def assert_odata(made: Sequence[Observations], year: int) -> None:
    levels = by_level(made)
    assert {level: each.frame["location"].tolist() for level, each in levels.items()} == {
        "gemeente": ["GM0344"],
        "wijk": ["WK034401"],
    }
    wijk = one(levels["wijk"], "WK034401")
    assert (wijk["population"], wijk["owner_occupied"], wijk["single_households"]) == (800, 43.5, 50)
    assert [wijk[key] for key in AGES] == [15, 20, 40, 15, 10]
    assert {each.boundaries for each in made} == {year}
    blocked = "Nederland_17, Nederland_20, EuropaExclusiefNederland_18, BuitenEuropa_19, Marokko_60"
    assert f"blocked (origin): {blocked}" in levels["wijk"].notes


def test_odata_answer_tells_its_year_itself(tmp_path: Path) -> None:
    rows = [ODATA_COUNTRY, ODATA_WIJK, ODATA_GEMEENTE]
    assert_odata(read_tables([answer(tmp_path / "answer.json", rows, **metadata("84286NED"))]), 2018)


@pytest.mark.parametrize("mark", [",", ";"])
def test_odata_as_csv_has_its_year_in_the_name_by_table_number(tmp_path: Path, mark: str) -> None:
    path = delimited(
        tmp_path / "84286NED_UntypedDataSet_28032022_101530.csv", [ODATA_WIJK, ODATA_GEMEENTE], ODATA, mark
    )
    assert_odata(read_tables([path]), 2018)


def test_column_numbers_differ_per_year_and_do_not_matter(tmp_path: Path) -> None:
    names = [name if i < 6 else f"{name.rsplit('_', 1)[0]}_{100 + i}" for i, name in enumerate(ODATA)]
    (made,) = read_tables([delimited(tmp_path / "85039NED.csv", [ODATA_WIJK], names)])
    assert (made.years, one(made, "WK034401")["age_25_44"]) == ((2021,), 40)


def test_country_of_origin_is_not_taken_for_country_of_birth(tmp_path: Path) -> None:
    path = answer(tmp_path / "85984NED.json", [ODATA_WIJK])
    (made,) = read_tables([path], allow_origin=True)
    found = [one(made, "WK034401")[f"origin_{of}"] for of in ("netherlands", "europe", "outside_europe")]
    assert found == [62.5, 12.5, 25]


def test_percentages_in_the_columns_of_counts_are_recognised_by_their_sum(tmp_path: Path) -> None:
    row = [*ODATA_WIJK[:7], 15, 20, 40, 15, 10, *ODATA_WIJK[12:17], 50, 30, 20, *ODATA_WIJK[20:]]
    (percent,) = read_tables([delimited(tmp_path / "82931NED.csv", [row], ODATA)])
    (counts,) = read_tables([delimited(tmp_path / "83765NED.csv", [ODATA_WIJK], ODATA)])
    assert (percent.years, counts.years) == ((2014,), (2017,))
    for key in [*AGES, "single_households", "family_households"]:
        assert one(percent, "WK034401")[key] == one(counts, "WK034401")[key], key


def test_small_areas_alone_do_not_tell_counts_from_percentages(tmp_path: Path) -> None:
    row = [*ODATA_WIJK[:6], 100, 15, 20, 40, 15, 10, *ODATA_WIJK[12:]]
    path = delimited(tmp_path / "83487NED.csv", [row], ODATA)
    assert refusal(lambda: read_tables([path])) == (
        f"{path}, line 2: found no area of 200 or more to tell whether 'k_0Tot15Jaar_8' to 'k_65JaarOfOuder_12' "
        "hold counts or percentages; expected a table with larger areas. Use the whole table."
    )


def test_pages_of_one_table_are_put_together_and_a_missing_last_page_is_noticed(tmp_path: Path) -> None:
    following = {"odata.nextLink": "https://opendata.cbs.nl/ODataFeed/OData/84286NED/TypedDataSet?$skip=1"}
    pages = [
        answer(tmp_path / "page1.json", [ODATA_WIJK], **metadata("84286NED"), **following),
        answer(
            tmp_path / "page2.json",
            [[3, "WK034402  ", *ODATA_WIJK[2:4], "WK034402  ", *ODATA_WIJK[5:]]],
            **metadata("84286NED"),
        ),
    ]
    (made,) = read_tables(pages)
    assert made.frame["location"].tolist() == ["WK034401", "WK034402"]
    assert [file.name for file in made.files] == ["page1.json", "page2.json"]
    assert refusal(lambda: read_tables(pages[:1])) == (
        f"{pages[0]}: found a page with a link to the next page; expected the last page as well. "
        "Fetch the pages after it and give all of them together."
    )


# --- Attribute tables -----------------------------------------------------------------------------------------

ATTRIBUTES = titles(
    "WK_CODE,WK_NAAM,GM_CODE,WATER,STED,AANT_INW,P_00_14_JR,P_15_24_JR,P_25_44_JR,P_45_64_JR,P_65_EO_JR,BEV_DICHTH,"
    "AANTAL_HH,P_EENP_HH,P_HH_M_K"
)
LAND = ["WK034401", "West", "GM0344", "NEE", 1, 800, 15, 20, 40, 15, 10, 4100, 400, 50, 20]
WATER = ["WK034401", "West", "GM0344", "JA", -99999999, 0, *[-99999999] * 9]


def test_water_is_no_area_and_everything_below_the_sentinel_is_missing(tmp_path: Path) -> None:
    other = ["WK034402", "Oost", "GM0344", "NEE", -99997, 30, *[-99999999] * 5, -99990, 10, -99995, -99999999.0]
    (made,) = read_tables([delimited(tmp_path / "wijk_2017.csv", [LAND, WATER, other], ATTRIBUTES)])
    assert made.frame["location"].tolist() == ["WK034401", "WK034402"]
    east = one(made, "WK034402")
    assert (east["population"], east["households"]) == (30, 10)
    assert east[[*AGES, "urbanity", "density", "single_households", "family_households"]].isna().all()
    assert made.notes == ("left out: 1 rows that are not WATER NEE",)


def test_buurt_table_takes_the_code_of_the_buurt(tmp_path: Path) -> None:
    names = ["BU_CODE", "BU_NAAM", *ATTRIBUTES]
    names.remove("WK_NAAM")
    row = ["BU03440101", "Een buurt", LAND[0], *LAND[2:]]
    (made,) = read_tables([delimited(tmp_path / "buurt_2016.csv", [row], names)])
    assert (made.level, made.frame["location"].tolist(), made.frame["name"].tolist()) == (
        "buurt",
        ["BU03440101"],
        ["Een buurt"],
    )


LONG = titles(
    "wijkcode,wijknaam,water,aantal_inwoners,percentage_personen_0_tot_15_jaar,percentage_personen_65_jaar_en_ouder,"
    "stedelijkheid_adressen_per_km2,gemiddelde_woningwaarde,percentage_uit_marokko"
)


def test_long_names_of_later_maps_are_read_from_csv_and_geopackage(tmp_path: Path) -> None:
    rows = [
        ["WK034401", "West", "NEE", 800, 15, 10, 1, 353, 4],
        ["WK034402", "Oost", "NEE", 90, -99997, -99997, 2, -99995, -99997],
    ]
    (text,) = read_tables([delimited(tmp_path / "wijk_2021.csv", rows, LONG)])
    assert one(text, "WK034401")["dwelling_value"] == 353
    assert math.isnan(one(text, "WK034402")["age_0_14"])
    assert text.notes == ("blocked (origin): percentage_uit_marokko",)
    pyogrio = pytest.importorskip("pyogrio", reason="reads .gpkg; install riskmodel[geo]")
    path = tmp_path / "wijkenbuurten_2021_v2.gpkg"
    frame = pd.DataFrame(rows, columns=LONG)
    pyogrio.write_dataframe(frame, path, layer="wijken", driver="GPKG")
    town = frame.rename(columns={"wijkcode": "gemeentecode", "wijknaam": "gemeentenaam"}).head(1)
    pyogrio.write_dataframe(
        town.assign(gemeentecode="GM0344"), path, layer="gemeenten", driver="GPKG", append=True
    )
    made = by_level(read_tables([path]))
    pd.testing.assert_frame_equal(made["wijk"].frame, text.frame)
    assert made["gemeente"].frame["location"].tolist() == ["GM0344"]


def test_map_file_without_the_library_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyogrio", None)
    path = tmp_path / "wijken_2021.gpkg"
    path.write_bytes(b"SQLite format 3\0")
    assert refusal(lambda: read_tables([path])) == (
        f"{path}: found a map file; expected the package pyogrio, which reads it. "
        "Install riskmodel[geo], or save the table as CSV."
    )


def test_dbase_file_that_is_cut_off_or_damaged_is_refused(tmp_path: Path, real_data: Path) -> None:
    content = (real_data / "kwb" / "wijk_2016.dbf").read_bytes()
    path = tmp_path / "wijk_2016.dbf"
    path.write_bytes(content[:-1000])
    assert refusal(lambda: read_tables([path])) == (
        f"{path}: found 1341636 bytes; expected 1342635 for its 2981 records. The file may be cut off."
    )
    path.write_bytes(content.replace(b" 12000 ", b" 12O00 ", 1))
    assert refusal(lambda: read_tables([path])) == (
        f"{path}, record 1, column 'AANT_INW': found '12O00'; expected a number or ['', '.', 'NA']."
    )
    deleted = content[:1185] + b"*" + content[1186:]
    path.write_bytes(deleted)
    assert "WK000300" not in set(read_tables([path])[0].frame["location"]), "a deleted row is marked with a star"
    path.write_bytes(b"no table at all")
    assert refusal(lambda: read_tables([path])) == (
        f"{path}: found a header that describes no rows; expected a dBASE file, as it stands beside a .shp."
    )
    assert refusal(lambda: read_tables([tmp_path / "gem_2016.shp"])).startswith(
        f"{tmp_path / 'gem_2016.dbf'}: found No such file or directory; expected a readable file. Is the name"
    )


# --- Years ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("kwb-2009-versie-2014-06-01.xls", 2009),
        ("kerncijfers-wijken-en-buurten-2014.xls", 2014),
        ("kwb2025.xlsx", 2025),
        ("84799NED_TypedDataSet_28032022_101530.csv", 2020),
        ("84799NED-2020.csv", 2020),
        ("WijkBuurtkaart_2024_v2.gpkg", 2024),
    ],
)
def test_official_names_tell_the_year(name: str, year: int) -> None:
    assert year_in_name(Path(name)) == year


def test_a_table_of_another_year_than_the_name_says_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "kwb-2023.xlsx", ROWS, sheet="KWB2024")
    message = "found a table of 2024 in a file of 2023; expected a table of 2023."
    assert refusal(lambda: read_tables([path])) == f"{path}: {message}"
    assert refusal(lambda: read_tables([path], 2023)) == f"{path}: {message}"
    assert read_tables([workbook(tmp_path / "kwb.xlsx", ROWS, sheet="2024")])[0].years == (2024,)
    pages = answer(tmp_path / "kwb 2023.json", [ODATA_WIJK], **metadata("85984NED"))
    assert refusal(lambda: read_tables([pages])) == f"{pages}: {message}"


def test_second_table_of_a_level_and_year_is_refused_and_parts_of_one_are_not(tmp_path: Path) -> None:
    first = workbook(tmp_path / "kwb-2021.xlsx", ROWS)
    second = delimited(tmp_path / "kwb-2021-v2.csv", [WIJK])
    assert refusal(lambda: read_tables([first, second])) == (
        f"{second}: found a second file of 2021; expected one table of wijk 2021, or parts of one; "
        "kwb-2021.xlsx is the first."
    )
    map_table = delimited(tmp_path / "wijk_2021.csv", [["WK034403", *LAND[1:]]], ATTRIBUTES)
    assert "found a second file of 2021" in refusal(lambda: read_tables([first, map_table]))
    part = delimited(tmp_path / "kwb-2021-b.csv", [changed(WIJK, gwb_code_10="WK034402", ind_wbi="1")])
    wijk = by_level(read_tables([first, part]))["wijk"]
    assert wijk.frame["location"].tolist() == ["WK034401", "WK034402"]


# --- Refusals -------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[list[list[Any]], str]] = {
    "percentage above 100": (
        [changed(WIJK, p_mgezw="100,5")],
        "row 2, column 'p_mgezw': found 100.5; expected 0 to 100.",
    ),
    "negative count": ([changed(WIJK, a_hh=-5)], "row 2, column 'a_hh': found -5; expected 0 to inf."),
    "two decimal signs": (
        [changed(WIJK, g_hhgro="2.1")],
        "row 2, column 'p_wcorpw': found '35,5' beside '2.1'; expected one decimal sign in a file. "
        "Save all numbers with the same decimal sign.",
    ),
    "half a count": (
        [changed(WIJK, a_inw="1,5")],
        "row 2, column 'a_inw': found 1.5; expected a whole number. The point or comma may separate thousands.",
    ),
    "date": (
        [changed(WIJK, g_hhgro=pd.Timestamp("2021-02-01").to_pydatetime())],
        "row 2, column 'g_hhgro': found '2021-02-01'; expected a number or ['', '.', 'NA', ',', 'NaN'].",
    ),
    "word": (
        [changed(WIJK, p_koopw="veel")],
        "row 2, column 'p_koopw': found 'veel'; expected a number or ['', '.', 'NA', ',', 'NaN'].",
    ),
    "infinity": (
        [changed(WIJK, g_ink_pi="inf")],
        "row 2, column 'g_ink_pi': found a value that is not finite; expected a finite number.",
    ),
    "too large a number": (
        [changed(WIJK, g_ink_pi="1e999")],
        "row 2, column 'g_ink_pi': found a value that is not finite; expected a finite number.",
    ),
    "class": ([changed(WIJK, ste_mvs=6)], "row 2, column 'ste_mvs': found 6; expected 1 to 5."),
    "part above its whole": (
        [changed(WIJK, a_soz_wb=900)],
        "row 2, column 'a_soz_wb': found 900; expected at most 800, their whole.",
    ),
    "columns swapped": (
        [changed(WIJK, a_00_14=500, a_65_oo=80)],
        "row 2, column 'a_00_14': found ages that add up to 1180; expected about 800. "
        "Columns may have been swapped.",
    ),
    "area twice": (
        [WIJK, GEMEENTE, WIJK],
        "row 4: found WK034401 twice; expected every area once; row 2 is the first.",
    ),
    "code": (
        [changed(WIJK, gwb_code_10="WK0344011")],
        "row 2, column 'gwb_code_10': found 'WK0344011'; expected a code like GM0344, WK034401, BU03440101.",
    ),
    "code in other digits": (
        [changed(WIJK, gwb_code_10="WK٠٣٤٤01")],
        "row 2, column 'gwb_code_10': found 'WK٠٣٤٤01'; expected a code like GM0344, WK034401, BU03440101.",
    ),
    "kind and code differ": (
        [changed(WIJK, recs="Buurt")],
        "row 2, column 'gwb_code_10': found 'WK034401' called 'Buurt'; expected a code with BU.",
    ),
    "kind": (
        [changed(WIJK, recs="Straat")],
        "row 2, column 'recs': found 'Straat'; expected a kind of region: Land, Gemeente, Wijk or Buurt.",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_refused_by_row_and_column(tmp_path: Path, case: str) -> None:
    rows, message = BAD[case]
    path = workbook(tmp_path / "kwb-2021.xlsx", rows)
    expected = message.replace("row 2 is", f"{path}, sheet 'Blad1', row 2 is")
    assert refusal(lambda: read_tables([path])) == f"{path}, sheet 'Blad1', {expected}"


def test_areas_of_another_level_than_the_name_says_are_refused(tmp_path: Path) -> None:
    path = delimited(tmp_path / "gemeente_2017.csv", [LAND], ATTRIBUTES)
    assert refusal(lambda: read_tables([path])) == (
        f"{path}, line 2, column 'WK_CODE': found 'WK034401'; expected a code like GM0344."
    )


def test_only_the_country_is_no_table_of_areas(tmp_path: Path) -> None:
    path = workbook(tmp_path / "kwb-2021.xlsx", [COUNTRY_ROW])
    assert refusal(lambda: read_tables([path])) == (
        f"{path}: found only the whole country; expected areas: gemeente, wijk or buurt."
    )


def test_two_columns_for_one_figure_are_refused(tmp_path: Path) -> None:
    names = [{"p_leegsw": "g_woz"}.get(name, name) for name in MNEMONICS]
    path = workbook(tmp_path / "kwb-2019.xlsx", ROWS, names)
    assert refusal(lambda: read_tables([path])) == (
        f"{path}, sheet 'Blad1', row 1: found columns 'g_woz' and 'g_wozbag' for the same figure; "
        "expected one of them."
    )
    twice = [{"p_leegsw": "a_inw"}.get(name, name) for name in MNEMONICS]
    assert refusal(lambda: read_tables([workbook(path, ROWS, twice)])) == (
        f"{path}, sheet 'Blad1', row 1: found column 'a_inw' twice; expected every column once."
    )


def test_one_slip_among_many_areas_is_told_and_many_are_refused(tmp_path: Path) -> None:
    good = [changed(WIJK, gwb_code_10=f"WK0344{i:02d}") for i in range(40)]
    bad = changed(WIJK, gwb_code_10="WK034499", a_00_14=400)
    (made,) = read_tables([delimited(tmp_path / "kwb-2021.csv", [*good, bad])])
    assert f"do not add up: ages of 1 areas, the first in {tmp_path / 'kwb-2021.csv'}, line 42" in made.notes
    path = delimited(tmp_path / "kwb-2021.csv", [*good[:10], bad])
    assert "ages that add up to 1080; expected about 800" in refusal(lambda: read_tables([path]))


def test_semicolons_where_the_dialect_has_commas_are_refused(tmp_path: Path) -> None:
    path = delimited(tmp_path / "wijk_2017.csv", [LAND], ATTRIBUTES, ";")
    assert refusal(lambda: read_tables([path])) == (
        f"{path}, line 1: found columns separated by ';'; expected columns separated by ','. "
        "Use the file as published, not one saved again by a spreadsheet."
    )


def test_files_of_another_kind_are_refused_in_one_message(tmp_path: Path) -> None:
    def told(name: str, content: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content)
        return refusal(lambda: read_tables([path])).removeprefix(str(path))

    good = workbook(tmp_path / "good_2021.xlsx", ROWS).read_bytes()
    assert told("kwb-2021.xls", b"<html><body>Niet gevonden</body></html>").startswith(
        ", line 1: found columns <html><body>Niet gevonden</body></html>; expected one of: KWB table with"
    )
    assert told("a_2021.xlsx", good[: len(good) // 2]) == (
        ": found a damaged workbook (File is not a zip file); expected an .xlsx workbook. "
        "The file may be cut off; fetch it again."
    )
    assert told("b_2021.xlsx", b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le")) == (
        ": found a workbook with a password; expected a workbook that opens without one. "
        "Save it without a password."
    )
    assert told("c_2021.xls", b"\xd0\xcf\x11\xe0" + bytes(600)) == (
        ": found a workbook that cannot be read (Cannot detect file format); expected an .xls or .xlsx file. "
        "The file may be cut off; fetch it again."
    )
    assert told("d_2021.csv", "regio\nSúdwest".encode("latin-1")) == (
        ", line 2: found bytes that are not UTF-8 text; expected a UTF-8 file. Save it as CSV UTF-8."
    )
    assert told("j_2021.txt", "regio".encode("utf-16")) == (
        ": found text in UTF-16; expected a UTF-8 file. Save it as CSV UTF-8."
    )
    assert told("e_2021.csv", b" \n") == ": found an empty file; expected a header line and rows."
    assert told("f_2021.json", b'{"value": [{"a": 1},') == (
        ", line 1: found text that is no JSON (Expecting value); expected an OData answer. "
        "The file may be cut off."
    )
    assert told("g_2021.json", b'{"value": []}') == (
        ": found JSON without records; expected an OData answer with a list 'value' of records."
    )
    assert told("h_2021.json", b'[{"a": 1}, {"b": 1}]') == (
        ", record 2: found other fields (a); expected those of the first record."
    )
    assert told("i_2021.json", b"[" * 100_000) == ": found JSON that cannot be read; expected an OData answer."


def unpacked(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(member.file_size for member in archive.infolist())


@pytest.mark.parametrize(
    ("above", "separator", "below"),
    [
        ("sep=;\r\n", ";", ""),
        ("", "\t", ""),
        ("", ";", ";" * 20 + "\r\n" + " ;" * 20 + "\r\n"),
        ("Kerncijfers wijken en buurten 2021\r\n\r\n", ";", ""),
        ("Kerncijfers wijken en buurten 2021" + "," * 20 + "\n", ",", "\n\n"),
    ],
    ids=["sep", "tabs", "blank rows", "title", "padded title"],
)
def test_a_table_saved_by_a_spreadsheet_is_read_the_same(
    tmp_path: Path, above: str, separator: str, below: str
) -> None:
    plain = delimited(tmp_path / "kwb-2021.csv", ROWS)
    again = delimited(tmp_path / "kwb_2021.csv", ROWS, mark=separator)
    again.write_text(above + again.read_text(encoding="utf-8") + below, encoding="utf-8", newline="")
    for one, other in zip(read_tables([plain]), read_tables([again]), strict=True):
        pd.testing.assert_frame_equal(one.frame, other.frame)
    again.write_text(again.read_text(encoding="utf-8").replace("Wijk      ", "wijkje", 1), encoding="utf-8")
    lines = again.read_text(encoding="utf-8").splitlines()
    number = next(number for number, line in enumerate(lines, 1) if "wijkje" in line)
    assert f"line {number}, column 'recs': found 'wijkje'" in refusal(lambda: read_tables([again]))


def test_archives_that_are_no_workbook_or_would_fill_the_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kwb-2021.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("kwb-2021.csv", "a,b\n")
    assert refusal(lambda: read_tables([path])) == (
        f"{path}: found an archive of kwb-2021.csv; expected a CSV file or a workbook. Unpack it first."
    )
    workbook(path, ROWS)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/a.bin", "w") as file:
        for _ in range(6):
            file.write(bytes(2**20))
    monkeypatch.setattr(kwb_containers, "LARGEST_UNPACKED", 5 * 2**20)
    assert refusal(lambda: read_tables([path])) == (
        f"{path}: found {unpacked(path):,} bytes unpacked; expected at most 5,242,880. "
        "The file may be cut off; fetch it again."
    )
    workbook(path, ROWS)
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["XFD1048576"] = "far"
    book.save(path)
    assert refusal(lambda: read_tables([path])) == (
        f"{path}: found a sheet of 1,048,576 rows and 16,384 columns; expected at most 700 columns and "
        "20,000,000 cells, most of them filled. Delete cells far from the table."
    )


def test_a_device_is_no_file(tmp_path: Path) -> None:
    place = Path("/dev/zero")
    if not place.exists():
        pytest.skip("no devices here")
    assert refusal(lambda: read_tables([place], 2021)) == "/dev/zero: found a device or pipe; expected a file."
