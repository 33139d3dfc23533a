"""Local files of a municipality: what stands in them is read, and what should not be in them is refused."""

import csv
import io
import math
import re
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_worlds import completed, mapped, workbook, written

from riskmodel.catalogue import Indicator, drivers
from riskmodel.errors import InputError
from riskmodel.sources.local.persons import is_bsn
from riskmodel.sources.local.reader import draft_mapping, local_indicators, read_local, read_mapping
from riskmodel.sources.local.table import BOUNDS
from riskmodel.sources.observations import Observations

DOCS = Path(__file__).parents[1] / "docs" / "local-sources.md"
LONG = (
    "Wijkcode;Wijknaam;Jaar;Aantal;Cijfer\n"
    "WK098302;Noord;2022;27;7,5\n"
    "WK098301;Midden;2021;412;6,4\n"
    "WK098301;Midden;2022;455;.\n"
)
TOP = 'slug = "venlo"\nlabel = "Meldingen (gemeente Venlo)"\n'
FILE = '[file]\nseparator = ";"\ndecimal = ","\nmissing = ["."]\n'
AREAS = '[areas]\ncolumn = "Wijkcode"\nlevel = "wijk"\nboundaries = 2022\nname = "Wijknaam"\n'
YEARS = '[years]\ncolumn = "Jaar"\npublished_after_months = 3\n'
SAID = 'label_nl = "meldingen"\ndriver = "onv"\ndirection = "bad"\n'
COUNT = f'[indicators.aantal]\ncolumn = "Aantal"\nkind = "extensive"\n{SAID}'
MARK = f'[indicators.cijfer]\ncolumn = "Cijfer"\nkind = "intensive"\n{SAID}'
GOOD = TOP + FILE + AREAS + YEARS + COUNT + MARK
#: What a chance owes to more than one indicator.
OF_CHANCE = ("border", "unrest", "other")
ADVICE = "Add the rows up to areas first, and leave the column out."


def read(folder: Path, content: str | bytes, mapping: str = GOOD, **options: bool) -> Observations:
    (made,) = read_local(written(folder, content), mapped(folder, mapping), **options)
    return made


def refusal(folder: Path, content: str | bytes, mapping: str = GOOD) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, content, mapping)
    return str(caught.value).replace(f"{folder}/", "")


def mapping_refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        read_mapping(written(folder, text, "mapping.toml"))
    return str(caught.value).replace(f"{folder}/", "")


def parquet(columns: dict[str, list[object]]) -> bytes:
    memory = io.BytesIO()
    pq.write_table(pa.table(columns), memory)
    return memory.getvalue()


# --- What is read ---------------------------------------------------------------------------------------------


def test_a_long_csv_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    made = read(tmp_path, LONG)
    assert (made.source, made.level, made.boundaries, made.years) == ("local-venlo", "wijk", 2022, (2021, 2022))
    assert made.frame.columns.tolist() == ["location", "name", "year", "local_aantal", "local_cijfer"]
    assert made.frame["location"].tolist() == ["WK098301", "WK098301", "WK098302"]
    assert made.frame["name"].tolist() == ["Midden", "Midden", "Noord"]
    assert made.frame["year"].tolist() == [2021, 2022, 2022]
    assert made.frame["local_aantal"].tolist() == [412.0, 455.0, 27.0]
    assert made.frame["local_cijfer"].fillna(-1).tolist() == [6.4, -1.0, 7.5]
    assert {str(made.frame[each].dtype) for each in made.indicators} == {"float64"}
    assert made.files[0].name == "meldingen.csv"
    assert made.notes == ()


def test_a_wide_workbook_with_a_title_and_totals(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Mutatiegraad per buurt", None, None, None],
        [None, None, None, None],
        ["buurtcode", "naam", 2021, "mutatiegraad 2022 "],
        ["BU09830101", "Aan het Water", 12.5, 13],
        ["BU09830102", "Op de Berg", None, "11,25"],
        ["Totaal", None, 12.5, 12],
    ]
    path = written(tmp_path, workbook(rows, "Gegevens", "Toelichting"), "mutatie.xlsx")
    mapping = mapped(
        tmp_path,
        TOP
        + '[file]\nsheet = "Gegevens"\nheader_row = 3\ndecimal = ","\n'
        + '[areas]\ncolumn = "buurtcode"\nlevel = "buurt"\nboundaries = 2023\nname = "naam"\n'
        + 'leave_out = ["Totaal"]\n'
        + "[years]\npublished_after_months = 2\n"
        + '[indicators.mutatiegraad]\ncolumns = { 2021 = "2021", 2022 = "mutatiegraad 2022" }\n'
        + f'kind = "intensive"\nunit = "%"\n{SAID}',
    )
    (made,) = read_local(path, mapping)
    sheet = openpyxl.load_workbook(path)["Gegevens"]
    expected = {
        (str(row[0]), year): float(str(value).replace(",", ".")) if value is not None else math.nan
        for row in sheet.iter_rows(min_row=4, max_row=5, values_only=True)
        for year, value in ((2021, row[2]), (2022, row[3]))
    }
    held = made.frame.set_index(["location", "year"])["local_mutatiegraad"].to_dict()
    assert list(held) == sorted(expected)
    assert held == pytest.approx(expected, nan_ok=True)
    assert (made.level, made.boundaries) == ("buurt", 2023)


