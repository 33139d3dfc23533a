"""The command line as it is met: help, completion, status, JSON, bars and errors that say what to do."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import riskmodel
from riskmodel.cli import app, main
from riskmodel.cli import complete as cli_complete
from riskmodel.cli import output as cli_output
from riskmodel.cli.plain import plain
from riskmodel.errors import InputError
from riskmodel.forecasting.builtin_experiments import builtin_names, experiment_file
from riskmodel.products.risk_list import formats as forms
from riskmodel.sources.download.download import publishers
from riskmodel.web.settings import ROLES
from riskmodel.workflow.example import ExampleFiles
from riskmodel.workflow.status import SCORES
from riskmodel.workspace.store import LEVELS, Workspace

PROGRAM = "import sys; from riskmodel.cli import main; sys.argv[0] = 'riskmodel'; main()"
#: Libraries that take long to import, and are not needed to say what can be done.
HEAVY = ("pandas", "numpy", "pyarrow", "mlflow", "lightgbm", "sklearn", "matplotlib", "scipy", "numba", "shap")
GROUP = typer.main.get_command(app)


def commands(group: object = GROUP, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every command of the tree with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize(("path", "command"), [pytest.param(*each, id=" ".join(each[0])) for each in commands()])
def test_every_command_has_an_example_that_parses(path: tuple[str, ...], command: object) -> None:
    told, _, example = command.help.partition("Example: ")
    assert told.strip(), "no word on what it does"
    [line] = example.splitlines()
    program, *words = shlex.split(line)
    assert program == "riskmodel"
    assert tuple(words[: len(path)]) == path
    # Parsing refuses unknown options, missing arguments and values of another type; nothing runs.
    command.make_context(" ".join(path), words[len(path) :])
    for parameter in command.params:
        assert parameter.help or parameter.name == "help", f"{parameter.name} is not explained"


#: Runs until it is stopped, and what it answers is asked over the network.
WITHOUT_JSON = {"serve"}


def test_every_command_prints_its_result_as_json_when_asked() -> None:
    without = {" ".join(path) for path, command in commands() if "--json" not in options(command)}
    assert without == WITHOUT_JSON


def test_the_page_of_keys_has_every_command() -> None:
    page = Path(__file__).parents[1] / "docs" / "sessions" / "json.md"
    told = set(re.findall(r"^## riskmodel (.+)$", page.read_text(encoding="utf-8"), re.M))
    # Most commands that read a source print the same keys.
    wanted = {" ".join(path) for path, _ in commands() if path[0] != "ingest"} - WITHOUT_JSON
    assert wanted | {"ingest, from any source"} <= told


def options(command: object) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def test_help_names_every_source_that_can_be_downloaded() -> None:
    [command] = [command for path, command in commands() if path == ("download",)]
    told = next(parameter.help for parameter in command.params if parameter.name == "source")
    assert set(re.findall(r"[a-z][a-z-]+", told)) - {"or"} == set(publishers())


def test_the_walk_over_the_commands_sees_them_all() -> None:
    found = {" ".join(path) for path, _ in commands()}
    assert {"status", "demo", "ingest kwb", "token create", "outcomes evaluate", "risk-list"} <= found
    assert len(found) > 30


def test_help_lists_commands_in_the_order_of_use_and_keeps_square_brackets() -> None:
    shown = CliRunner().invoke(app, ["--help"]).stdout
    way = [
        "Begin",
        "demo",
        "Read and look",
        "download",
        "ingest",
        "check",
        "The present",
        "current",
        "backtest",
        "train",
        "risk-list",
    ]
    places = [re.search(rf"^. ?─? ?{each} ", shown, re.M) for each in way]
    assert all(places)
    assert [place.start() for place in places if place] == sorted(place.start() for place in places if place)
    # Rich takes square brackets for markup, and would leave the name of the extra out.
    assert "riskmodel[geo]" in CliRunner().invoke(app, ["ingest", "boundaries", "--help"]).stdout


def run(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("RISKMODEL")}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=folder, env=kept | environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def complete(line: str, folder: Path) -> list[str]:
    """What bash is offered at the end of a line."""
    words = line.split(" ")
    asked = {"_RISKMODEL_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    return run(folder=folder, **asked).stdout.splitlines()


def test_a_shell_completes_commands_and_values(tmp_path: Path, example_workspace: Workspace) -> None:
    script = run(folder=tmp_path, _RISKMODEL_COMPLETE="source_bash").stdout
    assert "complete -o default -F" in script
    assert "complete_bash" in script
    assert "risk-list" in complete("riskmodel ri", tmp_path)
    place = f"--workspace {example_workspace.folder}"
    assert complete(f"riskmodel current {place} --municipality Wolderd", tmp_path) == ["Wolderdam (voorbeeld)"]


class Asked:
    """A context with a workspace on the command line."""

    def __init__(self, folder: Path) -> None:
        self.params = {"workspace": folder}


def test_values_are_those_of_the_workspace(tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    assert cli_complete.levels(asked, "") == list(LEVELS)
    for name in (f"observations/{SCORES}_buurt.parquet", "lists/2020-abc.json", "lists/.2020-draft.json"):
        tmp_path.joinpath(name).parent.mkdir(exist_ok=True)
        tmp_path.joinpath(name).touch()
    for name in ("models/decline-2y", "models/.draft", "backtests/decline-4y"):
        tmp_path.joinpath(name).mkdir(parents=True)
    assert cli_complete.levels(asked, "") == ["buurt"]
    assert cli_complete.lists(asked, "20") == ["2020-abc"]
    assert cli_complete.trained(asked, "") == ["decline-2y"]
    tmp_path.joinpath("models/change-2y-wijk").mkdir()
    tmp_path.joinpath("backtests/tips").mkdir()
    built_in = ["decline-2y", "slide-2y", "tipping-2y"]
    assert cli_complete.trained(asked, "") == [*built_in, "decline-4y", "tips", "change-2y-wijk"]
    assert cli_complete.trained(asked, "sl") == ["slide-2y"]
    assert cli_complete.attempts(asked, "decline-2") == []
    # A damaged table is no reason for a traceback in somebody's shell.
    assert "Venlo" in cli_complete.municipalities(asked, "ven")


def test_experiments_are_completed_and_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("mine.yaml").touch()
    assert cli_complete.experiment_files("") == [*builtin_names(), "mine.yaml"]
    assert cli_complete.experiment_files("decline-4") == ["decline-4y"]
    assert experiment_file(Path("decline-4y")).name == "decline-4y.yaml"
    assert experiment_file(Path("decline-4y")).exists()
    # A file of that name in this folder is what was meant; a path is never searched for elsewhere.
    tmp_path.joinpath("decline-2y").touch()
    assert experiment_file(Path("decline-2y")) == Path("decline-2y")
    assert experiment_file(Path("elsewhere/decline-4y")) == Path("elsewhere/decline-4y")


def test_what_is_completed_is_what_is_taken() -> None:
    assert cli_complete.LEVELS == LEVELS
    assert set(cli_complete.FORMS) == {*forms.WRITERS, forms.ALL}
    assert tuple(ROLES) == cli_complete.ROLES


def loaded_by(words: list[str], folder: Path) -> set[str]:
    """Modules that were imported when a command ended well."""
    told = "import atexit; atexit.register(lambda: print('LOADED', *sys.modules, file=sys.stderr))"
    code = PROGRAM.replace("import sys;", f"import sys; {told};")
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stderr.rpartition("LOADED ")[2].split())
    assert "riskmodel.cli" in loaded
    return loaded


@pytest.mark.parametrize("words", [["--help"], [], ["status", "--json"], ["risk-list", "--help"]])
def test_nothing_heavy_is_imported_to_say_what_can_be_done(words: list[str], tmp_path: Path) -> None:
    assert not loaded_by(words, tmp_path) & set(HEAVY)


@pytest.mark.parametrize("line", ["check W", "check --deep W", "indicators overlast", "ingest kwb F W", "adopt W"])
def test_what_only_reads_needs_nothing_of_what_forecasts(
    line: str, tmp_path: Path, example_workspace: Workspace, example_files: ExampleFiles
) -> None:
    shutil.copytree(example_workspace.folder, tmp_path / "W")
    words = line.replace("W", "--workspace W").replace("F", str(example_files.kwb[0])).split()
    assert not loaded_by(words, tmp_path) & (set(HEAVY) - {"pandas", "numpy", "pyarrow"})


@pytest.mark.parametrize("program", [["-c", PROGRAM], ["-m", "riskmodel.cli"]])
def test_the_version_is_printed(program: list[str], tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, *program, "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"riskmodel {riskmodel.__version__}\n")


def test_a_folder_without_a_workspace_says_how_to_start(tmp_path: Path) -> None:
    done = run(folder=tmp_path)
    assert done.returncode == 0
    assert "there is no folder 'workspace'" in done.stdout
    assert "riskmodel demo" in done.stdout
    assert "riskmodel ingest leefbaarometer" in done.stdout
    assert not list(tmp_path.iterdir())
    tmp_path.joinpath("mine").mkdir()
    tmp_path.joinpath("mine/notes.txt").touch()
    assert "nothing was ingested into 'mine'" in run(folder=tmp_path, RISKMODEL_WORKSPACE="mine").stdout


def test_results_are_plain_data() -> None:
    import datetime

    import numpy as np
    import pandas as pd

    table = pd.DataFrame({"area": ["a", "b"], "score": [1.5, np.nan], "day": [datetime.date(2020, 1, 1), pd.NaT]})
    told = plain({"areas": table, "n": np.int64(3), "where": Path("x"), "years": (2018, np.float64("inf"))})
    assert told == {
        "areas": [{"area": "a", "score": 1.5, "day": "2020-01-01"}, {"area": "b", "score": None, "day": None}],
        "n": 3,
        "where": "x",
        "years": [2018, None],
    }
    with pytest.raises(TypeError, match="object"):
        plain(object())


def test_tables_are_printed_as_json_too(example_workspace: Workspace) -> None:
    place = ["--workspace", str(example_workspace.folder)]
    asked = [*place, "--municipality", "Wolderdam (voorbeeld)", "--json"]
    done = json.loads(CliRunner().invoke(app, ["current", *asked]).stdout)
    assert done["folder"] == str(example_workspace.path("current"))
    assert {"location", "name", "wave", "score", "class"} <= set(done["areas"][0])
    assert {area["location"][:6] for area in done["areas"]} == {"WK9001"}
    found = json.loads(CliRunner().invoke(app, ["indicators", "inwoners", "aantal", "--json"]).stdout)
    assert found[0]["id"] == "population"
    assert json.loads(CliRunner().invoke(app, ["check", *place, "--json"]).stdout)["level"] == "wijk"


def test_bars_move_on_a_terminal_only() -> None:
    from rich.console import Console

    terminal = Console(file=io.StringIO(), force_terminal=True, width=120)
    with cli_output.bar_on(terminal, "reading", "rows") as told:
        told("scoring", 500, 1000)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.file.getvalue())
    assert "scoring" in shown
    assert "500 of 1,000 rows" in shown


def test_quiet_keeps_remarks_and_bars_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    try:
        cli_output.set_quiet(True)
        cli_output.remark("by the way")
        with cli_output.working("reading") as told:
            told("reading", 1, 2)
        assert capsys.readouterr().err == ""
        cli_output.set_quiet(False)
        cli_output.remark("by the way")
        with cli_output.working("reading") as told:
            told("reading", 1, 2)
        error = capsys.readouterr().err
        assert "by the way" in error
        assert "reading" in error
    finally:
        cli_output.set_quiet(False)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("audit decline-2y W", "auditing by groups of areas"),
        ("reproduce 2020-nothing W", "making it again"),
        ("describe nowhere W", "describing the model anew"),
        ("download kwb --years 1900", "asking for kwb"),
        ("ingest kwb nowhere.csv W", "reading the files"),
        ("train decline-3y W", "training champion and challenger"),
    ],
)
def test_long_work_says_what_it_is_at(
    line: str,
    told: str,
    example_workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = line.replace("W", f"--workspace {example_workspace.folder}").split()
    monkeypatch.setattr(sys, "argv", ["riskmodel", *words])
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err


#: What goes wrong in a first week, and the words of the message that say what to do. ``W``: a workspace with the
#: scores of the example; ``{}``: an empty folder.
MISTAKES = {
    "current --workspace {}/no": ["riskmodel ingest leefbaarometer", "RISKMODEL_WORKSPACE"],
    "current W --level buurt": ["scores of level wijk"],
    "current W --municipality Wolderdm": ["Did you mean Wolderdam (voorbeeld)"],
    "current W --municipality Venlo": ["none of its areas is in the data"],
    "current W --municipality Xyzzy": ["In the data are", "(voorbeeld)", "and others"],
    "current W --wave 2019": ["2018, 2020"],
    "current W --edition 4.0": ["3.0 or 2.0"],
    "backtest {}/mine.yaml W": [
        ", ".join(builtin_names()),
        "experiments/decline-2y.yaml",
    ],
    "backtest decline-3y W": [", ".join(builtin_names())],
    "backtest {}/bad.yaml W": ["not YAML", "line 2", "an experiment file"],
    "backtest decline-2y W --origins soon": ["--origins", "2016,2018"],
    "forecast W": ["riskmodel train"],
    "risk-list W --out {}/list": ["riskmodel forecast"],
    "risk-list W --out {}/list --form docx": ["csv, xlsx, html"],
    "ingest leefbaarometer {}/none.csv W": ["name with spaces needs quotes"],
    "ingest leefbaarometer {}/scores wijken.csv W": ["name with spaces needs quotes"],
    "ingest leefbaarometer {}/wrong.csv W": ["Leefbaarometer-scores"],
    "compare decline-2y decline-4y W": ["riskmodel backtest"],
    "promote decline-2y W": ["riskmodel train"],
    "score {}/wrong.csv --model decline-2y --output {}/o W": ["riskmodel train"],
    "outcomes show W": ["riskmodel risk-list", "--capacity"],
    "download kwb --years soon": ["--years"],
}


@pytest.mark.parametrize("line", MISTAKES)
def test_mistakes_end_with_what_to_do(
    line: str,
    tmp_path: Path,
    example_workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tmp_path.joinpath("bad.yaml").write_text("name: [1,\n")
    tmp_path.joinpath("wrong.csv").write_text("a,b\n1,2\n")
    before = sorted(tmp_path.iterdir())
    told = re.sub(r" W\b", f" --workspace {example_workspace.folder}", line.replace("{}", str(tmp_path)))
    monkeypatch.setattr(sys, "argv", ["riskmodel", *shlex.split(told)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    for words in MISTAKES[line]:
        assert words in message
    assert len(message.strip().splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_demonstration_touches_nothing_that_is_there(tmp_path: Path) -> None:
    from riskmodel.workflow.demo import run_demo

    tmp_path.joinpath("notes.txt").touch()
    with pytest.raises(InputError, match="something that is there"):
        run_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_builtin_experiments_are_in_the_wheel() -> None:
    import tomllib

    project = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {
        f"experiments/{name}.yaml": f"riskmodel/experiments/{name}.yaml" for name in builtin_names()
    }
