"""Which types a column can hold, and how each is kept."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import ipaddress
import pathlib
import types
import typing
import uuid
from decimal import Decimal
from typing import Any, Final, Literal, get_args, get_origin

import msgspec
import sqlalchemy as sa

from triode.db.fields.column_type import ColumnType, OwnStorage
from triode.db.fields.field import ColumnInfo
from triode.db.sql.storage import (
    AddressStorage,
    ArrayStorage,
    BytesStorage,
    Converter,
    DateStorage,
    DecimalStorage,
    DurationStorage,
    EnumStorage,
    FlagStorage,
    ForeignStorage,
    IntegerStorage,
    JsonStorage,
    LocalMomentStorage,
    MomentStorage,
    ParsedStorage,
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

_ADDRESSES: Final[dict[Any, bool]] = {
    ipaddress.IPv4Address: False,
    ipaddress.IPv6Address: False,
    ipaddress.IPv4Interface: False,
    ipaddress.IPv6Interface: False,
    ipaddress.IPv4Network: True,
    ipaddress.IPv6Network: True,
}
"""Classes of IP addresses, and whether they stand for networks."""

_EITHER_ADDRESS: Final[tuple[tuple[frozenset[Any], Converter, bool], ...]] = (
    (frozenset({ipaddress.IPv4Address, ipaddress.IPv6Address}), ipaddress.ip_address, False),
    (frozenset({ipaddress.IPv4Interface, ipaddress.IPv6Interface}), ipaddress.ip_interface, False),
    (frozenset({ipaddress.IPv4Network, ipaddress.IPv6Network}), ipaddress.ip_network, True),
)
"""Both classes of one kind of address, what makes them of a text, whether they are networks."""

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
    if info.column_type is not None:
        return _storage_of_own(info)
    if info.array:
        return _array(bare)
    if bare is datetime.datetime and not info.timezone:
        return LocalMomentStorage()
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
    if isinstance(bare, type) and issubclass(bare, pathlib.PurePath):
        make: Converter = bare
        return ParsedStorage(make, _length_of(info))
    if bare in _ADDRESSES:
        return AddressStorage(typing.cast(Any, bare), is_network=_ADDRESSES[bare])
    for kinds, make, is_network in _EITHER_ADDRESS:
        is_union = get_origin(bare) in (typing.Union, types.UnionType)
        if is_union and frozenset(get_args(bare)) - {types.NoneType} == kinds:
            return AddressStorage(make, is_network=is_network, kinds=(*kinds, str))
    return JsonStorage(bare) if _is_json(bare) else None


def _is_json(bare: Any) -> bool:
    origin = get_origin(bare) or bare
    return (
        bare is Any or origin in _JSON_ORIGINS or (isinstance(origin, type) and _is_object(origin))
    )


def _is_object(kind: type) -> bool:
    return (
        dataclasses.is_dataclass(kind)
        or typing.is_typeddict(kind)
        or (issubclass(kind, msgspec.Struct) and not hasattr(kind, "__table__"))
        or hasattr(kind, "__attrs_attrs__")
        or hasattr(kind, "__pydantic_validator__")
    )


def list_item(bare: Any) -> Any:
    """Return the annotation of a list's items, None if it is no list of one type."""
    arguments = get_args(bare)
    return arguments[0] if get_origin(bare) is list and len(arguments) == 1 else None


def _array(bare: Any) -> Storage | None:
    annotation = list_item(bare)
    if annotation is None:
        return None
    item, is_nullable = strip_optional(annotation)
    said = ColumnInfo().merged(take_apart(annotation).info)
    storage = None if is_nullable else storage_of(item, said)
    is_plain = storage is not None and not isinstance(storage, JsonStorage)
    return ArrayStorage(storage, bare) if storage is not None and is_plain else None


def _storage_of_own(info: ColumnInfo) -> Storage | None:
    given = info.column_type() if isinstance(info.column_type, type) else info.column_type
    if isinstance(given, sa.types.TypeEngine):
        return given if isinstance(given, Storage) else ForeignStorage(given)
    if not isinstance(given, ColumnType):
        return None
    info.column_type = given
    column = storage_of(given.base, info.without("column_type"))
    return None if column is None else OwnStorage(column, given)


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
