"""What a module can say: its texts, held against words that a measurement may not use."""

from __future__ import annotations

import ast
from pathlib import Path

#: Words that say why.
CAUSAL = (
    r"\bdoor\b|waardoor|doordat|leidt tot|veroorza|effect|oorza|zorgt voor|zorgen voor|daardoor|gevolg|vanwege"
)


def fixed_texts(path: Path) -> list[str]:
    """Every text in a module but its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef)
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, owners) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
    ]
