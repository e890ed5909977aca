"""Parameters that are given as they are: the request, the response, background tasks, …

Matching is by class, without importing Starlette's heavier modules before a handler has.
"""

from __future__ import annotations

import inspect
import logging
from typing import Any

from starlette.background import BackgroundTasks as StarletteBackgroundTasks
from starlette.responses import Response

from triode.http import Call

logger = logging.getLogger("triode")

SPECIAL_BY_NAME = {
    ("starlette.requests", "Request"): "request",
    ("starlette.requests", "HTTPConnection"): "connection",
    ("starlette.websockets", "WebSocket"): "websocket",
}


class BackgroundTasks(StarletteBackgroundTasks):
    """Work to be done after the response is sent, one task after the other.

    A task that fails keeps none of the others from running. Its error is logged with its
    traceback: the first one by the server, which gets it at the end, those after it here.
    """

    async def __call__(self) -> None:
        """Run every task.

        Raises:
            Exception: the first error, after the last task.
        """
        first: Exception | None = None
        for task in self.tasks:
            try:
                await task()
            except Exception as exc:
                if first is not None:
                    name = getattr(task.func, "__qualname__", repr(task.func))
                    logger.exception("Exception in the background task %s", name)
                first = first or exc
        if first is not None:
            raise first


class SecurityScopes:
    """The scopes that the dependencies above a dependency ask for together."""

    def __init__(self, scopes: list[str] | None = None) -> None:
        self.scopes = scopes or []
        self.scope_str = " ".join(self.scopes)


def special_of(annotation: Any) -> str | None:
    """Return which special a type asks for, None for an ordinary value."""
    if not inspect.isclass(annotation):
        return None
    if issubclass(annotation, Call):
        return "call"
    if issubclass(annotation, SecurityScopes):
        return "scopes"
    if issubclass(annotation, StarletteBackgroundTasks):
        return "background"
    if issubclass(annotation, Response):
        return "response"
    for base in annotation.__mro__:
        special = SPECIAL_BY_NAME.get((base.__module__, base.__name__))
        if special is not None:
            return special
    return None
