"""Good files of a few rows, of every kind that is read: what the engine spoils."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import xlwt

from riskmodel.catalogue import load

from .edits import Files

ROOT = Path(__file__).parents[2]
Rows = Sequence[Sequence[Any]]


def one(name: str, content: str | bytes) -> Files:
    """A single file."""
    return {name: content.encode() if isinstance(content, str) else content}


def text(*rows: str) -> str:
    return "\n".join(rows) + "\n"


def joined(rows: Rows, separator: str = ",") -> str:
    return text(*(separator.join(map(str, row)) for row in rows))


def titles(names: str) -> list[str]:
    return names.split(",")


def workbook(*sheets: Rows) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, 1):
        sheet = book.create_sheet(f"Blad{number}")
        for row in rows:
            sheet.append(list(row))
    memory = io.BytesIO()
    book.save(memory)
    return memory.getvalue()


def old_workbook(rows: Rows) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Blad1")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell)
    memory = io.BytesIO()
    book.save(memory)
    return memory.getvalue()


def zipped(members: dict[str, str | bytes]) -> bytes:
    import zipfile

    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return memory.getvalue()


# --- Leefbaarometer -------------------------------------------------------------------------------------------

_NUMBERS = "jaar,lbm,afw,fys,onv,soc,vrz,won"
_WIJK = text(
    f"wk_code,wk_naam,{_NUMBERS}",
    "WK001400,Centrum,2018,4.20,0.10,0.01,0.02,0.03,0.04,0.00",
    'WK001400,"Centrum, oud",2020,4.30,0.20,0.05,0.06,0.07,0.02,0.00',
    "WK001401,Zuid,2018,4.15,0.05,NA,NA,NA,NA,NA",
)
_BUURT = text(f"bu_code,bu_naam,{_NUMBERS}", "BU00140000,Noord,2020,4.2,0.1,0.01,0.02,0.03,0.04,0.0")
_GRID = text(f"gridcode,{_NUMBERS}", "E2330N5820,2020,4.2,0.1,0.01,0.02,0.03,0.04,0.0")
_PC4 = text(f"PC4,{_NUMBERS}", "9711,2020,4.2,0.1,0.01,0.02,0.03,0.04,0.0")


@cache
def leefbaarometer() -> list[Files]:
    return [one("wijken.csv", _WIJK), one("buurten.csv", _BUURT), one("grid.csv", _GRID), one("pc4.csv", _PC4)]


@cache
def leefbaarometer_zip() -> list[Files]:
    name = "open data/Leefbaarometer-scores {} 2002-2024.csv"
    members: dict[str, str | bytes] = {name.format("wijken"): _WIJK, name.format("buurten"): _BUURT}
    members |= {"open data/Leefbaarometer-ontwikkeling wijken.csv": "van,tot\n", "open data/Leesmij.pdf": "%PDF"}
    return [one("open-data.zip", zipped(members))]


@cache
def leefbaarometer_wfs() -> list[Files]:
    heading = "kscore,kafw,afw,kwon,kfys,kvrz,ksoc,konv,won,fys,vrz,soc,onv,year,code,naam"
    row = "9,8,0.19,5,5,9,5,3,-0.01,0.03,0.31,-0.03,-0.11,2024,{},Binnenstad"
    return [
        one("buurtscore24.csv", text(heading, row.format("BU00140000"), row.format("BU00140001"))),
        one("wijkscore24.csv", text(heading, row.format("WK001400"))),
    ]


_PARTS = ("RMTR", "WON", "BEV", "VRZ", "VEI", "FYS")
_WIDE: Rows = [
    ["GBD", *(f"RLB{part}{year}" for year in (12, 14) for part in _PARTS)],
    ["WK001400", 0.15, 0.01, 0.02, 0.03, 0.04, 0.05, 0.2, 0.02, 0.03, 0.04, 0.05, 0.06],
    ["WK001401", 0.15, 0.01, 0.02, 0.03, 0.04, 0.05, -0.15, -0.01, -0.02, -0.03, -0.04, -0.05],
]
_LONG: Rows = [["GBD", "JAAR", *(f"RLB{part}" for part in _PARTS)]] + [
    [row[0], year, *row[at : at + 6]] for row in _WIDE[1:] for year, at in ((2012, 1), (2014, 7))
]
_CLASSES: Rows = [["WK_CODE", "KL12", "KL14", "VKL1214"], ["WK001400", 7, 8, 4], ["WK001401", 6, 5, 3]]


@cache
def leefbaarometer2_text() -> list[Files]:
    return [
        one("stand.csv", joined(_WIDE)),
        one("lang.csv", joined(_LONG)),
        {"stand.csv": joined(_WIDE).encode(), "klassen.csv": joined(_CLASSES).encode()},
    ]


@cache
def leefbaarometer2_workbook() -> list[Files]:
    return [one("stand.xlsx", workbook(_LONG, _WIDE))]


# --- CBS, police, RIVM ----------------------------------------------------------------------------------------

_MNEMONICS = [
    "gwb_code_10",
    "gwb_code_8",
    "regio",
    "gm_naam",
    "recs",
    "gwb_code",
    "ind_wbi",
    "a_inw",
    "a_00_14",
    "a_15_24",
    "a_25_44",
    "a_45_64",
    "a_65_oo",
    "a_w_all",
    "a_hh",
    "a_1p_hh",
    "a_hh_z_k",
    "a_hh_m_k",
    "g_hhgro",
    "bev_dich",
    "g_wozbag",
    "p_koopw",
    "a_opl_lg",
    "a_opl_md",
    "a_opl_hg",
    "ste_mvs",
]
_KWB: Rows = [
    _MNEMONICS,
    ["NL00", "0000", "Nederland", "Nederland", "Land", "NL00", ".", 17475415, *["."] * 18],
    [
        *["GM0344", "0344", "Utrecht", "Utrecht", "Gemeente", "GM0344", ".", 1000, 150, 200, 400, 150, 100, 120],
        *[500, 250, 150, 100, "   2,0", "  3800", "   353", "43", 100, 200, 500, 1],
    ],
    [
        *["WK034401", "034401", "West", "Utrecht", "Wijk", "WK034401", 3, 800, 120, 160, 320, 120, 80, 100],
        *[400, 200, 120, 80, "   2,1", "  4100", "     .", "35,5", 80, 160, 400, 1],
    ],
]
_KWB_2022 = text(
    "code,name,province,urbanity,population,pop_0_14,pop_15_24,pop_25_44,pop_45_64,pop_65plus,dwelling_total,"
    "dwelling_value,dwelling_ownership,employment_rate,income_low,income_high,edu_appl_sci",
    "WK001400,Centrum,Groningen,extremely urbanised,20000,10,20,40,20,10,12000,244,15,59,60.3,10.5,46",
    "WK001401,Zuid,Groningen,not urbanised,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA,NA",
)
_ATTRIBUTES = [
    "WK_CODE",
    "WK_NAAM",
    "GM_CODE",
    "WATER",
    "STED",
    "AANT_INW",
    "P_00_14_JR",
    "P_15_24_JR",
    "P_25_44_JR",
    "P_45_64_JR",
    "P_65_EO_JR",
    "BEV_DICHTH",
    "AANTAL_HH",
    "P_EENP_HH",
    "P_HH_M_K",
]
_LAND: Rows = [
    ["WK034401", "West", "GM0344", "NEE", 1, 800, 15, 20, 40, 15, 10, 4100, 400, 50, 20],
    ["WK034402", "Oost", "GM0344", "JA", -99999999, 0, *[-99999999] * 9],
]
_ODATA = [
    "ID",
    "WijkenEnBuurten",
    "Gemeentenaam_1",
    "SoortRegio_2",
    "Codering_3",
    "IndelingswijzigingWijkenEnBuurten_4",
    "AantalInwoners_5",
    "k_0Tot15Jaar_8",
    "k_15Tot25Jaar_9",
    "k_25Tot45Jaar_10",
    "k_45Tot65Jaar_11",
    "k_65JaarOfOuder_12",
    "HuishoudensTotaal_29",
    "Eenpersoonshuishoudens_30",
    "HuishoudensZonderKinderen_31",
    "HuishoudensMetKinderen_32",
    "Koopwoningen_41",
]
_ODATA_ROWS: Rows = [
    [
        1,
        "WK034401  ",
        "Utrecht",
        "Wijk  ",
        "WK034401  ",
        "1",
        800,
        120,
        160,
        320,
        120,
        80,
        400,
        200,
        120,
        80,
        "43.5",
    ],
    [
        2,
        "GM0344    ",
        "Utrecht",
        "Gemeente",
        "GM0344  ",
        ".",
        800,
        120,
        160,
        320,
        120,
        80,
        400,
        200,
        120,
        80,
        "   .",
    ],
]


@cache
def kwb_text() -> list[Files]:
    answer = {
        "odata.metadata": "https://opendata.cbs.nl/ODataApi/OData/84286NED/$metadata#Cbs.OData.WebAPI.TypedDataSet",
        "value": [dict(zip(_ODATA, row, strict=True)) for row in _ODATA_ROWS],
    }
    return [
        one("kwb-2021.csv", joined(_KWB, ";")),
        one("wijk_2022.csv", _KWB_2022),
        one("84286NED_UntypedDataSet.csv", joined([_ODATA, *_ODATA_ROWS], ";")),
        one("wijk_2016.csv", joined([_ATTRIBUTES, *_LAND])),
        one("answer.json", json.dumps(answer)),
    ]


@cache
def kwb_workbook() -> list[Files]:
    return [one("kwb-2021.xlsx", workbook(_KWB))]


@cache
def kwb_old_workbook() -> list[Files]:
    return [one("kwb-2013.xls", old_workbook(_KWB))]


def dbase(names: Sequence[str], rows: Rows) -> bytes:
    """A dBase III table of texts and whole numbers."""
    widths = [max(len(str(row[place])) for row in rows) for place in range(len(names))]
    kinds = [b"N" if isinstance(cell, int) else b"C" for cell in rows[0]]
    fields = b"".join(
        name.encode().ljust(11, b"\0") + kind + b"\0" * 4 + bytes([width]) + b"\0" * 15
        for name, kind, width in zip(names, kinds, widths, strict=True)
    )
    start, width = 32 + len(fields) + 1, 1 + sum(widths)
    head = b"\x03\x7a\x01\x01" + len(rows).to_bytes(4, "little") + start.to_bytes(2, "little")
    cells = b"".join(
        b" " + b"".join(str(cell).encode().ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows
    )
    return head + width.to_bytes(2, "little") + b"\0" * 20 + fields + b"\r" + cells + b"\x1a"


@cache
def dbase_tables() -> list[Files]:
    return [one("wijk_2016.dbf", dbase(_ATTRIBUTES, _LAND))]


@cache
def leefbaarometer2_dbase() -> list[Files]:
    return [one("klassen.dbf", dbase(_CLASSES[0], _CLASSES[1:]))]


@cache
def police() -> list[Files]:
    heading = "ID,SoortMisdrijf,WijkenEnBuurten,Perioden,GeregistreerdeMisdrijven_1"
    nuisance = "ID,Overlast,WijkenEnBuurten,Perioden,GeregistreerdeOverlast_1"
    kinds = ("0.0.0 ", "1.1.1 ", "1.1.2 ", "2.2.1 ")
    yearly = [f"{n},{kind},WK034401  ,2022JJ00,     {n}" for n, kind in enumerate(kinds)]
    monthly = [f"{n},0.0.0 ,WK034401  ,2022MM{n:02d},   {n}" for n in range(1, 13)]
    return [
        one("47018NED.csv", text(heading, *yearly, "9,1.1.1,BU03440101,2022JJ00,.")),
        one("47022NED.csv", text(heading, *monthly)),
        one("47024NED.csv", text(nuisance, *monthly)),
    ]


def _rivm_rows() -> list[list[object]]:
    topics = load("rivm")["columns"]
    heading = ["ID", "Leeftijd", "Marges", "WijkenEnBuurten", "Perioden", "Gemeentenaam_1", "SoortRegio_2"]
    heading += ["Codering_3", *(f"{stem}_{number}" for number, stem in enumerate(topics, start=4))]
    rows: list[list[object]] = [list(heading)]
    for number, area in enumerate(("GM1680    ", "WK168000  ", "BU16800000")):
        figures = ["    50.0", "       .", *[f"    {10 + number}.5"] * (len(topics) - 2)]
        rows.append([number, 20300, "MW00000", area, "2020JJ00", "Aa en Hunze  ", "Wijk", area, *figures])
    return rows


@cache
def rivm_workbook() -> list[Files]:
    return [one("2020_18plus.xlsx", workbook(_rivm_rows()))]


@cache
def rivm_text() -> list[Files]:
    return [one("2020_18plus.csv", joined(_rivm_rows()))]


@cache
def veiligheidsmonitor() -> list[Files]:
    heading = "ID,Marges,RegioS,Perioden,SocialeCohesieSchaalscore_15,AchteruitGegaan_17"
    heading += ",RapportcijferLeefbaarheidWoonbuurt_18,Slachtoffers_68"
    rows = ["0,MW00000,GM0034   ,2021JJ00,6.1,  16.4,7.1,1", "1,MOG0095,GM0034   ,2021JJ00,6.0,  14.9,7.0,1"]
    return [one("85146NED.csv", text(heading, *rows, "2,MBG0095,GM0034   ,2021JJ00,6.2,  17.9,7.2,1"))]


@cache
def ses_woa() -> list[Files]:
    odata = "ID,WijkenEnBuurten,Perioden,ParticuliereHuishoudens_2,GemiddeldeScore_29,k_30,Waarde_37"
    site = (
        '"Perioden";"Wijken en buurten";"Regiocode (gemeente, wijk, buurt) (code)";'
        '"SES-WOA/Totaalscore/Gemiddelde score (Getal)";"Spreiding/Spreiding totaal/Waarde (Getal)"'
    )
    return [
        one(
            "85900NED.csv",
            text(odata, "0,NL00      ,2022JJ00,8000,0.0,,0.8", "1,GM1680    ,2022JJ00,11,  0.17,,   0.7"),
        ),
        one("85900NED.csv", text(site, '"2022*";"Aa en Hunze";"GM1680";"0,17";"0,7"', '"Bron: CBS"')),
    ]


@cache
def woon() -> list[Files]:
    rows = ("GM0034,2021,woon_satisfied_dwelling,86.5,2.5", "Drechtsteden,2021,woon_satisfied_dwelling,84,.")
    return [one("woon.csv", text("area,year,indicator,share,margin", *rows))]


@cache
def crosswalk() -> list[Files]:
    rows = ("wijk,2016,2022,001400,001401,100", "gemeente,2016,2022,0014,0014,50.5")
    return [one("links.csv", text("level,year_from,year_to,code_from,code_to,addresses", *rows))]
