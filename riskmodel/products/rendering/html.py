"""Files, content security policy and escaping templates that all pages share."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from riskmodel.products.rendering import dutch
from riskmodel.workspace.safe_text import plain_text

#: Package with the templates of all products.
PACKAGE = "riskmodel.products"


def asset(name: str, package: str = PACKAGE) -> str:
    """Return the text of a file beside the templates."""
    return files(package).joinpath("templates", name).read_text(encoding="utf-8")


def _source_hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def policy(style: str, script: str = "") -> str:
    """Return the content security policy of a page: its own style and script, and nothing else."""
    rules = (
        "default-src 'none'",
        f"style-src {_source_hash(style)}",
        *([f"script-src {_source_hash(script)}"] if script else []),
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(rules)


def environment(package: str = PACKAGE) -> Environment:
    """Return the environment of pages: everything is escaped, and a missing value is an error."""
    made = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Every text passes here, so that no name can turn the direction of the text around it.
        finalize=lambda value: plain_text(value) if type(value) is str else value,
    )
    made.filters["plain"] = plain_text
    made.filters["known"] = dutch.known
    return made
