"""`Sessions`: sessions, flash messages and CSRF protection for an application without accounts.

A session is a signed cookie; no database is opened. `triode.auth.Auth` brings all of this along,
and logins besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from triode.errors import ConfigError
from triode.http import Call, Reply
from triode.middleware.csrf import CsrfFailed, CsrfMiddleware, CsrfProtection, Refuse
from triode.middleware.errors import detail_reply
from triode.middleware.sessions import SessionManager, SessionMiddleware, SessionOptions
from triode.signing import Signer, find_secrets

HTML = b"text/html; charset=utf-8"
REFUSED = Markup(
    '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width">\n'
    "<title>This form could not be sent</title>\n"
    "<h1>This form could not be sent</h1>\n"
    "<p>It was open for too long, was sent from another page, or your browser keeps no cookies. "
    "Nothing was changed. Go back, load the page again and send it once more.</p>\n<p>{}</p>\n"
)


class Sessions:
    """Sessions for an application: `Sessions(app)`, then `request.session`, `flash` and forms.

    `secret` signs the cookies; see `triode.signing.find_secrets` for what is used without one.
    `trusted_origins` are other sites whose pages may send forms here.
    """

    def __init__(
        self,
        app: Any = None,
        *,
        secret: str | Sequence[str] | None = None,
        trusted_origins: Sequence[str] = (),
        options: SessionOptions | None = None,
    ) -> None:
        self._secret = secret
        self._home = Path()
        self.manager = SessionManager(self._make_signer, options=options)
        self.csrf = CsrfProtection(trusted_origins=trusted_origins)
        if app is not None:
            app.attach(self)

    def setup(self, app: Any) -> None:
        """Add the sessions and the check to an application."""
        self._home = Path(getattr(app, "directory", None) or Path.cwd())
        add_sessions(app, self.manager, self.csrf, _refuse)

    def _make_signer(self) -> Signer:
        return Signer(find_secrets(self._secret, directory=self._home), purpose="auth")


def add_sessions(
    app: Any, manager: SessionManager, protection: CsrfProtection, refuse: Refuse
) -> None:
    """Put sessions and the CSRF check around every endpoint of an application.

    Raises:
        ConfigError: it has sessions already.
    """
    if app.extension(SessionManager) is not None:
        raise ConfigError(
            "This application has sessions already. Auth(app) brings them along: "
            "write Auth(app) or Sessions(app), not both.",
            code="sessions-twice",
        )
    # WebSocket connections look them up.
    app.extensions[SessionManager] = manager
    app.extensions[CsrfProtection] = protection
    app.add_middleware(CsrfMiddleware, protection, refuse)
    app.add_middleware(SessionMiddleware, manager)


def _refuse(call: Call, exc: CsrfFailed) -> Reply:
    if "text/html" in (call.header(b"accept") or ""):
        return Reply(REFUSED.format(exc.message).encode(), exc.status_code, HTML)
    return detail_reply(exc.status_code, exc.detail, exc.headers)
