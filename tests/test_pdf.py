"""A page as PDF, read back by another library than the one that wrote it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from riskmodel.errors import InputError
from riskmodel.products.rendering.pdf import html_to_pdf, lay_out

PAGE = """<!DOCTYPE html>
<html lang="nl"><head><meta charset="utf-8"><title>Blad over Meerstad</title>
<meta name="dcterms.created" content="2022-06-01"><meta name="dcterms.modified" content="2022-06-02">
<style>@page {{ size: A4 }} .next {{ break-before: page }}</style></head>
<body><h1>Meerstad</h1><p>Café &amp; coöperatie: −0,05 punt</p>
<svg role="img" viewBox="0 0 10 10" width="50"><title>Een kaart</title><path d="M0 0L9 0L9 9Z" fill="#07B"/></svg>
<table><caption>Wijken</caption><thead><tr><th scope="col">Wijk</th><th scope="col">Score</th></tr></thead>
<tbody><tr><th scope="row">Haven</th><td>4,01</td></tr></tbody></table>
{more}</body></html>"""


@pytest.fixture(scope="module", autouse=True)
def library() -> None:
    try:
        pytest.importorskip("weasyprint", reason="the extra riskmodel[pdf] is not installed")
    except OSError as error:
        pytest.skip(f"the text libraries of the system are not installed ({error})")


@pytest.fixture(scope="module")
def pypdf():
    return pytest.importorskip("pypdf", reason="pypdf is not installed")


def elements(node, kind: str) -> list:
    """Elements of a kind in the structure of a PDF."""
    node = node.get_object()
    if isinstance(node, list):
        return [found for child in node for found in elements(child, kind)]
    if not hasattr(node, "get"):
        return []
    found = [node] if node.get("/S") == f"/{kind}" else []
    return found + (elements(node["/K"], kind) if "/K" in node else [])


def test_it_says_what_the_page_says(tmp_path: Path, pypdf) -> None:
    path = html_to_pdf(PAGE.format(more=""), tmp_path / "new" / "folder" / "blad.pdf")
    reader = pypdf.PdfReader(path)
    text = reader.pages[0].extract_text()
    assert "Meerstad" in text and "Café & coöperatie: −0,05 punt" in text and "Haven" in text
    assert len(reader.pages) == 1
    assert [round(float(size) / 72 * 25.4) for size in reader.pages[0].mediabox[2:]] == [210, 297]
    assert sorted(path.parent.iterdir()) == [path]


def test_it_can_be_followed_by_a_screen_reader(tmp_path: Path, pypdf) -> None:
    reader = pypdf.PdfReader(html_to_pdf(PAGE.format(more=""), tmp_path / "a.pdf"))
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "nl"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == "Blad over Meerstad"
    tree = root["/StructTreeRoot"]["/K"]
    [picture] = elements(tree, "Figure")
    assert picture["/Alt"] == "Een kaart"
    assert len(elements(tree, "H1")) == 1 and len(elements(tree, "Table")) == 1
    heads = elements(tree, "TH")
    assert len(heads) == 3


def test_dates_are_those_of_the_page(tmp_path: Path, pypdf) -> None:
    reader = pypdf.PdfReader(html_to_pdf(PAGE.format(more=""), tmp_path / "a.pdf"))
    assert str(reader.metadata.creation_date).startswith("2022-06-01")
    assert str(reader.metadata.modification_date).startswith("2022-06-02")


def test_the_same_page_is_the_same_file(tmp_path: Path) -> None:
    one = html_to_pdf(PAGE.format(more=""), tmp_path / "one.pdf").read_bytes()
    source = tmp_path / "page.html"
    source.write_text(PAGE.format(more=""), encoding="utf-8")
    # Another process orders its sets otherwise.
    code = (
        "import sys; from pathlib import Path; from riskmodel.products.rendering.pdf import html_to_pdf; "
        "html_to_pdf(Path(sys.argv[1]).read_text(encoding='utf-8'), sys.argv[2])"
    )
    run = [sys.executable, "-c", code, str(source), str(tmp_path / "two.pdf")]
    subprocess.run(run, check=True)
    assert (tmp_path / "two.pdf").read_bytes() == one
    assert html_to_pdf(PAGE.format(more="<p>anders</p>"), tmp_path / "three.pdf").read_bytes() != one


def test_pages_are_counted() -> None:
    assert lay_out(PAGE.format(more="")).pages == 1
    assert lay_out(PAGE.format(more='<p class="next">twee</p><p class="next">drie</p>')).pages == 3


def test_nothing_outside_the_page_is_read(tmp_path: Path, pypdf) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="8">geheim</text></svg>'
    )
    more = f'<img src="{secret.as_uri()}" alt="weg"><link rel="stylesheet" href="{secret.as_uri()}">'
    reader = pypdf.PdfReader(html_to_pdf(PAGE.format(more=more), tmp_path / "a.pdf"))
    assert "geheim" not in reader.pages[0].extract_text()
    assert not (reader.pages[0]["/Resources"].get("/XObject") or {})


def test_without_the_library_the_user_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # What Python itself leaves for a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(InputError, match=r"riskmodel\[pdf\]"):
        html_to_pdf(PAGE.format(more=""), tmp_path / "a.pdf")
    assert list(tmp_path.iterdir()) == []


def test_without_the_text_library_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "installed" / "weasyprint"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0': not found\")")
    for name in [name for name in sys.modules if name.split(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path / "installed")
    with pytest.raises(InputError, match="Pango"):
        html_to_pdf(PAGE.format(more=""), tmp_path / "a.pdf")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError):
        html_to_pdf(PAGE.format(more=""), tmp_path / "file" / "a.pdf")
