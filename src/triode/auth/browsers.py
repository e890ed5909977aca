"""Answers for browsers where an API client would get JSON."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from triode.auth.redirects import is_safe_path
from triode.http import Call
from triode.templating import Page, templates_of

STYLE_MEDIA = "text/css; charset=utf-8"
FOREVER = {"cache-control": "public, max-age=31536000, immutable"}

PAGE_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def wants_page(call: Call) -> bool:
    """Return whether a person's browser asks, and not a program."""
    return "text/html" in (call.header(b"accept") or "")


def account_page(call: Call, template: str, *, status_code: int = 200, **context: Any) -> Page:
    """Return one of the account pages; an application's own `auth/<template>` goes first."""
    values: Mapping[str, Any] = {
        "site": getattr(call.app, "title", ""),
        "style": root_path(call) + style_path(),
        **context,
    }
    text = templates_of(call).render(f"auth/{template}", values)
    return Page(text, status_code, PAGE_HEADERS)


def message_page(
    call: Call,
    status_code: int,
    heading: str,
    text: str,
    *,
    reason: str = "",
    back: str = "",
    back_label: str = "Go back",
) -> Page:
    """Return a page that says one thing; `back` is the address that it leads to."""
    return account_page(
        call,
        "message.html",
        status_code=status_code,
        heading=heading,
        text=text,
        reason=reason,
        back=back,
        back_label=back_label,
    )


def page_to_return_to(call: Call) -> str:
    """Return where a login should lead back: this page, or the one whose form was sent."""
    if call.method in ("GET", "HEAD"):
        return root_path(call) + (f"{call.path}?{call.query}" if call.query else call.path)
    referer = urlsplit(call.header(b"referer") or "")
    path = f"{referer.path}?{referer.query}" if referer.query else referer.path
    is_ours = referer.netloc == (call.header(b"host") or "")
    return path if is_ours and is_safe_path(path) else "/"


def root_path(call: Call) -> str:
    """Return the prefix under which a proxy serves the application."""
    return str(call.scope().get("root_path", "")).rstrip("/")


@cache
def style() -> bytes:
    """Return the style sheet that all our pages share."""
    return (files("triode.templating") / "assets" / "triode.css").read_bytes()


@cache
def style_path() -> str:
    """Return the sheet's path, which changes with its content."""
    return f"/_triode/triode.{sha256(style()).hexdigest()[:12]}.css"


async def send_style() -> Response:
    """Answer with the style sheet."""
    return Response(style(), media_type=STYLE_MEDIA, headers=FOREVER)
