"""Print a page to a tagged PDF; the same page gives the same bytes.

The library for it is the extra ``riskmodel[pdf]``; it is imported when a PDF is made, so that everything else
works without it.
"""

from __future__ import annotations

import importlib
from contextlib import redirect_stdout
from dataclasses import dataclass
from hashlib import sha256
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

from riskmodel.errors import InputError
from riskmodel.workspace.atomic import write_atomically

#: PDF for universal access, ISO 14289-1: with a structure, a language and texts for pictures.
VARIANT = "pdf/ua-1"


@dataclass(frozen=True)
class Printed:
    """A page laid out on paper, before it is written.

    Attributes
    ----------
    pages : int
        Sheets it takes.
    identifier : bytes
        Identifier of the document.
    document : Any
        As the library for printing has it.
    """

    pages: int
    identifier: bytes
    document: Any

    def write(self, path: str | Path) -> Path:
        """Write it to a file and return the path; a missing folder is created."""
        content: bytes = self.document.write_pdf(pdf_variant=VARIANT, pdf_identifier=self.identifier)
        return write_atomically(Path(path), content)


def require_printing() -> None:
    """Raise an error where the libraries to print a page are not installed."""
    _library()


def lay_out(html: str) -> Printed:
    """Return a page laid out on paper.

    Nothing is fetched: a picture or style sheet outside the page is left out.
    """
    library = _library()
    page = library.HTML(string=html, url_fetcher=library.urls.URLFetcher(allowed_protocols={"data"}))
    document = page.render(pdf_variant=VARIANT)
    # By default the identifier holds the moment of printing.
    return Printed(len(document.pages), sha256(html.encode()).digest()[:16], document)


def html_to_pdf(html: str, path: str | Path) -> Path:
    """Print a page to a tagged PDF.

    The language and the title are those of the page, and so are the dates: ``<meta name="dcterms.created">`` and
    ``dcterms.modified``. The same page gives the same bytes with the same versions of the libraries and the same
    fonts.
    """
    return lay_out(html).write(path)


def _library() -> ModuleType:
    try:
        # Where something lacks, it prints a notice of its own before it raises.
        with redirect_stdout(StringIO()):
            library = importlib.import_module("weasyprint")
        importlib.import_module("weasyprint.urls")
    except ImportError as error:
        raise InputError(
            "PDF",
            "no library 'weasyprint' in this installation",
            "the library that prints a page to PDF",
            "Install the extra with: pip install 'riskmodel[pdf]'. The page itself can be printed from a browser.",
        ) from error
    # The library is there, but what it calls in the system is not.
    except OSError as error:
        raise InputError(
            "PDF",
            f"no text library of the system ({str(error).splitlines()[0][:80]})",
            "Pango 1.44 or later",
            "Install it with the package manager of the system, for instance: apt install libpango-1.0-0 "
            "libpangoft2-1.0-0. The page itself can be printed from a browser.",
        ) from error
    return library
