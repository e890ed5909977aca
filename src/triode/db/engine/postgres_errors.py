"""Say in our words what PostgreSQL or its driver refused."""

from __future__ import annotations

import re
from typing import Any, Final

from triode.db.engine.lacking import lacking
from triode.db.engine.postgres_pool import NoConnection
from triode.db.engine.protocol import (
    ABORTED,
    BUSY,
    LOCKED,
    LOST,
    NUL,
    READ_ONLY,
    REPEAT,
    SURROGATE,
    TIMEOUT,
    TOO_LARGE,
    TOO_LONG,
)
from triode.db.errors import (
    ConnectionLost,
    ConstraintViolation,
    DatabaseBusy,
    Deadlock,
    LockTimeout,
    OutOfRange,
    SerializationFailure,
    StatementTimeout,
    TooLong,
    TransactionError,
    ValueRefused,
)

_CONSTRAINTS: Final = {
    "23505": "unique",
    "23503": "foreign key",
    "23001": "foreign key",
    "23502": "not null",
    "23514": "check",
}
_BUSY: Final = ("57P03", "53300")
_LOST: Final = ("57P01", "57P02")
_LACKING: Final = ("42703", "42P01")
_REPEATABLE: Final = {"40001": SerializationFailure, "40P01": Deadlock}
_REFUSED: Final = ("22", "54000")
"""Class 22 of SQLSTATE: data exceptions; and a value that is too large for an index."""
_OUT_OF_RANGE: Final = re.compile(r"out of (int\d+ )?range")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'", re.DOTALL)


def translate(exc: BaseException) -> BaseException:
    """Return the error of ours for one of the driver's, or `exc` itself if it is a bug."""
    state = getattr(exc, "sqlstate", None) or ""
    if state in _CONSTRAINTS:
        return _violation(_CONSTRAINTS[state], exc)
    refused = _refused(exc, state)
    if refused is not None:
        return refused
    if state in _REPEATABLE:
        return _REPEATABLE[state](REPEAT)
    if state == "25006":
        return TransactionError(READ_ONLY)
    if state == "25P02":
        return TransactionError(ABORTED)
    if state == "57014":
        return StatementTimeout(TIMEOUT)
    if state == "55P03":
        return LockTimeout(LOCKED)
    if is_lost(exc, state):
        return ConnectionLost(LOST)
    if isinstance(exc, NoConnection):
        return DatabaseBusy(str(exc))
    if state in _BUSY or isinstance(exc, TimeoutError):
        return DatabaseBusy(BUSY)
    return (lacking(str(exc)) if state in _LACKING else None) or exc


def _refused(exc: BaseException, state: str) -> ValueRefused | None:
    """Return the error for a value that PostgreSQL or the driver does not take.

    SECURITY: what they say of it holds the value, which may be a secret.
    """
    if isinstance(exc, UnicodeEncodeError) or isinstance(exc.__cause__, UnicodeEncodeError):
        return ValueRefused(SURROGATE)
    if state == "22003" or _OUT_OF_RANGE.search(str(exc)):
        return OutOfRange(TOO_LARGE)
    if state == "22021":
        return ValueRefused(NUL)
    if state == "22001":
        return TooLong(TOO_LONG)
    if type(exc).__name__ == "DataError":
        return ValueRefused("A value is of another type than its column.")
    if state.startswith(_REFUSED):
        return ValueRefused(f"The database refused a value: {_QUOTED.sub('…', str(exc))}.")
    return None


def is_lost(exc: BaseException, state: str) -> bool:
    """Whether the connection ended before the answer was there."""
    ended = state in _LOST or state.startswith("08") or isinstance(exc, ConnectionError)
    return ended or is_unsent(exc)


def is_unsent(exc: BaseException) -> bool:
    """Whether the connection had ended before anything was sent over it."""
    kind, message = type(exc).__name__, str(exc)
    # What the driver says itself; the last between the server's farewell and its hanging up.
    is_gone = "connection is closed" in message or "released back to the pool" in message
    return (kind == "InterfaceError" and is_gone) or (
        kind == "InternalClientError" and "cannot switch to state" in message
    )


def _violation(kind: Any, exc: BaseException) -> ConstraintViolation:
    detail = getattr(exc, "detail", None) or ""
    found = re.match(r"Key \((.*?)\)=", detail)
    names = found.group(1).split(", ") if found else [getattr(exc, "column_name", None) or ""]
    columns = tuple(name.strip('"') for name in names if name)
    return ConstraintViolation(kind, columns=columns, message=str(exc))
