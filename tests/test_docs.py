"""The docs are true: commands, names and paths exist, pages run, links lead somewhere, the site builds."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from docs_blocks import DOCS, ROOT, apply, blocks, chains, command_lines, meta, pages, run_page
from docs_program import Program, steps
from site_links import problems_of

import riskmodel
from riskmodel.cli import app

# Pages that change the package may add commands; these are run, all of them.
COMMANDS = [found for page in pages() if meta(page).get("package") != "copy" for found in command_lines(page)]
PROGRAM = typer.main.get_command(app)
CODE = [block for page in pages() for block in blocks(page) if block.language == "python"]


def problem_with(words: list[str]) -> str:
    """What is wrong with the words of a command; nothing when it exists with these options."""
    command = PROGRAM
    context = command.make_context("riskmodel", ["--help"], resilient_parsing=True)
    rest = list(words)
    while hasattr(command, "commands"):
        if not rest or rest[0].startswith("-") or rest[0] == "...":
            return ""
        if rest[0] not in command.commands:
            return f"no command {rest[0]!r}"
        command = command.commands[rest.pop(0)]
    try:
        command.make_parser(type(context)(command)).parse_args([word for word in rest if word != "..."])
    except Exception as error:  # the parser's own class of errors differs per version
        return str(error)
    return ""


def test_commands_are_found_in_blocks_and_in_text():
    found = [words for _, words in COMMANDS]
    assert len(found) > 100
    assert ["ingest", "kwb", "wijk_2016.csv", "wijk_2022.csv"] in found
    assert ["outcomes", "show"] in found


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["risk-list", "--municipality", "Venlo", "--out", "x"], False),
        (["outcomes", "show"], False),
        (["ingest", "--help"], False),
        (["risk-list", "--munipality", "Venlo"], True),
        (["outcome", "show"], True),
        (["backtest", "x.yaml", "--seeds"], True),
    ],
)
def test_a_wrong_command_is_seen(words, wrong):
    assert bool(problem_with(words)) == wrong


def test_every_command_in_the_docs_exists_with_its_options():
    wrong = [f"{location}: {problem}" for location, words in COMMANDS if (problem := problem_with(words))]
    assert wrong == []


def test_every_block_of_commands_says_whether_it_runs():
    """The README is run as a whole by `make demo` and by hand; every other page says it block by block."""
    unmarked = [
        block.location
        for page in pages()[1:]
        for block in blocks(page)
        if (block.is_shell or block.language == "python") and block.mark not in ("run", "file", "not run")
    ]
    reasonless = [
        block.location
        for page in pages()
        for block in blocks(page)
        if block.mark == "not run" and len(block.about) < 8
    ]
    assert unmarked == [], "put <!-- run --> or <!-- not run: REASON --> above these, see upkeep/docs_blocks.py"
    assert reasonless == []


def import_all(source: str) -> None:
    """Import what a piece of Python imports of the package, without running the rest."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("riskmodel"):
            module = importlib.import_module(node.module)
            for name in node.names:
                assert hasattr(module, name.name) or importlib.import_module(f"{node.module}.{name.name}")


