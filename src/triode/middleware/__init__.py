"""Middleware: anything with `wrap(endpoint) -> endpoint`, composed when the application starts.

What is composed so keeps the lane. A foreign ASGI middleware works too, and moves its
application to the ASGI way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from triode.later import handing_on

if TYPE_CHECKING:
    from starlette.middleware import Middleware

    from triode.middleware.composition import OwnMiddleware
    from triode.middleware.errors import ErrorBoundary, ExceptionHandler
    from triode.middleware.functions import FunctionMiddleware
    from triode.middleware.msgpack import MessagePack
    from triode.middleware.protocol import EndpointMiddleware
else:
    __getattr__ = handing_on(
        globals(),
        {
            "starlette.middleware": "Middleware",
            "triode.middleware.composition": "OwnMiddleware",
            "triode.middleware.errors": "ErrorBoundary ExceptionHandler",
            "triode.middleware.functions": "FunctionMiddleware",
            "triode.middleware.msgpack": "MessagePack",
            "triode.middleware.protocol": "EndpointMiddleware",
        },
    )

__all__ = [
    "EndpointMiddleware",
    "ErrorBoundary",
    "ExceptionHandler",
    "FunctionMiddleware",
    "MessagePack",
    "Middleware",
    "OwnMiddleware",
]
