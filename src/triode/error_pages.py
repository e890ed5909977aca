"""Errors as pages, for browsers: loaded when the first one is shown.

A browser gets a page where the application has pages of its own, the debug page where it is
being worked on. What a program asks for stays JSON (`http.accept` tells them apart).
"""

from __future__ import annotations

import logging
from html import escape
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import jinja2
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse

from triode.errors import ClientError
from triode.http import Call, Reply
from triode.http.accept import prefers_html
from triode.routing import Mount, Route
from triode.templating import Templates, templates_of
from triode.templating.environment import home_of
from triode.templating.standalone import standalone_page

logger = logging.getLogger("triode")

HTML = b"text/html; charset=utf-8"
# Headings and what a visitor may do; other statuses have the phrase of RFC 9110.
WORDS = {
    400: ("Bad request", "The server cannot read what was sent."),
    401: ("Please sign in", "This page is for people who are signed in."),
    403: ("Not allowed", "You may not open this page."),
    404: ("Page not found", "There is nothing at this address. It may have moved."),
    405: ("Not possible here", "This page cannot be used that way."),
    413: ("Too large", "More was sent than this page takes."),
    429: ("Too many requests", "Please wait a moment and try again."),
    500: ("Something went wrong", "The error is ours and has been noted. Please try again later."),
    503: ("Not available", "The service is busy or being mended. Please try again later."),
}
_DOCUMENTATION = "triode.openapi"

_known: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()  # by route table
_templates: WeakKeyDictionary[Templates, dict[int, jinja2.Template | None]] = WeakKeyDictionary()


def present(app: Any, call: Call, exc: Exception, reply: Reply) -> Reply:
    """Return the page that shows an error, or the reply as it is where there is none to show."""
    accept = call.header(b"accept")
    if app.debug and reply.error is not None:
        shown: Reply = import_module("triode.debug").error_reply(call, exc)
        shown.error = reply.error
        return shown
    if not prefers_html(accept):
        return reply
    if app.debug and reply.status == 404 and call.route is None and not _has_own(app, call, 404):
        missing: Reply = import_module("triode.debug").missing_reply(app, call)
        return missing
    detail = _detail_of(exc)
    if detail is None or not has_pages(app):
        return reply
    page = _page(app, call, reply.status, detail)
    page.error = reply.error
    for name, value in reply.headers or ():
        page.add_header(name, value)
    return page


def has_pages(app: Any) -> bool:
    """Return whether an application shows pages to people, besides its documentation."""
    table = app.table
    if table not in _known:
        _known[table] = _finds_pages(app)
    return _known[table]


def _finds_pages(app: Any) -> bool:
    home = home_of(app)
    has_folder = home is not None and (home / "templates").is_dir()
    parts = app.extensions.values()
    return has_folder or any(map(_brings_pages, parts)) or any(map(_is_page, app.routes))


def _brings_pages(part: Any) -> bool:
    return isinstance(part, Templates) or bool(getattr(part, "has_pages", False))


def _is_page(route: Any) -> bool:
    if isinstance(route, Mount):
        return bool(getattr(route.app, "html", False))  # Starlette's StaticFiles(html=True)
    if not isinstance(route, Route) or str(getattr(route.handler, "__module__", "")).startswith(
        _DOCUMENTATION
    ):
        return False
    annotation = route.response_annotation
    members = getattr(annotation, "__args__", ())  # of a union
    kinds: tuple[Any, ...] = (route.options.response_class, annotation, *members)
    return any(
        isinstance(kind, type) and issubclass(kind, HTMLResponse | RedirectResponse)
        for kind in kinds
    )


def _detail_of(exc: Exception) -> str | None:
    """Return what a page says of an error besides its status; None: it is data for a program."""
    if isinstance(exc, HTTPException | ClientError):
        detail: Any = exc.detail
        return detail if isinstance(detail, str) else "" if detail is None else None
    return ""


def _page(app: Any, call: Call, status: int, detail: str) -> Reply:
    heading, text = WORDS.get(status, (_phrase(status), ""))
    said = "" if detail == _phrase(status) else detail
    context = {"status_code": status, "title": heading, "detail": said or text}
    try:
        own = _own_page(call, status, context)
    except Exception as exc:
        # The page of an error must not be one more error to the visitor.
        logger.exception("Exception in the template of the error %d", status)
        if app.debug:
            shown: Reply = import_module("triode.debug").error_reply(call, exc)
            return shown
        own = None
    return own or _plain_page(app, call, status, heading, said or text)


def _own_page(call: Call, status: int, context: dict[str, Any]) -> Reply | None:
    """Return the application's own page: from `404.html` or `error.html`, None without them."""
    template = _own_template(templates_of(call), status)
    if template is None:
        return None
    body = template.render(context).encode("utf-8", "replace")
    return Reply(body, status, HTML, [(b"vary", b"Accept")])


def _own_template(templates: Templates, status: int) -> jinja2.Template | None:
    """Return an application's template for a status; looked for once, unless one works on it.

    PERF: a page 250 -> 45 us; looking for what is not there reads the file system.
    """
    known = _templates.setdefault(templates, {})
    if status not in known or templates.debug:
        try:
            known[status] = templates.environment.select_template(_names(status))
        except jinja2.TemplatesNotFound:
            known[status] = None
    return known[status]


def _has_own(app: Any, call: Call, status: int) -> bool:
    folders = templates_of(call).folders if has_pages(app) else ()
    return any((Path(folder) / name).is_file() for folder in folders for name in _names(status))


def _names(status: int) -> list[str]:
    return [f"{status}.html", "error.html"]


def _plain_page(app: Any, call: Call, status: int, heading: str, text: str) -> Reply:
    site = escape(str(getattr(app, "title", "")))
    home = escape(str(call.scope().get("root_path", "")).rstrip("/") + "/")
    body = (
        f'<main class="gate">\n<a class="brand" href="{home}">{site}</a>\n'
        '<div class="card gate-card">\n<header>\n'
        f'<p class="gate-code">{status}</p>\n<h1>{escape(heading)}</h1>\n'
        f'<p class="muted">{escape(text)}</p>\n</header>\n'
        f'<a class="button wide" href="{home}">Go to the start page</a>\n</div>\n</main>'
    )
    return standalone_page(f"{escape(heading)} · {site}", body, status=status)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
