"""What runs before the first request and after the last; running it is `triode.lifespan`'s."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from triode.errors import ConfigError
from triode.later import later

if TYPE_CHECKING:
    from triode import concurrency
else:
    later(globals(), concurrency="triode.concurrency")

Hook: TypeAlias = Callable[[], Any]
LifespanState: TypeAlias = Mapping[str, Any] | None
Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[LifespanState]]


class LifespanHooks:
    """Start-up hooks in the order added, the lifespan inside them, shut-down hooks in reverse."""

    def __init__(
        self,
        lifespan: Any = None,
        startup: Iterable[Hook] | None = None,
        shutdown: Iterable[Hook] | None = None,
    ) -> None:
        self.lifespan: Lifespan | None = None if lifespan is None else as_lifespan(lifespan)
        self.startup: list[Hook] = list(startup or ())
        self.shutdown: list[Hook] = list(shutdown or ())

    def add(self, event: str, hook: Hook) -> None:
        """Call a function on "startup" or "shutdown".

        Raises:
            ConfigError: there is no such event.
        """
        lists = {"startup": self.startup, "shutdown": self.shutdown}
        if event not in lists:
            raise ConfigError(
                f'There is no event "{event}". Known are "startup" and "shutdown".',
                code="app-event",
            )
        lists[event].append(hook)


def as_lifespan(given: Any) -> Lifespan:
    """Return a lifespan as a context manager; it may be written as a plain generator too."""
    if inspect.isasyncgenfunction(given):
        return asynccontextmanager(given)
    if inspect.isgeneratorfunction(given):
        return _in_thread(given)
    lifespan: Lifespan = given
    return lifespan


def _in_thread(given: Callable[[Any], Generator[LifespanState, None, None]]) -> Lifespan:
    manager = contextmanager(given)

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[LifespanState]:
        async with concurrency.contextmanager_in_threadpool(manager(app)) as state:
            yield state

    return lifespan
