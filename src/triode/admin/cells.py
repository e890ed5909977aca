"""Values as a list shows them: one formatter for one kind of value, chosen when the admin starts.

A formatter takes a value that is not None and returns escaped HTML. PERF: a page of 100 rows
calls one a thousand times, so each is a plain function and nothing is decided per cell.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import re
import types
import typing
import uuid
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import msgspec
from markupsafe import escape

Formatter: TypeAlias = Callable[[Any], str]

NOTHING = '<span class="nothing">&ndash;</span>'
LONGEST = 120
_is_unsafe = re.compile("[&<>\"']").search
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def show_text(value: Any) -> str:
    """Return text, cut where it is long."""
    text = value if type(value) is str else str(value)
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    # PERF: most texts need no escaping, and to see that is four times faster than to do it.
    return str(escape(text)) if _is_unsafe(text) else text


def show_bool(value: Any) -> str:
    """Return yes or no, in words and in shape."""
    return '<span class="yes">Yes</span>' if value else '<span class="no">No</span>'


def show_number(value: Any) -> str:
    """Return a number in plain digits: it may be a year or a code, so no thousands separators."""
    return str(value)


def show_date(value: Any) -> str:
    """Return a date, the same in every country: 7 Nov 2026."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def show_moment(value: Any) -> str:
    """Return a date and time; the zone is said where it is not UTC."""
    text = f"{show_date(value)}, {value.hour:02}:{value.minute:02}"
    offset = value.utcoffset()
    return f"{text} {value:%z}" if offset else text


def show_choice(value: Any) -> str:
    """Return one of few values as a tag."""
    return f'<span class="tag">{show_text(choice_label(value))}</span>'


def show_bytes(value: Any) -> str:
    """Return how much there is; bytes are not for reading."""
    return f"{len(value):,} bytes"


def show_structure(value: Any) -> str:
    """Return a list, mapping or object as compact JSON."""
    try:
        return show_text(msgspec.json.encode(value).decode())
    except (TypeError, ValueError):
        return show_text(value)


def show_anything(value: Any) -> str:
    """Return a value of which only its class tells how to show it: a computed column's."""
    return _formatter_of_class(type(value))(value)


def choice_label(value: Any) -> str:
    """Return the name of an enum's member or a literal, for people."""
    if isinstance(value, enum.Enum):
        return value.name.replace("_", " ").capitalize() if value.name.isupper() else value.name
    return str(value)


def bare_type(annotation: Any) -> Any:
    """Return the annotation without `Annotated` metadata and without None."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif origin in (typing.Union, types.UnionType):
            members = [arg for arg in typing.get_args(annotation) if arg is not types.NoneType]
            if len(members) != 1:
                return annotation
            annotation = members[0]
        else:
            return annotation


def formatter_of(annotation: Any) -> Formatter:
    """Return how values of an annotation are shown."""
    bare = bare_type(annotation)
    if typing.get_origin(bare) is Literal:
        return show_choice
    # COMPAT: since Python 3.11 `Any` is a class.
    if isinstance(bare, type) and bare not in (Any, object):
        return _formatter_of_class(bare)
    if typing.get_origin(bare) in (list, dict, set, tuple, frozenset):
        return show_structure
    return show_anything


def is_number(annotation: Any) -> bool:
    """Return whether values stand to the right, digit under digit."""
    bare = bare_type(annotation)
    return isinstance(bare, type) and bare is not bool and issubclass(bare, _NUMBERS)


_NUMBERS = (int, float, decimal.Decimal)


def _formatter_of_class(kind: type) -> Formatter:
    for classes, formatter in _BY_CLASS:
        if issubclass(kind, classes):
            return formatter
    return show_structure if issubclass(kind, _STRUCTURES) else show_text


_STRUCTURES = (list, dict, set, frozenset, tuple)
# The order matters: a bool is an int, a datetime is a date, an IntEnum is an int.
_BY_CLASS: tuple[tuple[Any, Formatter], ...] = (
    (enum.Enum, show_choice),
    (bool, show_bool),
    (str, show_text),
    (_NUMBERS, show_number),
    (datetime.datetime, show_moment),
    (datetime.date, show_date),
    ((datetime.time, datetime.timedelta, uuid.UUID), show_text),
    ((bytes, bytearray, memoryview), show_bytes),
)
