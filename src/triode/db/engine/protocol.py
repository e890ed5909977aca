"""What an engine gives to the layers above.

An engine offers two channels: `awaiting`, for code on an event loop, and `blocking`, for plain
code. Both have the same coroutine methods; those of the blocking channel never suspend, so
`statement.run` can drive them without a loop and every operation is written once.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias

from sqlalchemy.engine.interfaces import Dialect

Row = tuple[Any, ...]

# What every engine says, whatever its database calls it.
REPEAT: Final = "Another transaction was in the way, so nothing was changed. Do it again."
LOST: Final = "The connection to the database was lost."
READ_ONLY: Final = "The transaction was opened with read_only=True, and something is written in it."
LOCKED: Final = "Somebody else has locked this for too long, so nothing was changed. Try again."
NUL: Final = "A text holds a NUL byte, which the database does not store."
SURROGATE: Final = "A text holds a lone surrogate, which is not a character."
TOO_LARGE: Final = "A number is too large: the database stores up to 64 bits."
TOO_LONG: Final = "A value is too long for its column."
BUSY: Final = "The database cannot be reached or is busy. Try again."
TIMEOUT: Final = "The database took too long for this, so nothing was changed."


class Into(NamedTuple):
    """Where the rows of an INSERT go, for engines that have a faster way than its SQL."""

    table: str
    columns: tuple[str, ...]
    schema: str | None = None


class Write(NamedTuple):
    """One writing SQL statement; `many` runs it once for each tuple of `parameters`.

    `into` says that it is a plain INSERT whose parameters are these columns, in this order.
    `is_short` says that it concerns one row, which is found by its key, and nothing else.
    """

    sql: str
    parameters: Sequence[Any] = ()
    many: bool = False
    into: Into | None = None
    is_short: bool = False


class Outcome(NamedTuple):
    """What a write gave: the rows of its RETURNING clause and how many rows it changed."""

    rows: list[Row]
    changed: int


Isolation: TypeAlias = Literal["read committed", "repeatable read", "serializable"]


class Mode(NamedTuple):
    """What a transaction is asked to be; None leaves it to the database."""

    isolation: Isolation | None = None
    is_read_only: bool = False


USUAL: Final = Mode()


class Parts(Protocol):
    """The rows of one query; nothing is asked before the first `fetch`.

    It is no asynchronous generator: a loop that ends closes each of those by itself, those within
    others too.
    """

    async def fetch(self) -> list[Row]:
        """Return the next rows; none after the last."""
        ...

    async def close(self) -> None:
        """Give back what it holds; to be called at the end, and wherever it is left."""
        ...


class Channel(Protocol):
    """A way to the database."""

    @property
    def engine(self) -> Engine: ...

    @property
    def is_blocking(self) -> bool:
        """Whether it is for plain code."""
        ...

    def read_now(self, sql: str, parameters: Sequence[Any]) -> list[Row] | None:
        """Return all rows of a query if that needs no wait; None: `read` has to be awaited."""
        ...

    async def read(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """Return all rows of a query."""
        ...

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """Run the statements as one unit, all or none; they are durable when this returns.

        Raises:
            ConstraintViolation: a constraint refused one of them.
        """
        ...

    def stream(self, sql: str, parameters: Sequence[Any], size: int) -> Parts:
        """Return the rows of a query in lists of at most `size`."""
        ...


class RootChannel(Channel, Protocol):
    """A channel outside any transaction: each write is one."""

    async def begin(self, mode: Mode = USUAL) -> Pinned:
        """Start a transaction, waiting for its turn."""
        ...


class PinnedChannel(Channel, Protocol):
    """A channel whose statements belong to one transaction."""

    async def commit(self) -> None: ...

    async def rollback(self) -> None:
        """Undo everything; nothing happens if the database has done so already."""
        ...


class Pinned(Protocol):
    """One transaction, for either kind of caller."""

    @property
    def awaiting(self) -> PinnedChannel: ...

    @property
    def blocking(self) -> PinnedChannel: ...


class Engine(Protocol):
    """One database, opened when it is first used."""

    pinned: ContextVar[Any]
    """The innermost block of this context; the `Database` gives it."""

    @property
    def dialect(self) -> Dialect: ...

    @property
    def plans(self) -> dict[Any, Any]:
        """Queries that were compiled for this engine, by their shape."""
        ...

    @property
    def awaiting(self) -> RootChannel: ...

    @property
    def blocking(self) -> RootChannel: ...

    async def start(self) -> None:
        """Open the database and check that it can be used.

        Raises:
            DatabaseUnavailable: with the address and what to do.
        """
        ...

    async def close(self) -> None:
        """Finish what was begun and let go of every connection."""
        ...

    def close_now(self) -> None:
        """Do what `close` does, in plain code."""
        ...
