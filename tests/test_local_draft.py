"""Drafts of mappings: no row is lost, nothing is unseen, and every draft has a way out."""

from __future__ import annotations

import csv
import io
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_worlds import completed, mapped, workbook, workbook_of, written

from riskmodel.errors import InputError
from riskmodel.sources.local.reader import draft_mapping, read_local
from riskmodel.sources.observations import Observations

HEADER = ["wijkcode", "wijknaam", "jaar", "meldingen", "cijfer"]
#: What is true: code, name, year, reports, mark.
TRUE: list[tuple[str, str, int, int, float]] = [
    ("WK098301", "Noord", 2021, 1240, 6.4),
    ("WK098301", "Noord", 2022, 1255, 6.5),
    ("WK098302", "Zuid", 2021, 23, 7.125),
    ("WK098302", "Zuid", 2022, 31, 7.25),
    ("WK098303", "Oost", 2021, 0, 5.5),
    ("WK098303", "Oost", 2022, 987, 10.0),
]


def read_completed(folder: Path, file: Path, **answers: str) -> Observations:
    """What a file says after its draft is completed."""
    (made,) = read_local(file, mapped(folder, completed(draft_mapping(file), **answers)))
    return made


def remarks(draft: str) -> list[str]:
    return [line for line in draft.splitlines() if line.startswith("# not")]


def refusal(file: Path) -> str:
    with pytest.raises(InputError) as caught:
        draft_mapping(file)
    return str(caught.value).removeprefix(str(file))


# --- Any layout -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layout:
    """How somebody lays out the same table."""

    titles: tuple[str, ...] = ()
    blank_above: bool = False
    index_column: bool = False
    nameless_code: bool = False
    total: str = ""
    foot: tuple[str, ...] = ()
    padded: bool = True
    wide: bool = False
    separator: str = ";"
    decimal: str = ","
    grouped: bool = False
    line_end: str = "\r\n"
    other_sheets: tuple[int, int] = (0, 0)

    def number(self, value: float) -> str:
        digits = len(repr(value).partition(".")[2]) if isinstance(value, float) else 0
        text = f"{value:,.{digits}f}" if self.grouped else f"{value:.{digits}f}"
        return text.translate(str.maketrans({",": {",": ".", ".": ","}[self.decimal], ".": self.decimal}))

    def table(self, as_text: bool) -> list[list[object]]:
        """Header and rows."""

        def cell(value: float) -> object:
            return self.number(value) if as_text else value

        rows: list[list[object]]
        if self.wide:
            rows = [["wijkcode", "wijknaam", *(f"{name} {year}" for name in HEADER[3:] for year in (2021, 2022))]]
            for first, second in zip(TRUE[::2], TRUE[1::2], strict=True):
                rows.append([*first[:2], *(cell(each[at]) for at in (3, 4) for each in (first, second))])
            total: list[object] = ["Totaal", "", *map(cell, (1263, 2273, 19.0, 23.75))]
        else:
            rows = [list(HEADER), *([*row[:3], cell(row[3]), cell(row[4])] for row in TRUE)]
            total = ["Totaal", "", 2021, cell(1263), cell(19.0)]
        if self.nameless_code:
            rows[0][0] = ""
        if self.total:
            rows.insert(1 if self.total == "first" else len(rows), total)
        if self.index_column:
            rows = [[number - 1 if number else "", *row] for number, row in enumerate(rows)]
        return rows

    def rows(self, as_text: bool) -> list[list[object]]:
        """All rows of the file."""
        table = self.table(as_text)
        rest = [""] * (len(table[0]) - 1 if self.padded else 0)
        above = [[title, *rest] for title in self.titles] + [["", *rest]] * self.blank_above
        return [*above, *table, *([["", *rest]] if self.foot else []), *([each, *rest] for each in self.foot)]

    def as_csv(self) -> str:
        memory = io.StringIO()
        csv.writer(memory, delimiter=self.separator, lineterminator=self.line_end).writerows(self.rows(True))
        return memory.getvalue()

    def as_workbook(self) -> bytes:
        before, after = self.other_sheets
        sheets: dict[str, list[list[object]]] = {
            f"Blad{number}": [["Meldingen van overlast per wijk"], ["Peildatum 1-1-2023"]]
            for number in range(before + after)
        }
        names = list(sheets)
        return workbook_of(
            {**{name: sheets[name] for name in names[:before]}, "Data": self.rows(False)}
            | {name: sheets[name] for name in names[before:]}
        )


titles = st.sampled_from(
    ["Meldingen per wijk", "Meldingen\nper wijk", "Peildatum: 1 januari 2023", "GM0983", "Venlo"]
)
layouts = st.builds(
    Layout,
    titles=st.lists(titles, max_size=2).map(tuple),
    blank_above=st.booleans(),
    index_column=st.booleans(),
    nameless_code=st.booleans(),
    total=st.sampled_from(["", "first", "last"]),
    foot=st.lists(st.sampled_from(["Bron: afdeling Onderzoek", "© gemeente Venlo 2023"]), max_size=2).map(tuple),
    padded=st.booleans(),
    wide=st.booleans(),
    separator=st.sampled_from(";,\t|"),
    decimal=st.sampled_from(",."),
    grouped=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
    other_sheets=st.tuples(st.integers(0, 2), st.integers(0, 1)),
)


