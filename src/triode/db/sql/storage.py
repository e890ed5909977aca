"""How a Python value is kept in a column.

Each class is a SQLAlchemy type, so that DDL, our own queries and any SQLAlchemy statement agree.
On SQLite only the types of STRICT tables are used: INTEGER, REAL, TEXT, BLOB.
"""

from __future__ import annotations

import datetime
import enum
import uuid
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect

from triode.db.errors import OutOfRange, ValueRefused
from triode.db.sql.literals import literal_text

Converter = Callable[[Any], Any]

MICROSECOND = datetime.timedelta(microseconds=1)


class Storage(sa.types.TypeDecorator[Any]):
    """A column type of ours; `sqlite_type` and `postgres_type` are what the database has.

    SQLAlchemy's own conversions are passed over: the drivers are called directly.
    """

    impl = sa.types.TypeEngine
    cache_ok = True
    sqlite_type: ClassVar[sa.types.TypeEngine[Any]] = sqlite.TEXT()
    postgres_type: ClassVar[sa.types.TypeEngine[Any]] = postgresql.TEXT()

    def __init__(self) -> None:
        super().__init__()

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return self.sqlite_type if dialect.name == "sqlite" else self.postgres_type

    def bind_processor(self, dialect: Dialect) -> Any:
        return self.writer(dialect.name == "sqlite")

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return self.reader(dialect.name == "sqlite")

    def writer(self, is_sqlite: bool) -> Converter | None:
        """Return what turns a value into the driver's; it is not called with None."""
        return None

    def reader(self, is_sqlite: bool) -> Converter | None:
        """Return what turns the driver's value into ours; it is not called with None."""
        return None

    def normal(self) -> Converter | None:
        """Return what makes of a value what will be read back; None where it stays as it is."""
        return None

    def literal_processor(self, dialect: Dialect) -> Any:
        write = self.bind_processor(dialect)
        return lambda value: literal_text(
            value if write is None or value is None else write(value), dialect
        )

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self


class IntegerStorage(Storage):
    impl = sa.BigInteger
    sqlite_type = sqlite.INTEGER()
    postgres_type = postgresql.BIGINT()


class RealStorage(Storage):
    impl = sa.Float
    sqlite_type = sqlite.REAL()
    postgres_type = postgresql.DOUBLE_PRECISION()


class TextStorage(Storage):
    """Text without a limit in the database: lengths are checked before."""

    impl = sa.Text

    def writer(self, is_sqlite: bool) -> Converter | None:
        return _text


def _text(value: str) -> str:
    # PostgreSQL cannot store it, and SQLite's own functions stop at it: refused everywhere.
    if "\0" in value:
        raise ValueRefused("A text holds a NUL byte, which the database does not store.")
    return value


class BytesStorage(Storage):
    impl = sa.LargeBinary
    sqlite_type = sqlite.BLOB()
    postgres_type = postgresql.BYTEA()


class FlagStorage(Storage):
    impl = sa.Boolean
    sqlite_type = sqlite.INTEGER()
    postgres_type = postgresql.BOOLEAN()

    def reader(self, is_sqlite: bool) -> Converter | None:
        return bool if is_sqlite else None


class MomentStorage(Storage):
    """An aware moment, kept in UTC. A naive one is taken as UTC."""

    impl = sa.DateTime
    postgres_type = postgresql.TIMESTAMP(timezone=True)

    def writer(self, is_sqlite: bool) -> Converter | None:
        return _moment_text if is_sqlite else _moment

    def reader(self, is_sqlite: bool) -> Converter | None:
        return datetime.datetime.fromisoformat if is_sqlite else None

    def normal(self) -> Converter | None:
        return _moment


def _moment(value: datetime.datetime) -> datetime.datetime:
    if value.tzinfo is None:
        return value.replace(tzinfo=datetime.UTC)
    try:
        return value.astimezone(datetime.UTC)
    except OverflowError:
        raise OutOfRange(f"The moment {value} lies outside the calendar in UTC.") from None


def _moment_text(value: datetime.datetime) -> str:
    # One width for all, so that the order of the texts is the order of the moments.
    return _moment(value).isoformat(" ", "microseconds")


class DateStorage(Storage):
    impl = sa.Date
    postgres_type = postgresql.DATE()

    def writer(self, is_sqlite: bool) -> Converter | None:
        return datetime.date.isoformat if is_sqlite else None

    def reader(self, is_sqlite: bool) -> Converter | None:
        return datetime.date.fromisoformat if is_sqlite else None


