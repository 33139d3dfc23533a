"""Structure of the package: rooms, directions of imports, cycles, names, docstrings and lengths of modules."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest
import vocabulary

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "riskmodel").rglob("*.py"))
#: A module longer than this says in its docstring why: a line that starts with "Long because".
LONGEST = 400
#: Rooms from the top to the bottom; those on one line do not import each other.
LAYERS = (
    {"cli"},
    {"web"},
    {"workflow"},
    {"products", "scoring"},
    {"monitor", "forecasting"},
    {"workspace"},
    {"panel"},
    {"sources"},
    {"catalogue"},
    {"errors"},
)


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Every import of the package, also those for type checkers only and those within functions."""
    return grimp.build_graph("riskmodel", exclude_type_checking_imports=False, cache_dir=None)


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_contracts_hold():
    found = lint_imports(ROOT)
    assert found.returncode == 0, found.stdout
    assert ", 0 broken" in found.stdout


@pytest.mark.parametrize(
    ("module", "line", "message"),
    [
        ("panel/build.py", "import riskmodel.web.app", "riskmodel.panel is not allowed to import riskmodel.web"),
        ("scoring/run.py", "    from riskmodel import workflow", "riskmodel.scoring is not allowed to import"),
        (
            "monitor/current.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from riskmodel.forecasting import curve",
            "riskmodel.monitor is not allowed to import riskmodel.forecasting",
        ),
        (
            "products/rendering/dutch.py",
            "import riskmodel.products.present.sheet",
            "riskmodel.products.rendering is not allowed to import riskmodel.products.present",
        ),
        ("forecasting/curve.py", "    import shap", "riskmodel.forecasting is not allowed to import shap"),
        ("monitor/levels.py", "import matplotlib", "riskmodel.monitor is not allowed to import matplotlib"),
        ("elsewhere.py", "", "elsewhere"),
    ],
)
def test_a_violation_is_found(tmp_path, module, line, message):
    shutil.copytree(ROOT / "riskmodel", tmp_path / "riskmodel", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "riskmodel" / module).open("a", encoding="utf-8") as file:
        # Also where it is hidden in a function.
        file.write(f"\n\ndef hidden() -> None:\n{line}\n" if line.startswith(" ") else f"\n{line}\n")
    found = lint_imports(tmp_path)
    assert found.returncode != 0
    assert message in " ".join(found.stdout.split())


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_no_import_goes_up(graph):
    rank = {room: index for index, rooms in enumerate(LAYERS) for room in rooms}
    rank[""] = rank["web"]  # The package itself loads public calls on first use: only the command line imports it.
    imports = [
        (importer, imported)
        for importer in sorted(graph.modules - {"riskmodel"})
        for imported in sorted(graph.find_modules_directly_imported_by(importer))
        if room_of(importer) != room_of(imported)
    ]
    assert len(imports) > 500
    assert [pair for pair in imports if rank[room_of(pair[1])] <= rank[room_of(pair[0])]] == []


def test_no_modules_import_each_other_in_a_circle(graph):
    imports = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    # Take away modules that import nothing of what is left, until only circles and what leads to them remain.
    while free := {module for module, found in imports.items() if not found}:
        imports = {module: found - free for module, found in imports.items() if module not in free}
    assert imports == {}


def test_no_product_reads_a_workspace(graph):
    """What is written in a workspace, and where, is known above products: they are made from values."""
    folders = {"riskmodel.workspace.store", "riskmodel.workspace.folder"}
    products = {module for module in graph.modules if module.startswith("riskmodel.products")}
    offenders = {module for module in products if folders & graph.find_modules_directly_imported_by(module)}
    assert len(products) > 50
    assert sorted(offenders) == []


def test_the_root_holds_rooms_only():
    entries = {path.name for path in (ROOT / "riskmodel").iterdir()} - {"__pycache__"}
    assert entries == {"__init__.py", "errors.py", *set().union(*LAYERS) - {"errors"}}


def test_names_and_first_lines_use_plain_words():
    assert vocabulary.violations(MODULES) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def what_is_told(): ...\n", "what_is_told: told"),
        ('class Held:\n    """Something."""\n', "Held: held"),
        ("MADE_WITH = 1\n", "MADE_WITH: made with"),
        ('"""What is held against what."""\n', "first line: held against"),
        ('def fine():\n    """Add jitter to nothing."""\n', "first line: jitter"),
        ("def fine(place: str): ...\n", "place: place"),
    ],
)
def test_a_word_to_avoid_is_found(tmp_path, source, message):
    path = tmp_path / "module.py"
    path.write_text(source, encoding="utf-8")
    assert any(message in found for found in vocabulary.violations([path]))


def test_words_that_only_contain_a_word_to_avoid_are_fine(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        '"""Replace the threshold of a household."""\ndef understand_placeholder(): ...\n', encoding="utf-8"
    )
    assert vocabulary.violations([path]) == []


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
        docstring = ast.get_docstring(ast.parse(text)) or ""
        if len(text.splitlines()) > LONGEST and "\nLong because" not in docstring:
            unexplained.append(path.relative_to(ROOT).as_posix())
    assert unexplained == []
