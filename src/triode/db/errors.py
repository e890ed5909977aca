"""What goes wrong with data.

A `ClientError` is what the client of a request can mend: the web answers it with its status
code. `NotLoaded`, `MultipleRows` and `DatabaseUnavailable` are for the developer. The engines
raise `ConstraintViolation` and `ValueRefused` with the names the database gave; `writing`
and `refusals` turn a violation into the client's error, with the names of the model.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self

from triode.db.showing import as_json
from triode.errors import ClientError, ConfigError, TriodeError


class RowNotFound(ClientError):
    """No row has the given key or matches the given conditions."""

    default_code = "row-not-found"
    status_code: ClassVar[int] = 404


class RowRefused(ClientError):
    """What the database does not take, with the names of the model.

    `model` is the model's name, `fields` are those in question (`field` where it is one), `value`
    is what was given for it, a tuple for several: None where it is secret or not known. `item` is
    the number of the row where many were written.
    """

    default_code = "row-refused"
    fields: tuple[str, ...] = ()
    value: Any = None

    def about(self, model: str, fields: tuple[str, ...] = (), value: Any = None) -> Self:
        """Say which model and fields it is about."""
        self.model, self.fields, self.value = model, fields, value
        self.field = fields[0] if len(fields) == 1 else None
        return self


class Duplicate(RowRefused):
    """A row with the same unique value exists; `fields` must be unique (together)."""

    default_code = "duplicate"
    status_code: ClassVar[int] = 409


class StaleRow(ClientError):
    """Somebody else has changed the row since it was read; its `version` says so."""

    default_code = "stale-row"
    status_code: ClassVar[int] = 409


class MissingParent(RowRefused):
    """A foreign key names a row that does not exist."""

    default_code = "missing-parent"
    status_code: ClassVar[int] = 409


class Protected(RowRefused):
    """A row cannot be deleted, or get another key, while others refer to it."""

    default_code = "protected"
    status_code: ClassVar[int] = 409


class ValueRefused(RowRefused):
    """A value that the database cannot store or compare."""

    default_code = "value-refused"
    status_code: ClassVar[int] = 422

    @property
    def detail(self) -> list[dict[str, Any]]:
        """The problem in the shape of validation's: type, loc, msg, input."""
        loc = list(self.place or ([] if self.field is None else [self.field]))
        # SECURITY: what stands nowhere in the request may be known to the server alone.
        given = None if self.place is None else as_json(self.value)
        return [{"type": self.code, "loc": loc, "msg": self.message, "input": given}]


class OutOfRange(ValueRefused):
    """A number too large for its column."""

    default_code = "out-of-range"


class TooLong(ValueRefused):
    """A text or a binary value longer than its column."""

    default_code = "too-long"


class MissingValue(ValueRefused):
    """NULL for a field that must have a value."""

    default_code = "missing-value"


class CheckFailed(ValueRefused):
    """Values that do not meet a condition that the database holds for every row."""

    default_code = "check-failed"


class DatabaseBusy(ClientError):
    """The database cannot do it now but may a moment later: locked, or out of connections."""

    default_code = "database-busy"
    status_code: ClassVar[int] = 503
    headers = MappingProxyType({"retry-after": "1"})


class LockTimeout(DatabaseBusy):
    """Somebody else kept a lock for too long: another process, transaction or program."""

    default_code = "lock-timeout"


class ConnectionLost(DatabaseBusy):
    """The connection ended before the answer was there: a restart, a network, an administrator.

    Nobody knows whether a write that stood alone was done; a transaction was not.
    """

    default_code = "connection-lost"


class StatementTimeout(DatabaseBusy):
    """A statement took longer than the database's `statement_timeout`; it did nothing."""

    default_code = "statement-timeout"


class SerializationFailure(DatabaseBusy):
    """Two transactions could not be put in an order; this one was undone and may be done again."""

    default_code = "serialization-failure"


class Deadlock(SerializationFailure):
    """Two transactions waited for each other; this one was undone and may be done again."""

    default_code = "deadlock"


class MultipleRows(TriodeError):
    """One row was asked for and several match."""

    default_code = "multiple-rows"


class NotLoaded(TriodeError):
    """A relation was read that no query has loaded; the message says what to write."""

    default_code = "not-loaded"


class QueryError(TriodeError):
    """A query that makes no sense: an unknown field, a condition of another model."""

    default_code = "query"


class TransactionError(TriodeError):
    """A transaction that was used wrongly or ended by the database."""

    default_code = "transaction"


class DatabaseUnavailable(ConfigError, ClientError):
    """A database that cannot be opened, read or written until somebody mends it.

    At start-up the message says what to do. A client is told nothing of it but a 503, and the
    logger "triode.db" the rest.
    """

    default_code = "database-unavailable"
    status_code: ClassVar[int] = 503

    @property
    def detail(self) -> str:
        """What a client may know."""
        return "The service cannot be used at the moment."


class SchemaMismatch(ConfigError):
    """A table in the database differs from its model."""

    default_code = "schema-mismatch"


class ConstraintViolation(TriodeError):
    """A constraint refused a write; raised by an engine, told in the database's own names.

    `columns` are the columns the constraint is over, empty where the database does not say;
    `constraint` is its name, None where the database says only the columns.
    """

    default_code = "constraint"

    def __init__(
        self,
        kind: Literal["unique", "foreign key", "not null", "check"],
        *,
        columns: tuple[str, ...] = (),
        constraint: str | None = None,
        message: str,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.columns = columns
        self.constraint = constraint


class BackupError(TriodeError):
    """A backup that cannot be made, or must not be restored."""

    default_code = "backup"


class MigrationError(TriodeError):
    """A migration that cannot be made or applied."""

    default_code = "migration"


class DataError(TriodeError):
    """Rows in a file that cannot be loaded; says which line."""

    default_code = "data"
