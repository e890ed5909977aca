"""`Auth`: accounts, sessions and CSRF protection as a part of an application."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict, Unpack

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from triode.auth.browsers import message_page, page_to_return_to, root_path, wants_page
from triode.auth.identity import LoginRequired, PermissionDenied, refuse_unguarded
from triode.auth.links import LoginLinks
from triode.auth.models import User
from triode.auth.pages import AccountPages
from triode.auth.redirects import login_address
from triode.auth.store import DatabaseSessions
from triode.auth.users import Authenticator, note_login
from triode.errors import ClientError
from triode.http import Call, Reply, require_call
from triode.http.addresses import client_group
from triode.http.reply import reply_from_response
from triode.middleware.csrf import CsrfFailed, CsrfProtection
from triode.middleware.sessions import Session, SessionManager, SessionOptions
from triode.middleware.visitors import add_sessions
from triode.signing import Signer, find_secrets
from triode.templating import redirect
from triode.templating.environment import home_of

SWEEP_EVERY = 3600.0


class AuthPaths(TypedDict, total=False):
    """Where the pages are, and where they lead."""

    login_path: str
    logout_path: str
    password_path: str
    link_path: str
    after_login: str
    after_logout: str


class Auth:
    """Accounts for an application: `auth = Auth(app)`.

    `secret` signs cookies and links; see `triode.signing.find_secrets` for what is used without
    one. `trusted_origins` are other sites whose pages may send forms here.
    """

    has_pages = True  # so the errors of the application are pages too

    login_path: str = "/login"
    logout_path: str = "/logout"
    password_path: str = "/password"  # noqa: S105 - a path
    link_path: str = "/login/link"
    after_login: str = "/"
    after_logout: str = "/login"

    def __init__(
        self,
        app: Any = None,
        *,
        secret: str | Sequence[str] | None = None,
        trusted_origins: Sequence[str] = (),
        sessions: SessionOptions | None = None,
        **paths: Unpack[AuthPaths],
    ) -> None:
        for name, path in paths.items():
            setattr(self, name, path)
        self._secret = secret
        self._home = Path()
        self._swept = 0.0
        self.store = DatabaseSessions()
        self.sessions = SessionManager(lambda: self.signer, self.store, sessions)
        self.csrf = CsrfProtection(trusted_origins=trusted_origins)
        self.authenticator = Authenticator()
        if app is not None:
            app.attach(self)

    def setup(self, app: Any) -> None:
        """Add the pages, the sessions and the checks to an application."""
        self._home = home_of(app) or Path.cwd()
        app.add_startup(lambda: refuse_unguarded(_handlers_of(app)))
        AccountPages(self).add_to(app)
        add_sessions(app, self.sessions, self.csrf, self._refuse_forgery)
        app.add_exception_handler(LoginRequired, self._ask_to_log_in)
        app.add_exception_handler(PermissionDenied, self._refuse)
        app.add_exception_handler(CsrfFailed, self._refuse)

    @cached_property
    def signer(self) -> Signer:
        """Signs with the application's secrets."""
        secrets = find_secrets(self._secret, directory=self._home)
        return Signer(secrets, purpose="auth")

    @property
    def links(self) -> LoginLinks:
        """Makes and reads one-time login links."""
        return LoginLinks(self.signer)

    def one_time_login_url(self, user: User, *, base_url: str = "", next: str = "/") -> str:
        """Return a link that logs a user in once, within ten minutes.

        `base_url` is scheme and host, "http://127.0.0.1:8000"; without it the link is a path.
        """
        return f"{base_url.rstrip('/')}{self.link_path}/{self.links.make(user, next=next)}"

    async def authenticate(
        self, email: str, password: str, call: Call | None = None
    ) -> User | None:
        """Return whose email and password these are, None if nobody's.

        Raises:
            TooManyAttempts: this client has to wait.
        """
        call = call or require_call("authenticate")
        group = client_group(call.client[0]) if call.client else ""
        return await self.authenticator.check(
            email, password, client=group, is_proxy_known=call.app.trusted_proxies is not None
        )

    async def log_in(self, user: User, call: Call | None = None) -> None:
        """Make the current session that of a user, under a new token."""
        call = call or require_call("log_in")
        await note_login(user)
        session_of(call).log_in(user)
        call.add_extra("user", user)
        await self._sweep()

    def log_out(self, call: Call | None = None) -> None:
        """End the current session."""
        session_of(call or require_call("log_out")).log_out()

    async def _sweep(self) -> None:
        now = time.time()
        if now - self._swept < SWEEP_EVERY:
            return
        self._swept = now
        options = self.sessions.options
        await self.store.remove_older(
            seen_before=int(now) - options.idle, created_before=int(now) - options.absolute
        )

    # --- refusals

    async def _ask_to_log_in(self, request: Request, exc: LoginRequired) -> Response:
        call = require_call("The login page")
        if not wants_page(call):
            return _as_json(exc)
        login = root_path(call) + self.login_path
        return redirect(login_address(login, page_to_return_to(call)))

    async def _refuse(self, request: Request, exc: ClientError) -> Response:
        return self._refusal(require_call("The page of a refusal"), exc)

    def _refuse_forgery(self, call: Call, exc: CsrfFailed) -> Reply:
        return reply_from_response(self._refusal(call, exc))

    def _refusal(self, call: Call, exc: ClientError) -> Response:
        if not wants_page(call):
            return _as_json(exc)
        if isinstance(exc, CsrfFailed):
            return message_page(
                call,
                exc.status_code,
                "This form could not be sent",
                "It was open for too long, was sent from another page, or your browser keeps no "
                "cookies. Nothing was changed. Go back, load the page again and send it once more.",
                reason=exc.message,
                back=page_to_return_to(call),
                back_label="Load the page again",
            )
        return message_page(
            call,
            exc.status_code,
            "You may not do this",
            exc.message,
            back=root_path(call) + self.logout_path,
            back_label="Use another account",
        )


def _handlers_of(app: Any) -> Iterator[Callable[..., Any]]:
    for route in app.routes:
        handler = getattr(route, "handler", None)
        if inspect.isfunction(handler):
            yield handler


def auth_of(app: Any) -> Auth:
    """Return the accounts of an application; attached now if it has none yet."""
    found: Auth | None = app.extension(Auth)
    return found if found is not None else app.attach(Auth())


def session_of(call: Call) -> Session:
    """Return the session of a call."""
    session: Session = (call.extras or {})["session"]
    return session


def _as_json(exc: ClientError) -> JSONResponse:
    return JSONResponse({"detail": exc.detail}, exc.status_code, headers=dict(exc.headers or {}))
