"""Refuse the words that docs/vocabulary.md says to avoid, in names and in first lines of docstrings.

Names are those of modules, classes, functions, parameters and constants. Part of ``make lint``.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
VOCABULARY = ROOT / "docs" / "vocabulary.md"
HEADING = "## Words to avoid"


@cache
def words_to_avoid() -> tuple[str, ...]:
    """First column of the table in the vocabulary, longest first."""
    table = VOCABULARY.read_text(encoding="utf-8").partition(HEADING)[2]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")][2:]
    return tuple(sorted((word.strip() for cell in cells for word in cell.split(",")), key=len, reverse=True))


def found_in(text: str) -> Iterator[str]:
    """Words to avoid in a text of words separated by anything but letters."""
    for word in words_to_avoid():
        if re.search(rf"(?<![a-z]){word.replace(' ', '[^a-z]+')}(?![a-z])", text.lower()):
            yield word


def names_and_lines(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Line number, label and text of everything that is checked in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node)
            if docstring:
                yield getattr(node, "lineno", 1), "first line", docstring.splitlines()[0]
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name)
        if isinstance(node, ast.arg):
            yield node.lineno, node.arg, node.arg
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                yield statement.lineno, target.id, target.id


def violations(paths: Sequence[Path]) -> list[str]:
    """Messages, one a word found."""
    return [
        f"{path}:{number}: {label}: {word}"
        for path in paths
        for number, label, text in [
            (1, path.stem, path.stem),
            *names_and_lines(ast.parse(path.read_text(encoding="utf-8"))),
        ]
        for word in found_in(text)
    ]


if __name__ == "__main__":
    messages = violations(sorted((ROOT / "riskmodel").rglob("*.py")))
    print("\n".join(messages))
    sys.exit(f"{len(messages)} words to avoid, see docs/vocabulary.md" if messages else 0)
