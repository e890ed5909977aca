"""The base of column types, and how the families of databases differ in text.

Each column type is a SQLAlchemy type, so that DDL, our own queries and any SQLAlchemy statement
agree. `storage` has the plain ones, `structured` those that are made of text or JSON.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, ClassVar, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect

from triode.db.engine.protocol import NUL
from triode.db.errors import ValueRefused
from triode.db.sql.literals import literal_text

Converter = Callable[[Any], Any]

Family: TypeAlias = Literal["sqlite", "postgresql", "generic"]
"""What kinds of databases keep values alike; "generic" is every other SQL database."""

LONGEST_VARCHAR = 4000


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
    kinds: tuple[type, ...] | None = None
    """The types of values that a column can be compared with; None: of any."""
    sqlite_type: ClassVar[sa.types.TypeEngine[Any]] = sqlite.TEXT()
    postgres_type: ClassVar[sa.types.TypeEngine[Any]] = postgresql.TEXT()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # SQLAlchemy wants it of each class, or warns. Our own plans are cached elsewhere.
        cls.cache_ok = False

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

    def literal_processor(self, dialect: Dialect) -> Any:
        write = self.bind_processor(dialect)
        return lambda value: literal_text(
            value if write is None or value is None else write(value), dialect
        )

    @property
    def constructor(self) -> str:
        """What makes the same column type in a migration, without the model's own classes."""
        return f"{type(self).__name__}()"

    def portable(self, value: Any) -> Any:
        """Return a value as the column type of a migration, which `constructor` makes, takes it."""
        return value

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self


class TextStorage(Storage):
    """Text without a limit in the database: lengths are checked before.

    `length` is for databases that can make an index only over text of a limited length.
    """

    impl = sa.Text
    kinds: tuple[type, ...] | None = (str, enum.Enum)

    def __init__(self, length: int | None = None) -> None:
        super().__init__()
        self.length = length

    @property
    def constructor(self) -> str:
        return f"TextStorage({self.length or ''})"

    def generic_type(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return text_type(dialect, self.length)

    def writer(self, family: Family) -> Converter | None:
        return plain_text


def plain_text(value: str) -> str:
    """Return a text that every database can store.

    Raises:
        ValueRefused: it holds a NUL byte.
    """
    # PostgreSQL cannot store it, and SQLite's own functions stop at it: refused everywhere.
    if "\0" in value:
        raise ValueRefused(NUL)
    return value


def only_of(*kinds: type) -> Converter:
    """Refuse other types, which a plain driver would send as text for the server to guess at."""

    def check(value: Any) -> Any:
        if not isinstance(value, kinds):
            raise TypeError(f"{' or '.join(kind.__name__ for kind in kinds)} is expected")
        return value

    return check
