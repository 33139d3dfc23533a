"""Attacks by file, one by one, and what holds each of them."""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xlwt
from fuzzing import seeds_own
from fuzzing.edits import Files
from fuzzing.targets import TARGETS

from riskmodel.errors import InputError
from riskmodel.forecasting.experiment import load_experiment
from riskmodel.forecasting.models.booster import check_text, read_booster
from riskmodel.products.present.folder import write_tables
from riskmodel.products.rendering.style import save
from riskmodel.scoring.rejects import rejects_of
from riskmodel.scoring.release import load_release
from riskmodel.sources.formats.archives import SheetBounds, check_workbook
from riskmodel.sources.formats.documents import read_json, read_toml, read_yaml
from riskmodel.sources.kwb.reader import read_tables
from riskmodel.sources.leefbaarometer.package import open_package
from riskmodel.workflow import ingest as ingesting
from riskmodel.workflow.present import current
from riskmodel.workspace.store import Workspace

ROOT = Path(__file__).parents[1]
BOUNDS = SheetBounds(unpacked=1 << 20, columns=100, cells=10_000)
NAMES: list[str] = json.loads(seeds_own.model()[0]["model.json"])["features"]


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        call()
    return str(caught.value)


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- Messages ---------------------------------------------------------------------------------------------------


def test_a_message_cannot_steer_a_terminal_and_is_not_endless() -> None:
    error = InputError("file\x1b[2J", "a\u202eb\x07\ud800" + "x" * 100_000, "é\u00a0ok")
    assert str(error).isprintable()
    assert "\\x1b[2J" in str(error) and "\\u202e" in str(error) and "\\ud800" in str(error)
    assert "é" in str(error)
    assert len(str(error)) < 1_000


# --- Documents --------------------------------------------------------------------------------------------------


def test_a_few_lines_cannot_stand_for_gigabytes(tmp_path: Path) -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    path = written(tmp_path, "bomb.yaml", "\n".join(["name: x", *lines, "question: *a11"]))
    assert "an alias (*...) is not read here" in refusal(lambda: load_experiment(path))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: a\nname: b\n", "a key twice"),
        ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("[" * 500, "not YAML"),
        ("a: 2020-99-99", "not YAML"),
        ("? [1]\n: 2", "not YAML"),
        (b"\xff", "not UTF-8"),
        (" " * (1 << 18) + "a: 1", "262,148 bytes"),
    ],
)
def test_yaml_that_is_more_than_it_says_is_refused(tmp_path: Path, text: str | bytes, told: str) -> None:
    assert told in refusal(lambda: read_yaml(written(tmp_path, "a.yaml", text), "a file"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1, "a": 2}', "a key twice"),
        ('{"a": NaN}', "NaN, which is no number"),
        ('{"a": -Infinity}', "-Infinity, which is no number"),
        ("[" * 100_000, "not JSON"),
        ("9" * 5_000, "not JSON"),
    ],
)
def test_json_that_is_more_than_it_says_is_refused(tmp_path: Path, text: str, told: str) -> None:
    assert told in refusal(lambda: read_json(written(tmp_path, "a.json", text), "a file"))


@pytest.mark.parametrize("text", ["a = " + "9" * 5_000, "a = " + "[" * 5_000, "a = 2020-13-13", 'a = "\\ud800"'])
def test_toml_answers_with_one_error(tmp_path: Path, text: str) -> None:
    assert "not TOML" in refusal(lambda: read_toml(written(tmp_path, "a.toml", text), "a file"))


@pytest.mark.parametrize("name", ["=1+1", "+1", "@x", "a\nb", "\u202eb", "", "x" * 101])
@pytest.mark.parametrize("where", ["model", "cohort"])
def test_names_in_an_experiment_are_no_formulas(tmp_path: Path, where: str, name: str) -> None:
    text = (ROOT / "experiments" / "decline-2y.yaml").read_text(encoding="utf-8")
    old = {"model": "name: trend_fall", "cohort": "name: all"}[where]
    path = written(tmp_path, "a.yaml", text.replace(old, f"name: {json.dumps(name)}"))
    assert "does not start like a formula" in refusal(lambda: load_experiment(path))


# --- Archives and workbooks -------------------------------------------------------------------------------------


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return memory.getvalue()


