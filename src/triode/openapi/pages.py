"""The pages that show an OpenAPI document: Swagger UI, ReDoc and the OAuth2 redirect.

Function names and options are FastAPI's. A page has no inline script: its settings travel as
data attributes and a served file starts the viewer, so every page carries a
Content-Security-Policy that allows scripts from this server only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

from triode.openapi.bundle import Link, link_to

DEFAULT_ASSETS_URL: Final = "/docs/assets"

swagger_ui_default_parameters: Final[Mapping[str, Any]] = {
    "dom_id": "#swagger-ui",
    "layout": "BaseLayout",
    "deepLinking": True,
    "showExtensions": True,
    "showCommonExtensions": True,
}

_GOOGLE_FONTS: Final = "https://fonts.googleapis.com"
_GOOGLE_FONT_FILES: Final = "https://fonts.gstatic.com"


def get_swagger_ui_html(
    *,
    openapi_url: str,
    title: str,
    swagger_js_url: str | None = None,
    swagger_css_url: str | None = None,
    swagger_favicon_url: str | None = None,
    oauth2_redirect_url: str | None = None,
    init_oauth: Mapping[str, Any] | None = None,
    swagger_ui_parameters: Mapping[str, Any] | None = None,
    assets_url: str = DEFAULT_ASSETS_URL,
    connect_origins: Iterable[str] = (),
) -> HTMLResponse:
    """Return the page of Swagger UI.

    The three addresses default to the bundled files under `assets_url`. `connect_origins` are
    the other servers that "Try it out" may call: the page's policy allows no more.
    """
    settings = {
        **swagger_ui_default_parameters,
        **(swagger_ui_parameters or {}),
        "url": openapi_url,
    }
    if oauth2_redirect_url:
        settings["oauth2RedirectUrl"] = oauth2_redirect_url
    page = _Page(title, assets_url, swagger_favicon_url)
    page.add_style(_chosen(swagger_css_url, "swagger-ui.css", assets_url))
    page.add_style(link_to("docs.css", assets_url))
    oauth = f' data-oauth="{_attribute(init_oauth)}"' if init_oauth else ""
    page.body.append(f'<div id="swagger-ui" data-settings="{_attribute(settings)}"{oauth}></div>')
    page.add_script(_chosen(swagger_js_url, "swagger-ui-bundle.js", assets_url))
    page.add_script(link_to("swagger-start.js", assets_url))
    page.allow("connect-src", openapi_url, *connect_origins)
    return page.response()


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str | None = None,
    redoc_favicon_url: str | None = None,
    with_google_fonts: bool = False,
    assets_url: str = DEFAULT_ASSETS_URL,
) -> HTMLResponse:
    """Return the page of ReDoc.

    `redoc_js_url` defaults to the bundled file under `assets_url`. Fonts are the system's unless
    `with_google_fonts` asks for those that ReDoc was designed with.
    """
    page = _Page(title, assets_url, redoc_favicon_url)
    if with_google_fonts:
        page.add_style(
            Link(f"{_GOOGLE_FONTS}/css?family=Montserrat:300,400,700|Roboto:300,400,700")
        )
        page.allow("font-src", _GOOGLE_FONT_FILES)
    page.add_style(link_to("docs.css", assets_url))
    page.body.append(f'<div id="redoc" data-url="{escape(openapi_url)}"></div>')
    page.add_script(_chosen(redoc_js_url, "redoc.standalone.js", assets_url))
    page.add_script(link_to("redoc-start.js", assets_url))
    page.allow("connect-src", openapi_url)
    # ReDoc writes its styles into the page and searches in a worker made from a string.
    page.policy["style-src"].append("'unsafe-inline'")
    page.policy["worker-src"] = ["blob:"]
    return page.response()


def get_swagger_ui_oauth2_redirect_html(assets_url: str = DEFAULT_ASSETS_URL) -> HTMLResponse:
    """Return the page to which an authorization server sends the user back."""
    page = _Page("Swagger UI: OAuth2 Redirect", assets_url, None)
    page.add_script(link_to("oauth2-redirect.js", assets_url))
    return page.response()


class _Page:
    """An HTML page that collects what its Content-Security-Policy has to allow."""

    def __init__(self, title: str, assets_url: str, favicon_url: str | None) -> None:
        self.head: list[str] = [
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
        ]
        self.body: list[str] = []
        self.policy: dict[str, list[str]] = {
            "default-src": ["'none'"],
            "script-src": ["'self'"],
            "style-src": ["'self'"],
            "img-src": ["'self'", "data:"],
            "font-src": ["'self'", "data:"],
            "connect-src": ["'self'"],
            "form-action": ["'self'"],
            "base-uri": ["'none'"],
            "frame-ancestors": ["'none'"],
        }
        favicon = _chosen(favicon_url, "favicon.svg", assets_url)
        self.head.append(f'<link rel="icon" href="{escape(favicon.url)}">')
        self.allow("img-src", favicon.url)

    def add_style(self, link: Link) -> None:
        self.head.append(f'<link rel="stylesheet" href="{escape(link.url)}"{_integrity(link)}>')
        self.allow("style-src", link.url)

    def add_script(self, link: Link) -> None:
        self.body.append(f'<script src="{escape(link.url)}"{_integrity(link)}></script>')
        self.allow("script-src", link.url)

    def allow(self, directive: str, *urls: str) -> None:
        """Allow the origins of addresses; an address on this server needs no more."""
        for url in urls:
            parts = urlsplit(url)
            origin = f"{parts.scheme}://{parts.netloc}"
            if parts.scheme in ("http", "https") and origin not in self.policy[directive]:
                self.policy[directive].append(origin)

    def response(self) -> HTMLResponse:
        lines = [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            *self.head,
            "</head>",
            "<body>",
            '<noscript><p class="message">This page needs JavaScript.</p></noscript>',
            *self.body,
            "</body>",
            "</html>",
        ]
        policy = "; ".join(f"{name} {' '.join(values)}" for name, values in self.policy.items())
        headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-cache",
        }
        return HTMLResponse("\n".join(lines) + "\n", headers=headers)


def _chosen(url: str | None, name: str, assets_url: str) -> Link:
    return link_to(name, assets_url) if url is None else Link(url)


def _integrity(link: Link) -> str:
    return f' integrity="{link.integrity}" crossorigin="anonymous"' if link.integrity else ""


def _attribute(value: Mapping[str, Any]) -> str:
    """Return a value as JSON inside a double-quoted HTML attribute."""
    return escape(json.dumps(value), quote=True)
