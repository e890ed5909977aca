"""One request as an endpoint sees it, and the answer as the server sees it.

The lane and the ASGI entry both make a `Call` and both send a `Reply`; an endpoint never knows
which of them it serves. Both are plain slotted objects because one of each is made per request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from starlette.background import BackgroundTask
    from starlette.requests import Request

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
RawHeaders: TypeAlias = list[tuple[bytes, bytes]]


class Call:
    """A request on its way to an endpoint. (Skeleton: the real one follows.)"""
