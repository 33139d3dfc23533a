"""The Dutch of every page and form: short sentences, and none of the words that no municipality uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from form_worlds import PLAIN, make_list
from web_worlds import Client, serving, world  # noqa: F401

from riskmodel.products.rendering.dutch import LIMITS
from riskmodel.products.risk_list.formats import WRITERS, write_formats
from riskmodel.products.risk_list.formats.pdf import render_list_pdf
from riskmodel.products.risk_list.page.page import render_page
from riskmodel.products.risk_list.texts import TEXTS
from riskmodel.web.pages.routes import router
from riskmodel.workspace.store import Workspace

TEMPLATES = Path(__file__).parents[1] / "riskmodel" / "products" / "templates"
MOST_WORDS = 20
#: What must not be read on any form of a list.
RULED_OUT = (
    "het meest kan dalen",
    "is er te weinig om iets te zeggen",
    "terugval naar het eigen gemiddelde",
    "stand en verloop",
    "houdt op peil",
    "trekt omlaag",
    "in 80 van de 100 gevallen tussen plaats",
    "nog op orde",
    "onder druk",
    "keer voorzien",
    "liggen bijna even goede modellen",
    "gemiddeld gebied",
    "wat vooruit kan lopen",
    "wat al in de score zit",
    "niet hoog genoeg voor een bezoek",
    "de waaier is",
    "achteraf gekozen",
)


#: Elements that are read within a sentence, and those whose text nobody reads.
INLINE = {"a", "abbr", "b", "em", "i", "small", "span", "strong", "time"}
UNREAD = {"script", "style", "svg", "template"}


class _Text(HTMLParser):
    """Collects the text of a page by block."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks, self._unread = [""], 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._unread += tag in UNREAD
        self._border(tag)

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in UNREAD
        self._border(tag)

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.blocks[-1] += data

    def _border(self, tag: str) -> None:
        if tag not in INLINE:
            self.blocks.append("")


def read_html(page: str) -> list[str]:
    text = _Text()
    text.feed(page)
    return [" ".join(block.split()) for block in text.blocks]


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?:;])\s+", text.replace("**", ""))


def is_plain(text: str) -> None:
    for sentence in sentences(text):
        words = [word for word in sentence.split() if re.search(r"\w", word)]
        assert len(words) <= MOST_WORDS, sentence
    found = [words for words in RULED_OUT if words in text.casefold()]
    assert not found, text


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_sentences_of_a_list_are_short_and_plain(key: str) -> None:
    is_plain(TEXTS[key][0])


def texts_of(form: str, folder: Path) -> Iterator[str]:
    """What people read in a form of a list."""
    made = make_list(names=PLAIN)
    if form in ("html", "pdf"):
        yield from read_html((render_page if form == "html" else render_list_pdf)(made))
        return
    [path] = list(write_formats(made, folder, [form]).values())
    if form == "xlsx":
        cells = (cell for sheet in openpyxl.load_workbook(path) for row in sheet.values for cell in row)
        yield from (line for cell in cells if isinstance(cell, str) for line in cell.splitlines())
    elif form in ("csv", "parquet"):
        table = pd.read_csv(path, dtype=str) if form == "csv" else pd.read_parquet(path)
        yield from (str(value) for column in table.select_dtypes(exclude="number") for value in table[column])
    else:
        import geopandas as gpd

        for layer in gpd.list_layers(path)["name"]:
            table = gpd.read_file(path, layer=layer)
            yield from (
                str(value) for column in table.columns.drop("geometry", errors="ignore") for value in table[column]
            )


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_every_form_of_a_list_is_in_plain_dutch(form: str, tmp_path: Path) -> None:
    texts = list(texts_of(form, tmp_path))
    assert texts
    for text in texts:
        is_plain(text)


#: Pages that need no path of one list.
PAGES = sorted({route.path for route in router.routes if "GET" in route.methods and "{" not in route.path})  # type: ignore[attr-defined]


def test_every_page_of_the_service_is_in_plain_dutch(world: Workspace) -> None:  # noqa: F811
    client = Client(serving(world))
    read = 0
    for path in [*PAGES, "/nergens"]:
        answer = client.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            read += 1
            for text in read_html(answer.text):
                is_plain(text)
    assert read >= 5


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("risk_list*.j2")), ids=lambda path: path.name)
def test_templates_of_a_list_hold_none_of_the_words(path: Path) -> None:
    text = path.read_text(encoding="utf-8").casefold()
    assert not [words for words in RULED_OUT if words in text]


def test_what_a_list_does_not_say_is_short() -> None:
    for heading, text in LIMITS:
        for sentence in (*sentences(heading), *sentences(text)):
            assert len(sentence.split()) <= MOST_WORDS, sentence
