"""The middleware of the row `stack`: Starlette's own where it has one, a function where not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import uuid4

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware

Next = Callable[[Request], Awaitable[Response]]


def add_to(app: FastAPI) -> None:
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.middleware("http")(add_headers)
    app.middleware("http")(add_request_id)
    app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"])
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1"])


async def add_headers(request: Request, call_next: Next) -> Response:
    response = await call_next(request)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers["Content-Security-Policy"] = "default-src 'self'"
    return response


async def add_request_id(request: Request, call_next: Next) -> Response:
    response = await call_next(request)
    response.headers["X-Request-ID"] = request.headers.get("X-Request-ID") or uuid4().hex
    return response
