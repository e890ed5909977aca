"""Values as they stand in SQL text: the defaults of columns, and statements without parameters."""

from __future__ import annotations

import datetime
import re
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy.engine.interfaces import Dialect

from triode.db.errors import MigrationError


def escaped(sql: str) -> str:
    """Return SQL for `sa.text`, which would take a colon for the beginning of a parameter."""
    return re.sub(r"(?<![:\\]):(?=\w)", r"\:", sql)


def literal_text(value: Any, dialect: Dialect) -> str:
    """Write a value of the driver's as SQL; SQLAlchemy doubles the backslashes that MySQL wants so.

    Raises:
        MigrationError: there is no way to write it.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return ("true" if value else "false") if dialect.name == "postgresql" else str(int(value))
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'" if dialect.name == "postgresql" else f"x'{value.hex()}'"
    if isinstance(value, datetime.timedelta):
        days, seconds = value.days, value.seconds
        return f"'{days} days {seconds}.{value.microseconds:06} seconds'"
    if isinstance(value, datetime.datetime):
        return _quoted(value.isoformat(" "), dialect)
    if isinstance(value, str | uuid.UUID | datetime.date | datetime.time):
        return _quoted(str(value), dialect)
    raise MigrationError(f"A {type(value).__name__} cannot be written as SQL: {value!r}.")


def _quoted(text: str, dialect: Dialect) -> str:
    doubled = text.replace("'", "''")
    # Some drivers take a percent sign for the beginning of a parameter.
    if getattr(dialect.identifier_preparer, "_double_percents", False):
        doubled = doubled.replace("%", "%%")
    return f"'{doubled}'"
