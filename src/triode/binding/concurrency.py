"""How many requests may use a dependency at the same time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from triode.binding.calls import is_async, is_async_generator, is_generator
from triode.later import later

if TYPE_CHECKING:
    import asyncio

    from triode import concurrency
else:
    later(globals(), asyncio="asyncio", concurrency="triode.concurrency")


class MaxConcurrency:
    """A limit that one `Depends(max_concurrency=…)` sets, counted on each event loop alone."""

    __slots__ = ("_semaphores", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._semaphores: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    @property
    def semaphore(self) -> asyncio.Semaphore:
        """The semaphore of the running event loop."""
        loop = asyncio.get_running_loop()
        found = self._semaphores.get(loop)
        if found is None:
            found = self._semaphores[loop] = asyncio.Semaphore(self.limit)
        return found

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return an async callable that waits its turn for another; one that yields keeps it."""

        async def limited(**arguments: Any) -> Any:
            async with self.semaphore:
                if is_async(call):
                    return await call(**arguments)
                return await concurrency.run_in_threadpool(call, **arguments)

        async def holding(**arguments: Any) -> AsyncIterator[Any]:
            async with self.semaphore:
                if is_async_generator(call):
                    manager = asynccontextmanager(call)(**arguments)
                else:
                    made = contextmanager(call)(**arguments)
                    manager = concurrency.contextmanager_in_threadpool(made)
                async with manager as value:
                    yield value

        yields = is_generator(call) or is_async_generator(call)
        made: Callable[..., Any] = holding if yields else limited
        made.__name__ = getattr(call, "__name__", type(call).__name__)
        return made
