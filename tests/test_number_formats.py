"""How numbers are written is settled by the whole file, in one place, for every reader of text."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fuzzing import seeds, seeds_own
from hypothesis import example, given
from hypothesis import strategies as st
from scoring_worlds import made_release, made_rows, scores_of

import riskmodel
from riskmodel.errors import InputError
from riskmodel.scoring.release import Release
from riskmodel.sources import crosswalk
from riskmodel.sources.formats.numbers import SIGNS, Doubt, NumberFormat, evidence_of, settle
from riskmodel.sources.kwb import reader as kwb
from riskmodel.sources.leefbaarometer import scores as leefbaarometer
from riskmodel.sources.local.reader import read_local, read_mapping
from riskmodel.sources.observations import Observations
from riskmodel.workflow.ingest import READERS

PACKAGE = Path(riskmodel.__file__).parent


def number_format_of(*texts: str) -> NumberFormat | Doubt:
    return evidence_of({"a": texts}).number_format()


# --- The rule -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "decimal", "thousands"),
    [
        (("1.250", "2,0"), ",", "."),
        (("1,250", "2.0"), ".", ","),
        (("1.250,5",), ",", "."),
        (("1.250.000",), ",", "."),
        (("1.250", "0.125"), ".", ""),
        (("1.250", "1234.5"), ".", ""),
        (("-1,250", "12,25"), ",", ""),
        (("12", "-3", "", "."), ".", ""),
        (("1e+05", "2.5E-3"), ".", ""),
        (("onbekend", "1.1.2021", "1.25 0", "2,5"), ",", ""),
    ],
)
def test_numbers_with_one_meaning_settle_the_others(texts: tuple[str, ...], decimal: str, thousands: str) -> None:
    assert number_format_of(*texts) == NumberFormat(decimal, thousands)


@pytest.mark.parametrize(
    ("texts", "found", "hint"),
    [
        (("28.400", "31.250"), "'28.400', which may be 28.4 or 28400", "Write 28.4000 or 28400."),
        (("5", "1,250"), "'1,250', which may be 1.25 or 1250", "Write 1,2500 or 1250."),
        (("2.5", "2,5"), "'2,5' beside '2.5'", "Save all numbers with the same decimal sign."),
        (("1.250,5", "1,250.5"), "'1,250.5' beside '1.250,5'", "Save all numbers with the same decimal sign."),
        (
            ("2,5", "1.250", "1250"),
            "'1.250' beside '1250'",
            "Save the numbers without separators between thousands.",
        ),
    ],
)
def test_numbers_that_leave_it_open_or_contradict_each_other_are_refused(
    texts: tuple[str, ...], found: str, hint: str
) -> None:
    with pytest.raises(InputError) as caught:
        settle({"a": texts}, lambda column, text: f"column {column}, {text}")
    assert (caught.value.found, caught.value.hint) == (found, hint)
    assert caught.value.where.startswith("column a, ")


def written(value: float, digits: int, decimal: str, thousands: str) -> str:
    """A number as a spreadsheet shows it."""
    english = f"{value:,.{digits}f}" if thousands else f"{value:.{digits}f}"
    return english.translate(str.maketrans({",": thousands, ".": decimal}))


@given(
    st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=1, max_size=12),
    st.integers(0, 4),
    st.sampled_from(SIGNS),
    st.booleans(),
)
@example([1250.0], 0, ",", True)
@example([1.25, 1250.0], 3, ".", False)
def test_the_format_of_a_file_reads_every_number_as_it_was_written(
    values: list[float], digits: int, decimal: str, grouped: bool
) -> None:
    thousands = {",": ".", ".": ","}[decimal] if grouped else ""
    texts = [written(value, digits, decimal, thousands) for value in values]
    form = number_format_of(*texts)
    if isinstance(form, Doubt):
        # Only numbers that can each be two leave it open.
        assert any(re.fullmatch(r"-?[1-9][0-9]{0,2}[.,][0-9]{3}", text) for text in texts)
        assert len({sign for text in texts for sign in text if sign in SIGNS}) == 1
    else:
        expected = [float(f"{value:.{digits}f}") for value in values]
        assert [form.number(text) for text in texts] == expected


# --- Every reader of text -------------------------------------------------------------------------------------

Reader = Callable[[list[Path]], list[Observations]]


def local(files: list[Path]) -> list[Observations]:
    mapping, table = sorted(files, key=lambda path: path.suffix, reverse=True)
    return read_local(table, read_mapping(mapping))


#: Good text files of every reader of observations.
TEXTS: dict[str, tuple[Callable[[], list[dict[str, bytes]]], Reader]] = {
    "leefbaarometer": (seeds.leefbaarometer, leefbaarometer.read_scores),
    "leefbaarometer-2": (seeds.leefbaarometer2_text, lambda files: READERS["leefbaarometer-2"](files, 2016)),
    "leefbaarometer-wfs": (seeds.leefbaarometer_wfs, READERS["leefbaarometer-wfs"]),
    "kwb": (seeds.kwb_text, kwb.read_tables),
    "police": (seeds.police, READERS["police"]),
    "rivm": (seeds.rivm_text, READERS["rivm"]),
    "ses-woa": (seeds.ses_woa, READERS["ses-woa"]),
    "veiligheidsmonitor": (seeds.veiligheidsmonitor, READERS["veiligheidsmonitor"]),
    "woon": (seeds.woon, READERS["woon"]),
    "local": (seeds_own.local_text, local),
}


def test_no_reader_is_left_out() -> None:
    assert set(TEXTS) == {*READERS, "leefbaarometer", "kwb", "local"}


def saved_again(content: bytes, separator: str, decimal: str, thousands: str) -> str:
    """A text table as another program would save it; years and codes stay as they are."""
    text = content.decode()
    mark = ";" if text.partition("\n")[0].count(";") else ","
    header, *rows = csv.reader(io.StringIO(text), delimiter=mark)

    def cell(name: str, value: str) -> str:
        bare = value.strip().replace(",", ".")
        if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", bare) or re.search("(?i)jaar|year|code|pc4|id|gwb", name):
            return value
        digits = len(bare.partition(".")[2])
        return written(float(bare), digits, decimal, thousands)

    memory = io.StringIO()
    writer = csv.writer(memory, delimiter=separator, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell(name, value) for name, value in zip(header, row, strict=False)] for row in rows)
    return memory.getvalue()


@pytest.mark.parametrize("reader", TEXTS)
@pytest.mark.parametrize(
    ("separator", "decimal", "thousands"),
    [(";", ",", "."), (";", ",", ""), (",", ",", "."), (",", ".", ","), (";", ".", ""), (",", ".", "")],
)
def test_a_file_saved_in_another_way_has_the_same_figures_or_is_refused(
    tmp_path: Path, reader: str, separator: str, decimal: str, thousands: str
) -> None:
    make, read = TEXTS[reader]
    for number, files in enumerate(make()):
        frames = {}
        for way in ("as it was", "saved again"):
            folder = tmp_path / f"{number} {way}"
            folder.mkdir()
            for name, content in files.items():
                text = saved_again(content, separator, decimal, thousands) if name.endswith(".csv") else ""
                (folder / name).write_bytes(text.encode() if text and way == "saved again" else content)
            try:
                frames[way] = [each.frame for each in read(sorted(folder.iterdir()))]
            except InputError:
                assert way == "saved again"
        if len(frames) == 2:
            for one, other in zip(*frames.values(), strict=True):
                pd.testing.assert_frame_equal(one, other)


def test_thousands_points_among_decimal_commas_are_read_and_said(tmp_path: Path) -> None:
    header, *rows = csv.reader(io.StringIO(seeds.kwb_text()[0]["kwb-2021.csv"].decode()), delimiter=";")
    for row in rows:
        row[header.index("bev_dich")] = "1.250"
    file = tmp_path / "kwb-2021.csv"
    file.write_text("\n".join(";".join(row) for row in [header, *rows]), encoding="utf-8")
    for made in kwb.read_tables([file]):
        assert made.frame["density"].tolist() == [1250.0] * len(made.frame)
        assert "column 'bev_dich': the point separates thousands, 1.250 is 1250" in made.notes


def test_numbers_are_made_of_text_in_one_place() -> None:
    """Nobody else replaces a decimal comma, or lets a pattern accept both signs."""
    strays = set()
    for path in [*(PACKAGE / "sources").rglob("*.py"), *(PACKAGE / "scoring").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            replaced = isinstance(node, ast.Call) and ast.unparse(node).endswith(".replace(',', '.')")
            either = isinstance(node, ast.Constant) and "[.,]" in str(node.value)
            if replaced or either:
                strays.add(path.relative_to(PACKAGE).as_posix())
    assert strays <= {"sources/formats/numbers.py"}, strays


# --- Scoring --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return made_release(tmp_path_factory.mktemp("models"))


def as_saved(value: float, thousands: str) -> str:
    if np.isnan(value):
        return ""
    return written(value, 0 if abs(value) >= 1000 else 4, ",", thousands if abs(value) >= 1000 else "")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            "1.250,987",
            "2, column 'addresses': found '1.250', which may be 1.25 or 1250; expected numbers that show",
        ),
        ("1.250,0.5", ""),
        ("987,12", ""),
    ],
)
def test_a_comma_separated_file_shows_what_its_points_are(tmp_path: Path, values: str, told: str) -> None:
    header, row, *_ = seeds.crosswalk()[0]["links.csv"].decode().splitlines()
    start = row.rpartition(",")[0]
    other = start.replace(start.split(",")[3], start.split(",")[3][:-1] + "9")
    one, two = values.split(",")
    file = tmp_path / "links.csv"
    file.write_text(f"{header}\n{start},{one}\n{other},{two}\n", encoding="utf-8")
    if told:
        with pytest.raises(InputError, match=re.escape(f"links.csv, line {told}")):
            crosswalk.read_links(file)
    else:
        links, _ = crosswalk.read_links(file)
        assert sorted(links["addresses"]) == sorted(map(float, (one, two)))


@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_scores_of_a_spreadsheet_with_points_between_thousands(
    release: Release, tmp_path: Path, separator: str
) -> None:
    rows = made_rows(1200).round(4)
    rows["context.density"] = np.arange(1200) * 7.0
    rows.to_csv(tmp_path / "plain.csv", index=False)
    dutch = rows.assign(**{name: [as_saved(value, ".") for value in rows[name]] for name in rows.columns[1:]})
    dutch.to_csv(tmp_path / "dutch.csv", index=False, sep=separator)
    plain = riskmodel.score(tmp_path / "plain.csv", release.folder, tmp_path / "plain")
    done = riskmodel.score(tmp_path / "dutch.csv", release.folder, tmp_path / "dutch")
    assert done.manifest["totals"] == plain.manifest["totals"]
    assert scores_of(tmp_path / "dutch").equals(scores_of(tmp_path / "plain"))
    assert plain.manifest["notes"] == []
    assert done.manifest["notes"] == ["column 'context.density': the point separates thousands, 1.250 is 1250"]


@pytest.mark.parametrize(
    ("changes", "found"), [({5: "2.5"}, "'2.5' beside "), ({5: "1.250", 700: "2250"}, "'1.250' beside '2250'")]
)
def test_a_table_to_score_whose_numbers_contradict_each_other_is_refused(
    release: Release, tmp_path: Path, changes: dict[int, str], found: str
) -> None:
    rows = made_rows(900).round(4)
    texts = rows.assign(**{name: [as_saved(value, "") for value in rows[name]] for name in rows.columns[1:]})
    for row, text in changes.items():
        texts.loc[row, "onv.level"] = text
    texts.to_csv(tmp_path / "in.csv", index=False, sep=";")
    with pytest.raises(InputError, match=re.escape(f"in.csv, column 'onv.level': found {found}")):
        riskmodel.score(tmp_path / "in.csv", release.folder, tmp_path / "out")
    assert not (tmp_path / "out" / "run.json").exists()
