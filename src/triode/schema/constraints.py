"""Check what a `FieldInfo` demands of a value, with pydantic's words."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec

from triode.errors import SchemaError
from triode.schema.fields import FieldInfo
from triode.schema.node import refuse
from triode.schema.problems import Loc, Problem

BOUNDS: Final[dict[str, tuple[str, str, Callable[[Any, Any], bool]]]] = {
    "gt": ("greater_than", "greater than", lambda value, limit: value > limit),
    "ge": ("greater_than_equal", "greater than or equal to", lambda value, limit: value >= limit),
    "lt": ("less_than", "less than", lambda value, limit: value < limit),
    "le": ("less_than_equal", "less than or equal to", lambda value, limit: value <= limit),
}
# pydantic reports the first bound that is broken, in this order.
BOUND_ORDER: Final = ("le", "lt", "ge", "gt")
_INT64: Final = 2**63
_SCHEMA_NAMES: Final = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "multiple_of": "multipleOf",
}


def has_bounds(info: FieldInfo) -> bool:
    """Whether a number, date or duration is limited."""
    return any(getattr(info, name) is not None for name in (*BOUND_ORDER, "multiple_of"))


def has_size(info: FieldInfo) -> bool:
    """Whether a length is limited."""
    return info.min_length is not None or info.max_length is not None


def has_limits(info: FieldInfo) -> bool:
    """Whether anything is demanded of a value besides its type."""
    return has_bounds(info) or has_size(info) or info.pattern is not None


def check_whole(info: FieldInfo, value: Any, given: Any, loc: Loc, problems: list[Problem]) -> Any:
    """Return the value of a union if it is what the union as a whole demands."""
    if not has_limits(info):
        return value
    if isinstance(value, str):
        return check_string(info, value, given, loc, problems)
    if isinstance(value, list | tuple | set | frozenset):
        return check_size(info, value, given, loc, problems, type(value).__name__.capitalize())
    if isinstance(value, Mapping):
        return check_size(info, value, given, loc, problems, "Dictionary")
    if isinstance(value, int | float | Decimal | dt.date | dt.time | dt.timedelta):
        return check_bounds(info, value, given, loc, problems)
    return value


def check_bounds(
    info: FieldInfo, value: Any, given: Any, loc: Loc, problems: list[Problem],
    show: Callable[[Any], Any] = lambda limit: limit,
) -> Any:  # fmt: skip
    """Return `value` if it lies within the bounds; `given` is what the client sent."""
    if info.multiple_of is not None and not is_multiple(value, info.multiple_of):
        factor = show(info.multiple_of)
        msg = f"Input should be a multiple of {factor}"
        return refuse(problems, "multiple_of", loc, msg, given, multiple_of=factor)
    for name in BOUND_ORDER:
        limit = getattr(info, name)
        if limit is not None:
            type_, words, holds = BOUNDS[name]
            if not holds(value, limit):
                msg = f"Input should be {words} {bound_text(limit)}"
                return refuse(problems, type_, loc, msg, given, **{name: show(limit)})
    return value


def bound_text(limit: Any) -> str:
    """Write a bound as pydantic does: 0.0 is "0"."""
    if isinstance(limit, float) and limit.is_integer() and abs(limit) < 1e15:
        return str(int(limit))
    return str(limit)


def is_multiple(value: Any, factor: Any) -> bool:
    """Whether `value` is a multiple, allowing for what floats lose."""
    if not isinstance(value, float):
        try:
            return bool(value % factor == 0)
        except InvalidOperation:
            return False  # More digits than the decimal context has.
    if not math.isfinite(value):
        return False
    rest = value % factor
    threshold = abs(value) / 1e9
    return bool(abs(rest) <= threshold or abs(rest - factor) <= threshold)


def number_codec(base: type, info: FieldInfo) -> Any | None:
    """Return the msgspec type of a bounded number; None if msgspec cannot hold the bounds."""
    if not has_bounds(info):
        return base
    options = {
        name: getattr(info, name)
        for name in (*BOUND_ORDER, "multiple_of")
        if getattr(info, name) is not None
    }
    if base is float and "multiple_of" in options:
        return None
    if any(
        not isinstance(limit, int | float) or abs(limit) >= _INT64 for limit in options.values()
    ):
        return None
    if base is int and any(not isinstance(limit, int) for limit in options.values()):
        return None
    if {"gt", "ge"} <= options.keys() or {"lt", "le"} <= options.keys():
        return None
    return Annotated[base, msgspec.Meta(**options)]


def sized_codec(base: Any, info: FieldInfo, *, pattern: bool = False) -> Any:
    """Return the msgspec type of something with a length."""
    options: dict[str, Any] = {}
    if info.min_length:
        options["min_length"] = info.min_length
    if info.max_length is not None:
        options["max_length"] = info.max_length
    if pattern and info.pattern is not None:
        options["pattern"] = ending_strictly(info.pattern)
    return Annotated[base, msgspec.Meta(**options)] if options else base


def check_size(
    info: FieldInfo, value: Any, given: Any, loc: Loc, problems: list[Problem], noun: str
) -> Any:
    """Return the collection if its length is allowed; `noun` is "List", "Dictionary", …"""
    length = len(value)
    if info.min_length is not None and length < info.min_length:
        least = info.min_length
        msg = f"{noun} should have at least {least} item{_s(least)} after validation, not {length}"
        return refuse(problems, "too_short", loc, msg, given, field_type=noun, min_length=least,
                      actual_length=length)  # fmt: skip
    if info.max_length is not None and length > info.max_length:
        most = info.max_length
        if noun in ("Dictionary", "Set", "Frozenset"):  # pydantic stops counting there.
            msg = f"{noun} should have at most {most} item{_s(most)} after validation, not more"
            return refuse(problems, "too_long", loc, msg, given, field_type=noun,
                          max_length=most, actual_length=None)  # fmt: skip
        msg = f"{noun} should have at most {most} item{_s(most)} after validation, not {length}"
        return refuse(problems, "too_long", loc, msg, given, field_type=noun, max_length=most,
                      actual_length=length)  # fmt: skip
    return value


def check_string(info: FieldInfo, value: str, given: Any, loc: Loc, problems: list[Problem]) -> Any:
    """Return the text if its length and pattern are allowed."""
    if info.max_length is not None and len(value) > info.max_length:
        most = info.max_length
        msg = f"String should have at most {most} character{_s(most)}"
        return refuse(problems, "string_too_long", loc, msg, given, max_length=most)
    if info.min_length is not None and len(value) < info.min_length:
        least = info.min_length
        msg = f"String should have at least {least} character{_s(least)}"
        return refuse(problems, "string_too_short", loc, msg, given, min_length=least)
    if info.pattern is not None and not compiled(info.pattern).search(value):
        msg = f"String should match pattern '{info.pattern}'"
        return refuse(problems, "string_pattern_mismatch", loc, msg, given, pattern=info.pattern)
    return value


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern once.

    Raises:
        SchemaError: it is not a regular expression.
    """
    try:
        return re.compile(ending_strictly(pattern))
    except re.error as exc:
        raise SchemaError(
            f"The pattern {pattern!r} is not a regular expression: {exc}. Mend the pattern.",
            code="schema-bad-pattern",
        ) from exc