def test_parquet(tmp_path: Path) -> None:
    content = parquet(
        {
            "gemeente": ["GM0983", "GM0984"],
            "schuld": [12.5, None],
            "jaar": pa.array([2021, 2021], pa.int16()).to_pylist(),
        }
    )
    mapping = mapped(
        tmp_path,
        TOP
        + '[areas]\ncolumn = "gemeente"\nlevel = "gemeente"\nboundaries = 2021\n'
        + '[years]\ncolumn = "jaar"\npublished_after_months = 2\n'
        + f'[indicators.huurachterstand]\ncolumn = "schuld"\nkind = "intensive"\n{SAID}',
    )
    (made,) = read_local(written(tmp_path, content, "huur.parquet"), mapping)
    assert made.frame["local_huurachterstand"].fillna(-1).tolist() == [12.5, -1.0]
    assert made.frame["name"].tolist() == ["GM0983", "GM0984"], "without names the code is the name"


@pytest.mark.parametrize(
    ("level", "code"),
    [
        ("wijk", "WK0363AA"),
        ("buurt", "BU0363AA01"),
        ("gemeente", "GM0363"),
        ("pc4", "5911"),
        ("grid", "E2090N3765"),
    ],
)
def test_every_level(tmp_path: Path, level: str, code: str) -> None:
    content = LONG.replace("WK098302", code).splitlines()[:2]
    made = read(tmp_path, "\n".join(content), GOOD.replace('level = "wijk"', f'level = "{level}"'))
    assert (made.level, made.frame["location"].tolist()) == (level, [code])


def test_codes_without_letters_from_a_workbook(tmp_path: Path) -> None:
    rows: list[list[object]] = [["code", "aantal"], ["098301", 20], [363_00, 5], [123456, 6]]
    mapping = (
        TOP + '[areas]\ncolumn = "code"\nlevel = "wijk"\nboundaries = 2022\nwithout_letters = true\n'
        "[years]\nyear = 2022\npublished_after_months = 0\n" + COUNT.replace("Aantal", "aantal")
    )
    good = read(tmp_path, workbook([rows[0], rows[1], rows[3]]), mapping)
    assert good.frame["location"].tolist() == ["WK098301", "WK123456"]
    assert good.years == (2022,)
    assert refusal(tmp_path, workbook(rows), mapping) == (
        "meldingen.csv, row 3, column 'code': found '36300'; expected a code like 098301 (wijk). "
        "A spreadsheet may have removed the zero in front: save the column as text."
    )


def test_an_older_encoding_and_line_ends(tmp_path: Path) -> None:
    content = LONG.replace("Midden", "Coördinatiewijk é").replace("\n", "\r\n").encode("cp1252")
    made = read(tmp_path, content, GOOD.replace("[file]", '[file]\nencoding = "cp1252"'))
    assert made.frame["name"].tolist()[0] == "Coördinatiewijk é"
    assert refusal(tmp_path, content) == (
        "meldingen.csv, line 3: found bytes that are not utf-8; expected text. "
        'Older spreadsheets save CSV as encoding = "cp1252".'
    )


def test_a_byte_order_mark_and_padding_do_no_harm(tmp_path: Path) -> None:
    content = "\ufeff" + LONG.replace("WK098302", " WK098302 ").replace("Jaar", " Jaar ")
    assert read(tmp_path, content).frame.equals(read(tmp_path, LONG).frame)


def test_the_worked_example_of_the_docs(tmp_path: Path) -> None:
    text = DOCS.read_text(encoding="utf-8")
    blocks = {kind: re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("csv", "toml")}
    assert blocks["csv"] and blocks["toml"]
    file = written(tmp_path, blocks["csv"][1])
    mapping = mapped(tmp_path, blocks["toml"][1])
    (made,) = read_local(file, mapping)
    rows = [row for row in csv.DictReader(io.StringIO(blocks["csv"][1]), delimiter=";") if row["Wijknaam"]]
    few = [row for row in rows if int(row["Respondenten"]) < 5]
    assert len(made.frame) == len(rows) == 4
    assert made.frame["local_rapportcijfer"].isna().sum() == len(few) == 1
    assert made.frame.loc[made.frame["year"] == 2021, "local_meldingen"].isna().all(), "415 - 412 would give 3"
    assert made.frame.loc[made.frame["year"] == 2022, "local_meldingen"].tolist() == [455, 27]
    assert made.published == {2021: date(2022, 4, 1), 2022: date(2023, 5, 16)}
    drafted = tomllib.loads(draft_mapping(file))
    complete = tomllib.loads(blocks["toml"][1])
    assert drafted["file"] == complete["file"]
    assert drafted["areas"] == {**complete["areas"], "boundaries": "..."}
    assert drafted["years"]["column"] == complete["years"]["column"]


# --- Disclosure -----------------------------------------------------------------------------------------------


def counted(*values: int) -> str:
    # Each in a municipality of its own, so that nothing has to be hidden beside a small one.
    rows = [f"WK{1000 + place}01;naam {place};2022;{value};7" for place, value in enumerate(values)]
    return "\n".join(["Wijkcode;Wijknaam;Jaar;Aantal;Cijfer", *rows])


def test_counts_of_few_persons_are_missing_and_told(tmp_path: Path) -> None:
    made = read(tmp_path, counted(0, 1, 4, 5, 6))
    assert made.frame["local_aantal"].fillna(-1).tolist() == [-1, -1, -1, 5, 6]
    assert made.notes == ("suppressed: 3 of local_aantal, fewer than 5 persons; they are treated as missing",)


