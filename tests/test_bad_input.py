"""Bad input ends in one clear message that names the place, and leaves everything as it was."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import riskmodel
from riskmodel.errors import InputError
from riskmodel.forecasting.experiment import load_experiment
from riskmodel.sources.crosswalk import read_links
from riskmodel.sources.kwb.reader import read_tables
from riskmodel.sources.leefbaarometer.scores import read_scores
from riskmodel.workflow import ingest as ingesting
from riskmodel.workflow.example import ExampleFiles
from riskmodel.workspace.store import Workspace

ROOT = Path(__file__).parents[1]
EXPERIMENT = ROOT / "experiments" / "decline-2y.yaml"
HEADER = "wk_code,wk_naam,jaar,lbm,afw,fys,onv,soc,vrz,won\n"
FIRST = "WK001400,Centrum,2018,4.20,0.10,0.01,0.02,0.03,0.04,0.00\n"
SECOND = "WK001401,Zuid,2018,4.30,0.20,0.05,0.06,0.07,0.02,0.00\n"
THIRD = "WK001402,West,2018,4.15,0.05,NA,NA,NA,NA,NA\n"
GOOD = HEADER + FIRST + SECOND + THIRD
KWB_2016 = (
    "WK_CODE,WK_NAAM,STED,AANT_INW,P_00_14_JR,P_15_24_JR,P_25_44_JR,P_45_64_JR,P_65_EO_JR,BEV_DICHTH,AANTAL_HH,"
    "P_EENP_HH,P_HH_M_K\nWK001400,Centrum,1,20000,10,20,40,20,10,8000,12000,60,20\n"
)
KWB_2022 = (
    "code,name,province,urbanity,population,pop_0_14,pop_15_24,pop_25_44,pop_45_64,pop_65plus,dwelling_total,"
    "dwelling_value,dwelling_ownership,employment_rate,income_low,income_high,edu_appl_sci\n"
    "WK001400,Centrum,Groningen,extremely urbanised,20000,10,20,40,20,10,12000,244,15,59,60.3,10.5,46\n"
)
LINKS = "level,year_from,year_to,code_from,code_to,addresses\nwijk,2016,2022,001400,001401,100\n"


def tree(folder: Path) -> dict[str, str]:
    """Every file and folder with the fingerprint of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in sorted(folder.rglob("*"))
    }


def refusal(call: Callable[[], object]) -> InputError:
    """The one error a user meets: where, found and expected are all told."""
    with pytest.raises(InputError) as caught:
        call()
    error = caught.value
    assert error.where
    assert error.found
    assert error.expected
    assert "Traceback" not in str(error)
    assert len(str(error)) < 1500
    return error


def without_column(text: str, column: str) -> str:
    rows = [line.split(",") for line in text.splitlines()]
    at = rows[0].index(column)
    return "".join(",".join(row[:at] + row[at + 1 :]) + "\n" for row in rows)


@pytest.fixture
def workspace(tmp_path: Path, example_workspace: Workspace) -> Workspace:
    """A copy of the example workspace that a test may try to spoil."""
    return Workspace(shutil.copytree(example_workspace.folder, tmp_path / "workspace"))


