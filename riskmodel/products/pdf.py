"""A page as a PDF that screen readers can follow, and that is the same every time it is made.

The library for it is the extra ``riskmodel[pdf]``; it is imported when a PDF is made, so that everything else
works without it.
"""

from __future__ import annotations

import importlib
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

from riskmodel.errors import InputError
from riskmodel.panel.store import write_atomically

#: PDF for universal access, ISO 14289-1: with a structure, a language and texts for pictures.
VARIANT = "pdf/ua-1"


def html_to_pdf(html: str, path: str | Path) -> Path:
    """Print a page to a tagged PDF.

    The language and the title are those of the page, and so are the dates: ``<meta name="dcterms.created">`` and
    ``dcterms.modified``. Nothing is fetched: a picture or style sheet outside the page is left out. The same page
    gives the same bytes with the same versions of the libraries and the same fonts.

    Parameters
    ----------
    html : str
        The whole page, with its style inside.
    path : str or pathlib.Path
        The file to write; its folder is made.

    Returns
    -------
    pathlib.Path
        The path itself.

    Raises
    ------
    InputError
        If the library or the font libraries of the system are not installed, or nothing can be written there.
    """
    document = _document(html, path)
    # By default the identifier holds the moment of printing.
    identifier = sha256(html.encode()).digest()[:16]
    content: bytes = document.write_pdf(pdf_variant=VARIANT, pdf_identifier=identifier)
    return write_atomically(Path(path), lambda draft: draft.write_bytes(content))


def count_pages(html: str) -> int:
    """Count the pages that a page of the web takes on paper.

    Parameters
    ----------
    html : str
        The whole page, with its style inside.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    InputError
        If the library or the font libraries of the system are not installed.
    """
    return len(_document(html, "PDF").render().pages)


def _document(html: str, where: object) -> Any:
    library = _library(where)
    fetch = library.urls.URLFetcher(allowed_protocols={"data"})
    return library.HTML(string=html, url_fetcher=fetch)


def _library(where: object) -> ModuleType:
    try:
        library = importlib.import_module("weasyprint")
        importlib.import_module("weasyprint.urls")
    except ImportError as error:
        raise InputError(
            where,
            "no library 'weasyprint' in this installation",
            "the library that prints a page to PDF",
            "Install the extra with: pip install 'riskmodel[pdf]'. The page itself can be printed from a browser.",
        ) from error
    # The library is there, but what it calls in the system is not.
    except OSError as error:
        raise InputError(
            where,
            f"no text library of the system ({str(error).splitlines()[0][:80]})",
            "Pango 1.44 or later",
            "Install it with the package manager of the system, for instance: apt install libpango-1.0-0 "
            "libpangoft2-1.0-0. The page itself can be printed from a browser.",
        ) from error
    return library
