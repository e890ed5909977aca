"""Parameters that are given as they are: the request, the response, background tasks, …

A class of Starlette's is known by its name and its module's, so that none is loaded before the
program itself has.
"""

from __future__ import annotations

import inspect
from typing import Any

from triode.http import Call

SPECIAL_BY_NAME = {
    ("starlette.requests", "Request"): "request",
    ("starlette.requests", "HTTPConnection"): "connection",
    ("starlette.websockets", "WebSocket"): "websocket",
    ("starlette.background", "BackgroundTasks"): "background",
    ("starlette.responses", "Response"): "response",
}


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
    for base in annotation.__mro__:
        special = SPECIAL_BY_NAME.get((base.__module__, base.__name__))
        if special is not None:
            return special
    return None