def test_the_files_the_cases_are_made_from_are_good(tmp_path: Path) -> None:
    for name, text in (("scores", GOOD), ("kwb_2016", KWB_2016), ("kwb_2022", KWB_2022), ("links", LINKS)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    (scores,) = read_scores([tmp_path / "scores.csv"])
    assert scores.base == pytest.approx(4.1)
    assert len(read_tables([tmp_path / "kwb_2016.csv", tmp_path / "kwb_2022.csv"])) == 2
    assert read_links(tmp_path / "links.csv")[0]["code_to"].tolist() == ["WK001401"]


#: Content of a score file; what the message must say of the place, of what stands there and of what should.
SCORE_FILES = {
    "HTML": (
        b"<!DOCTYPE html>\n<html><body>Niet gevonden</body></html>\n",
        "line 1",
        "<!DOCTYPE html>",
        "wk_code",
    ),
    "WFS layer": (
        b"kscore,kafw,afw,year,code,naam\n9,8,0.189,2024,BU00140000,Noord\n",
        "line 1",
        "kscore",
        "wk_code",
    ),
    "workbook": (b"PK\x03\x04\x14\x00\x08\x08\xff\xfe\x00", "line 1", "not UTF-8", "UTF-8"),
    "cut in a name": ((HEADER + FIRST + "WK001401,Zu").encode(), "line 3", "2 fields", "10 fields"),
    "cut in a number": ((HEADER + FIRST + SECOND)[:-20].encode(), "line 3", "7 fields", "10 fields"),
    "cut in the last number": (
        (HEADER + FIRST + SECOND.replace("0.00", "0.0123").replace("0.07", "0.0577"))[:-3].encode(),
        "line 3",
        "0.197700",
        "0.200000",
    ),
    "open quote": ((HEADER + 'WK001401,"Zuid,2018,4.3,0.2,NA,NA,NA,NA,NA\n').encode(), "line 2", "2 fields", "10"),
    "missing column": (without_column(GOOD, "onv").encode(), "line 1", "'onv'", "'onv'"),
    "column twice": (GOOD.replace("wk_naam", "jaar", 1).encode(), "line 1", "'jaar' twice", "once"),
    "decimal commas": (GOOD.replace(".", ",").encode(), "line 2", "17 fields", "10 fields"),
    "quoted decimal comma": (GOOD.replace("4.30", '"4,30"').encode(), "line 3, column 'lbm'", "'4,30'", "number"),
    "semicolons": (GOOD.replace(",", ";").replace(".", ",").encode(), "line 1", "';'", "','"),
    "tabs": (GOOD.replace(",", "\t").encode(), "line 1", "jaar\\tlbm", "wk_code"),
    "area and wave twice": (
        (HEADER + FIRST + SECOND + FIRST).encode(),
        "line 4",
        "WK001400 in 2018 twice",
        "once",
    ),
    "two releases": ((GOOD + SECOND.replace("4.30", "4.35")).encode(), "line 5", "4.150000", "4.100000"),
    "two releases, half of the rows each": (
        (HEADER + FIRST + SECOND.replace("4.30", "4.35")).encode(),
        "line 3",
        "4.150000",
        "4.100000",
    ),
    "lbm and afw swapped": (GOOD.replace("lbm,afw", "afw,lbm", 1).encode(), "scores.csv", "-4.1", "4.1"),
    "a dimension and afw swapped": (
        (HEADER.replace("afw,fys,onv", "onv,fys,afw") + FIRST + SECOND).encode(),
        "line 3",
        "lbm - afw",
        "base constant",
    ),
    "dimensions that do not add up": (GOOD.replace("0.07", "0.08").encode(), "line 3", "0.210000", "0.200000"),
    "some dimensions": (GOOD.replace("0.07", "NA").encode(), "line 3", "some", "all five or none"),
    "score without deviation": (GOOD.replace("0.20", "NA").encode(), "line 3", "only one", "both"),
    "dimensions without score": (
        GOOD.replace("4.30,0.20", "NA,NA").encode(),
        "line 3",
        "without a score",
        "'lbm'",
    ),
    "no score at all": (
        (HEADER + "WK001400,C,2018,NA,NA,NA,NA,NA,NA,NA\n").encode(),
        "scores.csv",
        "no score",
        "lbm",
    ),
    "Latin-1": (GOOD.replace("West", "Wést").encode("latin-1"), "line 4", "not UTF-8", "UTF-8"),
    "Latin-1 far down": (
        (HEADER + FIRST * 3000 + THIRD.replace("West", "Wést")).encode("latin-1"),
        "line 3002",
        "not UTF-8",
        "UTF-8",
    ),
    "UTF-16": (GOOD.encode("utf-16"), "line 1", "not UTF-8", "UTF-8"),
    "empty": (b"", "scores.csv", "empty", "header"),
    "blank lines only": (b"\n\n\n", "scores.csv", "empty", "header"),
    "header only": (HEADER.encode(), "scores.csv", "without rows", "rows"),
    "zero bytes": (b"\0" * 4000, "line 1", "columns \\x00", "wk_code"),
    "one line of code": (b"<script>" + b"x" * 100_000 + b"</script>", "line 1", "<script>", "wk_code"),
    "one endless field": (b"x" * 200_000, "line 1", "no CSV", "CSV"),
    "infinity": (GOOD.replace("4.30", "inf").encode(), "line 3, column 'lbm'", "not finite", "finite"),
    "not a number": (GOOD.replace("0.06", "nan").encode(), "line 3, column 'onv'", "not finite", "finite"),
    "overflow": (GOOD.replace("4.15", "1e999").encode(), "line 4, column 'lbm'", "not finite", "finite"),
    "blank number": (GOOD.replace("4.30", "").encode(), "line 3, column 'lbm'", "''", "NA"),
    "year with a letter": (
        (HEADER + FIRST + SECOND.replace("2018", "20O8")).encode(),
        "line 3, column 'jaar'",
        "'20O8'",
        "a number",
    ),
    "year out of range": (
        (HEADER + FIRST.replace("2018", "1018")).encode(),
        "line 2, column 'jaar'",
        "1018",
        "2020",
    ),
    "half a year": (
        (HEADER + FIRST.replace("2018", "2018.5")).encode(),
        "line 2, column 'jaar'",
        "2018.5",
        "2020",
    ),
    "missing year": ((HEADER + FIRST.replace("2018", "NA")).encode(), "line 2, column 'jaar'", "nan", "2020"),
    "padded code": (
        GOOD.replace("WK001401", "WK001401  ").encode(),
        "line 3, column 'wk_code'",
        "WK001401 ",
        "WK",
    ),
    "code of another level": (GOOD.replace("WK001401", "BU00140100").encode(), "line 3", "BU00140100", "WK"),
    "code in other digits": (GOOD.replace("WK001401", "WK٠٠١٤01").encode(), "line 3", "WK٠٠١٤01", "WK"),
}


@pytest.mark.parametrize("case", SCORE_FILES)
def test_bad_score_file_is_refused_by_place_and_value(tmp_path: Path, workspace: Workspace, case: str) -> None:
    content, where, found, expected = SCORE_FILES[case]
    path = tmp_path / "scores.csv"
    path.write_bytes(content)
    before = tree(workspace.folder)
    error = refusal(lambda: ingesting.ingest_leefbaarometer([path], workspace, replace=True))
    assert path.name in error.where
    assert where in error.where
    assert found in error.found
    assert expected in error.expected
    assert tree(workspace.folder) == before


#: Name and content of a KWB file; what the message must say.
KWB_FILES = {
    "no year in the name": ("wijken.csv", KWB_2016, "wijken.csv", "no year", "one year"),
    "two years in the name": ("wijk_2016_2022.csv", KWB_2016, "wijk_2016_2022", "2016 and 2022", "one year"),
    "other columns": ("wijk_2016.csv", GOOD, "line 1", "wk_code", "WK_CODE"),
    "missing column": (
        "wijk_2016.csv",
        without_column(KWB_2016, "P_EENP_HH"),
        "line 1",
        "'P_EENP_HH'",
        "AANT_INW",
    ),
    "percentage above 100": (
        "wijk_2016.csv",
        KWB_2016.replace(",10,20,40", ",10,120,40"),
        "line 2, column 'P_15_24_JR'",
        "120",
        "0 to 100",
    ),
    "negative count": (
        "wijk_2022.csv",
        KWB_2022.replace("20000", "-5"),
        "line 2, column 'population'",
        "-5",
        "0 to",
    ),
    "area twice": (
        "wijk_2016.csv",
        KWB_2016 + KWB_2016.splitlines()[1] + "\n",
        "line 3",
        "WK001400 twice",
        "once",
    ),
    "unknown word": (
        "wijk_2022.csv",
        KWB_2022.replace("extremely", "very"),
        "line 2, column 'urbanity'",
        "very urbanised",
        "extremely",
    ),
    "municipality level": (
        "wijk_2022.csv",
        KWB_2022.replace("WK001400", "GM0014"),
        "line 2, column 'code'",
        "GM0014",
        "WK",
    ),
    "decimal comma": (
        "wijk_2022.csv",
        KWB_2022.replace("60.3", '"60,3"'),
        "line 2, column 'income_high'",
        "'10.5' beside '60,3'",
        "one decimal sign in a file",
    ),
    "cut": ("wijk_2022.csv", KWB_2022[:-20], "line 2", "fields", "17 fields"),
    "semicolons": ("wijk_2016.csv", KWB_2016.replace(",", ";"), "line 1", "';'", "','"),
    "infinity": (
        "wijk_2016.csv",
        KWB_2016.replace("8000", "inf"),
        "line 2, column 'BEV_DICHTH'",
        "finite",
        "finite",
    ),
}


@pytest.mark.parametrize("case", KWB_FILES)
def test_bad_kwb_file_is_refused_by_place_and_value(tmp_path: Path, workspace: Workspace, case: str) -> None:
    name, text, where, found, expected = KWB_FILES[case]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    before = tree(workspace.folder)
    error = refusal(lambda: ingesting.ingest_kwb([path], workspace, replace=True))
    assert where in error.where
    assert found in error.found
    assert expected in error.expected
    assert tree(workspace.folder) == before


@pytest.mark.parametrize("year", [0, -5, 99999])
def test_an_impossible_year_for_kwb_is_refused(tmp_path: Path, workspace: Workspace, year: int) -> None:
    path = tmp_path / "wijken.csv"
    path.write_text(KWB_2016, encoding="utf-8")
    before = tree(workspace.folder)
    assert refusal(lambda: ingesting.ingest_kwb([path], workspace, year=year)).where == "--year"
    assert tree(workspace.folder) == before


def test_two_kwb_files_of_one_year_are_refused(tmp_path: Path) -> None:
    paths = [tmp_path / "wijk_2016.csv", tmp_path / "wijk_2016_v2.csv"]
    for path in paths:
        path.write_text(KWB_2016, encoding="utf-8")
    error = refusal(lambda: ingesting.ingest_kwb(paths, Workspace(tmp_path / "new")))
    assert "wijk_2016_v2.csv" in error.where
    assert "2016" in error.found
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("row", "where", "found"),
    [
        ("buurt,2016,2022,00140000,00140001,5", "column 'level'", "buurt"),
        ("wijk,2016,2022,1400,001401,5", "column 'code_from'", "1400"),
        ("wijk,2016,2022,001400,001401,-5", "line 3", "negative"),
        ("wijk,2016,2022,001400,001401,NA", "line 3", "missing"),
        ("wijk,2016.5,2022,001400,001401,5", "line 3", "2016.5"),
        ("wijk,2016,99999999999,001400,001401,5", "line 3", "1e+11"),
        ("wijk,2016,2022,001400,001401", "line 3", "5 fields"),
    ],
)
def test_bad_links_are_refused(tmp_path: Path, workspace: Workspace, row: str, where: str, found: str) -> None:
    path = tmp_path / "links.csv"
    path.write_text(LINKS + row + "\n", encoding="utf-8")
    before = tree(workspace.folder)
    error = refusal(lambda: ingesting.ingest_crosswalk(path, workspace))
    assert "line 3" in error.where
    assert where in error.where
    assert found in error.found
    assert tree(workspace.folder) == before


