"""Open a SQLite connection as Triode wants it, and say in our words what SQLite refused."""

from __future__ import annotations

import logging
import math
import os
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from triode.db.engine.lacking import lacking
from triode.db.engine.protocol import (
    LOCKED,
    SURROGATE,
    TIMEOUT,
    TOO_LARGE,
    TOO_LONG,
    Outcome,
    Write,
)
from triode.db.engine.sqlite_functions import register
from triode.db.errors import (
    ConstraintViolation,
    DatabaseUnavailable,
    LockTimeout,
    OutOfRange,
    StatementTimeout,
    TooLong,
    TransactionError,
    ValueRefused,
)
from triode.errors import TriodeError

BUSY_TIMEOUT = 30.0
"""Seconds that a connection waits for another process before it gives up."""

CACHED_STATEMENTS = 512

LIMIT_STEPS = 10_000
"""Virtual machine steps between two looks at the clock of a statement with a limit."""

_CONSTRAINTS = {
    "SQLITE_CONSTRAINT_UNIQUE": "unique",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "unique",
    "SQLITE_CONSTRAINT_ROWID": "unique",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "foreign key",
    "SQLITE_CONSTRAINT_TRIGGER": "foreign key",
    "SQLITE_CONSTRAINT_NOTNULL": "not null",
    "SQLITE_CONSTRAINT_CHECK": "check",
}
_MENDS = {
    "SQLITE_NOTADB": "It is not a SQLite database, or it is damaged. Restore it from a backup, "
    "or give another path.",
    "SQLITE_CORRUPT": "It is damaged. Restore it from a backup, or save what `sqlite3 FILE "
    "'.recover'` can read.",
    "SQLITE_READONLY": "It is read-only. Let this user write the file and its folder.",
    "SQLITE_CANTOPEN": "It cannot be opened. Check that the folder exists and that this user may "
    "write in it.",
    "SQLITE_PERM": "This user may not use it. Mend the permissions of the file and its folder.",
    "SQLITE_FULL": "The disk is full.",
    "SQLITE_IOERR": "The disk could not be read or written. Look whether it is full or broken.",
}

_OTHER_TYPE = "A value is of another type than its column."
_UNKNOWN_TYPE = re.compile(r"Error binding parameter .*: type '(.+)' is not supported")
_MISFIT = re.compile(r"cannot store (\w+) value in (\w+) column (?:\w+\.)?(\w+)")

_LOG = logging.getLogger("triode.db")


class LimitedConnection(sqlite3.Connection):
    """A connection whose statements may take `limit` seconds each."""

    limit: float = math.inf
    deadline: float = math.inf

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        self.deadline = monotonic() + self.limit
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        self.deadline = monotonic() + self.limit
        return super().executemany(*arguments)

    def is_late(self) -> bool:
        return monotonic() > self.deadline


def connect(
    address: str, *, is_uri: bool, is_reader: bool, limit: float | None = None
) -> sqlite3.Connection:
    """Open one connection with Triode's settings.

    `limit` is for how many seconds a statement may run.

    Raises:
        DatabaseUnavailable: the file cannot be used.
    """
    try:
        connection = sqlite3.connect(
            address,
            timeout=BUSY_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=CACHED_STATEMENTS,
            uri=is_uri,
            factory=sqlite3.Connection if limit is None else LimitedConnection,
        )
    except sqlite3.Error as exc:
        raise unavailable(address, exc) from exc
    try:
        _configure(connection, is_reader=is_reader)
        if isinstance(connection, LimitedConnection) and limit is not None:
            connection.limit = limit
            watch(connection)
    except sqlite3.Error as exc:
        connection.close()
        raise unavailable(address, exc) from exc
    return connection


def watch(connection: sqlite3.Connection) -> None:
    """Let statements run for as long as the connection's limit says, without one as they like."""
    if isinstance(connection, LimitedConnection):
        connection.set_progress_handler(connection.is_late, LIMIT_STEPS)
    else:
        connection.set_progress_handler(None, LIMIT_STEPS)


def _configure(connection: sqlite3.Connection, *, is_reader: bool) -> None:
    # Full synchronization: a commit that was acknowledged survives a loss of power.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA cache_size=-16000")
    register(connection)
    if is_reader:
        connection.execute("PRAGMA query_only=ON")
        # Has a meaning only for databases in memory, whose connections share one cache: a
        # reader there does not wait for the writer's transaction.
        connection.execute("PRAGMA read_uncommitted=ON")
    else:
        connection.execute("PRAGMA journal_mode=WAL")