@pytest.mark.parametrize("block", CODE, ids=lambda block: block.location)
def test_python_on_the_pages_compiles_and_imports_what_exists(block):
    import_all(block.text)


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_import_what_exists(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 3
    for each in code:
        import_all("\n".join(line for line in each.splitlines() if not line.startswith("%")))


@pytest.mark.parametrize(
    "path",
    [path for path in sorted((ROOT / "riskmodel").rglob("*.py")) if ">>>" in path.read_text(encoding="utf-8")],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_examples_in_docstrings(path):
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    assert not doctest.testmod(importlib.import_module(name)).failed


def test_links_between_pages_and_files_lead_somewhere():
    """The site checks those between its pages, with their anchors; this one also those of the README."""
    broken = []
    for page in pages():
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            path = target.split("#")[0]
            made = path.endswith(".md") and "reference" in (page.parent / path).parts
            if path and "://" not in path and not made and not (page.parent / path).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


ARCHITECTURE, CONTRIBUTING, VOCABULARY = DOCS / "architecture.md", ROOT / "CONTRIBUTING.md", DOCS / "vocabulary.md"
PACKAGE = ROOT / "riskmodel"
ROOMS = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}


def quoted(page: Path) -> list[str]:
    """Everything between single backticks on a page, outside fences."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`]+)`", text)


def names_on(page: Path) -> list[str]:
    """Python names below ``riskmodel.`` on a page."""
    found = [name.removeprefix("riskmodel.") for name in quoted(page) if re.fullmatch(r"\w+(\.\w+)+", name)]
    return [name for name in found if name.split(".")[0] in ROOMS | {"errors"} or hasattr(riskmodel, name)]


def paths_on(page: Path) -> list[str]:
    """Paths from the root of the repository on a page; X in a path stands for any name."""
    tops = "|".join(path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != ".")
    return [text for text in quoted(page) if re.fullmatch(rf"({tops})/[\w./-]*", text)]


def resolves(name: str) -> bool:
    """Whether a name below ``riskmodel.`` is a module or something in one."""
    parts = name.split(".")
    for count in range(len(parts), -1, -1):
        try:
            found: object = importlib.import_module(".".join(["riskmodel", *parts[:count]]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            found = getattr(found, part, None)
        return found is not None
    return False


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("panel.panel.Panel.known_at", True),
        ("forecasting.backtest", True),
        ("workflow.backtest.backtest", True),
        ("panel.panel.Panel.known", False),
        ("panel.nothing", False),
        ("nothing.panel", False),
    ],
)
def test_a_name_that_does_not_exist_is_seen(name, there):
    assert resolves(name) == there


@pytest.mark.parametrize("page", [ARCHITECTURE, CONTRIBUTING], ids=lambda page: page.stem)
def test_names_and_paths_for_contributors_exist(page):
    names, paths = names_on(page), paths_on(page)
    assert len(names) > 15
    assert len(paths) > 25
    assert [name for name in names if not resolves(name)] == []
    missing = [path for path in paths if not any(ROOT.glob(path.rstrip("/").replace("_X", "_*")))]
    assert missing == []


def test_the_tree_names_every_room():
    rooms = {path.parent.relative_to(ROOT).as_posix() + "/" for path in PACKAGE.rglob("__init__.py")}
    text = ARCHITECTURE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(riskmodel/[\w/]*/)` \| \S", text, flags=re.MULTILINE)
    assert sorted(rows) == sorted(rooms - {"riskmodel/"})


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("a forecast scored", "forecasting.evaluation.evaluate"),
        ("the order of the list decided", "products.risk_list.build"),
        ("a KWB column renamed", "sources.kwb.dialects"),
        ("a sentence of the page made", "products.risk_list.page.markup"),
        ("a lock taken", "workspace.lock"),
    ],
)
def test_a_stranger_finds_where_it_is(question, answer):
    rows = [line for line in ARCHITECTURE.read_text(encoding="utf-8").splitlines() if line.startswith("| Where")]
    [row] = [row for row in rows if question in row]
    assert f"`{answer}." in row


def test_the_contract_on_the_page_is_the_one_that_is_checked():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ][0]
    layers = [" ".join(layer.replace("|", " ").split()) for layer in contract["layers"]]
    text = ARCHITECTURE.read_text(encoding="utf-8")
    shown = text.partition("## Who may import whom")[2].partition("```text\n")[2].partition("```")[0]
    assert [" ".join(line.split()) for line in shown.splitlines()] == layers


def test_every_term_of_the_vocabulary_has_one_meaning_and_what_to_avoid():
    terms, _, table = VOCABULARY.read_text(encoding="utf-8").partition("## Words to avoid in names")
    entries = re.split(r"^### ", terms, flags=re.MULTILINE)[1:]
    parts = [re.fullmatch(r"(.+)\n\n(\S[^#]+?)\n\n\*Avoid:\* (\S.+)\n*(?:## .*\n*)?", entry) for entry in entries]
    assert [entry.splitlines()[0] for entry, found in zip(entries, parts, strict=True) if not found] == []
    names = [found[1] for found in parts if found]
    assert len(names) > 60
    assert len(names) == len(set(names))
    assert [found[1] for found in parts if found and found[2].count("\n") > 3] == []
    assert re.search(r"^\| avoid \| write \|$", table, flags=re.MULTILINE)


def test_every_test_named_on_a_page_exists():
    files = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}
    functions = set(re.findall(r"def (test_\w+)", "".join(files.values())))
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages())
    named = set(re.findall(r"\btest_\w+(?:\.py)?(?!\w|\.\.\.)", text))
    assert len(named) > 150
    known = functions | set(files) | {name.removesuffix(".py") for name in files}
    assert sorted(name for name in named - known if not name.removesuffix(".py").endswith("_X")) == []


def test_changes_by_hand_of_mutation_testing_fit_the_code():
    changes = tomllib.loads((ROOT / "upkeep" / "mutation.toml").read_text(encoding="utf-8"))["by_hand"]
    assert len(changes) > 15
    for each in changes:
        assert (PACKAGE / each["file"]).read_text(encoding="utf-8").count(each["old"]) == 1, each
        assert (ROOT / "tests" / each["tests"]).exists(), each


def test_pictures_are_small_and_used():
    """That of the front page is for whoever looks at the repository."""
    used = "".join(page.read_text(encoding="utf-8") for page in pages())
    for picture in (DOCS / "pictures").glob("*.png"):
        assert picture.stat().st_size < 200_000, picture
        assert f"pictures/{picture.name}" in used or picture.stem == "front-page", picture


def test_a_diff_is_applied_where_it_fits_and_nowhere_else(tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    apply("--- a/a.txt\n+++ b/a.txt\n@@\n two\n+two and a half\n three\n", tmp_path)
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "one\ntwo\ntwo and a half\nthree\n"
    with pytest.raises(AssertionError, match="0 times"):
        apply("--- a/a.txt\n+++ b/a.txt\n@@\n four\n+five\n", tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("riskmodel", [["riskmodel"]]),
        ("riskmodel a 'b (c)' --d=e.f", [["riskmodel", "a", "b (c)", "--d=e.f"]]),
        ("riskmodel a > b\nriskmodel c", ["riskmodel a > b", ["riskmodel", "c"]]),
        ("riskmodel a\nriskmodel b | sort", [["riskmodel", "a"], "riskmodel b | sort"]),
        ("riskmodel a \\\n  --b", ["riskmodel a \\\n  --b"]),
        ("cat > b <<E\nriskmodel a\nE\nriskmodel c", ["cat > b <<E\nriskmodel a\nE", ["riskmodel", "c"]]),
        ("riskmodel $HOME", ["riskmodel $HOME"]),
        ("riskmodels", ["riskmodels"]),
        ("riskmodel a # why", [["riskmodel", "a"]]),
    ],
)
def test_plain_commands_are_separated_from_what_a_shell_must_do(text, expected):
    assert steps(text) == expected


def test_the_program_ends_as_it_does_in_a_shell(tmp_path):
    import os

    with Program(tmp_path) as program:
        code, output = program.call(["riskmodel", "train", "decline-3y"], os.environ)
        assert code == 2
        assert output.startswith("riskmodel: ")
        assert program.call(["riskmodel", "nothing"], os.environ)[0] == 2
        code, output = program.call(["riskmodel", "status"], {**os.environ, "RISKMODEL_WORKSPACE": "mine"})
        assert (code, "'mine'" in output) == (0, True)
        # A copy of the package is the one that is called, from then on.
        (tmp_path / "riskmodel").mkdir()
        (tmp_path / "riskmodel" / "__init__.py").touch()
        (tmp_path / "riskmodel" / "cli.py").write_text("def main():\n    print('another')\n", encoding="utf-8")
        assert program.call(["riskmodel", "status"], os.environ) == (0, "another\n")


def test_the_walkthroughs_are_those_expected():
    """A page that loses its marks would silently no longer be run."""
    run = {page.relative_to(DOCS).as_posix() for chain in chains() for page in chain}
    assert run >= {f"analyst/{name}.md" for name in ("experiments", "question", "indicator", "source", "model")}
    assert run >= {"handleiding/bezoeken.md", "handleiding/eigen-cijfers.md", "local-sources.md", "surveys.md"}
    assert all((DOCS / meta(page)["follows"]).exists() for page in pages() if "follows" in meta(page))


@pytest.mark.long
@pytest.mark.parametrize("chain", chains(), ids=lambda chain: chain[0].stem)
def test_pages_run_as_written(chain, tmp_path):
    shutil.copytree(ROOT / "experiments", tmp_path / "experiments")
    exports: list[str] = []
    with Program(tmp_path) as program:
        for page in chain:
            run_page(page, tmp_path, exports, program)


@pytest.mark.long
def test_the_site_builds_without_warnings_and_fetches_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "WARNING" not in done.stderr
    assert problems_of(tmp_path) == []