def test_missing_files_and_folders_are_refused_by_every_reader(tmp_path: Path) -> None:
    new = Workspace(tmp_path / "new")
    for place, found in ((tmp_path / "none 2016.csv", "No such file"), (tmp_path, "Is a directory")):
        scores = "no score file" if place is tmp_path else found
        assert scores in refusal(lambda place=place: ingesting.ingest_leefbaarometer([place], new)).found
        assert found in refusal(lambda place=place: ingesting.ingest_kwb([place], new, year=2016)).found
        assert found in refusal(lambda place=place: ingesting.ingest_crosswalk(place, new)).found
        assert found in refusal(lambda place=place: load_experiment(place)).found
    assert not new.folder.exists()


@pytest.mark.parametrize("other", ["leefbaarometer-3.0/wfs buurtscore24.csv", "leefbaarometer-2.0/wijk.xlsx"])
def test_real_files_of_another_kind_are_refused(real_data: Path, other: str) -> None:
    error = refusal(lambda: read_scores([real_data / other]))
    assert Path(other).name in error.where
    if "wfs" in other:
        assert "WFS" in error.hint


# --- Two releases ---------------------------------------------------------------------------------------------


def other_release(path: Path, level: str = "wk") -> Path:
    """A file on base constant 4.2 for a level: ``wk`` or ``gm``."""
    code = {"wk": "WK900000", "gm": "GM9001"}[level]
    path.write_text(
        HEADER.replace("wk_", f"{level}_") + f"{code},Ergens,2018,4.30,0.10,NA,NA,NA,NA,NA\n", encoding="utf-8"
    )
    return path