def test_the_threshold_can_be_set(tmp_path: Path) -> None:
    higher = read(tmp_path, counted(9, 10), GOOD.replace("label", "suppress_below = 10\nlabel", 1))
    assert higher.frame["local_aantal"].fillna(-1).tolist() == [-1, 10]
    lower = read(tmp_path, counted(0, 2), GOOD.replace("label", "suppress_below = 0\nlabel", 1))
    assert lower.frame["local_aantal"].tolist() == [0, 2]
    assert lower.notes == ("counts of persons are suppressed below 0 only",)


def test_counts_of_other_things_and_marks_are_not_suppressed(tmp_path: Path) -> None:
    made = read(tmp_path, counted(0, 3), GOOD.replace('kind = "extensive"', 'kind = "extensive"\npersons = false'))
    assert made.frame["local_aantal"].tolist() == [0, 3]
    assert made.notes == ()
    marks = read(tmp_path, LONG.replace("7,5", "1,5"))
    assert marks.frame["local_cijfer"].tolist()[-1] == 1.5


def test_a_mark_of_few_respondents_is_missing(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        "Wijkcode;Wijknaam;Jaar;Cijfer;n\nWK098301;a;2022;7;5\nWK098302;b;2022;8;4\nWK098303;c;2022;9;.\n"
        "WK098304;d;2022;.;0\n",
        TOP + FILE + AREAS + YEARS + MARK.replace("kind", 'respondents = "n"\nkind'),
    )
    assert made.frame["local_cijfer"].fillna(-1).tolist() == [7, -1, -1, -1]
    assert made.notes == ("suppressed: 2 of local_cijfer, fewer than 5 persons; they are treated as missing",)


def test_respondents_by_year(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        "Wijkcode;Wijknaam;c21;c22;n21;n22\nWK098301;a;7;8;4;5\n",
        TOP + FILE + AREAS + "[years]\npublished_after_months = 1\n"
        '[indicators.cijfer]\ncolumns = { 2021 = "c21", 2022 = "c22" }\n'
        f'respondents = {{ 2021 = "n21", 2022 = "n22" }}\nkind = "intensive"\n{SAID}',
    )
    assert made.frame["local_cijfer"].fillna(-1).tolist() == [-1, 8]


@pytest.mark.parametrize(
    ("header", "values", "told"),
    [
        ("plaats", ("5911AB", "Venlo"), "column 'plaats': found what looks like a full postcode (1234 AB)"),
        ("plaats", ("", "5911 ab"), "column 'plaats': found what looks like a full postcode (1234 AB)"),
        ("x", ("111222333", "123456782"), "column 'x': found what looks like a citizen service number (BSN)"),
        ("Huis-nummer", ("1", "2"), "column 'Huis-nummer', which is about persons or addresses"),
        ("E-mail", ("", ""), "column 'E-mail', which is about persons or addresses"),
        ("Naam melder", ("", ""), "column 'Naam melder', which is about persons or addresses"),
        ("PC6", ("", ""), "column 'PC6', which is about persons or addresses"),
    ],
)
@pytest.mark.parametrize("call", ["read", "draft"])
def test_persons_and_addresses_are_refused(
    tmp_path: Path, header: str, values: tuple[str, str], told: str, call: str
) -> None:
    lines = LONG.splitlines()[:3]
    extra = [header, *values]
    if told.endswith("(BSN)"):
        lines, extra = LONG.splitlines(), [header, *values, "231413348"]
    content = "\n".join(f"{line};{each}" for line, each in zip(lines, extra, strict=True))
    with pytest.raises(InputError) as caught:
        read(tmp_path, content) if call == "read" else draft_mapping(written(tmp_path, content))
    assert told in str(caught.value)
    assert str(caught.value).endswith(f"; expected areas only. {ADVICE}")
    assert not any(value and value in str(caught.value) for value in values[:1] if len(value) > 5)


def test_a_postcode_or_bsn_as_area_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, LONG.replace("WK098301", "5911AB", 1)) == (
        f"meldingen.csv, line 3, column 'Wijkcode': found what looks like a full postcode (1234 AB); "
        f"expected areas only. {ADVICE}"
    )
    assert refusal(tmp_path, LONG.replace("WK098302", "111222333")) == (
        f"meldingen.csv, line 2, column 'Wijkcode': found what looks like a citizen service number (BSN); "
        f"expected areas only. {ADVICE}"
    )


def test_numbers_that_only_look_a_little_like_it_are_read(tmp_path: Path) -> None:
    lines = LONG.splitlines()
    extra = ["budget", "111222333", "100000000", "250000000"]
    made = read(tmp_path, "\n".join(f"{line};{each}" for line, each in zip(lines, extra, strict=True)))
    assert len(made.frame) == 3


@pytest.mark.parametrize(
    ("text", "yes"),
    [("111222333", True), ("123456782", True), ("123456789", False), ("000000000", False), ("1", False)],
)
def test_eleven_test(text: str, yes: bool) -> None:
    assert is_bsn(text) is yes


