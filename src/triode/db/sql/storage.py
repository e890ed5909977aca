"""How a Python value is kept in a column.

Each class is a SQLAlchemy type, so that DDL, our own queries and any SQLAlchemy statement agree.
On SQLite only the types of STRICT tables are used: INTEGER, REAL, TEXT, BLOB.
"""

from __future__ import annotations

import enum
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect

from triode.db.engine import letters
from triode.db.errors import OutOfRange, ValueRefused
from triode.db.sql.column_types import (
    Converter,
    Family,
    Storage,
    TextStorage,
    family_of,
    is_mysql,
    only_of,
    plain_text,
    text_type,
)
from triode.db.sql.structured import (
    AddressStorage,
    ArrayStorage,
    ForeignStorage,
    JsonStorage,
    ParsedStorage,
)
from triode.db.sql.temporal import (
    DateStorage,
    DurationStorage,
    LocalMomentStorage,
    MomentStorage,
    TimeStorage,
)

__all__ = [
    "AddressStorage",
    "ArrayStorage",
    "BytesStorage",
    "ComputedDecimalStorage",
    "ComputedIntegerStorage",
    "Converter",
    "DateStorage",
    "DecimalStorage",
    "DurationStorage",
    "EnumStorage",
    "Family",
    "FlagStorage",
    "ForeignStorage",
    "IntegerStorage",
    "JsonStorage",
    "LocalMomentStorage",
    "MomentStorage",
    "ParsedStorage",
    "PatternStorage",
    "RealStorage",
    "Storage",
    "TextStorage",
    "TimeStorage",
    "UuidStorage",
    "family_of",
    "is_mysql",
    "text_type",
]  # fmt: skip

UUID_LENGTH = 36

_NUMBERS = (int, float, Decimal)


class IntegerStorage(Storage):
    impl = sa.BigInteger
    kinds = (int,)
    sqlite_type = sqlite.INTEGER()
    postgres_type = postgresql.BIGINT()

    def writer(self, family: Family) -> Converter | None:
        return only_of(*_NUMBERS) if family == "generic" else None

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.BigInteger()


class RealStorage(Storage):
    impl = sa.Float
    kinds = (int, float)
    sqlite_type = sqlite.REAL()
    postgres_type = postgresql.DOUBLE_PRECISION()

    def writer(self, family: Family) -> Converter | None:
        return only_of(*_NUMBERS) if family == "generic" else None

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.Double()


class BytesStorage(Storage):
    impl = sa.LargeBinary
    kinds = (bytes,)
    sqlite_type = sqlite.BLOB()
    postgres_type = postgresql.BYTEA()

    def writer(self, family: Family) -> Converter | None:
        return only_of(bytes) if family == "generic" else None

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return mysql.LONGBLOB() if is_mysql(dialect) else sa.LargeBinary()


class FlagStorage(Storage):
    impl = sa.Boolean
    kinds = (bool,)
    sqlite_type = sqlite.INTEGER()
    postgres_type = postgresql.BOOLEAN()

    def writer(self, family: Family) -> Converter | None:
        return only_of(bool, int) if family == "generic" else None

    def reader(self, family: Family) -> Converter | None:
        return None if family == "postgresql" else bool

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.Boolean()


class UuidStorage(Storage):
    impl = sa.Uuid
    kinds = (uuid.UUID, str)
    postgres_type = postgresql.UUID()

    def writer(self, family: Family) -> Converter | None:
        return None if family == "postgresql" else _uuid_text

    def reader(self, family: Family) -> Converter | None:
        # asyncpg gives a subclass of UUID, which msgspec does not encode.
        return (lambda value: _uuid(value.int)) if family == "postgresql" else _uuid_of_text

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.CHAR(36)


def _uuid_text(value: uuid.UUID | str) -> str:
    return str(value) if isinstance(value, uuid.UUID) else str(uuid.UUID(value))


def _uuid_of_text(text: str) -> uuid.UUID:
    return _uuid(int(text.replace("-", ""), 16)) if len(text) == UUID_LENGTH else uuid.UUID(text)


_new_uuid: Final = uuid.UUID.__new__
_set_number: Final = vars(uuid.UUID)["int"].__set__
_set_safety: Final = vars(uuid.UUID)["is_safe"].__set__


def _uuid(number: int) -> uuid.UUID:
    # PERF: the constructor looks for six ways to be called, and its attributes refuse to be set
    # by name: 0.64 -> 0.41 us.
    made = _new_uuid(uuid.UUID)
    _set_number(made, number)
    _set_safety(made, uuid.SafeUUID.unknown)
    return made