def ending_strictly(pattern: str) -> str:
    """Return a pattern whose "$" is the end of the text and nothing else.

    SECURITY: to Python it is before a line feed at the end as well, so "^[a-z]+$" would let one
    through, into a header for instance. To JSON Schema (ECMA-262) and pydantic it is not. A pattern
    that speaks of lines, by the flag "m", is left as it is.
    """
    if _SPEAKS_OF_LINES.search(pattern):
        return pattern
    return _ATOM.sub(lambda atom: r"\Z" if atom[0] == "$" else atom[0], pattern)


_SPEAKS_OF_LINES: Final = re.compile(r"\(\?[aiLsux]*m")
# Something escaped, a set of characters, the end.
_ATOM: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\$", re.DOTALL)


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def bounds_schema(
    info: FieldInfo, show: Callable[[Any], Any] = lambda limit: limit
) -> dict[str, Any]:
    """Return the JSON Schema keywords of the bounds."""
    return {
        keyword: show(getattr(info, name))
        for name, keyword in _SCHEMA_NAMES.items()
        if getattr(info, name) is not None
    }


def size_schema(info: FieldInfo, noun: str) -> dict[str, Any]:
    """Return the keywords of a limited length; `noun` is "Length", "Items" or "Properties"."""
    found: dict[str, Any] = {}
    if info.min_length is not None:
        found[f"min{noun}"] = info.min_length
    if info.max_length is not None:
        found[f"max{noun}"] = info.max_length
    return found
