"""The house as it is meant to stand: which room imports which, how long modules are, and that all is told."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "riskmodel").rglob("*.py"))
#: A module longer than this says in its docstring why: a line that starts with "Long because".
LONGEST = 400


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_room_imports_only_what_lies_before_it():
    found = lint_imports(ROOT)
    assert found.returncode == 0, found.stdout
    assert "1 kept, 0 broken" in found.stdout


@pytest.mark.parametrize(
    ("module", "line", "told"),
    [
        ("panel/noise.py", "import riskmodel.web.app", "riskmodel.panel is not allowed to import riskmodel.web"),
        ("scoring/find.py", "    from riskmodel import workflow", "riskmodel.scoring is not allowed to import"),
        ("elsewhere.py", "", "elsewhere"),
    ],
)
def test_an_import_against_the_direction_or_a_module_without_a_place_is_found(tmp_path, module, line, told):
    shutil.copytree(ROOT / "riskmodel", tmp_path / "riskmodel", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "riskmodel" / module).open("a", encoding="utf-8") as file:
        # Also where it is hidden in a function.
        file.write(f"\n\ndef hidden() -> None:\n{line}\n" if line.startswith(" ") else f"\n{line}\n")
    found = lint_imports(tmp_path)
    assert found.returncode != 0
    assert told in found.stdout


def public_parts(node: ast.AST, name: str) -> Iterator[tuple[str, ast.AST]]:
    """Modules, classes, functions, methods and properties that a user may call."""
    yield name, node
    inside = ast.iter_child_nodes(node) if isinstance(node, ast.Module | ast.ClassDef) else ()
    for each in inside:
        if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and each.name[0] != "_":
            yield from public_parts(each, f"{name}.{each.name}")


def test_everything_public_has_a_docstring():
    """Beside ruff's rules, which a comment in the code could switch off."""
    parts = [
        part
        for path in MODULES
        for part in public_parts(
            ast.parse(path.read_text(encoding="utf-8")), path.relative_to(ROOT).with_suffix("").as_posix()
        )
    ]
    assert len(parts) > 1000
    assert [name for name, node in parts if not ast.get_docstring(node)] == []


def test_a_long_module_says_why():
    unexplained = []
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        told = ast.get_docstring(ast.parse(text)) or ""
        if len(text.splitlines()) > LONGEST and "\nLong because" not in told:
            unexplained.append(path.relative_to(ROOT).as_posix())
    assert unexplained == []