def check_path(path: Path) -> None:
    """Refuse a path that can never become a database, before SQLite says so in fewer words.

    SQLite tells of a file that nobody may write only when something is written.
    """
    try:
        is_folder, has_folder, exists = path.is_dir(), path.parent.is_dir(), path.exists()
    except OSError as exc:
        raise DatabaseUnavailable(f"The database {str(path)!r} cannot be reached: {exc}.") from exc
    if is_folder:
        raise DatabaseUnavailable(f"The database {str(path)!r} is a folder. Name a file in it.")
    if not has_folder:
        raise DatabaseUnavailable(
            f"The database {str(path)!r} lies in a folder that does not exist. "
            f"Create {str(path.parent)!r} or mend DATABASE_URL."
        )
    if exists and not os.access(path, os.R_OK | os.W_OK):
        raise DatabaseUnavailable(
            f"The database {str(path)!r} may not be read and written by this user. Mend the "
            "permissions of the file."
        )
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise DatabaseUnavailable(
            f"The database {str(path)!r} lies in a folder where this user may not write, and its "
            f"log has to be written beside it. Mend the permissions of {str(path.parent)!r}."
        )


def unavailable(address: str | None, exc: sqlite3.Error) -> DatabaseUnavailable:
    """Describe a failure to open or use `address`; None where it is not at hand."""
    name = getattr(exc, "sqlite_errorname", "")
    mend = next((mend for code, mend in _MENDS.items() if name.startswith(code)), "")
    subject = "The SQLite database" if address is None else f"The database {address!r}"
    return DatabaseUnavailable(f"{subject} cannot be used: {exc}. {mend}".rstrip())


def translate(exc: Exception) -> Exception:
    """Return the error of ours for one of the driver's, or `exc` itself if it is a bug."""
    if isinstance(exc, TriodeError):
        return exc
    refused = _refused(exc)
    if refused is not None:
        return refused
    name = getattr(exc, "sqlite_errorname", "")
    if name in _CONSTRAINTS:
        return _violation(_CONSTRAINTS[name], str(exc))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return LockTimeout(LOCKED)
    if name == "SQLITE_INTERRUPT":
        return StatementTimeout(TIMEOUT)
    if name.startswith(tuple(_MENDS)) and isinstance(exc, sqlite3.Error):
        error = unavailable(None, exc)
        _LOG.error("%s", error)
        return error
    # SQLite gives these no number of their own.
    return (lacking(str(exc)) if name == "SQLITE_ERROR" else None) or exc


def _refused(exc: Exception) -> ValueRefused | None:
    """Return the error for a value that SQLite or its driver does not take."""
    if isinstance(exc, OverflowError) or str(exc) == "integer overflow":
        return OutOfRange(TOO_LARGE)
    if isinstance(exc, UnicodeEncodeError):
        return ValueRefused(SURROGATE)
    unknown = _UNKNOWN_TYPE.fullmatch(str(exc))
    if unknown is not None:
        return ValueRefused(
            f"A value of type {unknown.group(1).rpartition('.')[2]} cannot be stored or compared "
            "here."
        )
    if str(exc) == "user-defined function raised exception":
        return ValueRefused("A value makes no sense for a function, such as a wrong pattern.")
    # The number of the error has no name in Python 3.11.
    misfit = _MISFIT.fullmatch(str(exc))
    if misfit is not None:
        is_number = misfit.group(1, 2) == ("REAL", "INTEGER")  # what became of a larger one
        refused = OutOfRange(TOO_LARGE) if is_number else ValueRefused(_OTHER_TYPE)
        refused.field = misfit.group(3)
        return refused
    if str(exc) == "LIKE or GLOB pattern too complex":
        return TooLong("A text is too long to be looked for in others.")
    return TooLong(TOO_LONG) if str(exc) == "string or blob too big" else None


def _violation(kind: Any, message: str) -> ConstraintViolation:
    found = re.fullmatch(r"[\w ]+ constraint failed: (.*)", message)
    names = found.group(1).split(", ") if found else []
    columns = tuple(name.rpartition(".")[2] for name in names)
    return ConstraintViolation(kind, columns=columns, message=message)


def run_writes(connection: sqlite3.Connection, writes: Sequence[Write]) -> list[Outcome]:
    """Run writes inside the transaction that is open; on an error all of them are undone."""
    if len(writes) == 1 and not writes[0].many:
        # PERF: SQLite undoes a single failed statement by itself; without the savepoint
        # 83,000 instead of 70,000 grouped inserts/s.
        return [_run(connection, writes[0])]
    connection.execute("SAVEPOINT unit")
    try:
        outcomes = [_run(connection, write) for write in writes]
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK TO unit")
            connection.execute("RELEASE unit")
        raise
    connection.execute("RELEASE unit")
    return outcomes


def _run(connection: sqlite3.Connection, write: Write) -> Outcome:
    if write.many:
        return Outcome([], connection.executemany(write.sql, write.parameters).rowcount)
    cursor = connection.execute(write.sql, write.parameters)
    rows = cursor.fetchall()
    return Outcome(rows, len(rows) if rows else max(cursor.rowcount, 0))


def lost_transaction(cause: object) -> TransactionError:
    """Describe what happens to the other writes when their common transaction ends too early."""
    return TransactionError(
        f"The transaction ended before its commit: {cause}. Look whether your change was written."
    )
