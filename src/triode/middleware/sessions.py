"""Sessions: what a visitor's browser and the server remember of each other.

A visitor without an account has a signed cookie that holds the data itself; no database is
needed. A login moves the data into a store (`triode.auth` has one), and the cookie then holds a
random token of 256 bits, of which the store knows only the SHA-256. The token changes at every
login and at every change of privilege.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Protocol, TypeAlias

import msgspec
from starlette.responses import Response

from triode.errors import TriodeError
from triode.http import Call, Reply
from triode.http.call import RawHeaders
from triode.middleware.cookies import (
    LARGEST_COOKIE,
    CookieOptions,
    cookie_header,
    read_cookie,
    send_along,
    send_when_started,
)
from triode.middleware.protocol import trait
from triode.signing import BadToken, Signer

Run: TypeAlias = Callable[[Call], "Reply | Awaitable[Reply]"]
Clock: TypeAlias = Callable[[], float]

DAY = 24 * 3600


@dataclass(slots=True)
class SessionRecord:
    """A session as a store keeps it; times are Unix seconds, `key` is the token's SHA-256."""

    key: str
    user: Any
    data: dict[str, Any]
    created: int
    seen: int


class SessionStore(Protocol):
    """Where the sessions of people who are logged in are kept."""

    async def find(self, key: str) -> SessionRecord | None:
        """Return a session and its user, None if there is none or the user is not active."""
        ...

    async def add(self, record: SessionRecord) -> None:
        """Keep a new session."""
        ...

    async def change(self, key: str, data: dict[str, Any], seen: int) -> None:
        """Change a session that is there; one that was removed meanwhile stays removed."""
        ...

    async def remove(self, key: str) -> None:
        """Forget a session."""
        ...


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How long sessions last, in seconds, and how their cookie is kept.

    `idle` is the longest pause between two requests, `absolute` the age at which a login ends
    however busy it is.
    """

    idle: int = 14 * DAY
    absolute: int = 90 * DAY
    cookie: CookieOptions = field(default_factory=CookieOptions)


class Session(MutableMapping[str, Any]):
    """What is remembered of one visitor; `request.session`.

    Values are what JSON can hold. `user` is who is logged in, None for a visitor.
    """

    # PERF: one is made for every request; what most of them never set stays on the class.
    user: Any = None
    token: str | None = None
    record: SessionRecord | None = None
    is_used = False
    is_rotated = False
    _before = b"{}"

    def __init__(self, data: dict[str, Any] | None = None, *, token: str | None = None) -> None:
        self._data: dict[str, Any] = {}
        if data:
            self._data = data
            self._before = _encode(data)
        if token is not None:
            self.token = token

    def __getitem__(self, key: str) -> Any:
        self.is_used = True
        return self._data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.is_used = True
        self._data[key] = value

    def __delitem__(self, key: str) -> None:
        self.is_used = True
        del self._data[key]

    def __iter__(self) -> Iterator[str]:
        self.is_used = True
        return iter(self._data)

    def __len__(self) -> int:
        self.is_used = True
        return len(self._data)

    def __repr__(self) -> str:
        # SECURITY: sessions end up in logs and debug pages; what they hold does not.
        return f"<Session of {self.user!r}>" if self.user is not None else "<Session>"

    @property
    def data(self) -> dict[str, Any]:
        """The values themselves."""
        return self._data

    @property
    def is_new(self) -> bool:
        """Whether the request brought no session along, so that it has nobody's authority."""
        return self.record is None and self._before == b"{}"

    @property
    def is_changed(self) -> bool:
        """Whether the values differ from those that were loaded, at any depth."""
        return self.is_rotated or (self.is_used and _encode(self._data) != self._before)

    @property
    def binding_secret(self) -> bytes:
        """A secret that only this session knows, to bind tokens to it."""
        if self.token is not None:
            return hashlib.sha256(b"csrf." + self.token.encode()).digest()
        if "_secret" not in self:
            self["_secret"] = secrets.token_urlsafe(32)
        return hashlib.sha256(str(self["_secret"]).encode()).digest()

    def log_in(self, user: Any) -> None:
        """Make this the session of `user`, under a new token; what the visitor had is kept.

        SECURITY: a token that somebody planted before the login is worth nothing after it.
        """
        self.is_used = True
        self._data.pop("_secret", None)
        self.user = user
        self.token = secrets.token_urlsafe(32)
        self.is_rotated = True

    def log_out(self) -> None:
        """Forget who was logged in and everything that was remembered."""
        self.is_used = True
        self._data.clear()
        self.user = None
        self.token = None
        self.is_rotated = True

    def rotate(self) -> None:
        """Take a new token, as after a change of password or privilege."""
        if self.user is not None:
            self.log_in(self.user)


