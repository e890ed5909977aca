"""What middleware answer in place of a handler: those that have `__responses__`."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any


def responses_around(middleware: Iterable[Any]) -> dict[int, str]:
    """Return status and description of what middleware may answer."""
    found: dict[int, str] = {}
    for each in middleware:
        kind: Any = getattr(each, "cls", None)
        if kind is None and hasattr(each, "__responses__"):
            found |= each.__responses__("wrap")
        elif isinstance(inspect.getattr_static(kind, "__responses__", None), staticmethod):
            # Of a route: described only, and made with the application.
            found |= kind.__responses__("wrap")
    return found
