"""Which types a column can hold, and how each is kept."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import types
import typing
import uuid
from decimal import Decimal
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from triode.db.field import ColumnInfo
from triode.db.sql.storage import (
    BytesStorage,
    DateStorage,
    DecimalStorage,
    DurationStorage,
    EnumStorage,
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
from triode.schema.metadata import take_apart

_PLAIN: Final[dict[Any, type[Storage]]] = {
    bool: FlagStorage,
    int: IntegerStorage,
    float: RealStorage,
    bytes: BytesStorage,
    datetime.datetime: MomentStorage,
    datetime.date: DateStorage,
    datetime.time: TimeStorage,
    datetime.timedelta: DurationStorage,
    uuid.UUID: UuidStorage,
}
LENGTH_IN_INDEX: Final = 255
"""Characters of an indexed text without `max_length`, on databases that need a limit."""

_JSON_ORIGINS: Final = (dict, list, tuple, set, frozenset)


def strip_optional(annotation: Any) -> tuple[Any, bool]:
    """Return the bare type and whether None was among its alternatives."""
    bare = take_apart(annotation).bare
    if get_origin(bare) not in (typing.Union, types.UnionType):
        return bare, False
    rest = [each for each in get_args(bare) if each is not type(None)]
    is_nullable = len(rest) < len(get_args(bare))
    return (take_apart(rest[0]).bare, is_nullable) if len(rest) == 1 else (bare, is_nullable)


def storage_of(bare: Any, info: ColumnInfo) -> Storage | None:
    """Return how values of a type are kept, None if there is no way."""
    if bare is str:
        return TextStorage(_length_of(info))
    if bare in _PLAIN:
        return _PLAIN[bare]()
    if bare is Decimal:
        if info.decimal_places is None:
            return None
        return DecimalStorage(info.max_digits or 18, info.decimal_places)
    if get_origin(bare) is Literal:
        return _storage_of_values(get_args(bare), None)
    if isinstance(bare, type) and issubclass(bare, enum.Enum):
        return _storage_of_values([member.value for member in bare], bare)
    if bare is Any or bare in _JSON_ORIGINS or get_origin(bare) in _JSON_ORIGINS:
        return JsonStorage(bare)
    is_object = isinstance(bare, type) and (
        dataclasses.is_dataclass(bare)
        or typing.is_typeddict(bare)
        or (issubclass(bare, msgspec.Struct) and not hasattr(bare, "__table__"))
    )
    return JsonStorage(bare) if is_object else None


def _length_of(info: ColumnInfo) -> int | None:
    """Return how long a text may be where the database wants to know; None: of any length."""
    is_indexed = info.unique or info.index or info.primary_key
    return info.max_length or (LENGTH_IN_INDEX if is_indexed else None)


def _storage_of_values(values: typing.Sequence[Any], enum_class: Any) -> Storage | None:
    is_integer = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    if not is_integer and not all(isinstance(value, str) for value in values):
        return None
    if enum_class is not None:
        return EnumStorage(enum_class, is_integer=is_integer)
    return IntegerStorage() if is_integer else TextStorage()