class SessionManager:
    """Opens the session of each request and keeps what has changed in it.

    `make_signer` is called when the first cookie is read or written, so that a secret file is
    not made by merely importing an application.
    """

    def __init__(
        self,
        make_signer: Callable[[], Signer],
        store: SessionStore | None = None,
        options: SessionOptions | None = None,
        *,
        clock: Clock = time.time,
    ) -> None:
        self._make_signer = make_signer
        self.store = store
        self.options = options or SessionOptions()
        self._clock = clock

    @cached_property
    def signer(self) -> Signer:
        """Signs the cookies of visitors."""
        return self._make_signer().for_purpose("session")

    async def open(self, call: Call) -> Session:
        """Return the session of a request; a new one where the cookie is absent or not ours."""
        if speaks_for_itself(call):
            return Session()
        value = read_cookie(call, self.options.cookie)
        if value is None:
            return Session()
        if "." in value:
            return self._open_signed(value)
        return await self._open_stored(value)

    def _open_signed(self, value: str) -> Session:
        try:
            data = self.signer.read(value, max_age=self.options.idle)
        except BadToken:
            return Session()
        return Session(data) if isinstance(data, dict) else Session()

    async def _open_stored(self, token: str) -> Session:
        if self.store is None or not token.isascii():
            return Session()
        record = await self.store.find(key_of(token))
        if record is None:
            return Session()
        now = int(self._clock())
        if now - record.seen > self.options.idle or now - record.created > self.options.absolute:
            await self.store.remove(record.key)
            return Session()
        session = Session(record.data, token=token)
        session.record = record
        session.user = record.user
        return session

    async def close(self, call: Call, session: Session) -> RawHeaders:
        """Keep what has changed, and return the headers that tell the browser."""
        headers: RawHeaders = []
        if session.is_used or session.record is not None:
            headers.append((b"vary", b"Cookie"))
        if session.user is None:
            cookie = await self._close_visitor(session)
        else:
            cookie = await self._close_stored(session)
        if cookie is not None:
            max_age = self.options.absolute if cookie else None
            text = cookie_header(call, self.options.cookie, cookie, max_age=max_age)
            headers += [(b"set-cookie", text), (b"cache-control", b"no-store")]
        return headers

    async def _close_visitor(self, session: Session) -> str | None:
        if session.record is not None and self.store is not None:
            await self.store.remove(session.record.key)
        if not session.is_changed:
            return None
        value = self.signer.sign(session.data) if session.data else ""
        if len(value) > LARGEST_COOKIE - 200:
            raise TriodeError(
                f"The session of a visitor without login takes {len(value)} bytes, and a cookie "
                f"holds {LARGEST_COOKIE}. Keep less in request.session, or keep it in a model.",
                code="session-too-large",
            )
        return value

    async def _close_stored(self, session: Session) -> str | None:
        if self.store is None or session.token is None:
            raise TriodeError(
                "Logging in needs a store for sessions. Use Auth(app), which brings one.",
                code="session-store",
            )
        now = int(self._clock())
        record = session.record
        if session.is_rotated or record is None:
            key = key_of(session.token)
            await self.store.add(SessionRecord(key, session.user, session.data, now, now))
            if record is not None:
                await self.store.remove(record.key)
            return session.token
        if session.is_changed or now - record.seen > self.options.idle // 100:
            await self.store.change(record.key, session.data, now)
        return None


class SessionMiddleware:
    """Gives every call a session: `call.extras["session"]`, `request.session`."""

    def __init__(self, sessions: SessionManager) -> None:
        self.sessions = sessions
        # A store that says so asks for no task before it waits, as statements do not.
        self.may_step = sessions.store is None or trait(sessions.store, "may_step")

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another, with a session."""
        sessions = self.sessions

        async def open_first(call: Call) -> Reply:
            session = await sessions.open(call)
            outcome = start(call, session)
            return await finish(call, session, outcome)

        async def finish(call: Call, session: Session, outcome: Reply | Awaitable[Reply]) -> Reply:
            reply = outcome if isinstance(outcome, Reply) else await outcome
            if reply.stream is None or isinstance(reply.stream, Response):
                send_along(reply, await sessions.close(call, session))
            else:
                # What is mounted runs after this; its session is kept when its answer begins.
                reply.stream = send_when_started(
                    reply.stream, partial(sessions.close, call, session)
                )
            return reply

        def start(call: Call, session: Session) -> Reply | Awaitable[Reply]:
            call.add_extra("session", session)
            call.add_extra("user", session.user)
            return run(call)

        def with_session(call: Call) -> Reply | Awaitable[Reply]:
            if b"cookie" in call.head.values:
                return open_first(call)
            session = Session()
            outcome = start(call, session)
            # PERF: who has no cookie and is given none does not cost a coroutine.
            if isinstance(outcome, Reply) and not (session.is_used or outcome.stream):
                return outcome
            return finish(call, session, outcome)

        return with_session


def key_of(token: str) -> str:
    """Return what the database stores of a token: useless to whoever reads the database."""
    return hashlib.sha256(token.encode()).hexdigest()


def speaks_for_itself(call: Call) -> bool:
    """Return whether a request carries credentials that no browser adds on its own.

    Such a request is not answered in the name of a cookie, and needs no CSRF check.
    """
    authorization = call.header(b"authorization")
    if authorization is None:
        return False
    scheme = authorization.partition(" ")[0].lower()
    return scheme not in ("basic", "digest", "negotiate", "ntlm")


def _encode(data: dict[str, Any]) -> bytes:
    return msgspec.json.encode(data)
