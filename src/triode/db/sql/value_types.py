"""Which column type a plain Python value has where nothing beside it says."""

from __future__ import annotations

import datetime
import enum
import uuid
from decimal import Decimal
from typing import Any, Final

from triode.db.errors import QueryError, ValueRefused
from triode.db.sql.storage import (
    MOST_DIGITS,
    BytesStorage,
    DateStorage,
    DecimalStorage,
    DurationStorage,
    FlagStorage,
    IntegerStorage,
    JsonStorage,
    MomentStorage,
    RealStorage,
    Storage,
    TextStorage,
    TimeStorage,
    UuidStorage,
)

_PLAIN: Final[dict[Any, Storage]] = {
    bool: FlagStorage(),
    int: IntegerStorage(),
    float: RealStorage(),
    str: TextStorage(),
    bytes: BytesStorage(),
    datetime.datetime: MomentStorage(),
    datetime.date: DateStorage(),
    datetime.time: TimeStorage(),
    datetime.timedelta: DurationStorage(),
    uuid.UUID: UuidStorage(),
    dict: JsonStorage(),
    list: JsonStorage(),
}


def storage_of_type(kind: type) -> Storage:
    """Return how values of a plain type are kept.

    Raises:
        QueryError: it is no plain type.
    """
    found = _PLAIN.get(kind)
    if kind is Decimal:
        return DecimalStorage(MOST_DIGITS, 10)
    if found is None:
        raise QueryError(
            f"{kind!r} is not a type of SQL. Use int, float, str, bool, bytes, Decimal, date, "
            "time, datetime, timedelta, UUID, dict or list.",
            code="query-type",
        )
    return found


def storage_of_value(value: Any) -> Storage | None:
    """Return the type of a parameter; None where the database has to know."""
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
        return DecimalStorage(MOST_DIGITS, places)
    for kind in type(value).__mro__:
        if kind in _PLAIN:
            return _PLAIN[kind]
    return None


def checked_value(value: Any, left: Any, kinds: tuple[type, ...]) -> Any:
    """Return a value to compare with, a Decimal as a float where floats are kept.

    Raises:
        ValueRefused: it is of none of the types.
    """
    if not is_of(value, kinds):
        if isinstance(value, Decimal) and float in kinds:
            return float(value)
        raise _other_kind(type(value), left)
    if value != value:
        raise ValueRefused(f"{left!r} cannot be compared with NaN, which is no number.")
    return value


def is_of(value: Any, kinds: tuple[type, ...]) -> bool:
    """Whether a value is of one of the types; a moment is no date, though Python thinks so."""
    is_moment = isinstance(value, datetime.datetime) and datetime.datetime not in kinds
    return isinstance(value, kinds) and not is_moment


def checked_values(values: list[Any], left: Any) -> list[Any]:
    """Return values of which one is looked for, as `checked_value` does for one.

    PERF: each type is looked at once, not each value; lists of keys are long.
    """
    kinds = left.kinds
    found = set(map(type, values))
    if kinds is None or (found.issubset(kinds) and float not in found):
        return values
    return [checked_value(value, left, kinds) for value in values]


def _other_kind(kind: type, left: Any) -> ValueRefused:
    names = " or ".join(each.__name__ for each in left.kinds)
    return ValueRefused(
        f"{left!r} holds {names}; a value of type {kind.__name__} cannot be compared with it."
    )


def json_step(step: object, within: Any) -> str | int:
    """Return a key or an index of the JSON `within`.

    Raises:
        QueryError: it is neither, or the column holds no JSON.
    """
    if within.kinds:
        raise QueryError(
            f"{within!r} is not JSON, so nothing can be looked up in it.", code="query-not-json"
        )
    if isinstance(step, bool) or not isinstance(step, str | int):
        raise QueryError(
            f"{step!r} is no place in JSON: write a key (text) or an index (number).",
            code="query-not-json",
        )
    return step