class TimeStorage(Storage):
    impl = sa.Time
    postgres_type = postgresql.TIME()

    def writer(self, is_sqlite: bool) -> Converter | None:
        return _time_text if is_sqlite else None

    def reader(self, is_sqlite: bool) -> Converter | None:
        return datetime.time.fromisoformat if is_sqlite else None


def _time_text(value: datetime.time) -> str:
    return value.isoformat("microseconds")


class DurationStorage(Storage):
    """Microseconds on SQLite, an interval on PostgreSQL."""

    impl = sa.Interval
    sqlite_type = sqlite.INTEGER()
    postgres_type = postgresql.INTERVAL()

    def writer(self, is_sqlite: bool) -> Converter | None:
        return (lambda value: value // MICROSECOND) if is_sqlite else None

    def reader(self, is_sqlite: bool) -> Converter | None:
        return (lambda value: datetime.timedelta(microseconds=value)) if is_sqlite else None


class UuidStorage(Storage):
    impl = sa.Uuid
    postgres_type = postgresql.UUID()

    def writer(self, is_sqlite: bool) -> Converter | None:
        return str if is_sqlite else None

    def reader(self, is_sqlite: bool) -> Converter | None:
        # asyncpg gives a subclass of UUID, which msgspec does not encode.
        return uuid.UUID if is_sqlite else (lambda value: uuid.UUID(int=value.int))


class DecimalStorage(Storage):
    """An exact number. SQLite keeps it as an integer of its last place, so that it sorts and sums.

    `max_digits` and `decimal_places` mean what they mean in Django.
    """

    impl = sa.Numeric
    sqlite_type = sqlite.INTEGER()

    def __init__(self, max_digits: int, decimal_places: int) -> None:
        super().__init__()
        self.max_digits = max_digits
        self.decimal_places = decimal_places

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return self.sqlite_type
        return postgresql.NUMERIC(self.max_digits, self.decimal_places)

    def writer(self, is_sqlite: bool) -> Converter | None:
        if is_sqlite:
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
            rounded = number.quantize(Decimal(1).scaleb(-places))
        except InvalidOperation:
            raise OutOfRange(f"The number {value} is too large.") from None
        if rounded != number:
            raise ValueRefused(f"The number {value} has more than {places} decimal places.")
        return rounded

    def reader(self, is_sqlite: bool) -> Converter | None:
        places = -self.decimal_places
        # An average over integers may have a fraction.
        return (lambda value: Decimal(value).scaleb(places)) if is_sqlite else None


class EnumStorage(Storage):
    """An enum by the values of its members, all text or all integers."""

    impl = sa.Text

    def __init__(self, enum_class: type[enum.Enum], *, is_integer: bool) -> None:
        super().__init__()
        self.enum_class = enum_class
        self.is_integer = is_integer

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        part = IntegerStorage if self.is_integer else TextStorage
        return part.sqlite_type if dialect.name == "sqlite" else part.postgres_type

    def writer(self, is_sqlite: bool) -> Converter | None:
        return lambda value: value.value if isinstance(value, enum.Enum) else value

    def reader(self, is_sqlite: bool) -> Converter | None:
        return self.enum_class


class JsonStorage(Storage):
    """Anything msgspec can write, decoded as `annotation` when it is read."""

    impl = sa.JSON
    postgres_type = postgresql.JSONB()

    def __init__(self, annotation: Any = Any) -> None:
        super().__init__()
        self.annotation = annotation

    def writer(self, is_sqlite: bool) -> Converter | None:
        return lambda value: msgspec.json.encode(value).decode()

    def reader(self, is_sqlite: bool) -> Converter | None:
        return msgspec.json.Decoder(self.annotation, strict=False).decode


class PatternStorage(Storage):
    """A text to look for, made into the pattern that the database's operator wants.

    `before` and `after` say whether anything may stand there.
    """

    impl = sa.Text

    def __init__(self, *, before: bool, after: bool, is_glob: bool) -> None:
        super().__init__()
        self.before = before
        self.after = after
        self.is_glob = is_glob

    def writer(self, is_sqlite: bool) -> Converter | None:
        escape, anything = (_glob, "*") if self.is_glob and is_sqlite else (_like, "%")
        before = anything if self.before else ""
        after = anything if self.after else ""
        return lambda value: f"{before}{escape(value)}{after}"


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _glob(text: str) -> str:
    return text.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