def check(folder: Path, file: Path) -> None:
    frame = read_completed(folder, file).frame
    assert frame["location"].tolist() == [row[0] for row in TRUE]
    assert frame["year"].tolist() == [row[2] for row in TRUE]
    assert frame["local_meldingen"].tolist() == [row[3] for row in TRUE]
    assert frame["local_cijfer"].tolist() == [row[4] for row in TRUE]
    assert frame["name"].tolist() == [row[1] for row in TRUE]


SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SLOW
@given(layout=layouts)
def test_a_text_table_in_any_layout_is_read_whole_as_its_draft_says(tmp_path: Path, layout: Layout) -> None:
    check(tmp_path, written(tmp_path, layout.as_csv()))


@SLOW
@given(layout=layouts)
def test_a_sheet_in_any_layout_is_read_whole_as_its_draft_says(tmp_path: Path, layout: Layout) -> None:
    check(tmp_path, written(tmp_path, replace(layout, padded=True).as_workbook(), "meldingen.xlsx"))


# --- What is refused, with a way out --------------------------------------------------------------------------


def test_names_in_two_rows_are_refused_and_joined_they_are_read(tmp_path: Path) -> None:
    above = ["wijkcode", "naam", 2021, None, 2022, None]
    rows: list[list[object]] = [
        above,
        [None, None, "meldingen", "cijfer", "meldingen", "cijfer"],
        ["WK098301", "Noord", 40, 6.4, 44, 6.5],
        ["WK098302", "Zuid", 55, 7.1, 51, 7],
    ]
    assert refusal(written(tmp_path, workbook(rows), "twee.xlsx")) == (
        ", sheet 'Blad1', row 2: found names in two rows ('2022' above 'cijfer'); expected the names of the "
        "columns in one row. Join them in one row, such as '2022 cijfer', and empty the other."
    )
    rows[:2] = [["wijkcode", "naam", "2021 meldingen", "2021 cijfer", "2022 meldingen", "2022 cijfer"], [None] * 6]
    frame = read_completed(tmp_path, written(tmp_path, workbook(rows), "een.xlsx")).frame
    assert frame["local_meldingen"].tolist() == [40, 44, 55, 51]
    assert frame["local_cijfer"].tolist() == [6.4, 6.5, 7.1, 7]


def test_the_same_name_below_two_years_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, ";2021;2022\nwijkcode;meldingen;meldingen\nWK098301;40;44\n")
    assert refusal(file).startswith(", line 2: found names in two rows ('2022' above 'meldingen')")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "WK098301;2021;40\nWK098302;2021;55\n",
            ", line 1: found a row of data ('WK098301', '2021', '40') without",
        ),
        ("Meldingen\nWK098301;2021;40\n", ", line 2: found a row of data ('WK098301', '2021', '40') without"),
        ("5911;2021;40\n5912;2021;55\n", ", line 1: found a row of data ('5911', '2021', '40') without"),
        ("\n \n", ": found an empty file"),
    ],
)
def test_a_table_without_names_is_refused(tmp_path: Path, content: str, told: str) -> None:
    assert refusal(written(tmp_path, content)).startswith(told)


@pytest.mark.parametrize(("decimal", "values"), [(".", [28.4, 31.25]), (",", [28400, 31250])])
def test_numbers_that_can_be_two_are_asked_and_said(tmp_path: Path, decimal: str, values: list[float]) -> None:
    file = written(tmp_path, "wijkcode;jaar;gem_inkomen\nWK098301;2021;28.400\nWK098302;2021;31.250\n")
    assert (
        'decimal = "..."  # "gem_inkomen" has \'28.400\', which may be 28.4 or 28400: '
        '"." if it is 28.4, "," if it is 28400\n'
    ) in draft_mapping(file)
    made = read_completed(tmp_path, file, decimal=f'"{decimal}"')
    assert made.frame["local_gem_inkomen"].tolist() == values
    means = {
        ".": "is the decimal sign, 1.250 is 1.25, as the mapping says",
        ",": "separates thousands, 1.250 is 1250",
    }
    assert made.notes == (f"column 'gem_inkomen': the point {means[decimal]}",)
    without = completed(draft_mapping(file)).replace('decimal = "..."', "")
    with pytest.raises(
        InputError, match=r"line 2, column 'gem_inkomen': found '28.400', which may be 28.4 or 28400"
    ):
        read_local(file, mapped(tmp_path, without))


# --- What is not read is named --------------------------------------------------------------------------------


