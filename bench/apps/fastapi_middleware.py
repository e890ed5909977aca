"""The middleware of the row `stack` around FastAPI: Starlette's own where it has one.

What Starlette does not bring (security headers, identifiers, a rate limit, a timeout) is written
here as plain ASGI middleware, the leanest way there is; the packages and `BaseHTTPMiddleware` that
most programs use cost more. Proxy headers are read by uvicorn.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware

SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-site"),
    (
        b"content-security-policy",
        b"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        b"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
]


class Headers:
    """Adds headers to each response."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def headers_for(self, scope: Any) -> list[tuple[bytes, bytes]]:
        return SECURITY

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        added = self.headers_for(scope)

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"].extend(added)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class RequestIds(Headers):
    """Gives each request an identifier."""

    def headers_for(self, scope: Any) -> list[tuple[bytes, bytes]]:
        sent = dict(scope["headers"]).get(b"x-request-id")
        found = sent or uuid.uuid4().hex.encode()
        scope["request_id"] = found.decode()
        return [(b"x-request-id", found)]


class RateLimit(Headers):
    """Counts the requests of each client within the current minute."""

    def __init__(self, app: Any, limit: int) -> None:
        super().__init__(app)
        self.limit = limit
        self.counts: dict[tuple[str, int], int] = {}

    def headers_for(self, scope: Any) -> list[tuple[bytes, bytes]]:
        now = time.time()
        key = (scope["client"][0], int(now) // 60)
        count = self.counts[key] = self.counts.get(key, 0) + 1
        left = str(max(0, self.limit - count)).encode()
        return [
            (b"ratelimit-policy", b'"minute";q=%d;w=60' % self.limit),
            (b"ratelimit", b'"minute";r=%b;t=%d' % (left, 60 - int(now) % 60)),
        ]


class Timeout:
    """Ends a request that takes too long."""

    def __init__(self, app: Any, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with asyncio.timeout(self.seconds):
            await self.app(scope, receive, send)


def add_to(app: FastAPI) -> None:
    app.add_middleware(GZipMiddleware)
    app.add_middleware(Timeout, seconds=30)
    app.add_middleware(RateLimit, limit=100_000_000)
    app.add_middleware(RequestIds)
    app.add_middleware(Headers)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1"])
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example"])
