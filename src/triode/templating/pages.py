"""What a handler returns for a browser: pages and redirects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import HTMLResponse, RedirectResponse

from triode.http import require_call
from triode.templating.environment import templates_of


class Page(HTMLResponse):
    """An HTML page."""


class Redirect(RedirectResponse):
    """Sends the browser elsewhere; 303 makes it follow with GET."""

    def __init__(
        self, url: str, status_code: int = 303, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(url, status_code, headers)


def render(
    template: str,
    /,
    *,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Page:
    """Return a template of the current application, filled in.

    Raises:
        TemplateError: there is no such template; the message names the folders searched.
        TriodeError: no request is being served.
    """
    text = templates_of(require_call("render")).render(template, context)
    return Page(text, status_code, headers)


def redirect(
    url: str, status_code: int = 303, headers: Mapping[str, str] | None = None
) -> Redirect:
    """Return a redirect; 303 makes the browser follow with GET.

    The address is yours to vouch for: `triode.auth.safe_path` checks one that a visitor sent.
    """
    return Redirect(str(url), status_code, headers)
