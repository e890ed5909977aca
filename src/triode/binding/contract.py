"""What a declared response says, read without loading any class of responses."""

from __future__ import annotations

import inspect
from typing import Any, get_origin

from triode.binding.specials import special_of
from triode.schema import MISSING, Schema, describe


def has_body(status: int) -> bool:
    """Whether a response of this status may have a body (RFC 9110, 6.4.1)."""
    return status >= 200 and status not in (204, 205, 304)


def response_schema(annotation: Any) -> Schema | None:
    """Return the contract that a return annotation makes, None if it makes none."""
    if annotation is MISSING or annotation is None or is_response(annotation):
        return None
    return describe(annotation)


def is_response(annotation: Any) -> bool:
    """Whether an annotation is a response class, or a union with one in it."""
    if inspect.isclass(annotation):
        return special_of(annotation) == "response"
    members = getattr(annotation, "__args__", ())
    is_union = get_origin(annotation) is not None and hasattr(annotation, "__or__")
    return is_union and any(special_of(member) == "response" for member in members)
