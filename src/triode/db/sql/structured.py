"""Columns for objects, paths, IP addresses, arrays, and types that are SQLAlchemy's."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect

from triode.db.errors import ValueRefused
from triode.db.sql.column_types import (
    Converter,
    Family,
    Storage,
    TextStorage,
    family_of,
    plain_text,
    text_type,
)
from triode.errors import TriodeError
from triode.schema import Schema, ValidationFailed, describe, json_decoder, json_encoder
from triode.schema.node import walk
from triode.schema.problems import ResponseValidationFailed


class JsonStorage(Storage):
    """Anything msgspec can write, decoded as `annotation` when it is read."""

    impl = sa.JSON
    postgres_type = postgresql.JSONB()

    def __init__(self, annotation: Any = Any) -> None:
        super().__init__()
        self.annotation = annotation

    @property
    def constructor(self) -> str:
        return "JsonStorage()"

    @cached_property
    def _node(self) -> Schema | None:
        """The description of the type where msgspec alone cannot write and read it."""
        node = describe(self.annotation)
        return None if all(_is_msgspecs(each) for each in walk(node)) else node

    def writer(self, family: Family) -> Converter | None:
        if self._node is None:
            return lambda value: msgspec.json.encode(value).decode()
        encode = json_encoder(self._node)

        def write(value: Any) -> str:
            try:
                return encode(value).decode()
            except ResponseValidationFailed as exc:
                raise TypeError(f"it is no {self.annotation!r}") from exc

        return write

    def reader(self, family: Family) -> Converter | None:
        if self._node is None:
            return msgspec.json.Decoder(self.annotation, strict=False).decode
        decode = json_decoder(self.annotation)

        def read(value: str | bytes) -> Any:
            try:
                return decode(value.encode() if isinstance(value, str) else value)
            except ValidationFailed as exc:
                raise TriodeError(
                    f"The database holds JSON that is no {self.annotation!r}: {exc}. Write a "
                    "migration for the rows that were stored before the type changed.",
                    code="stored-value",
                ) from exc

        return read


_FOREIGN_KINDS: Final = frozenset({"path_type", "pattern"})


def _is_msgspecs(node: Schema) -> bool:
    is_pydantic = node.adapter_of_all is not None
    return not (is_pydantic or node.kind in _FOREIGN_KINDS or node.kind.startswith("ip_"))


class ParsedStorage(TextStorage):
    """An object that a class makes of text, such as a path."""

    def __init__(self, make: Converter = str, length: int | None = None) -> None:
        super().__init__(length)
        self.make = make
        self.kinds = (make, str) if isinstance(make, type) else None

    def writer(self, family: Family) -> Converter | None:
        make = self.make

        def write(value: Any) -> str:
            return plain_text(str(make(value) if isinstance(value, str) else value))

        return write

    def reader(self, family: Family) -> Converter | None:
        return self.make


class AddressStorage(Storage):
    """An IP address, interface or network; INET or CIDR on PostgreSQL, which sort as numbers."""

    impl = sa.Text

    def __init__(
        self,
        make: Converter = str,
        *,
        is_network: bool = False,
        kinds: tuple[type, ...] | None = None,
    ) -> None:
        super().__init__()
        self.make = make
        self.is_network = is_network
        self.kinds = (make, str) if isinstance(make, type) else kinds
        self.postgres_type = postgresql.CIDR() if is_network else postgresql.INET()  # type: ignore[misc]

    @property
    def constructor(self) -> str:
        return f"AddressStorage(is_network={self.is_network})"

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return text_type(dialect, 50)

    def writer(self, family: Family) -> Converter | None:
        make = self.make
        return lambda value: _address_text(value if type(value) is make else make(str(value)))

    def reader(self, family: Family) -> Converter | None:
        make = self.make
        return (lambda value: make(str(value))) if family == "postgresql" else make


def _address_text(value: Any) -> str:
    text = str(value)
    if "%" in text:  # PostgreSQL has no place for the zone of a link-local address.
        raise ValueRefused(f"The address {text} has a zone, which no column keeps.")
    return text


class ArrayStorage(Storage):
    """A list of plain values: an array on PostgreSQL, JSON elsewhere."""

    impl = sa.JSON
    kinds = (list, tuple)

    def __init__(self, item: Storage, annotation: Any = Any) -> None:
        super().__init__()
        self.item = item
        self.json = JsonStorage(annotation)

    @property
    def constructor(self) -> str:
        return f"ArrayStorage(storage.{self.item.constructor})"

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if family_of(dialect) == "postgresql":
            return postgresql.ARRAY(self.item.load_dialect_impl(dialect))
        return self.json.load_dialect_impl(dialect)

    def literal_processor(self, dialect: Dialect) -> Any:
        if family_of(dialect) != "postgresql":
            return super().literal_processor(dialect)
        write = self.item.literal_processor(dialect)
        name = self.load_dialect_impl(dialect).compile(dialect=dialect)
        return lambda value: f"ARRAY[{', '.join(map(write, value))}]::{name}"

    def writer(self, family: Family) -> Converter | None:
        if family != "postgresql":
            return self._json_writer(family)
        write = self.item.writer(family)
        return list if write is None else (lambda value: [write(each) for each in value])

    def normal(self) -> Converter | None:
        normal = self.item.normal()
        return None if normal is None else (lambda value: [normal(each) for each in value])

    def _json_writer(self, family: Family) -> Converter:
        write_all, kinds = self.json.writer(family), self.item.kinds or (object,)
        normal = self.normal()
        assert write_all is not None

        def write_checked(value: Any) -> Any:
            if not all(isinstance(each, kinds) for each in value):
                raise TypeError("an item is of another type")
            # Equal lists have to be equal texts: 1.5 and 1.50, one moment in two zones.
            return write_all(value if normal is None else normal(value))

        return write_checked

    def reader(self, family: Family) -> Converter | None:
        if family != "postgresql":
            return self.json.reader(family)
        read = self.item.reader(family)
        return None if read is None else (lambda value: [read(each) for each in value])


class ForeignStorage(Storage):
    """A column of a type of SQLAlchemy's, with its own conversions."""

    impl = sa.Text

    def __init__(self, given: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.given = given
        self.kinds = _kinds_of(given)

    @property
    def constructor(self) -> str:
        room = type(self.given).__module__.removeprefix("sqlalchemy.").split(".")
        module = room[1] if room[0] == "dialects" else "sa"
        return f"ForeignStorage({module}.{self.given!r})"

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if family_of(dialect) == "sqlite":
            return _strict_type(self.given.compile(dialect=dialect))
        return dialect.type_descriptor(self.given)

    def bind_processor(self, dialect: Dialect) -> Any:
        return self.given.dialect_impl(dialect).bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return self.given.dialect_impl(dialect).result_processor(dialect, coltype)

    def literal_processor(self, dialect: Dialect) -> Any:
        return self.given.dialect_impl(dialect).literal_processor(dialect)


def _kinds_of(given: sa.types.TypeEngine[Any]) -> tuple[type, ...] | None:
    """Return the types of values of a type of SQLAlchemy's, None where it takes several."""
    try:
        kind = given.python_type
    except NotImplementedError:
        return None
    return (kind,) if kind in (str, int, bool, bytes) else None


def _strict_type(name: str) -> sa.types.TypeEngine[Any]:
    """Return what a STRICT table of SQLite has for a type, by the rules of its affinities."""
    for words, found in _STRICT_TYPES:
        if any(word in name.upper() for word in words):
            return found
    return _AnyType()


class _AnyType(sa.types.UserDefinedType[Any]):
    """A column of a STRICT table that holds anything as it is."""

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        return "ANY"


_STRICT_TYPES: Final[tuple[tuple[tuple[str, ...], sa.types.TypeEngine[Any]], ...]] = (
    (("INT", "BOOL"), sqlite.INTEGER()),
    (("CHAR", "CLOB", "TEXT", "DATE", "TIME", "JSON", "UUID"), sqlite.TEXT()),
    (("BLOB", "BINARY"), sqlite.BLOB()),
    (("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL"), sqlite.REAL()),
)
