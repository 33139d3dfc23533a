"""A browser for the tests of pages, and a watch over what pages do in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
needs_browser = pytest.mark.skipif(not CHROMIUM, reason="no chromium on the PATH and CHROMIUM not set")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, started once for the tests of a file."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def watching(browser: Any) -> Iterator[tuple[Callable[..., Any], list[str]]]:
    """Open pages, and note what none may do: fetch from another address than its own, complain, raise a dialog.

    Yields
    ------
    callable
        ``visit(address, own, width=1280, **settings)`` gives the page, visited twice, in its own context.
    list of str
        What pages did that they may not.
    """
    contexts: list[Any] = []
    complaints: list[str] = []

    def visit(address: str, own: str, width: int = 1280, **settings: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        allowed = (own, "data:")
        page.on("request", lambda r: None if r.url.startswith(allowed) else complaints.append(f"fetched {r.url}"))
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.goto(address)
        if address.startswith("http"):
            page.goto(address)  # again: now the browser only asks whether what it has is still so
        return page

    yield visit, complaints
    for context in contexts:
        context.close()
