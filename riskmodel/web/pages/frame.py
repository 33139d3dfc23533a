"""The frame, style, script and headers that all pages of the service share."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from riskmodel.products.rendering import dutch
from riskmodel.products.rendering.html import asset, environment, policy
from riskmodel.web.access.root import path_below, root_of
from riskmodel.web.access.security import PAGE_POLICY
from riskmodel.web.api.answers import identity_of
from riskmodel.web.serving.lists import Body, body_of
from riskmodel.web.serving.shelf import CACHING, takes_gzip

#: Name of the service in its bar and titles.
SERVICE = "Vroeg zien in de wijk"
#: The pages in the bar: address and name.
NAVIGATION: tuple[tuple[str, str], ...] = (
    ("/", "Lijst maken"),
    ("/nederland", "Nederland"),
    ("/hoe-goed", "Hoe goed is dit?"),
    ("/methode", "Methode"),
    ("/lijsten", "Mijn lijsten"),
)
#: Package with the templates of the service.
PACKAGE = "riskmodel.web"
#: Path of files that never change.
STATIC = "/static/"
#: Caching of a file whose name has its fingerprint.
FOREVER = "public, max-age=31536000, immutable"
_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@cache
def style() -> str:
    """Return the style of all pages of the service: that of the risk list, then its own."""
    return asset("base.css") + asset("web_bar.css", PACKAGE) + asset("web.css", PACKAGE)


@cache
def bar_style() -> str:
    """Return the style of the bar alone, for a page with a style of its own."""
    return asset("web_bar.css", PACKAGE)


@cache
def static_files() -> Mapping[str, tuple[bytes, str]]:
    """Return contents and media type of style and script, by the name under which they are served."""
    texts = {"css": style(), "js": asset("web.js", PACKAGE)}
    return {
        f"web-{hashlib.sha256(text.encode()).hexdigest()[:16]}.{kind}": (text.encode(), _KINDS[kind])
        for kind, text in texts.items()
    }


def address_of(kind: str) -> str:
    """Return the address of the style (``"css"``) or the script (``"js"``)."""
    return STATIC + next(name for name in static_files() if name.endswith(f".{kind}"))


def rendered(template: str, root: str, here: str, context: Mapping[str, Any], *, alone: bool = False) -> str:
    """Return a page from a template.

    ``root`` is the path below which the service is shown, and ``here`` the address of the page below it, which the
    bar shows as the current one. A page that is ``alone`` has its style inside, so that it looks right when
    nothing else can be fetched.
    """
    own = style()
    return (
        environment(PACKAGE)
        .get_template(template)
        .render(
            {
                "service": SERVICE,
                "navigation": NAVIGATION,
                "root": root,
                "here": here,
                "dutch": dutch,
                "invented": False,
                "style_address": address_of("css"),
                "script_address": address_of("js"),
                # Ours, and hashed in the policy.
                "style": Markup(own) if alone else "",
                **context,
            }
        )
    )


def alone_policy() -> str:
    """Return the policy of a page with its style inside: nothing else may load or run."""
    return f"{policy(style())}; frame-ancestors 'none'"


def page(request: Request, template: str, context: Mapping[str, Any], *, status: int = 200) -> Response:
    """Answer with a page for this reader alone."""
    root, here = root_of(request.scope), path_below(request.scope)
    content = rendered(template, root, here, {"who": who_of(request), **context})
    headers = {"content-security-policy": PAGE_POLICY, "cache-control": CACHING}
    return Response(content, status, headers, media_type="text/html; charset=utf-8")


def page_body(template: str, root: str, here: str, context: Mapping[str, Any]) -> Body:
    """Return the body of a page that is the same for everybody."""
    return body_of(rendered(template, root, here, {"who": "", **context}).encode(), "html")


def who_of(request: Request) -> str:
    """Return the name of a user as shown on pages; empty without a login."""
    return identity_of(request).name.removeprefix("user:").removeprefix("token:")


def static_response(request: Request, name: str) -> Response | None:
    """Answer with style or script by its name; None when there is no such file."""
    found = static_files().get(name)
    if found is None:
        return None
    content, kind = found
    headers = {"cache-control": FOREVER, "vary": "Accept-Encoding"}
    if takes_gzip(request.headers.get("accept-encoding", "")):
        content, headers["content-encoding"] = gzip.compress(content, mtime=0), "gzip"
    return Response(content, 200, headers, media_type=kind)