def test_two_releases_in_two_files_are_refused(tmp_path: Path, example_files: ExampleFiles) -> None:
    paths = [example_files.leefbaarometer, other_release(tmp_path / "other.csv")]
    error = refusal(lambda: ingesting.ingest_leefbaarometer(paths, Workspace(tmp_path / "new")))
    assert "other.csv" in error.where
    assert "4.200000" in error.found
    assert "4.102265" in error.expected
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("level", "replace"), [("wk", False), ("gm", False), ("gm", True)])
def test_another_release_than_the_workspace_holds_is_refused(
    tmp_path: Path, workspace: Workspace, level: str, replace: bool
) -> None:
    path = other_release(tmp_path / "other.csv", level)
    before = tree(workspace.folder)
    error = refusal(lambda: ingesting.ingest_leefbaarometer([path], workspace, replace=replace))
    assert "other.csv" in error.where
    assert "4.200000" in error.found
    assert "4.102265" in error.expected
    assert tree(workspace.folder) == before


# --- Questions that cannot be answered ------------------------------------------------------------------------


def test_unknown_municipality_gets_a_suggestion(workspace: Workspace) -> None:
    before = tree(workspace.folder)
    error = refusal(lambda: riskmodel.current(workspace, municipality=["Venloo"]))
    assert (error.where, error.found) == ("--municipality", "'Venloo'")
    assert "Did you mean Venlo" in error.hint
    assert tree(workspace.folder) == before


