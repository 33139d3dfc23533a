"""Check a built site: every link and anchor within it leads somewhere, and nothing is fetched from elsewhere.

Run by ``make docs``. Links to other sites are not followed.
"""

from __future__ import annotations

import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

#: Attributes by which a browser fetches something without being asked.
FETCHED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("link", "href")}


class Links(HTMLParser):
    """What a page links to, what it fetches, and its anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down one tag."""
        for name, value in attrs:
            if value and name in ("id", "name"):
                self.anchors.add(value)
            if value and (tag, name) in FETCHED:
                self.fetched.append(value)
            if value and (tag, name) == ("a", "href"):
                self.links.append(value)


@cache
def read(path: Path) -> Links:
    """Links of one page."""
    found = Links()
    found.feed(path.read_text(encoding="utf-8"))
    return found


def problems_of(site: Path) -> list[str]:
    """What is wrong, one line each; nothing when all is well."""
    found = []
    for page in sorted(site.rglob("*.html")):
        at = page.relative_to(site)
        content = read(page)
        found += [f"{at}: fetches {url}" for url in content.fetched if urlsplit(url).netloc]
        # The page of errors is served at any address, so its links start at the root.
        for link in [] if page.name == "404.html" else [*content.links, *content.fetched]:
            address, anchor = urldefrag(link)
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                found.append(f"{at}: no {link}")
            elif anchor and target.suffix == ".html" and unquote(anchor) not in read(target).anchors:
                found.append(f"{at}: no anchor {link}")
    return found


if __name__ == "__main__":
    wrong = problems_of(Path(sys.argv[1]))
    print("\n".join(wrong) or "Every link within the site leads somewhere; nothing is fetched from elsewhere.")
    sys.exit(bool(wrong))
