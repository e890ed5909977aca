"""A statement that waits to be run: `await` it, or `.run()` it in plain code.

Which database it goes to is decided when it runs: the active one of this context, else the
default one.
"""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import ContextVar
from typing import Any, ClassVar, Generic, NoReturn, Protocol, TypeVar

from triode.db.engine import Channel
from triode.errors import ConfigError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class HasChannels(Protocol):
    """What a statement needs of a database."""

    def channel(self) -> Channel: ...

    def blocking_channel(self) -> Channel: ...


class Source:
    """Where statements find their database."""

    current: ClassVar[ContextVar[HasChannels | None]] = ContextVar("triode_database", default=None)
    default: ClassVar[HasChannels | None] = None

    @classmethod
    def database(cls) -> HasChannels:
        return cls.current.get() or cls.default or cls.missing()

    @staticmethod
    def missing() -> NoReturn:
        raise ConfigError(
            "There is no database yet. Triode() opens one for an application; in a script, "
            'write Database("sqlite:///app.db") first.',
            code="database-missing",
        )


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


class Operation(Statement[T_co]):
    """A statement made of a function."""

    __slots__ = ("_database", "_function")

    def __init__(
        self,
        function: Callable[[Channel], Awaitable[T_co]],
        database: HasChannels | None = None,
    ) -> None:
        self._function = function
        self._database = database

    @property
    def database(self) -> HasChannels:
        return self._database or Source.database()

    async def execute(self, channel: Channel) -> T_co:
        return await self._function(channel)


class WriteOperation(Operation[T_co]):
    """An operation that changes something: forgetting to await it is told."""

    __slots__ = ("_name",)

    def __init__(self, function: Callable[[Channel], Awaitable[T_co]], name: str) -> None:
        super().__init__(function)
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


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, as those over a blocking channel are."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    coroutine.close()
    raise RuntimeError("A statement suspended on a blocking channel; this is a bug in Triode.")