def test_a_municipality_outside_the_data_is_not_suggested_to_itself(workspace: Workspace) -> None:
    hint = refusal(lambda: riskmodel.current(workspace, municipality=["Venlo"])).hint
    assert "Did you mean" not in hint
    assert "in the data" in hint


def test_unknown_level_and_empty_workspace_are_refused(tmp_path: Path, workspace: Workspace) -> None:
    assert "straat" in refusal(lambda: riskmodel.current(workspace, level="straat")).found
    nothing = Workspace(tmp_path / "nothing")
    assert "ingest" in refusal(lambda: riskmodel.current(nothing)).hint
    assert not nothing.folder.exists()


@pytest.mark.parametrize(
    ("name", "origin", "found"),
    [
        ("decline-4y", 2008, "no history"),  # 2002 and 2008 are known: six years apart
        ("decline-2y", 2002, "no wave 2004"),
        ("decline-2y", 2020, "no wave 2022"),
        ("decline-2y", 1999, "no such wave"),
    ],
)
def test_an_origin_without_history_or_outcome_is_refused(
    workspace: Workspace, name: str, origin: int, found: str
) -> None:
    before = tree(workspace.folder)
    experiment = EXPERIMENT.with_name(f"{name}.yaml")
    error = refusal(lambda: riskmodel.backtest(experiment, workspace, origins=[origin]))
    assert error.where == f"origin {origin}"
    assert found in error.found
    assert tree(workspace.folder) == before


def test_steps_in_the_wrong_order_say_which_comes_first(tmp_path: Path, workspace: Workspace) -> None:
    before = tree(workspace.folder)
    assert "riskmodel train" in refusal(lambda: riskmodel.forecast(workspace)).hint
    assert "'other'" in refusal(lambda: riskmodel.forecast(workspace, experiment="other")).found
    out = tmp_path / "list"
    assert "riskmodel forecast" in refusal(lambda: riskmodel.risk_list(workspace, out)).hint
    assert refusal(lambda: riskmodel.risk_list(workspace, out, capacity=0)).where == "--capacity"
    assert not out.exists()
    assert tree(workspace.folder) == before


