"""Send whoever comes over plain HTTP to HTTPS."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from triode.http import Call, HTTPException, Reply
from triode.middleware.composition import OwnMiddleware
from triode.middleware.protocol import Run, SocketRun
from triode.middleware.trustedhost import HOST, REFUSAL, TEXT, redirect


class HTTPSRedirectMiddleware(OwnMiddleware):
    """Starlette's `HTTPSRedirectMiddleware`: 307 to the same address over HTTPS.

    Behind a proxy that ends TLS the application needs `trusted_proxies`; without it every request
    looks like plain HTTP and is redirected for ever. A plain WebSocket connection is refused.
    """

    may_raise = False
    may_step = True

    def wrap(self, run: Run) -> Run:
        """Return an endpoint around another."""

        def secured(call: Call) -> Reply | Awaitable[Reply]:
            if call.scheme == "https":
                return run(call)
            match = HOST.fullmatch(call.header(b"host") or "")
            if match is None:
                return Reply(REFUSAL.encode(), 400, TEXT)
            is_usual = match[0].endswith((":80", ":443"))
            return redirect(f"https://{match[1] if is_usual else match[0]}", call)

        return secured

    def wrap_socket(self, run: SocketRun) -> SocketRun:
        """Return the endpoint of a connection around another."""

        async def secured(call: Call) -> Any:
            if call.scheme != "wss":
                raise HTTPException(403, "Connect over TLS: use wss:// instead of ws://.")
            return await run(call)

        return secured
