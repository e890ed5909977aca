"""Starlette's `Request`, loaded when the first handler asks for one.

An application whose handlers take only typed parameters never pays for it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request


@cache
def request_class() -> type[Request]:
    """Return Starlette's request class."""
    from starlette.requests import Request

    return Request