def book(sheet: bytes, **more: bytes) -> bytes:
    return packed({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": sheet, **more})


@pytest.mark.parametrize(
    "sheet",
    [
        b'<row r="1"><c r="XFD1"/></row>',
        b'<row r="1"><c r="A1048576"/><c r="Z1"/></row>',
        # The reader counts on from the number of a row, and cells and rows may have a prefix.
        b'<row r="1"><c r="Z1"/></row><row r="1048576"><c r="A1048576"/></row>',
        b'<x:row r="1048576"><x:c  t="n" r=\'AA5\'/></x:row>',
        b'<c\n r="A9999999"/>',
    ],
)
def test_cells_far_away_are_seen_however_they_are_written(sheet: bytes) -> None:
    assert "found a sheet of" in refusal(lambda: check_workbook("a.xlsx", book(sheet), BOUNDS, ""))


@pytest.mark.parametrize("sheet", [b"<row><c><v>1</v></c></row>", b'<c a=">" r="B2"/>', b'<c r="b2"/>'])
def test_a_cell_that_does_not_say_where_it_stands_is_refused(sheet: bytes) -> None:
    assert "a cell without its place" in refusal(lambda: check_workbook("a.xlsx", book(sheet), BOUNDS, ""))


def test_a_cell_is_seen_where_two_blocks_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = b'<sheetData><row r="1"><c r="A1"><v>7</v></c><c r="XFD1048576"><v>7</v></c></row></sheetData>'
    for block in range(1, len(sheet)):
        monkeypatch.setattr("riskmodel.sources.formats.archives.BLOCK", block)
        told = refusal(lambda: check_workbook("a.xlsx", book(sheet), BOUNDS, ""))
        assert "found a sheet of" in told or "a tag without an end" in told
    monkeypatch.setattr("riskmodel.sources.formats.archives.BLOCK", 40)
    check_workbook("a.xlsx", book(sheet.replace(b"XFD1048576", b"B2")), BOUNDS, "")


def test_a_part_that_holds_more_than_it_says_is_refused() -> None:
    content = bytearray(book(b"<sheetData>" + b" " * 5_000 + b"</sheetData>"))
    directory = content.rindex(b"PK\x01\x02")
    # It says eleven bytes and has their checksum; whoever unpacks to the end finds five thousand.
    content[directory + 16 : directory + 20] = struct.pack("<I", zlib.crc32(b"<sheetData>"))
    content[directory + 24 : directory + 28] = struct.pack("<I", 11)
    assert "a damaged workbook" in refusal(lambda: check_workbook("a.xlsx", bytes(content), BOUNDS, ""))


def test_a_workbook_of_another_kind_does_not_come_in_beside_one() -> None:
    content = book(b"<broken", **{"content.xml": b"<table:table-row table:number-rows-repeated='1048576'/>"})
    assert "an archive of" in refusal(lambda: check_workbook("a.xlsx", content, BOUNDS, ""))


def test_two_members_of_a_name_and_one_without_are_refused(tmp_path: Path) -> None:
    name = "Leefbaarometer-scores wijken 2002-2024.csv"
    memory = io.BytesIO(packed({name: b"wk_code\n"}))
    with zipfile.ZipFile(memory, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(name, b"wk_code\n")

    def opened(content: bytes) -> None:
        with open_package(written(tmp_path, "a.zip", content)):
            pass

    assert "two members of that name" in refusal(lambda: opened(memory.getvalue()))
    # Names are as long in the directory as before the member.
    nameless = packed({"x": b""}).replace(b"\x01\x00\x00\x00x", b"\x01\x00\x00\x00/")
    with pytest.raises(InputError):
        opened(nameless)


def test_an_old_workbook_that_asks_for_all_memory_is_refused(tmp_path: Path) -> None:
    made = xlwt.Workbook()
    made.add_sheet("Blad1").write(0, 0, "gwb_code_10")
    memory = io.BytesIO()
    made.save(memory)
    content = bytearray(memory.getvalue())
    # Sectors of a file stand in chains; this one goes round in circles.
    table = 512 * (1 + struct.unpack_from("<I", content, 76)[0])
    first = struct.unpack_from("<I", content, 48)[0]
    struct.pack_into("<I", content, table + 4 * first, first)
    path = written(tmp_path, "kwb-2013.xls", bytes(content))
    assert "a workbook that cannot be read (" in refusal(lambda: read_tables([path]))


# --- Models -----------------------------------------------------------------------------------------------------


GOOD = seeds_own.trees()[0]["trees.txt"].decode()


def spoiled(old: str, new: str, text: str = GOOD) -> str:
    assert old in text
    return text.replace(old, new, 1)


def first(key: str, seed: int = 0) -> str:
    return next(line for line in seeds_own.trees()[seed]["trees.txt"].decode().split("\n") if line.startswith(key))


def changed(key: str, place: int, value: str, seed: int = 0) -> str:
    """The text with one number of the first array of that name changed, and the sizes of its trees made to fit."""
    line = first(key, seed)
    numbers = line.split("=")[1].split(" ")
    numbers[place] = value
    text = spoiled(line, f"{key}={' '.join(numbers)}", seeds_own.trees()[seed]["trees.txt"].decode())
    sizes = re.findall(r"Tree=\d+\n.*?shrinkage=[^\n]*\n\n\n", text, re.DOTALL)
    return re.sub(r"tree_sizes=[^\n]*", "tree_sizes=" + " ".join(str(len(each)) for each in sizes), text)


def asks_category() -> int:
    """Place of the first node of the third text that asks for a category."""
    kinds = first("decision_type", 2).split("=")[1].split(" ")
    return next(place for place, kind in enumerate(kinds) if int(kind) & 1)


#: Some of these end the process when LightGBM reads or uses them.
BROKEN: dict[str, tuple[str, str]] = {
    "a child beyond the leaves": (changed("left_child", 0, "-99"), "children from"),
    "a child beyond the nodes": (changed("right_child", 0, "99999"), "children from"),
    "a node below itself": (changed("left_child", 1, "0"), "children that form a tree"),
    "a leaf below two nodes": (changed("left_child", -1, first("right_child").split(" ")[-1]), "form a tree"),
    "a feature that is none": (changed("split_feature", 0, "48"), "features from 0 to 47"),
    "a feature below zero": (changed("split_feature", 0, "-1"), "features from 0 to 47"),
    "leaves that are not there": (spoiled("num_leaves=6", "num_leaves=2147483647"), "from 1 to 4,096"),
    "one leaf more": (spoiled("num_leaves=6", "num_leaves=7"), "6 numbers"),
    "sizes that are too large": (re.sub("tree_sizes=[0-9]+", "tree_sizes=99999999", GOOD), "99999999"),
    "sizes below zero": (GOOD.replace("tree_sizes=", "tree_sizes=-"), "characters"),
    "a value without end": (changed("leaf_value", 0, "inf"), "finite numbers"),
    "a value that is no number": (changed("leaf_value", 0, "nan"), "finite numbers"),
    "a value beyond all numbers": (changed("leaf_value", 0, "1e999"), "finite numbers"),
    "an unknown decision": (changed("decision_type", 0, "12"), "known kinds of decision"),
    "a category without a set": (changed("decision_type", 0, "9"), "nodes that ask for a category"),
    "sets that are not there": (changed("threshold", asks_category(), "7", 2), "nodes that ask for a category"),
    "a set beyond its words": (changed("cat_boundaries", 1, "99999", 2), "rising numbers"),
    "linear leaves": (spoiled("is_linear=0", "is_linear=1"), "is_linear=0"),
    "other features": (spoiled("feature_names=history.level", "feature_names=other"), "feature_names"),
    "more features": (spoiled("max_feature_idx=47", "max_feature_idx=99999999"), "max_feature_idx=47"),
    "more classes": (spoiled("num_class=1", "num_class=1000000"), "num_class=1"),
    "another objective": (spoiled("objective=regression", "objective=custom"), "objective=regression"),
    "half a text": (GOOD[:3_000], "expected"),
    "something after the end": (GOOD + "more\n", "an empty line"),
    "a parameter that is none": (spoiled("[boosting: gbdt]", "[boosting: \x1b]"), "a parameter"),
    "linear leaves by a parameter": (spoiled("[linear_tree: 0]", "[linear_tree: 1]"), "[linear_tree: 0]"),
    "nothing": ("", "'tree'"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_text_never_reaches_lightgbm(tmp_path: Path, kind: str) -> None:
    text, told = BROKEN[kind]
    assert told in refusal(lambda: read_booster(written(tmp_path, "trees.txt", text), NAMES))


@pytest.mark.long
def test_some_of_them_would_have_ended_the_process() -> None:
    """The reason for the check: the day LightGBM refuses these by itself, it can go."""
    read = "import lightgbm, sys; lightgbm.Booster(model_str=sys.stdin.read()).predict([[0.0] * 48])"
    kinds = ("a child beyond the nodes", "sizes that are too large", "one leaf more")
    ends = [
        subprocess.run(
            [sys.executable, "-c", read], input=BROKEN[kind][0].encode(), capture_output=True
        ).returncode
        for kind in kinds
    ]
    assert min(ends) < 0, dict(zip(kinds, ends, strict=True))


@pytest.mark.parametrize("question", ["decline-2y", "decline-4y"])
def test_the_texts_of_released_models_pass(question: str) -> None:
    [folder] = (ROOT / "models" / question).iterdir()
    names = json.loads((folder / "model.json").read_text(encoding="utf-8"))["features"]
    text = (folder / "trees.txt").read_text(encoding="ascii")
    check_text(folder, text, names)
    assert read_booster(folder / "trees.txt", names).num_trees() == text.count("\nTree=")


def released(folder: Path, **changes: bytes) -> Path:
    """A small released model with other files, and the checksums these have."""
    target = TARGETS["model"]
    files: Files = target.finish({**target.seeds()[0], **changes})
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("features",), "history.level"),
        (("features", 3), "history.level"),
        (("features", 3), "x y"),
        (("settings", "share"), 2),
        (("settings", "trees"), True),
        (("settings", "trees"), "250"),
        (("settings", "leaves"), 10**9),
        (("structural", "coefficients"), [1, 2]),
        (("structural", "spread", 0), 0),
        (("structural", "freedom"), 0.0),
        (("structural", "scale"), [900.0, 0.0]),
        (("structural", "intercept"), "0.1"),
        (("structural", "intercept"), None),
        (("structural", "features", 0), "other"),
        (("kind",), ["lightgbm"]),
        (("kind",), "pickle"),
    ],
)
def test_a_model_with_another_shape_is_refused(tmp_path: Path, keys: tuple[str | int, ...], value: object) -> None:
    about = json.loads(seeds_own.model()[0]["model.json"])
    place = about
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    folder = released(tmp_path, **{"model.json": json.dumps(about).encode()})
    assert "model.json" in refusal(lambda: load_release(folder))


def test_a_model_whose_files_were_changed_is_refused(tmp_path: Path) -> None:
    folder = released(tmp_path)
    assert load_release(folder).model.names == tuple(NAMES)
    (folder / "trees.txt").write_bytes(seeds_own.trees()[1]["trees.txt"])
    assert "a file that was changed or added" in refusal(lambda: load_release(folder))


# --- What is written --------------------------------------------------------------------------------------------

FORMULA = '=HYPERLINK("http://evil.example")'
MARKUP = "<script>alert(1)</script>&\u202e"


def test_no_table_of_the_present_has_a_formula(tmp_path: Path, example_workspace: Workspace) -> None:
    files = tmp_path / "files"
    files.mkdir()
    header = "wk_code,wk_naam,jaar,lbm,afw,fys,onv,soc,vrz,won\n"
    name = FORMULA.replace('"', '""')
    rows = [f'WK90010{n},"{name}",{year},4.2,0.1,NA,NA,NA,NA,NA\n' for n in range(3) for year in (2018, 2020)]
    path = written(files, "scores.csv", header + "".join(rows))
    workspace = Workspace(tmp_path / "workspace")
    ingesting.ingest_leefbaarometer([path], workspace)
    table = current(workspace)
    assert table["name"].tolist() == [FORMULA] * 3, "whoever calls gets the names as they are"
    with (workspace.folder / "current" / "wijk.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["name"] for row in read] == [f"'{FORMULA}"] * 3


def test_tables_keep_their_numbers_and_lose_their_formulas(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "=name": [FORMULA, "\t=1", "plain", None],
            "change": [-0.5, 1.5, np.nan, 2.0],
            "kind": pd.Categorical(["+a", "b", "b", "b"]),
            "many": [1, 2, 3, 4],
        }
    )
    write_tables(tmp_path, {"made": table})
    with (tmp_path / "made.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["'=name", "change", "kind", "many"]
    assert rows[1] == [f"'{FORMULA}", "-0.5", "'+a", "1"]
    assert rows[2] == ["' =1", "1.5", "b", "2"]
    assert rows[3:] == [["plain", "", "b", "3"], ["", "2.0", "b", "4"]]


def test_rejects_hold_no_formula() -> None:
    made = rejects_of("a.csv", np.array([1]), ["=column"], ["not a number"], ["=1+1"])
    assert (made["column"][0].as_py(), made["value"][0].as_py()) == ("'=column", "'=1+1")


def test_a_name_in_a_picture_is_text(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.add_subplot().set_title(MARKUP)
    svg = save(figure, tmp_path, "picture")["svg"].read_text(encoding="utf-8")
    assert "<script" not in svg
