"""What the errors of plain drivers mean; MySQL's and MariaDB's by their numbers."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

from triode.db.engine.lacking import lacking
from triode.db.engine.protocol import (
    BUSY,
    LOCKED,
    LOST,
    READ_ONLY,
    REPEAT,
    SURROGATE,
    TIMEOUT,
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

_CONSTRAINTS: Final[dict[int, Any]] = {
    1022: "unique", 1062: "unique", 1586: "unique",
    1216: "foreign key", 1217: "foreign key", 1451: "foreign key", 1452: "foreign key",
    1048: "not null", 1364: "not null",
    3819: "check", 4025: "check",
}  # fmt: skip
"""The numbers are those of "Server Error Message Reference" in the manual of MySQL."""

_OUT_OF_RANGE: Final = (1264, 1690, 167)
_TOO_LONG: Final = 1406
_REFUSED: Final = (1139, 1265, 1292, 1300, 1366, 1411, 3140, 3141)
_LOCKED: Final = (1205, 3572)
_BUSY: Final = (1040, 1203)
_LOST: Final = (1053, 1080, 1158, 1159, 1160, 1161, 1927, 2002, 2003, 2006, 2013, 2055)
_LACKING: Final = (1054, 1146)
_TIMEOUT: Final = (1969, 3024)
_COLUMN: Final = re.compile(r"column (?:`\w+`\.)*[`']?(\w+)[`']? at row \d+")
_NO_NUMBER: Final = re.compile(r"\w+ can not be used with MySQL")
_QUOTED: Final = re.compile(r"'[^']*'", re.DOTALL)
_REPEATABLE: Final = {1020: SerializationFailure, 1213: Deadlock}


def translate(exc: SQLAlchemyError) -> Exception:
    """Return the error of ours for one of SQLAlchemy's, or `exc` itself if it is a bug."""
    original = getattr(exc, "orig", None)
    number = _number(original)
    message = _message(original) or str(exc)
    if number in _CONSTRAINTS:
        return _violation(_CONSTRAINTS[number], message)
    refused = _refused(exc, original, number, message)
    if refused is not None:
        found = _COLUMN.search(message)
        refused.field = found.group(1) if found else None
        return refused
    if isinstance(exc, IntegrityError):
        return ConstraintViolation("check", message=message)
    is_lost = isinstance(exc, DBAPIError) and exc.connection_invalidated
    if number in _REPEATABLE:
        return _REPEATABLE[number](REPEAT)
    if number == 1792:
        return TransactionError(READ_ONLY)
    if number in _TIMEOUT:
        return StatementTimeout(TIMEOUT)
    if number in _LOCKED:
        return LockTimeout(LOCKED)
    if number in _LOST or is_lost:
        return ConnectionLost(LOST)
    if number in _BUSY or not isinstance(exc, DBAPIError):
        return DatabaseBusy(BUSY)
    return (lacking(message) if number in _LACKING else None) or exc


def _refused(exc: SQLAlchemyError, original: Any, number: int, message: str) -> ValueRefused | None:
    """Return the error for a value that the database or its driver does not take.

    SECURITY: what they say of it holds the value, which may be a secret.
    """
    if isinstance(original, UnicodeError):
        return ValueRefused(SURROGATE)
    if number in _OUT_OF_RANGE:
        return OutOfRange("A number is too large for its column.")
    if number == _TOO_LONG:
        return TooLong(TOO_LONG)
    if isinstance(exc, ProgrammingError) and _NO_NUMBER.fullmatch(str(original)):
        return ValueRefused("A number is infinite, or none at all.")
    if number in _REFUSED or isinstance(exc, DataError):
        return ValueRefused(f"The database refused a value: {_QUOTED.sub('…', message)}.")
    return None


def _number(original: Any) -> int:
    first = original.args[0] if getattr(original, "args", None) else 0
    return first if isinstance(first, int) else 0


def _message(original: Any) -> str:
    arguments: Any = getattr(original, "args", ())
    return str(arguments[1]) if len(arguments) > 1 else ""


def _violation(kind: Any, message: str) -> ConstraintViolation:
    column = re.search(r"(?:Column|Field) '([^']+)'", message) if kind == "not null" else None
    # MySQL writes the table before the name of the key, MariaDB does not.
    key = re.search(r"for key '(?:[^'.]+\.)?([^']+)'$", message) if kind == "unique" else None
    columns: tuple[str, ...] = () if column is None else (column.group(1),)
    name = None if key is None else key.group(1)
    return ConstraintViolation(kind, columns=columns, constraint=name, message=message)


def reason_of(exc: Exception) -> str:
    """Return why a connection failed, without the driver's numbers."""
    is_told = isinstance(exc, OperationalError)
    return _message(getattr(exc, "orig", None)) if is_told else str(exc)
