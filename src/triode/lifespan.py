"""Start-up and shutdown: the user's lifespan, hooks of attached parts, and ASGI's messages."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, TypeAlias

from triode.concurrency import run_in_threadpool
from triode.http import Receive, Scope, Send

Hook: TypeAlias = Callable[[], Any]
LifespanState: TypeAlias = Mapping[str, Any] | None
Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[LifespanState]]


class LifespanHooks:
    """What runs before the first request and after the last.

    Start-up hooks run in the order added, the user's lifespan inside them; shutdown hooks run in
    reverse, each even if another one fails.
    """

    def __init__(self, lifespan: Lifespan | None = None) -> None:
        self.lifespan = lifespan
        self.startup: list[Hook] = []
        self.shutdown: list[Hook] = []

    @asynccontextmanager
    async def run(self, app: Any) -> AsyncIterator[dict[str, Any]]:
        """Run an application's life; the value is the state for its requests."""
        async with AsyncExitStack() as stack:
            for hook in self.shutdown:
                stack.push_async_callback(_call, hook)
            for hook in self.startup:
                await _call(hook)
            state: dict[str, Any] = {}
            if self.lifespan is not None:
                given = await stack.enter_async_context(self.lifespan(app))
                state.update(given or {})
            yield state


async def _call(hook: Hook) -> None:
    if inspect.iscoroutinefunction(hook):
        await hook()
        return
    result = await run_in_threadpool(hook)
    if isinstance(result, Awaitable):
        await result


async def run_lifespan(
    hooks: LifespanHooks, app: Any, scope: Scope, receive: Receive, send: Send
) -> None:
    """Speak ASGI's lifespan protocol for an application."""
    started = False
    await receive()
    try:
        async with hooks.run(app) as state:
            _ = app.table  # A mistake in the routes is found before the first request.
            if state and "state" in scope:
                scope["state"].update(state)
            await send({"type": "lifespan.startup.complete"})
            started = True
            await receive()
    except BaseException:
        kind = "lifespan.shutdown.failed" if started else "lifespan.startup.failed"
        await send({"type": kind, "message": traceback.format_exc()})
        raise
    await send({"type": "lifespan.shutdown.complete"})