def test_origin_is_blocked_unless_allowed(tmp_path: Path) -> None:
    mapping = GOOD.replace("[indicators.cijfer]", '[indicators.herkomst]\nsensitivity = "origin"')
    made = read(tmp_path, LONG, mapping)
    assert made.indicators == ("local_aantal",)
    assert made.notes == ("blocked (origin): local_herkomst",)
    assert read(tmp_path, LONG, mapping, allow_origin=True).indicators == ("local_aantal", "local_herkomst")
    only = TOP + FILE + AREAS + YEARS + MARK.replace("kind", 'sensitivity = "origin"\nkind')
    assert refusal(tmp_path, LONG, only) == (
        "mapping.toml: found only indicators about origin, which are blocked; expected another indicator."
    )


@pytest.mark.parametrize("place", ["[indicators.nationaliteit]", 'label_nl = "Niet-westerse bewoners"'])
def test_origin_must_be_called_so(tmp_path: Path, place: str) -> None:
    key = "indicators.cijfer" if place.startswith("label") else "indicators.nationaliteit"
    old = MARK.splitlines()[0] if place.startswith("[") else 'label_nl = "meldingen"'
    word = "westerse" if place.startswith("label") else "nationaliteit"
    assert mapping_refusal(tmp_path, TOP + AREAS + YEARS + MARK.replace(old, place)) == (
        f"mapping.toml, [{key}]: found '{word}', which is about origin; expected sensitivity = \"origin\". "
        "Such indicators are blocked unless they are allowed explicitly."
    )


# --- Publication and the catalogue ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("years", "published", "lag"),
    [
        ("published_after_months = 3", {2021: date(2021, 4, 1), 2022: date(2022, 4, 1)}, 3),
        (
            'covers = "whole year"\npublished_after_months = 3',
            {2021: date(2022, 4, 1), 2022: date(2023, 4, 1)},
            15,
        ),
        (
            'covers = "whole year"\npublished_after_months = 3\npublished = { 2022 = 2023-08-02 }',
            {2021: date(2022, 4, 1), 2022: date(2023, 8, 2)},
            20,
        ),
        (
            "published = { 2021 = 2021-03-01, 2022 = 2022-02-01 }",
            {2021: date(2021, 3, 1), 2022: date(2022, 2, 1)},
            2,
        ),
    ],
)
def test_every_year_has_its_day_of_publication(
    tmp_path: Path, years: str, published: dict[int, date], lag: int
) -> None:
    text = GOOD.replace("published_after_months = 3", years)
    assert read(tmp_path, LONG, text).published == published
    assert {each.lag_months for each in local_indicators(mapped(tmp_path, text)).values()} == {lag}


def test_a_year_without_a_day_of_publication(tmp_path: Path) -> None:
    text = GOOD.replace("published_after_months = 3", "published = { 2021 = 2022-03-01 }")
    assert refusal(tmp_path, LONG, text) == (
        "mapping.toml, [years]: found no day of publication for 2022; "
        "expected a day for each, or 'published_after_months'."
    )


def test_local_indicators_are_catalogued_like_national_ones(tmp_path: Path) -> None:
    text = GOOD.replace(
        "[indicators.cijfer]", '[indicators.cijfer]\nlabel_en = "mark"\nstructural = true\nunit = "score"'
    )
    found = local_indicators(mapped(tmp_path, text))
    assert found["local_cijfer"] == Indicator(
        id="local_cijfer",
        label_nl="meldingen",
        label_en="mark",
        driver="onv",
        unit="score",
        direction="bad",
        kind="intensive",
        source="local-venlo",
        lag_months=3,
        structural=True,
        sensitivity="",
        reference="1 January",
    )
    assert list(found) == ["local_aantal", "local_cijfer"]


# --- Drafts ---------------------------------------------------------------------------------------------------


def test_a_draft_of_a_long_file_once_completed_reads_it(tmp_path: Path) -> None:
    file = written(tmp_path, LONG)
    draft = draft_mapping(file)
    assert mapping_refusal(tmp_path, draft).startswith(
        'mapping.toml: found "..." at areas.boundaries, years.covers, years.published_after_months, '
        "indicators.aantal.label_nl, indicators.aantal.driver, indicators.aantal.direction, "
        "indicators.aantal.kind, "
        "indicators.cijfer.label_nl, indicators.cijfer.driver, indicators.cijfer.direction, "
        "indicators.cijfer.kind; "
        'expected every "..." filled in. Boundaries is the year of the area classification'
    )
    mapping = mapped(tmp_path, completed(draft))
    (made,) = read_local(file, mapping)
    assert made.source == "local-meldingen"
    assert made.frame["local_aantal"].tolist() == [412, 455, 27]
    assert mapping.format.missing == ("", ".")
    assert mapping.areas.name == "Wijknaam"


def test_one_blank_left_is_named_with_what_may_stand_there(tmp_path: Path) -> None:
    known = ", ".join(each.id for each in drivers() if each.id not in OF_CHANCE)
    assert mapping_refusal(tmp_path, GOOD.replace('"onv"', '"..."', 1)) == (
        'mapping.toml: found "..." at indicators.aantal.driver; expected every "..." filled in. '
        f"Driver is one of {known}."
    )


@pytest.mark.parametrize("driver", OF_CHANCE)
def test_a_group_of_the_chance_is_no_driver_of_an_indicator(tmp_path: Path, driver: str) -> None:
    assert driver in {each.id for each in drivers()}
    known = ", ".join(repr(each.id) for each in drivers() if each.id not in OF_CHANCE)
    assert mapping_refusal(tmp_path, GOOD.replace('driver = "onv"', f'driver = "{driver}"', 1)) == (
        f"mapping.toml, [indicators.aantal]: found driver = {driver!r}; expected one of {known}."
    )


