"""Refuse requests for hosts that an application does not have.

A client chooses the Host header, and links are made of it: in mails for a forgotten password, for
instance, or in a page that a cache keeps.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence
from typing import Any
from urllib.parse import quote

from triode.errors import ConfigError
from triode.http import ASGIApp, Call, HTTPException, Reply
from triode.http.call import Via
from triode.http.headers import remembered
from triode.middleware.composition import OwnMiddleware
from triode.middleware.protocol import Run, SocketRun

TEXT = b"text/plain; charset=utf-8"
REFUSAL = "Invalid host header"
HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?")
SAFE_IN_PATH = "/:@!$&'()*+,;=~"


class TrustedHostMiddleware(OwnMiddleware):
    """Starlette's `TrustedHostMiddleware`: `allowed_hosts` may begin with "*.", ports do not count.

    With `www_redirect`, "example.org" is sent to "www.example.org" where only that is allowed.
    """

    may_raise = False
    may_step = True
    is_setting = True

    def __init__(
        self,
        app: ASGIApp | None = None,
        allowed_hosts: Sequence[str] | None = None,
        www_redirect: bool = True,
    ) -> None:
        super().__init__(app)
        patterns = [_checked(pattern) for pattern in _as_list(allowed_hosts)]
        self._takes_all = "*" in patterns
        self._hosts = frozenset(patterns)
        self._endings = tuple(pattern[1:] for pattern in patterns if pattern.startswith("*."))
        self._www_redirect = www_redirect
        # PERF: the hosts asked for last, as they were sent; a look-up costs 0.1 us.
        self._is_allowed = remembered(self._is_allowed_now)

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another."""
        if self._takes_all:
            return run
        is_allowed = self._is_allowed

        def checked(call: Call) -> Reply | Awaitable[Reply]:
            if is_allowed(call.head.values.get(b"host", b"")):
                return run(call)
            return self._refuse(call)

        return checked

    def wrap_socket(self, run: SocketRun) -> SocketRun:
        """Return the endpoint of a connection around another."""
        if self._takes_all:
            return run

        async def checked(call: Call) -> Any:
            if not self._is_allowed(call.head.values.get(b"host", b"")):
                raise HTTPException(400, REFUSAL)
            return await run(call)

        return checked

    def _is_allowed_now(self, sent: bytes) -> bool:
        host = _name_in(sent)
        return host is not None and (host in self._hosts or host.endswith(self._endings))

    def _refuse(self, call: Call) -> Reply:
        sent = call.head.values.get(b"host", b"")
        host = _name_in(sent)
        if host is None or not self._www_redirect or f"www.{host}" not in self._hosts:
            return Reply(REFUSAL.encode(), 400, TEXT)
        return redirect(f"{call.scheme}://www.{sent.decode('latin-1')}", call)


def redirect(site: str, call: Call) -> Reply:
    """Return a redirect to the same path and query on another site."""
    via = call.via or Via()
    root = via.root_path if via.root_path is not None else call.scope().get("root_path", "")
    path = call.sent_path.decode("ascii") or quote(call.path, safe=SAFE_IN_PATH)
    address = f"{site}{quote(root, safe=SAFE_IN_PATH)}{path}"
    if call.query:
        address += f"?{call.query}"
    location = quote(address, safe=SAFE_IN_PATH + "%?#[]").encode("ascii")
    return Reply(b"", 307, None, [(b"location", location)])


def _name_in(sent: bytes) -> str | None:
    """Return the host of a Host header without its port, in lower case."""
    match = HOST.fullmatch(sent.decode("latin-1"))
    return match[1].lower() if match else None


def _as_list(hosts: Sequence[str] | None) -> Sequence[str]:
    if isinstance(hosts, str):
        raise ConfigError(
            f"TrustedHostMiddleware: allowed_hosts={hosts!r} is one text, whose letters would be "
            f"the hosts. Write a list: [{hosts!r}].",
            code="trusted-host",
        )
    return ("*",) if hosts is None else hosts


def _checked(pattern: str) -> str:
    name = pattern.removeprefix("*.")
    if pattern != "*" and (HOST.fullmatch(name) is None or _has_port(name)):
        raise ConfigError(
            f"TrustedHostMiddleware: {pattern!r} is no host. Write a name without scheme, port or "
            'path: "example.org", "*.example.org", or "*" for every host.',
            code="trusted-host",
        )
    return pattern.lower()


def _has_port(name: str) -> bool:
    return ":" in name.rpartition("]")[2]
