"""The fast way from text to a value, for the texts that are plainly right.

A shortcut raises `Refused` (or msgspec's error) for everything else; `Schema.validate` then
decides. So it may accept less than `validate`, never more, and never another value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import msgspec

from triode.schema.constraints import has_bounds, has_limits, has_size
from triode.schema.node import Refused, Schema

Shortcut: TypeAlias = Callable[[Any], Any]

# Kinds whose strict reading by msgspec starts from text anyway.
_FROM_TEXT: Final = frozenset({"datetime", "date", "time", "timedelta", "uuid"})
_MAX_DIGITS: Final = 18
_BOOLS: Final = {"true": True, "false": False, "1": True, "0": False}


def text_shortcut(node: Schema) -> Shortcut | None:
    """Return the shortcut of a node, None if it has none."""
    if node.kind in _FROM_TEXT and node.finish is None:
        return _strict(node.codec)
    make = _MAKERS.get(node.kind)
    return make(node) if make is not None else None


def _strict(codec: Any) -> Shortcut:
    convert = msgspec.convert

    def read(value: Any) -> Any:
        if type(value) is str:
            return convert(value, codec)
        raise Refused

    return read


def _int(node: Schema) -> Shortcut | None:
    codec = node.codec
    is_limited = has_bounds(node.info)
    if codec is None:
        return None
    convert = msgspec.convert

    def read(value: Any) -> Any:
        # Only ASCII digits: `int` knows those of every script, pydantic does not.
        if type(value) is str and len(value) <= _MAX_DIGITS and value.isdigit() and value.isascii():
            return convert(int(value), codec) if is_limited else int(value)
        raise Refused

    return read


def _bool(node: Schema) -> Shortcut:
    def read(value: Any) -> Any:
        try:
            return _BOOLS[value]
        except (KeyError, TypeError):
            raise Refused from None

    return read


def _string(node: Schema) -> Shortcut | None:
    codec = node.codec
    is_limited = has_limits(node.info)
    convert = msgspec.convert

    def read(value: Any) -> Any:
        # A text with other characters may hold a lone surrogate.
        if type(value) is str and value.isascii():
            return convert(value, codec) if is_limited else value
        raise Refused

    return read


def _list(node: Any) -> Shortcut | None:
    item = text_shortcut(node.item)
    if item is None or has_size(node.info):
        return None

    def read(value: Any) -> Any:
        if type(value) is list:
            return [item(each) for each in value]
        raise Refused

    return read


def _nullable(node: Any) -> Shortcut | None:
    return text_shortcut(node.inner)


_MAKERS: Final[dict[str, Callable[[Any], Shortcut | None]]] = {
    "int": _int,
    "bool": _bool,
    "str": _string,
    "list": _list,
    "nullable": _nullable,
}
