"""What middleware answer in place of a handler: those that have `__responses__`."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any


def responses_around(middleware: Iterable[Any]) -> dict[int, str]:
    """Return status and description of what middleware may answer."""
    found: dict[int, str] = {}
    for each in middleware:
        # Of a route it may be a description: what is made of it is made with the application.
        kind: Any = getattr(each, "cls", each)
        is_made = kind is each
        static = inspect.getattr_static(kind, "__responses__", None)
        if isinstance(static, staticmethod) or (is_made and hasattr(each, "__responses__")):
            found |= kind.__responses__("wrap")
    return found