def test_every_column_is_read_or_named_with_the_reason(tmp_path: Path) -> None:
    header = "id;wijkcode;wijknaam;jaar;meldingen;woz;aandeel;groei;klasse;opmerking;leeg;x;x"
    row = "{};WK09830{};w{};2021;4{};€ 280.00{};1{} %;1\u00a00{}0;{};goed {};;1;2"
    file = written(
        tmp_path, "\n".join([header, *(row.format(*[n] * 9) for n in (1, 2)), row.format(*"3333333n3")])
    )
    draft = draft_mapping(file)
    document = tomllib.loads(draft)
    assert list(document["indicators"]) == ["meldingen"]
    assert remarks(draft) == [
        '# not read: "id": numbers of rows',
        "# not read: \"woz\": '€ 280.001' is no number. "
        "Save amounts as plain numbers, without the sign of the currency.",
        "# not read: \"aandeel\": '11 %' is no number. Save percentages as plain numbers, 12.5 for 12.5 %.",
        "# not read: \"groei\": '1\\xa0010' is no number. Save numbers without blanks between thousands.",
        "# not read: \"klasse\": 'n' is no number",
        '# not read: "opmerking": texts',
        '# not read: "leeg": no values',
        '# not read: "x": its name occurs 2 times',
    ]
    taken = {document["areas"]["column"], document["areas"]["name"], document["years"]["column"], "meldingen"}
    assert taken | {line.split('"')[1] for line in remarks(draft)} == set(header.split(";"))


def test_formulas_without_results_are_named_and_never_missing(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["wijkcode", "jaar", "meldingen", "avond", "dag"],
        ["WK098301", 2021, "=D2+E2", 20, 20],
        ["WK098302", 2021, 55, 30, 25],
    ]
    file = written(tmp_path, workbook_of({"Uitleg": [["=1+1"]], "Data": rows}), "formule.xlsx")
    draft = draft_mapping(file)
    assert list(tomllib.loads(draft)["indicators"]) == ["avond", "dag"]
    (told,) = remarks(draft)
    assert told.startswith(
        "# not read: \"meldingen\": 'a formula without a result' is no number. Open the workbook"
    )
    by_hand = completed(draft).replace('column = "avond"', 'column = "meldingen"')
    with pytest.raises(InputError, match="row 2, column 'meldingen': found 'a formula without a result'"):
        read_local(file, mapped(tmp_path, by_hand))


@pytest.mark.parametrize("code", ["WK98303", "WK0983o3", "wk098303", "WK 098303", "WK098303\u200b", "WK0983033"])
def test_a_code_with_a_fault_is_never_left_out(tmp_path: Path, code: str) -> None:
    rows = [
        "wijkcode;jaar;meldingen",
        "WK098301;2021;40",
        "WK098302;2021;55",
        f"{code};2021;23",
        "Totaal;2021;118",
    ]
    file = written(tmp_path, "\n".join(rows))
    draft = draft_mapping(file)
    assert tomllib.loads(draft)["areas"]["leave_out"] == ["Totaal"]
    shown = code.replace("\u200b", "\\U0000200b")
    assert remarks(draft) == [
        f'# not left out, nearly codes: "{shown}"; was a zero lost, or a sign added? Correct the file'
    ]
    with pytest.raises(InputError, match="It looks like a code: a zero may be lost"):
        read_completed(tmp_path, file)


def test_codes_of_another_level_may_be_left_out_and_it_is_said(tmp_path: Path) -> None:
    rows = ["wijkcode;jaar;meldingen", "GM0983;2021;95", "WK098301;2021;40", "WK098302;2021;55", "Totaal;2021;95"]
    made = read_completed(tmp_path, written(tmp_path, "\n".join([*rows, "", "Bron: afdeling Onderzoek"])))
    assert made.frame["local_meldingen"].tolist() == [40, 55]
    assert made.notes == (
        "left out, as the mapping says: rows of 'GM0983' (1), 'Totaal' (1)",
        "left out, remarks below the table: line 7",
    )


def test_rows_without_a_code_are_named_and_refused_until_left_out(tmp_path: Path) -> None:
    file = written(tmp_path, "wijkcode;jaar;meldingen\nWK098301;2021;40\n;2022;44\nWK098302;2021;55\n")
    assert (
        '# rows without a code (1): fill them in, or add "" to leave_out where they are no wijk'
        in draft_mapping(file)
    )
    with pytest.raises(InputError, match="line 3, column 'wijkcode': found ''; expected a code like WK098301"):
        read_completed(tmp_path, file)


def test_a_line_that_was_cut_off_is_no_remark(tmp_path: Path) -> None:
    file = written(tmp_path, "wijkcode;jaar;meldingen\nWK098301;2021;40\nWK0983")
    assert refusal(file).startswith(", line 3: found 1 fields; expected 3, as in the header.")


def test_of_several_sheets_that_with_area_codes_is_drafted_and_the_others_are_named(tmp_path: Path) -> None:
    table: list[list[object]] = [["wijkcode", "jaar", "meldingen"], ["WK098301", 2021, 40], ["WK098302", 2021, 55]]
    file = written(
        tmp_path, workbook_of({"Uitleg": [["a", "b", "c", "d"]], "2020": table[:2], "2021": table}), "x.xlsx"
    )
    draft = draft_mapping(file)
    assert 'sheet = "2021"  # one of "Uitleg", "2020", "2021"\n# area codes are also on "2020"\n' in draft
    assert read_completed(tmp_path, file).frame["local_meldingen"].tolist() == [40, 55]