def test_a_draft_of_a_wide_workbook_with_a_title(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Verhuizingen", None, None, None, None],
        ["buurtcode", "verhuisd 2021", "verhuisd 2022", "2022 inkomen", "oppervlakte"],
        ["BU09830101", 12, 14, 30.5, 7],
        ["BU09830102", 11, "x", 31, 8],
        ["Venlo", 23, 14, 30, 15],
    ]
    file = written(tmp_path, workbook(rows, "Gegevens", "Bron"), "Verhuizingen (v2).xlsx")
    draft = draft_mapping(file)
    document = tomllib.loads(draft)
    assert document["slug"] == "verhuizingen-v2"
    assert document["file"] == {"sheet": "Gegevens", "header_row": 2, "missing": ["", "x"]}
    assert document["areas"]["leave_out"] == ["Venlo"]
    assert document["indicators"]["verhuisd"]["columns"] == {"2021": "verhuisd 2021", "2022": "verhuisd 2022"}
    assert document["indicators"]["inkomen"]["sensitivity"] == "proxy"
    assert '# numbers without a year in their name: "oppervlakte"' in draft
    (made,) = read_local(file, mapped(tmp_path, completed(draft)))
    assert made.frame["local_verhuisd"].fillna(-1).tolist() == [12, 14, 11, -1]


def test_a_draft_of_parquet_with_one_year(tmp_path: Path) -> None:
    file = written(tmp_path, parquet({"pc4": [5911, 5912], "% westerse migratie": [1.5, 2.0]}), "x.parquet")
    draft = draft_mapping(file)
    document = tomllib.loads(draft)
    assert document["areas"]["level"] == "pc4"
    assert document["years"]["year"] == "..."
    entry = document["indicators"]["westerse_migratie"]
    assert (entry["unit"], entry["sensitivity"]) == ("%", "origin")
    mapping = mapped(tmp_path, completed(draft, year="2023"))
    (made,) = read_local(file, mapping, allow_origin=True)
    assert made.frame["location"].tolist() == ["5911", "5912"]


def test_a_draft_of_codes_without_letters_prefers_the_smallest_level(tmp_path: Path) -> None:
    draft = draft_mapping(
        written(
            tmp_path, "gemeentecode\tbuurtcode\tjaar\taantal\n0983\t09830101\t2022\t7\n0983\t09830102\t2022\t9\n"
        )
    )
    document = tomllib.loads(draft)
    assert document["file"]["separator"] == "\t"
    assert document["areas"]["column"] == "buurtcode"
    assert document["areas"]["without_letters"] is True
    assert '# also a column with codes: "gemeentecode" (gemeente)' in draft


def test_a_draft_says_what_it_did_not_find(tmp_path: Path) -> None:
    draft = draft_mapping(written(tmp_path, "gebied,oordeel\nNoord,goed\nZuid,slecht\n"))
    document = tomllib.loads(draft)
    assert document["areas"] == {"column": "...", "level": "...", "boundaries": "..."}
    assert document["indicators"]["name"]["column"] == "..."
    assert '# columns: "gebied", "oordeel"' in draft


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headers=st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12),
        min_size=1,
        max_size=5,
    )
)
def test_a_draft_is_always_toml(tmp_path: Path, headers: list[str]) -> None:
    memory = io.StringIO()
    writer = csv.writer(memory, delimiter=";")
    writer.writerow(["wijkcode", *headers])
    writer.writerow(["WK098301", *range(len(headers))])
    try:
        draft = draft_mapping(written(tmp_path, memory.getvalue()))
    except InputError:
        return
    document = tomllib.loads(draft)
    assert all(re.fullmatch("[a-z][a-z0-9_]*", key) for key in document["indicators"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.floats(-1e12, 1e12, allow_subnormal=False), min_size=1, max_size=6),
    decimal=st.sampled_from(",."),
)
def test_any_number_survives_writing_and_reading(tmp_path: Path, values: list[float], decimal: str) -> None:
    texts = [repr(value).replace(".", decimal) for value in values]
    rows = [f"WK0983{place:02d};naam;2022;{text}" for place, text in enumerate(texts)]
    made = read(
        tmp_path,
        "\n".join(["Wijkcode;Wijknaam;Jaar;Cijfer", *rows]),
        TOP + FILE.replace('decimal = ","', f'decimal = "{decimal}"') + AREAS + YEARS + MARK,
    )
    assert made.frame["local_cijfer"].tolist() == values


# --- Refusals of a file ---------------------------------------------------------------------------------------


def line(number: int, old: str, new: str) -> str:
    lines = LONG.splitlines()
    assert old in lines[number]
    lines[number] = lines[number].replace(old, new)
    return "\n".join(lines)


