"""Refuse requests that another site makes in a visitor's name.

Two checks, both for unsafe methods that carry a session; of a request without one only the first,
and only of what a form can send. First what the browser says of itself:
`Sec-Fetch-Site` (W3C Fetch Metadata) or, from older browsers, `Origin`. Then the token, in the
field `csrf_token` or the header `X-CSRF-Token`: forms always need it; a script that sends JSON
needs it only where the browser said nothing, because a page of another site cannot send JSON
without asking first (CORS). The token is masked anew for every page, so that compression does
not leak it (BREACH).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TypeAlias
from urllib.parse import unquote

from triode.errors import ClientError, ConfigError
from triode.http import Call, Reply
from triode.middleware.cookies import came_over_tls
from triode.middleware.sessions import Run, Session

FIELD = "csrf_token"
HEADER = b"x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "")

Refuse: TypeAlias = "Callable[[Call, CsrfFailed], Reply]"

_SIZE = 32
# SECURITY: the body may be anything, and is read in the event loop. Every repetition is bounded or
# possessive, so that the time grows with its length and no faster.
_FORM_FIELD = re.compile(rb"(?:^|&)" + FIELD.encode() + rb"=([A-Za-z0-9_=%-]{1,300})(?:&|$)")
_MULTIPART_FIELD = re.compile(
    rb'content-disposition:[ \t]{0,8}form-data;[ \t]{0,8}name="'
    + FIELD.encode()
    + rb'"[ \t]{0,8}\r\n'
    rb"(?:[^\r\n]{1,200}+\r\n){0,8}+\r\n([A-Za-z0-9_=-]{1,200})\r\n",
    re.IGNORECASE,
)


class CsrfFailed(ClientError):
    """A request that may come from another site."""

    default_code = "csrf-failed"
    status_code = 403


def make_token(session: Session) -> str:
    """Return a token for one page, bound to the session."""
    mask = secrets.token_bytes(_SIZE)
    return base64.urlsafe_b64encode(mask + _xor(mask, session.binding_secret)).decode().rstrip("=")


def is_token_of(session: Session, token: str) -> bool:
    """Return whether a token was made for this session."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return False
    if len(raw) != 2 * _SIZE:
        return False
    return hmac.compare_digest(_xor(raw[:_SIZE], raw[_SIZE:]), session.binding_secret)


class CsrfProtection:
    """The check itself. `trusted_origins` are sites whose pages may send requests here."""

    def __init__(self, *, trusted_origins: Iterable[str] = ()) -> None:
        self.trusted_origins = frozenset(_origin(origin) for origin in trusted_origins)

    def check_new(self, call: Call) -> None:
        """Let a request without a session pass, or refuse a form that another site sends.

        It has nobody's authority yet and might get one: by a log-in, by a sign-up. What a page
        cannot send without asking first is left to CORS.

        Raises:
            CsrfFailed: the browser says that another site made it.
        """
        if call.method == "POST" and _media_type(call) in FORM_TYPES:
            self.came_from_us(call)

    async def check(self, call: Call, session: Session) -> None:
        """Let a request pass, or refuse it.

        Raises:
            CsrfFailed: another site may have made the request.
        """
        is_same_origin = self.came_from_us(call)
        if is_same_origin and _media_type(call) not in FORM_TYPES:
            return
        token = await sent_token(call)
        if token is None:
            raise CsrfFailed(
                f"The request carries no CSRF token. Send it as the form field {FIELD!r} "
                "or the header 'X-CSRF-Token'."
            )
        if not is_token_of(session, token):
            raise CsrfFailed("The CSRF token belongs to another session. Load the page again.")

    def came_from_us(self, call: Call) -> bool:
        """Return whether the browser vouches that our own page made the request.

        False means that it said nothing.

        Raises:
            CsrfFailed: the browser says that another site made it.
        """
        origin = call.header(b"origin")
        if origin is not None and origin.lower() in self.trusted_origins:
            return True
        site = call.header(b"sec-fetch-site")
        if site is not None:
            # "none" is a person's own doing: the address bar, a bookmark.
            if site in ("same-origin", "none"):
                return True
            raise CsrfFailed(f"The request comes from another site (Sec-Fetch-Site: {site}).")
        if origin is None:
            return False
        scheme = "https" if came_over_tls(call) else "http"
        if origin.lower() == f"{scheme}://{(call.header(b'host') or '').lower()}":
            return True
        raise CsrfFailed(
            f"The request comes from {origin!r}, which is not this site. "
            "If it is yours, name it in Auth(trusted_origins=[…])."
        )


class CsrfMiddleware:
    """Checks every unsafe request, most of all those with a session; stands inside the sessions.

    `refuse` makes the reply to a request that fails.
    """

    may_step = True

    def __init__(self, protection: CsrfProtection, refuse: Refuse) -> None:
        self.protection = protection
        self.refuse = refuse

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another, behind the check."""

        async def checked(call: Call, session: Session) -> Reply:
            try:
                await self.protection.check(call, session)
            except CsrfFailed as exc:
                return self.refuse(call, exc)
            outcome = run(call)
            return outcome if isinstance(outcome, Reply) else await outcome

        def guarded(call: Call) -> Reply | Awaitable[Reply]:
            extras = call.extras or {}
            session: Session = extras["session"]
            call.add_extra("csrf_token", partial(make_token, session))
            if call.method in SAFE_METHODS:
                return run(call)
            if not session.is_new:
                return checked(call, session)
            try:
                self.protection.check_new(call)
            except CsrfFailed as exc:
                return self.refuse(call, exc)
            return run(call)

        return guarded


async def sent_token(call: Call) -> str | None:
    """Return the token of a request: from the header, or from the form's field."""
    header = call.header(HEADER)
    if header is not None:
        return header
    media = _media_type(call)
    if media == "application/x-www-form-urlencoded":
        found = _FORM_FIELD.search(await call.read())
        return unquote(found[1].decode()) if found else None
    if media == "multipart/form-data":
        found = _MULTIPART_FIELD.search(await call.read())
        return found[1].decode() if found else None
    return None


def _media_type(call: Call) -> str:
    return (call.header(b"content-type") or "").partition(";")[0].strip().lower()


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://[^/\s*]+", value):
        raise ConfigError(
            f"The trusted origin {value!r} is none. Write scheme and host, as in "
            '"https://app.example.org".',
            code="trusted-origin",
        )
    return value.lower()


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
