"""The docs tell the truth: their commands exist and run, their links lead somewhere, the site builds."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys

import pytest
import typer
from docs_blocks import DOCS, ROOT, apply, blocks, chains, command_lines, meta, pages, run_page
from docs_program import Program, steps
from site_links import problems_of

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
    wrong = [f"{place}: {problem}" for place, words in COMMANDS if (problem := problem_with(words))]
    assert wrong == []


def test_every_block_of_commands_says_whether_it_runs():
    """The README is run as a whole by `make demo` and by hand; every other page says it block by block."""
    unmarked = [
        block.place
        for page in pages()[1:]
        for block in blocks(page)
        if (block.is_shell or block.language == "python") and block.mark not in ("run", "file", "not run")
    ]
    reasonless = [
        block.place
        for page in pages()
        for block in blocks(page)
        if block.mark == "not run" and len(block.about) < 8
    ]
    assert unmarked == [], "put <!-- run --> or <!-- not run: REASON --> above these, see upkeep/docs_blocks.py"
    assert reasonless == []


@pytest.mark.parametrize("block", CODE, ids=lambda block: block.place)
def test_python_on_the_pages_compiles_and_imports_what_exists(block):
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("riskmodel"):
            module = importlib.import_module(node.module)
            for name in node.names:
                assert hasattr(module, name.name) or importlib.import_module(f"{node.module}.{name.name}")


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
def test_plain_commands_are_told_from_what_a_shell_must_do(text, expected):
    assert steps(text) == expected


def test_the_program_ends_as_it_does_in_a_shell(tmp_path):
    import os

    with Program(tmp_path) as program:
        code, told = program.call(["riskmodel", "train", "decline-3y"], os.environ)
        assert code == 2
        assert told.startswith("riskmodel: ")
        assert program.call(["riskmodel", "nothing"], os.environ)[0] == 2
        code, told = program.call(["riskmodel", "status"], {**os.environ, "RISKMODEL_WORKSPACE": "mine"})
        assert (code, "'mine'" in told) == (0, True)
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
