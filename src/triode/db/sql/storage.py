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
from typing import Any, ClassVar, Literal, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect

from triode.db.errors import OutOfRange, ValueRefused

Converter = Callable[[Any], Any]

Family: TypeAlias = Literal["sqlite", "postgresql", "generic"]
"""What kinds of databases keep values alike; "generic" is every other SQL database."""

LONGEST_VARCHAR = 4000

MICROSECOND = datetime.timedelta(microseconds=1)


def family_of(dialect: Dialect) -> Family:
    """Return the family of a SQLAlchemy dialect."""
    name = dialect.name
    return name if name in ("sqlite", "postgresql") else "generic"  # type: ignore[return-value]


def is_mysql(dialect: Dialect) -> bool:
    """Whether a dialect is that of MySQL or MariaDB."""
    return dialect.name in ("mysql", "mariadb")


def text_type(dialect: Dialect, length: int | None) -> sa.types.TypeEngine[Any]:
    """Return the type of text of at most `length` characters; None: of any length.

    On MySQL and MariaDB it compares case, accents and spaces at the end, as other databases do.
    """
    if not is_mysql(dialect):
        return sa.Text() if length is None else sa.String(length)
    is_mariadb = bool(getattr(dialect, "is_mariadb", False))
    collation = "utf8mb4_nopad_bin" if is_mariadb else "utf8mb4_0900_bin"
    if length is None or length > LONGEST_VARCHAR:
        return mysql.LONGTEXT(collation=collation)
    return mysql.VARCHAR(length, collation=collation)


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
        family = family_of(dialect)
        if family == "sqlite":
            return self.sqlite_type
        return self.postgres_type if family == "postgresql" else self.generic_type(dialect)

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Return the type in any other database."""
        return text_type(dialect, None)

    def bind_processor(self, dialect: Dialect) -> Any:
        return self.writer(family_of(dialect))

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return self.reader(family_of(dialect))

    def writer(self, family: Family) -> Converter | None:
        """Return what turns a value into the driver's; it is not called with None."""
        return None

    def reader(self, family: Family) -> Converter | None:
        """Return what turns the driver's value into ours; it is not called with None."""
        return None

    def normal(self) -> Converter | None:
        """Return what makes of a value what will be read back; None where it stays as it is."""
        return None

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self


class IntegerStorage(Storage):
    impl = sa.BigInteger
    sqlite_type = sqlite.INTEGER()
    postgres_type = postgresql.BIGINT()

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.BigInteger()


class RealStorage(Storage):
    impl = sa.Float
    sqlite_type = sqlite.REAL()
    postgres_type = postgresql.DOUBLE_PRECISION()

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.Double()


class TextStorage(Storage):
    """Text without a limit in the database: lengths are checked before.

    `length` is for databases that can make an index only over text of a limited length.
    """

    impl = sa.Text

    def __init__(self, length: int | None = None) -> None:
        super().__init__()
        self.length = length

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return text_type(dialect, self.length)

    def writer(self, family: Family) -> Converter | None:
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

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return mysql.LONGBLOB() if is_mysql(dialect) else sa.LargeBinary()


class FlagStorage(Storage):
    impl = sa.Boolean
    sqlite_type = sqlite.INTEGER()
    postgres_type = postgresql.BOOLEAN()

    def reader(self, family: Family) -> Converter | None:
        return None if family == "postgresql" else bool

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.Boolean()


class MomentStorage(Storage):
    """An aware moment, kept in UTC. A naive one is taken as UTC."""

    impl = sa.DateTime
    postgres_type = postgresql.TIMESTAMP(timezone=True)

    def writer(self, family: Family) -> Converter | None:
        if family == "generic":
            return _naive_moment
        return _moment_text if family == "sqlite" else _moment

    def reader(self, family: Family) -> Converter | None:
        if family == "generic":
            return _aware_moment
        return datetime.datetime.fromisoformat if family == "sqlite" else None

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return mysql.DATETIME(fsp=6) if is_mysql(dialect) else sa.DateTime()

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


def _naive_moment(value: datetime.datetime) -> datetime.datetime:
    return _moment(value).replace(tzinfo=None)