class DecimalStorage(Storage):
    """An exact number. SQLite keeps it as an integer of its last place, so that it sorts and sums.

    `max_digits` and `decimal_places` mean what they mean in Django.
    """

    impl = sa.Numeric
    kinds = (int, float, Decimal)
    sqlite_type = sqlite.INTEGER()

    def __init__(self, max_digits: int, decimal_places: int) -> None:
        super().__init__()
        self.max_digits = max_digits
        self.decimal_places = decimal_places
        self._last_place = Decimal(1).scaleb(-decimal_places)

    @property
    def constructor(self) -> str:
        return f"DecimalStorage({self.max_digits}, {self.decimal_places})"

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return self.sqlite_type
        return sa.Numeric(self.max_digits, self.decimal_places)

    def writer(self, family: Family) -> Converter | None:
        if family == "sqlite":
            return lambda value: int(self.exact(value).scaleb(self.decimal_places))
        return self.exact

    def normal(self) -> Converter | None:
        return self.exact

    def exact(self, value: Any) -> Decimal:
        """Return the number with all its decimal places.

        Raises:
            OutOfRange: it is too large.
            ValueRefused: it has more places than the column.
        """
        places = self.decimal_places
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        try:
            rounded = number.quantize(self._last_place)
        except InvalidOperation:
            raise OutOfRange(f"The number {value} is too large.") from None
        if rounded != number:
            raise ValueRefused(f"The number {value} has more than {places} decimal places.")
        return rounded

    def reader(self, family: Family) -> Converter | None:
        places = -self.decimal_places
        return (lambda value: Decimal(value).scaleb(places)) if family == "sqlite" else None


MOST_DIGITS = 38


def _whole(value: Any) -> int:
    # SQLite goes on with a float where an integer needs more than 64 bits.
    if type(value) is not int:
        raise OutOfRange("A computed number is too large: the database has 64 bits for it.")
    return value


def _whole_of_decimal(value: Any) -> int:
    # MariaDB and MySQL sum integers as decimals.
    found = int(value)
    if not -(2**63) <= found < 2**63:
        raise OutOfRange("A computed number is too large: the database has 64 bits for it.")
    return found


class ComputedIntegerStorage(IntegerStorage):
    """The type of a computed integer, which SQLite may have made a float of."""

    def reader(self, family: Family) -> Converter | None:
        if family == "generic":
            return _whole_of_decimal
        return _whole if family == "sqlite" else None


class ComputedDecimalStorage(DecimalStorage):
    """The type of a computed exact number."""

    def __init__(self, decimal_places: int) -> None:
        super().__init__(MOST_DIGITS, decimal_places)

    def reader(self, family: Family) -> Converter | None:
        places = -self.decimal_places
        return (lambda value: Decimal(_whole(value)).scaleb(places)) if family == "sqlite" else None


class EnumStorage(Storage):
    """An enum by the values of its members, all text or all integers."""

    impl = sa.Text

    def __init__(self, enum_class: type[enum.Enum], *, is_integer: bool) -> None:
        super().__init__()
        self.enum_class = enum_class
        self.is_integer = is_integer
        self.kinds = (enum_class, int if is_integer else str)

    @property
    def constructor(self) -> str:
        if self.is_integer:
            return "IntegerStorage()"
        longest = max(len(str(member.value)) for member in self.enum_class)
        return f"TextStorage({max(1, longest)})"

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if self.is_integer:
            return IntegerStorage().load_dialect_impl(dialect)
        longest = max(len(str(member.value)) for member in self.enum_class)
        return TextStorage(max(1, longest)).load_dialect_impl(dialect)

    def writer(self, family: Family) -> Converter | None:
        return lambda value: value.value if isinstance(value, enum.Enum) else value

    def reader(self, family: Family) -> Converter | None:
        return self.enum_class


class PatternStorage(Storage):
    """A text to look for, made into the pattern that the database's operator wants.

    `before` and `after` say whether anything may stand there. What has the operator ignore the case
    of letters does so for both sides, but SQLite's, which knows those of ASCII alone.
    """

    impl = sa.Text

    def __init__(self, *, before: bool, after: bool, is_glob: bool) -> None:
        super().__init__()
        self.before = before
        self.after = after
        self.is_glob = is_glob

    def writer(self, family: Family) -> Converter | None:
        escape, anything = (_glob, "*") if self.is_glob and family == "sqlite" else (_like, "%")
        before = anything if self.before else ""
        after = anything if self.after else ""
        if family == "sqlite" and not self.is_glob:
            return lambda value: f"{before}{_like(letters.lower(plain_text(value)))}{after}"
        return lambda value: f"{before}{escape(plain_text(value))}{after}"


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _glob(text: str) -> str:
    return text.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
