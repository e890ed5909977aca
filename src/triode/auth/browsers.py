"""Answers for browsers where an API client would get JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from triode.auth.redirects import is_safe_path
from triode.http import Call
from triode.templating import Page, templates_of
from triode.templating.style import style_path as style_path  # the admin links the sheet too

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
    templates = templates_of(call).add_package("triode.auth", prefix="auth")
    text = templates.render(f"auth/{template}", values)
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


def has_page(app: Any, path: str) -> bool:
    """Return whether something answers a GET of a path."""
    served, _ = app.table.resolve("GET", path.partition("?")[0])
    return served.route is not None
