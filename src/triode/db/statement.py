"""A statement that waits to be run: `await` it, or `.run()` it in plain code.

Which database it goes to is decided when it runs, see `sources`.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

from triode.db.engine import Channel
from triode.db.errors import QueryError
from triode.db.recording import Recorded, Recorder
from triode.db.sources import FindDatabase, HasChannels, Source, find_database, keep_source

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Statement(Generic[T_co]):
    """Something to do in the database, giving a `T` once it is awaited or run."""

    __slots__ = ()

    async def execute(self, channel: Channel) -> T_co:
        """Do it by way of `channel`."""
        raise NotImplementedError

    @property
    def database(self) -> HasChannels:
        """Where it goes to."""
        return Source.database()

    def __await__(self) -> Generator[Any, Any, T_co]:
        return self.execute(self.database.channel()).__await__()

    def run(self) -> T_co:
        """Do it now and wait for the result; for plain functions, scripts and shells.

        On an event loop it holds the loop until the result is there: use `await` there.
        """
        return drive(self.execute(self.database.blocking_channel()))

    def using(self, database: HasChannels | str) -> Statement[T_co]:
        """Send it to another database than the model's: one by its name, or a `Database`.

        Rows that it gives remember where they are from, unless that is read-only: what is done to
        them later goes there too.
        """
        return Bound(self, find_database(database))

    def sql(self) -> str:
        """Return the SQL that it begins with in the current database; nothing is run.

        The values stay placeholders: they go to the database beside the text.
        """
        return self.recorded().sql

    def explain(self, *, analyze: bool = False) -> Operation[str]:
        """Ask the database how it would run it: which indexes it uses, which tables it scans.

        With `analyze`, on PostgreSQL, a reading statement is run and timed.

        Raises:
            QueryError: it would be run, and changes something; or the database cannot.
        """
        recorded = self.recorded()
        return Operation(
            lambda channel: explained(channel, recorded, analyze=analyze), lambda: self.database
        )

    def recorded(self) -> Recorded:
        """Return the first statement of it and the values that go with it."""
        try:
            drive(self.execute(Recorder(self.database.channel().engine)))
        except Recorded as found:
            return found
        raise QueryError(f"{type(self).__name__} asks the database nothing.", code="query-empty")


async def explained(channel: Channel, recorded: Recorded, *, analyze: bool) -> str:
    """Return the database's plan for a statement, a line for each step."""
    name = channel.engine.dialect.name
    if analyze and (recorded.is_write or name == "sqlite"):
        why = "it would change something" if recorded.is_write else "SQLite times no plan"
        raise QueryError(f"explain(analyze=True) is not possible: {why}.", code="query-explain")
    if name == "sqlite":
        rows = await channel.read(f"EXPLAIN QUERY PLAN {recorded.sql}", recorded.parameters)
        return _tree(rows)
    word = "EXPLAIN ANALYZE" if analyze else "EXPLAIN"
    rows = await channel.read(f"{word} {recorded.sql}", recorded.parameters)
    return "\n".join(" ".join(str(value) for value in row) for row in rows)


def _tree(rows: list[Any]) -> str:
    depths: dict[int, int] = {}
    lines = []
    for number, parent, _, text in rows:
        depths[number] = depths.get(parent, -1) + 1
        lines.append("  " * depths[number] + text)
    return "\n".join(lines)


class Operation(Statement[T_co]):
    """A statement made of a function."""

    __slots__ = ("_find", "_function")

    def __init__(
        self,
        function: Callable[[Channel], Awaitable[T_co]],
        find: FindDatabase = Source.database,
    ) -> None:
        self._function = function
        self._find = find

    @property
    def database(self) -> HasChannels:
        return self._find()

    async def execute(self, channel: Channel) -> T_co:
        return await self._function(channel)


class WriteOperation(Operation[T_co]):
    """An operation that changes something: forgetting to await it is told."""

    __slots__ = ("_name",)

    def __init__(
        self,
        function: Callable[[Channel], Awaitable[T_co]],
        name: str,
        find: FindDatabase = Source.database,
    ) -> None:
        super().__init__(function, find)
        self._name: str | None = name

    async def execute(self, channel: Channel) -> T_co:
        self._name = None
        return await self._function(channel)

    def __del__(self) -> None:
        if self._name is not None:
            warnings.warn(
                f"{self._name} was neither awaited nor run, so nothing was written. "
                "Write await in front of it, or .run() behind it.",
                RuntimeWarning,
                stacklevel=2,
            )


class Bound(Statement[T_co]):
    """A statement for another database than its own."""

    __slots__ = ("_find", "_inner")

    def __init__(self, inner: Statement[T_co], find: FindDatabase) -> None:
        self._inner = inner
        self._find = find

    @property
    def database(self) -> HasChannels:
        return self._find()

    async def execute(self, channel: Channel) -> T_co:
        """See `Statement.execute`."""
        result = await self._inner.execute(channel)
        keep_source(result, self._find)
        return result


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, as those over a blocking channel are."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    coroutine.close()
    raise RuntimeError("A statement suspended on a blocking channel; this is a bug in Triode.")


def refuse_on_loop() -> None:
    """Refuse what would hold up an event loop for as long as its caller likes.

    Raises:
        QueryError: a loop runs in this thread.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise QueryError(
        "A plain `for` over a query would hold up the event loop. Write `async for`, or await the "
        "query for a list.",
        code="query-on-loop",
    )