LEAVE_OUT = 'Rows of totals can be left out: leave_out = ["..."] in [areas].'
QUOTES = "A text with the separator in it needs quotes; the file may also be cut off."
KINDS = "a CSV, XLSX or Parquet file"
MISSING = "a number, or what stands for missing"
FAULTS: dict[str, tuple[str | bytes, str]] = {
    "total": (
        line(2, "WK098301", "Totaal"),
        f", line 3, column 'Wijkcode': found 'Totaal'; expected a code like WK098301 (wijk). {LEAVE_OUT}",
    ),
    "other level": (
        line(2, "WK098301", "BU09830101"),
        f", line 3, column 'Wijkcode': found 'BU09830101'; expected a code like WK098301 (wijk). {LEAVE_OUT}",
    ),
    "no letters": (
        line(2, "WK098301", "098301"),
        ", line 3, column 'Wijkcode': found '098301'; expected a code like WK098301 (wijk). "
        "For codes without letters: without_letters = true in [areas].",
    ),
    "twice": (
        line(2, "2021", "2022"),
        ", line 4, column 'Wijkcode': found WK098301 in 2022 again; expected every area and year once. "
        "Rows of persons, addresses or months need to be added up to areas and years first.",
    ),
    "no year": (
        line(2, "2021", "2021JJ00"),
        ", line 3, column 'Jaar': found '2021JJ00'; expected a year from 1995 to 2049.",
    ),
    "year too early": (
        line(2, "2021", "1894"),
        ", line 3, column 'Jaar': found '1894'; expected a year from 1995 to 2049.",
    ),
    "point for comma": (
        line(2, "6,4", "6.4"),
        f", line 3, column 'Cijfer': found '6.4'; expected {MISSING}. "
        "If '.' is the decimal sign: decimal = \".\" in [file].",
    ),
    "percent": (
        line(2, "6,4", "12 %"),
        f", line 3, column 'Cijfer': found '12 %'; expected {MISSING}. "
        "Save percentages as plain numbers, 12.5 for 12.5 %.",
    ),
    "word": (
        line(2, "6,4", "n.b."),
        f", line 3, column 'Cijfer': found 'n.b.'; expected {MISSING}. "
        "If it stands for missing, add it to 'missing' in [file].",
    ),
    "underscore": (
        line(2, "412", "4_1"),
        f", line 3, column 'Aantal': found '4_1'; expected {MISSING}. "
        "If it stands for missing, add it to 'missing' in [file].",
    ),
    "infinite": (
        line(2, "6,4", "1e999"),
        ", line 3, column 'Cijfer': found inf; expected a finite number.",
    ),
    "negative": (line(2, "412", "-4"), ", line 3, column 'Aantal': found -4; expected 0 or more."),
    "half a person": (
        line(2, "412", "4,5"),
        ", line 3, column 'Aantal': found 4.5 persons; expected a whole number. "
        "Is the sign between thousands read as a decimal sign? For a count of other things: persons = false.",
    ),
    "short row": (
        line(2, ";6,4", ""),
        f", line 3: found 4 fields; expected 5, as in the header. {QUOTES}",
    ),
    "no column": (
        LONG.replace("Cijfer", "cijfer"),
        ", line 1: found no column 'Cijfer' (columns: Wijkcode, Wijknaam, Jaar, Aantal, cijfer); "
        "expected the columns that the mapping names.",
    ),
    "column twice": (
        LONG.replace("Wijknaam", "Cijfer"),
        ", line 1: found no column 'Wijknaam' (columns: Wijkcode, Cijfer, Jaar, Aantal, Cijfer); "
        "expected the columns that the mapping names.",
    ),
    "no rows": (LONG.splitlines()[0], ": found a header without rows; expected rows below the header."),
    "nothing": (b" \n ", ": found an empty file; expected a header and rows."),
    "html": ("<!DOCTYPE html><html>", f": found a web page or XML; expected {KINDS}."),
    "utf-16": (
        LONG.encode("utf-16"),
        f": found bytes that are no text; expected {KINDS}. Save it as CSV UTF-8.",
    ),
    "password": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        f": found a workbook with a password, or an old .xls; expected {KINDS}. "
        "Save it as .xlsx without a password.",
    ),
    "quote": (
        LONG + '"WK098303;x',
        ", line 5: found text that is no CSV (unexpected end of data); expected a CSV file.",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_csv_is_named(tmp_path: Path, fault: str) -> None:
    content, told = FAULTS[fault]
    assert refusal(tmp_path, content) == f"meldingen.csv{told}"


def test_a_column_that_is_there_twice(tmp_path: Path) -> None:
    content = LONG.replace("Wijknaam", "Cijfer")
    assert refusal(tmp_path, content, GOOD.replace('name = "Wijknaam"\n', "")) == (
        "meldingen.csv, line 1: found column 'Cijfer' 2 times; expected every column once."
    )


@pytest.mark.parametrize(
    ("scale", "value", "told"),
    [
        ('unit = "%"', "101", "found 101; expected 0 to 100."),
        ('unit = "%"', "-1", "found -1; expected 0 to 100."),
        ("lowest = 1\nhighest = 10", "11", "found 11; expected 1 to 10."),
        ("lowest = 1\nhighest = 10", "0,5", "found 0.5; expected 1 to 10."),
        ("highest = 10", "11", "found 11; expected at most 10."),
    ],
)
def test_a_value_off_the_scale(tmp_path: Path, scale: str, value: str, told: str) -> None:
    text = TOP + FILE + AREAS + YEARS + MARK.replace("kind", f"{scale}\nkind")
    assert refusal(tmp_path, line(2, "6,4", value), text) == f"meldingen.csv, line 3, column 'Cijfer': {told}"


def test_fractions_in_place_of_percentages_are_noticed(tmp_path: Path) -> None:
    text = TOP + FILE + AREAS + YEARS + MARK.replace("kind", 'unit = "%"\nkind')
    made = read(tmp_path, LONG.replace("7,5", "0,75").replace("6,4", "0,64"), text)
    assert made.notes == ("no value of local_cijfer is above 1 %: are they fractions?",)
    empty = read(tmp_path, LONG.replace("7,5", ".").replace("6,4", ""), text)
    assert empty.notes == ("no value at all: local_cijfer",)


def test_a_header_that_is_not_where_the_mapping_says(tmp_path: Path) -> None:
    text = GOOD.replace("[file]", "[file]\nheader_row = 9")
    assert refusal(tmp_path, LONG, text) == (
        "meldingen.csv, line 9: found no column names; expected the header. "
        "Say in which row it stands: 'header_row'."
    )


def far_away() -> bytes:
    """A workbook of a few hundred bytes with one cell at the far end."""
    content = io.BytesIO(workbook([["a"]]))
    memory = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(memory, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, text.replace(b'r="A1"', b'r="XFD1048576"') if "sheet1" in name else text)
    return memory.getvalue()


def bomb() -> bytes:
    memory = io.BytesIO(workbook([["a"]]))
    with zipfile.ZipFile(memory, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/filler.xml", bytes(3 << 20))
    return memory.getvalue()


def damaged() -> bytes:
    """A workbook with some bytes of its sheet changed."""
    content = bytearray(SHEET)
    start = content.index(b"xl/worksheets/sheet1.xml") + 60
    content[start : start + 40] = bytes(40)
    return bytes(content)


def an_archive() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("data.csv", LONG)
    return memory.getvalue()


SHEET = workbook([["Wijkcode"], ["WK098301"]])


DAMAGED = r"a damaged workbook \(.*\); expected an .xlsx workbook\. Save it again\."
DANGERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut": (lambda: SHEET[:-100], DAMAGED),
    "damaged": (damaged, DAMAGED),
    "far cell": (
        far_away,
        r"a sheet of 1,048,576 rows and 16,384 columns; expected at most 2,000 columns and 20,000,000 cells, most "
        r"of them filled\. Delete cells far from the table\.",
    ),
    "bomb": (bomb, r"3,[0-9,]+ bytes unpacked; expected at most 1,048,576\. Save it again\."),
    "archive": (an_archive, r"an archive of data.csv; expected a CSV, XLSX or Parquet file\. Unpack it first\."),
    "no parquet": (
        lambda: b"PAR1" + bytes(50),
        r"a damaged Parquet file \(.*\); expected a Parquet file\.",
    ),
    "cut parquet": (
        lambda: parquet({"a": [1] * 50})[:-30],
        r"a damaged Parquet file \(.*\); expected a Parquet file\.",
    ),
    "empty parquet": (lambda: parquet({"a": []}), r"a table without rows; expected rows\."),
}


@pytest.mark.parametrize("kind", DANGERS)
@pytest.mark.parametrize("call", ["read", "draft"])
def test_a_damaged_or_dangerous_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, call: str
) -> None:
    monkeypatch.setattr("riskmodel.sources.local.table.BOUNDS", replace(BOUNDS, unpacked=1 << 20))
    content, told = DANGERS[kind]
    path = written(tmp_path, content(), "file.xlsx")
    mapping = mapped(tmp_path, GOOD)
    with pytest.raises(InputError) as caught:
        read_local(path, mapping) if call == "read" else draft_mapping(path)
    assert re.fullmatch(f"{re.escape(str(path))}: found {told}", str(caught.value)), str(caught.value)


