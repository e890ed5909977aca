"""Statements over a SQLAlchemy connection, with checked parameters and errors of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from sqlalchemy.engine import Connection, CursorResult
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from triode.db.engine.generic_errors import translate
from triode.db.engine.protocol import SURROGATE, TOO_LARGE, Outcome, Row, Write
from triode.db.errors import OutOfRange, ValueRefused

MYSQL: Final = ("mysql", "mariadb")
"""The dialects of SQLAlchemy that speak MySQL's language."""

_PLAIN: Final = (str, int, float, bytes, Decimal, date, time, timedelta)
"""What every driver understands."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors in the place of the driver's."""
    try:
        yield
    except DBAPIError as exc:
        raise translate(exc) from exc
    except NoConnection as exc:
        raise translate(exc) from exc
    except UnicodeEncodeError as exc:
        raise ValueRefused(SURROGATE) from exc


def run(
    connection: Connection,
    sql: str,
    parameters: Sequence[Any],
    options: dict[str, Any] | None = None,
) -> CursorResult[Any]:
    """Run one statement; `options` are SQLAlchemy's for its execution."""
    return connection.exec_driver_sql(sql, checked(parameters), options)


def checked(parameters: Sequence[Any]) -> tuple[Any, ...]:
    """Return parameters that are safe to hand to a plain driver.

    Raises:
        ValueRefused: one is of a type, or a number, that the database would change or misread.
    """
    return tuple([each if each is None else _checked(each) for each in parameters])


def _checked(value: Any) -> Any:
    if not isinstance(value, _PLAIN):
        # SECURITY: some drivers write a list or a dict as SQL of its own.
        raise ValueRefused(f"A value of type {type(value).__name__} cannot be sent to a database.")
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise OutOfRange(TOO_LARGE)
        return int(value)
    if isinstance(value, float) and not isfinite(value):
        raise ValueRefused(f"The database does not store the number {value}.")
    # A subclass, such as a StrEnum, may be written by its name.
    return str.__str__(value) if isinstance(value, str) else value


def run_write(connection: Connection, write: Write) -> Outcome:
    """Run one writing statement."""
    if write.many:
        if not write.parameters:
            return Outcome([], 0)
        connection.exec_driver_sql(write.sql, [checked(each) for each in write.parameters])
        return Outcome([], len(write.parameters))
    result = run(connection, write.sql, write.parameters)
    if result.returns_rows:
        rows = rows_of(result)
        return Outcome(rows, len(rows))
    return Outcome([], result.rowcount)


def rows_of(result: CursorResult[Any]) -> list[Row]:
    """Return the driver's own rows."""
    cursor = result.cursor
    rows = list(cursor.fetchall()) if cursor is not None else []
    result.close()
    return rows
