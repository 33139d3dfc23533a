"""A recorded list as a page: the HTML file that can be downloaded, with the bar of the service above it.

The file has its own policy in a ``meta`` element, with the hashes of its style and script. On the page that policy
moves to the header, with the hash of the bar's style added: one policy, as strict as before.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from riskmodel.errors import InputError
from riskmodel.products.rendering.html import environment, policy
from riskmodel.products.risk_list.formats import GEOGRAPHICAL, STEM, WRITERS, chosen_formats
from riskmodel.web.access.security import FILE_POLICY
from riskmodel.web.pages.frame import NAVIGATION, PACKAGE, SERVICE, bar_style
from riskmodel.web.serving.lists import Body, body_of

#: Formats in the order of the menu: name and purpose.
FORMATS: tuple[tuple[str, str, str], ...] = (
    ("xlsx", "Rekenblad (Excel)", "Alle gebieden en cijfers, om mee verder te werken."),
    ("pdf", "Rapport om af te drukken (PDF)", "De lijst, de kaart en een blad voor elk gebied dat u bezoekt."),
    ("html", "Deze pagina als bestand", "Werkt zonder internet. Handig om te mailen."),
    ("csv", "Tabel (CSV)", "Voor andere programma’s."),
    ("gpkg", "Kaartbestand (GeoPackage)", "Voor QGIS en ArcGIS."),
    ("geojson", "Kaartbestand (GeoJSON)", "Voor kaarten op internet."),
    ("parquet", "Tabel (Parquet)", "Voor analisten."),
)
NO_BORDERS = "Kan nu niet: de grenzen van deze gebieden zijn hier niet ingelezen."
NO_MAPS = "Kan nu niet: op deze installatie ontbreekt de software voor kaarten."
NO_PRINT = "Kan nu niet: op deze installatie ontbreekt de software om PDF te maken."
_META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">\n?')
_SKIP = re.compile(r'<a class="skip" href="#lijst">.*?</a>')
_STYLE_HASH = re.compile(r"style-src ('sha256-[^']+')")


@dataclass(frozen=True)
class Download:
    """A file of a list in the menu; ``why_not`` is why it cannot be made here, empty when it can."""

    address: str
    name: str
    what: str
    why_not: str


def downloads(root: str, number: int, *, borders: bool) -> list[Download]:
    """Return the files of a list for the menu; ``borders`` is whether there are polygons of its areas."""
    assert {form for form, _, _ in FORMATS} == set(WRITERS)
    return [
        Download(f"{root}/lijst/{number}/{STEM}.{form}", name, what, _why_not(form, borders))
        for form, name, what in FORMATS
    ]


def _why_not(form: str, borders: bool) -> str:
    try:
        chosen_formats([form])
    except InputError:
        return NO_MAPS if form in GEOGRAPHICAL else NO_PRINT
    return NO_BORDERS if form in GEOGRAPHICAL and not borders else ""


def bar(root: str, number: int, files: Sequence[Download]) -> str:
    """Return the bar above a list."""
    context = {"service": SERVICE, "root": root, "navigation": NAVIGATION, "number": number, "files": files}
    return environment(PACKAGE).get_template("web_list_bar.html.j2").render(context)


def with_bar(file: Body, root: str, number: int, files: Sequence[Download]) -> tuple[Body, str]:
    """Return the page of a list and its policy.

    A file without the marks for the bar, such as one that an older version made, is returned as it is.
    """
    text = file.plain.decode()
    head, start, rest = text.partition("</head>")
    meta = _META.search(head)
    given = html.unescape(meta.group(1)) if meta else ""
    skip = _SKIP.search(rest)
    if not (meta and start and skip and _STYLE_HASH.search(given)):
        return file, FILE_POLICY
    own = bar_style()
    added = next(part for part in policy(own).split("; ") if part.startswith("style-src ")).split()[1]
    header = _STYLE_HASH.sub(lambda found: f"style-src {found.group(1)} {added}", given)
    head = _META.sub("", head, count=1) + f"<style>{own}</style>\n"
    rest = f"{rest[: skip.end()]}\n{bar(root, number, files)}{rest[skip.end() :]}"
    made = body_of((head + start + rest).encode(), "html")
    return replace(made, local=file.local), f"{header}; frame-ancestors 'none'"