def test_a_workspace_that_is_a_file_is_refused(tmp_path: Path, example_files: ExampleFiles) -> None:
    place = tmp_path / "scores.csv"
    place.write_text(GOOD, encoding="utf-8")
    error = refusal(lambda: ingesting.ingest_leefbaarometer([place], Workspace(place)))
    assert "scores.csv" in error.where
    assert place.read_text(encoding="utf-8") == GOOD


# --- Experiments ----------------------------------------------------------------------------------------------

EXPERIMENTS: dict[str, tuple[str, str, str]] = {
    "a list": ("- a\n- b\n", "", "list"),
    "a word": ("hello\n", "", "str"),
    "nothing": ("", "", "NoneType"),
    "unclosed": ("name: [1, 2\n", "", "not YAML"),
    "unsafe tag": ("name: !!python/object/apply:os.system ['echo unsafe > unsafe']\n", "", "not YAML"),
    "control character": ("name: \0\n", "", "not YAML"),
    "unknown key": ("colour: blue\n", "experiment", "'colour'"),
    "missing key": ("-horizon", "experiment", "'horizon'"),
    "horizon of 0": ("horizon: 2>horizon: 0", "horizon", "0"),
    "horizon in words": ("horizon: 2>horizon: two", "", "two"),
    "unknown event key": ("more_than: 0.05>much_more_than: 0.05", "event", "much_more_than"),
    "unknown event": ("kind: fall>kind: rise", "event.kind", "rise"),
    "event is a number": ("event: {kind: fall, more_than: 0.05}>event: 5", "", "int"),
    "threshold of the event absent": ("-0.0667, -0.05, 0.0>-0.0667, 0.0", "thresholds", "-0.0667"),
    "unknown model kind": ("kind: lightgbm>kind: magic", "lightgbm", "magic"),
    "unknown champion": ("champion: lightgbm>champion: nobody", "champion", "nobody"),
    "name with a path in it": ("name: decline-2y>name: ../elsewhere", "name", "elsewhere"),
}


@pytest.mark.parametrize("case", EXPERIMENTS)
def test_bad_experiment_is_refused_by_key(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    change, where, found = EXPERIMENTS[case]
    good = EXPERIMENT.read_text(encoding="utf-8")
    path = tmp_path / "question.yaml"
    if change.startswith("-h"):
        path.write_text(
            "".join(line for line in good.splitlines(True) if not line.startswith(change[1:])), "utf-8"
        )
    elif ">" in change and not change.startswith("name: !!"):
        old, new = change.split(">")
        assert old in good
        path.write_text(good.replace(old, new, 1), encoding="utf-8")
    elif case == "unknown key":
        path.write_text(good + change, encoding="utf-8")
    else:
        path.write_text(change, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    before = tree(workspace.folder)
    error = refusal(lambda: riskmodel.backtest(path, workspace))
    assert "question.yaml" in error.where
    assert where in error.where
    assert found in error.found
    assert not (tmp_path / "unsafe").exists()
    assert tree(workspace.folder) == before


def test_a_binary_experiment_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "question.yaml"
    path.write_bytes(b"name: caf\xe9\n")
    assert "not UTF-8" in refusal(lambda: load_experiment(path)).found


# --- The program ----------------------------------------------------------------------------------------------


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "riskmodel.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
    )


def assert_refused(done: subprocess.CompletedProcess[str], *texts: str) -> None:
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("riskmodel: ")
    assert done.stderr.count("\n") == 1, "one message on one line"
    for text in texts:
        assert text in done.stderr


def test_program_ends_with_code_2_and_one_message_and_writes_nothing(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "scores.csv"
    path.write_text((HEADER + FIRST + SECOND)[:-20], encoding="utf-8")
    before = tree(workspace.folder)
    done = run("ingest", "leefbaarometer", path, "--workspace", workspace.folder)
    assert_refused(done, "scores.csv, line 3", "found 7 fields; expected 10 fields")
    assert tree(workspace.folder) == before


def test_program_does_not_make_a_workspace_for_bad_input(tmp_path: Path) -> None:
    new = tmp_path / "new"
    assert_refused(run("ingest", "kwb", tmp_path / "none_2016.csv", "--workspace", new), "No such file")
    assert_refused(run("risk-list", "--out", tmp_path / "list", "--workspace", new), "riskmodel forecast")
    assert list(tmp_path.iterdir()) == []