def _aware_moment(value: datetime.datetime) -> datetime.datetime:
    return value.replace(tzinfo=datetime.UTC)


class DateStorage(Storage):
    impl = sa.Date
    postgres_type = postgresql.DATE()

    def writer(self, family: Family) -> Converter | None:
        return datetime.date.isoformat if family == "sqlite" else None

    def reader(self, family: Family) -> Converter | None:
        return datetime.date.fromisoformat if family == "sqlite" else None

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.Date()


class TimeStorage(Storage):
    impl = sa.Time
    postgres_type = postgresql.TIME()

    def writer(self, family: Family) -> Converter | None:
        return _time_text if family == "sqlite" else None

    def reader(self, family: Family) -> Converter | None:
        if family == "generic":
            return _time_of_day
        return datetime.time.fromisoformat if family == "sqlite" else None

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return mysql.TIME(fsp=6) if is_mysql(dialect) else sa.Time()


def _time_of_day(value: Any) -> datetime.time:
    # Drivers of MySQL give the time since midnight.
    if isinstance(value, datetime.timedelta):
        return (datetime.datetime.min + value).time()
    return value  # type: ignore[no-any-return]


def _time_text(value: datetime.time) -> str:
    return value.isoformat("microseconds")


class DurationStorage(Storage):
    """An interval on PostgreSQL, microseconds elsewhere."""

    impl = sa.Interval
    sqlite_type = sqlite.INTEGER()
    postgres_type = postgresql.INTERVAL()

    def writer(self, family: Family) -> Converter | None:
        return None if family == "postgresql" else (lambda value: value // MICROSECOND)

    def reader(self, family: Family) -> Converter | None:
        if family == "postgresql":
            return None
        return lambda value: datetime.timedelta(microseconds=int(value))

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.BigInteger()


class UuidStorage(Storage):
    impl = sa.Uuid
    postgres_type = postgresql.UUID()

    def writer(self, family: Family) -> Converter | None:
        return None if family == "postgresql" else str

    def reader(self, family: Family) -> Converter | None:
        # asyncpg gives a subclass of UUID, which msgspec does not encode.
        return (lambda value: uuid.UUID(int=value.int)) if family == "postgresql" else uuid.UUID

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.CHAR(36)


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
            rounded = number.quantize(Decimal(1).scaleb(-places))
        except InvalidOperation:
            raise OutOfRange(f"The number {value} is too large.") from None
        if rounded != number:
            raise ValueRefused(f"The number {value} has more than {places} decimal places.")
        return rounded

    def reader(self, family: Family) -> Converter | None:
        places = -self.decimal_places
        # An average over integers may have a fraction.
        return (lambda value: Decimal(value).scaleb(places)) if family == "sqlite" else None


class EnumStorage(Storage):
    """An enum by the values of its members, all text or all integers."""

    impl = sa.Text

    def __init__(self, enum_class: type[enum.Enum], *, is_integer: bool) -> None:
        super().__init__()
        self.enum_class = enum_class
        self.is_integer = is_integer

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if self.is_integer:
            return IntegerStorage().load_dialect_impl(dialect)
        longest = max(len(str(member.value)) for member in self.enum_class)
        return TextStorage(max(1, longest)).load_dialect_impl(dialect)

    def writer(self, family: Family) -> Converter | None:
        return lambda value: value.value if isinstance(value, enum.Enum) else value

    def reader(self, family: Family) -> Converter | None:
        return self.enum_class


class JsonStorage(Storage):
    """Anything msgspec can write, decoded as `annotation` when it is read."""

    impl = sa.JSON
    postgres_type = postgresql.JSONB()

    def __init__(self, annotation: Any = Any) -> None:
        super().__init__()
        self.annotation = annotation

    def writer(self, family: Family) -> Converter | None:
        return lambda value: msgspec.json.encode(value).decode()

    def reader(self, family: Family) -> Converter | None:
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

    def writer(self, family: Family) -> Converter | None:
        escape, anything = (_glob, "*") if self.is_glob and family == "sqlite" else (_like, "%")
        before = anything if self.before else ""
        after = anything if self.after else ""
        return lambda value: f"{before}{escape(value)}{after}"


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _glob(text: str) -> str:
    return text.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
