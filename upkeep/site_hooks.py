"""Hooks of the docs site: reference pages, the guide for contributors, formulas, the language of Dutch pages.

Every module with a public name gets a page from its docstrings; these pages are generated while mkdocs builds the
site and are not in the repository. A fence ``math`` holds LaTeX, which becomes MathML: no script is needed for it.
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
#: Rooms that others call, in the order in which data flow, and what each holds. The command line and the service
#: only call these, and have no reference.
ROOMS = {
    "catalogue": "What things are, as data",
    "sources": "Readers of official and local files",
    "panel": "Areas by waves by indicators, with what was public when",
    "workspace": "The folder on disk",
    "monitor": "The present in numbers",
    "forecasting": "The future in numbers",
    "scoring": "Released models, and scoring in batches",
    "products": "Lists, sheets, pages and papers",
    "workflow": "The public calls, one module a command",
}
#: Modules of the package itself that others use.
LOOSE = [PACKAGE / "errors.py"]
#: A page of the site whose file lies in the root of the repository, where people look for it.
CONTRIBUTING = "contributing.md"
#: Where pages go that the navigation does not name.
REST = "Running it"
#: Folder of the Dutch pages.
DUTCH = "handleiding/"
#: A role in a docstring, as it comes out of Markdown.
_ROLE = re.compile(r":(?:data|func|class|meth|mod|attr|exc):<code>(~?)([\w.]+)</code>")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the fence of formulas, and to the navigation the reference and pages that it does not name."""
    fence = {"name": "math", "class": "math", "format": _as_mathml}
    config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = [fence]
    named = Path(config.config_file_path or "").read_text(encoding="utf-8")
    pages = [path.relative_to(DOCS).as_posix() for path in sorted(DOCS.rglob("*.md"))]
    for section in config.nav or []:
        if REST in section:
            section[REST] += [page for page in pages if f" {page}\n" not in named]
        if "Reference" in section:
            section["Reference"] += [{room: _navigation(room)} for room in ROOMS]
            section["Reference"] += [{path.stem: _page(path)} for path in LOOSE]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the reference and the guide for contributors."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").replace("](docs/", "](")
    files.append(File.generated(config, CONTRIBUTING, content=_code_links(text)))
    for path in _documented():
        files.append(File.generated(config, _page(path), content=f"# {_name(path)}\n\n::: {_name(path)}\n"))
    for room, about in ROOMS.items():
        rows = [f"| [`{_name(path)}`](../../{_page(path)}) | {_first_line(path)} |" for path in _of_room(room)]
        table = "\n".join(["| module | what it does |", "|---|---|", *rows])
        content = f"# {room}\n\n{about}.\n\n{table}\n"
        files.append(File.generated(config, f"reference/{room}/index.md", content=content))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Fill in the table of public calls in the reference."""
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
    """Mark a Dutch page as Dutch, for screen readers."""
    if page.file.src_uri.startswith(DUTCH):
        return output.replace('<html lang="en"', '<html lang="nl"', 1)
    return output


def _code_links(text: str) -> str:
    """Text in which links to files that are not on the site are shown as paths."""

    def shown(link: re.Match[str]) -> str:
        return link[0] if (DOCS / link[2]).exists() else f"{link[1]} (`{link[2]}`)"

    return re.sub(r"\[([^\]]+)\]\((\w+/[^)]+)\)", shown, text)


def _link(role: re.Match[str]) -> str:
    shown = role[2].rsplit(".", 1)[-1] if role[1] else role[2]
    return f'<autoref optional identifier="{role[2]}"><code>{shown}</code></autoref>'


def _as_mathml(source: str, *_: Any, **__: Any) -> str:
    return f'<div class="formula">{latex2mathml.converter.convert(source, display="block")}</div>'


def _documented() -> list[Path]:
    return [path for room in ROOMS for path in _of_room(room)] + LOOSE


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
    """Page of a module; that of a package differs from the page with its table."""
    relative = path.relative_to(PACKAGE).with_suffix("")
    name = "package" if relative.name == "__init__" else relative.name
    return f"reference/{(relative.parent / name).as_posix()}.md"


def _navigation(room: str) -> list[Any]:
    modules = [
        {_name(path).removeprefix(f"riskmodel.{room}.").removeprefix("riskmodel."): _page(path)}
        for path in _of_room(room)
    ]
    return [f"reference/{room}/index.md", *modules]
