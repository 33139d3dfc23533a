"""What the docs site makes itself while mkdocs builds it: reference pages, formulas, the language of Dutch pages.

Every module with a public name gets a page from its docstrings; nothing of it stands in the repository. A fence
``math`` holds LaTeX, which becomes MathML, so that no page needs a script for its formulas.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import latex2mathml.converter
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import riskmodel

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "riskmodel"
DOCS = ROOT / "docs"
#: Rooms that others call, in the order in which data flow, and what stands in each. Commands and pages of the
#: service call them and are not for calling.
ROOMS = {
    "catalogue": "What things are, as data",
    "sources": "Readers of official and local files",
    "panel": "Areas by waves by indicators, and the workspace on disk",
    "monitor": "The present",
    "forecasting": "The future",
    "trees": "Contributions of many areas at once",
    "explaining": "Drivers, and the words for them",
    "tracking": "Runs and registered models in MLflow",
    "scoring": "Scoring in batches",
    "outcomes": "What was found on the spot",
    "products": "Lists, sheets, pages and files",
    "example": "An invented country",
}
#: Modules at the top of the package, behind the public calls; those of the command line hold no logic.
CALLS = [path for path in sorted(PACKAGE.glob("*.py")) if not path.name.startswith(("cli", "__"))]
#: Where pages go that the navigation does not name.
REST = "Running it"
#: Folder of the Dutch pages.
DUTCH = "handleiding/"
#: A role in a docstring, as it comes out of Markdown.
_ROLE = re.compile(r":(?:data|func|class|meth|mod|attr|exc):<code>(~?)([\w.]+)</code>")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Give formulas their fence, the reference its part of the navigation, and pages without a place one."""
    fence = {"name": "math", "class": "math", "format": _as_mathml}
    config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = [fence]
    placed = Path(config.config_file_path or "").read_text(encoding="utf-8")
    unplaced = [path.relative_to(DOCS).as_posix() for path in sorted(DOCS.rglob("*.md"))]
    unplaced = [page for page in unplaced if f" {page}\n" not in placed]
    for section in config.nav or []:
        if REST in section:
            section[REST] += unplaced
        if "Reference" in section:
            section["Reference"] += [{room: _navigation(room)} for room in ROOMS] + [
                {"calls": [{path.stem: _page(path)} for path in CALLS]}
            ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the reference."""
    for path in _documented():
        files.append(File.generated(config, _page(path), content=f"# {_name(path)}\n\n::: {_name(path)}\n"))
    for room, about in ROOMS.items():
        rows = [f"| [`{_name(path)}`](../../{_page(path)}) | {_first_line(path)} |" for path in _of_room(room)]
        table = "\n".join(["| module | what it does |", "|---|---|", *rows])
        content = f"# {room}\n\n{about}.\n\n{table}\n"
        files.append(File.generated(config, f"reference/{room}/index.md", content=content))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Put the public calls where the reference asks for them."""
    if "<!-- calls -->" not in markdown:
        return markdown
    found = [(name, getattr(riskmodel, name)) for name in sorted(riskmodel.__all__) if name != "__version__"]
    rows = [
        f"| [`riskmodel.{name}`][{call.__module__}.{call.__qualname__}] | {_summary(inspect.getdoc(call) or '')} |"
        for name, call in found
    ]
    return markdown.replace("<!-- calls -->", "\n".join(["| call | what it does |", "|---|---|", *rows]))


def on_page_content(html: str, **_: Any) -> str:
    """Turn the roles of docstrings, such as :func:`x`, into links where there is such a thing."""
    return _ROLE.sub(_link, html)


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """Say of a Dutch page that it is Dutch: screen readers speak by this."""
    if page.file.src_uri.startswith(DUTCH):
        return output.replace('<html lang="en"', '<html lang="nl"', 1)
    return output


def _link(role: re.Match[str]) -> str:
    shown = role[2].rsplit(".", 1)[-1] if role[1] else role[2]
    return f'<autoref optional identifier="{role[2]}"><code>{shown}</code></autoref>'


def _as_mathml(source: str, *_: Any, **__: Any) -> str:
    return f'<div class="formula">{latex2mathml.converter.convert(source, display="block")}</div>'


def _documented() -> list[Path]:
    return [path for room in ROOMS for path in _of_room(room)] + CALLS


def _of_room(room: str) -> list[Path]:
    """Modules of a room that have something public to show."""
    return [path for path in sorted((PACKAGE / room).rglob("*.py")) if _public(path)]


def _public(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    own = [node.name for node in tree.body if isinstance(node, named)]
    return any(not name.startswith("_") for name in own)


def _first_line(path: Path) -> str:
    return _summary(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")


def _summary(docstring: str) -> str:
    """First paragraph of a docstring, fit for a table and without roles."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", docstring.split("\n\n")[0])
    return text.replace("\n", " ").replace("|", "\\|")


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _page(path: Path) -> str:
    """Page of a module; of a package itself another than that of its table."""
    relative = path.relative_to(PACKAGE).with_suffix("")
    name = "package" if relative.name == "__init__" else relative.name
    return f"reference/{(relative.parent / name).as_posix()}.md"


def _navigation(room: str) -> list[Any]:
    modules = [
        {_name(path).removeprefix(f"riskmodel.{room}.").removeprefix("riskmodel."): _page(path)}
        for path in _of_room(room)
    ]
    return [f"reference/{room}/index.md", *modules]