def test_sheets_must_be_named(tmp_path: Path) -> None:
    content = workbook([["Wijkcode"], ["WK098301"]], "A", "B")
    assert refusal(tmp_path, content) == (
        "meldingen.csv: found 2 sheets; expected one of them as 'sheet' in the mapping: 'A', 'B'."
    )
    assert refusal(tmp_path, content, GOOD.replace("[file]", '[file]\nsheet = "C"')) == (
        "meldingen.csv: found no sheet 'C'; expected one of 'A', 'B'."
    )


@pytest.mark.parametrize("call", [lambda path: read_mapping(path), draft_mapping])
def test_a_folder_or_nothing_in_place_of_a_file(tmp_path: Path, call: Callable[[Path], object]) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match=r"found (Is a directory|No such file or directory); expected a"):
            call(path)


# --- Refusals of a mapping ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'slug = "venlo"',
            'slug = "Venlo 1"',
            ": found slug = 'Venlo 1'; expected lower-case letters, digits and",
        ),
        ('slug = "venlo"\n', "", ": found no 'slug'; expected lower-case letters, digits and single hyphens"),
        (
            'slug = "venlo"',
            'slug = "venlo"\ncolour = 1',
            ": found unknown key 'colour'; expected one of slug, label,",
        ),
        ("[file]", "[file]\ndelimiter = 1", ", [file]: found unknown key 'delimiter'; expected one of separator,"),
        ('";"', '"::"', ", [file]: found separator = '::'; expected one of ',', ';', '\\t', '|'."),
        ('decimal = ","', 'decimal = ";"', ", [file]: found decimal = ';'; expected one of ',', '.'."),
        (
            "[file]",
            '[file]\nencoding = "ebcdic"',
            ", [file]: found encoding = 'ebcdic'; expected one of 'utf-8', 'cp1252'.",
        ),
        (
            "[file]",
            "[file]\nheader_row = 0",
            ", [file]: found header_row = 0; expected a whole number from 1 to 1000.",
        ),
        ('["."]', '"."', ", [file]: found missing = '.'; expected a list of texts."),
        (
            '"wijk"',
            '"straat"',
            ", [areas]: found level = 'straat'; expected one of 'wijk', 'buurt', 'gemeente', 'pc4', 'grid'.",
        ),
        ("2022", "22", ", [areas]: found boundaries = 22; expected a year from 1995 to 2049."),
        ("2022", "true", ", [areas]: found boundaries = True; expected a year from 1995 to 2049."),
        (
            "[areas]",
            "[areas]\nwithout_letters = 1",
            ", [areas]: found without_letters = 1; expected true or false.",
        ),
        ('column = "Wijkcode"\n', "", ", [areas]: found no 'column'; expected a text."),
        (
            "months = 3",
            "months = 3.5",
            ", [years]: found published_after_months = 3.5; expected a whole number from 0 to 120.",
        ),
        (
            "months = 3",
            "months = -1",
            ", [years]: found published_after_months = -1; expected a whole number from 0 to 120.",
        ),
        (
            "published_after_months = 3",
            "",
            ", [years]: found nothing about publication; expected 'published_after_months', or",
        ),
        (
            "[years]",
            '[years]\ncovers = "month"',
            ", [years]: found covers = 'month'; expected one of '1 January', 'whole year'.",
        ),
        ("[years]", "[years]\nyear = 2022", ", [years]: found both 'column' and 'year'; expected one of them."),
        (
            "[years]",
            '[years]\npublished = { 2022 = "maart" }',
            ", [years]: found published = {'2022': 'maart'}; expected days by year,",
        ),
        (
            "[years]",
            '[years]\npublished = { "²022" = 2023-01-01 }',
            ", [years]: found published = {'²022': datetime.date(2023, 1, 1)}; expected days by year,",
        ),
        (
            "[years]",
            "[years]\npublished = { 2022 = 2021-05-01 }",
            ", [years]: found values of 2022 published on 2021-05-01; expected 2022-01-01 or later, "
            "as they cover: 1 January. A plan for later years belongs to the year in which it stood.",
        ),
        (
            "[years]",
            '[years]\ncovers = "whole year"\npublished = { 2022 = 2022-12-30 }',
            ", [years]: found values of 2022 published on 2022-12-30; expected 2022-12-31 or later, "
            "as they cover: whole year.",
        ),
        (
            "[indicators.aantal]",
            "[indicators.Aantal]",
            ", [indicators.Aantal]: found 'Aantal'; expected a name of lower-case",
        ),
        (
            '"onv"',
            '"overlast"',
            ", [indicators.aantal]: found driver = 'overlast'; expected one of 'onv', 'safety', 'soc',",
        ),
        (
            '"bad"',
            '"slecht"',
            ", [indicators.aantal]: found direction = 'slecht'; expected one of 'good', 'bad', 'neutral'.",
        ),
        (
            '"extensive"',
            '"count"',
            ", [indicators.aantal]: found kind = 'count'; expected one of 'extensive', 'intensive'.",
        ),
        (
            'column = "Aantal"\n',
            "",
            ", [indicators.aantal]: found neither 'column' nor 'columns'; expected 'column' where",
        ),
        (
            'column = "Aantal"\n',
            'column = "Aantal"\ncolumns = { 2022 = "x" }\n',
            ", [indicators.aantal]: found both 'column' and 'columns'; expected 'column' where",
        ),
        (
            'column = "Aantal"\n',
            'columns = { 2022 = "x" }\n',
            ", [indicators.aantal]: found 'columns' by year, and a year in [years]; expected one of them.",
        ),
        (
            'column = "Jaar"\n',
            "",
            ", [indicators.aantal]: found 'column', but no year; expected 'column' or 'year' in [years],",
        ),
        (
            'column = "Aantal"\n',
            'column = "Aantal"\nrespondents = { 2022 = "n" }\n',
            ", [indicators.aantal]: found 'respondents' of another form or other years; "
            "expected those of the values.",
        ),
        (
            'column = "Aantal"\n',
            'column = "Aantal"\nlowest = 5\nhighest = 5\n',
            ", [indicators.aantal]: found lowest 5 and highest 5; expected lowest below highest.",
        ),
        ("[indicators.aantal]", "[indicators.aantal", ": found text that is not TOML ("),
    ],
)
def test_a_mapping_with_a_fault(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    assert mapping_refusal(tmp_path, GOOD.replace(old, new, 1)).startswith(f"mapping.toml{told}")


def test_a_mapping_without_indicators_or_that_is_no_text(tmp_path: Path) -> None:
    assert mapping_refusal(tmp_path, TOP + FILE + AREAS + YEARS) == (
        "mapping.toml: found no 'indicators'; expected at least one section [indicators.NAME]."
    )
    assert mapping_refusal(tmp_path, b"\xff\xfe") == (
        "mapping.toml: found bytes that are not UTF-8 text; expected a mapping in TOML."
    )
    assert mapping_refusal(tmp_path, b"#" * (2 << 20)) == (
        "mapping.toml: found 2,097,152 bytes; expected a mapping in TOML, at most 1,048,576 bytes."
    )
