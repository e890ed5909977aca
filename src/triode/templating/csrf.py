"""The CSRF token on a page.

Whoever protects the requests (`triode.auth`) puts a callable `csrf_token` into the call's
extras. Without one nothing is protected, and nothing needs a token.
"""

from __future__ import annotations

from markupsafe import Markup

from triode.errors import TriodeError
from triode.http import require_call

FIELD = "csrf_token"


def csrf_token() -> str:
    """Return a token for a request header `X-CSRF-Token`, as a script sends it.

    Raises:
        TriodeError: the application has no sessions to bind a token to.
    """
    make = (require_call("csrf_token").extras or {}).get(FIELD)
    if make is None:
        raise TriodeError(
            "There is no CSRF token, because the application has no sessions. "
            "Write Auth(app), or Sessions(app).",
            code="no-sessions",
        )
    return str(make())


def csrf_field() -> Markup:
    """Return the hidden field for a form; nothing where the application has no sessions."""
    make = (require_call("csrf_field").extras or {}).get(FIELD)
    if make is None:
        return Markup()
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, make())
