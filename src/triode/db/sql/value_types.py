"""Which column type a plain Python value has where nothing beside it says."""

from __future__ import annotations

import datetime
import enum
import uuid
from decimal import Decimal
from typing import Any, Final

from triode.db.errors import QueryError
from triode.db.sql.storage import (
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

MOST_DIGITS: Final = 38

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

_KINDS: Final[dict[type[Storage], tuple[type, ...]]] = {
    IntegerStorage: (int,),
    RealStorage: (int, float, Decimal),
    TextStorage: (str, enum.Enum),
    DecimalStorage: (int, float, Decimal),
    DateStorage: (datetime.date,),
    MomentStorage: (datetime.datetime,),
    TimeStorage: (datetime.time,),
    DurationStorage: (datetime.timedelta,),
    UuidStorage: (uuid.UUID, str),
    BytesStorage: (bytes,),
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


def kinds_of(storage: Storage | None) -> tuple[type, ...] | None:
    """Return the types that a column may be compared with; None: any."""
    return _KINDS.get(type(storage))  # type: ignore[arg-type]


def lowered(text: str) -> str:
    """Return the text in lower case, for a comparison that ignores it.

    Raises:
        QueryError: it is no text.
    """
    if not isinstance(text, str):
        raise QueryError(
            f"A text is looked for, not {text!r} of type {type(text).__name__}.",
            code="query-wrong-type",
        )
    return text.lower()


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
