"""Be somebody in a test, without the login page."""

from __future__ import annotations

import secrets
import time
from typing import Any

from triode.auth import LoginSession, Session, User, auth_of
from triode.middleware.csrf import HEADER, make_token
from triode.middleware.sessions import key_of


def log_in(client: Any, user: User) -> None:
    """Make every further request of a client one of a user's.

    The client is a `TestClient` or `LaneClient` of an application with `Auth`. It also sends the
    CSRF token along, so that it may post forms without loading their pages first.
    """
    auth = auth_of(client.app)
    token = secrets.token_urlsafe(32)
    now = int(time.time())
    LoginSession(key=key_of(token), user=user, data={}, created=now, seen=now).save().run()
    host = client.base_url.host
    client.cookies.set(
        auth.sessions.options.cookie.name,
        token,
        # The name under which cookies of a host without a dot are kept (http.cookiejar).
        domain=host if "." in host else f"{host}.local",
    )
    client.headers[HEADER.decode()] = make_token(Session(token=token))
