"""Start-up and shutdown: hooks, lifespans, those of routers and of what is mounted."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

from triode.concurrency import run_in_threadpool
from triode.errors import ConfigError
from triode.http import ASGIApp, Receive, Scope, Send
from triode.http.call import Message
from triode.routing import Hook, LifespanHooks


class Owner(Protocol):
    """What has hooks: an application or a router."""

    @property
    def lifespan_hooks(self) -> LifespanHooks:
        """The hooks."""
        ...


class Living(Protocol):
    """An application that can be started and stopped."""

    @property
    def table(self) -> Any:
        """The routes; compiling them finds mistakes."""
        ...

    def lifespan_context(self, app: Any = None) -> AbstractAsyncContextManager[dict[str, Any]]:
        """Start the application, and stop it at the end of the block."""
        ...


@asynccontextmanager
async def run_hooks(owners: Iterable[Owner], app: Any) -> AsyncIterator[dict[str, Any]]:
    """Run the life of an application and its routers; the value is the state for requests.

    Start-up hooks run in the order added, lifespans inside them, the application's before those
    of its routers. Shutdown is in reverse, each hook even if another one fails. Of two states
    with one name the application's counts.
    """
    hooks = [owner.lifespan_hooks for owner in owners]
    async with AsyncExitStack() as stack:
        for each in hooks:
            for hook in each.shutdown:
                stack.push_async_callback(_call, hook)
        for each in hooks:
            for hook in each.startup:
                await _call(hook)
        state: dict[str, Any] = {}
        for each in hooks:
            if each.lifespan is not None:
                given = await stack.enter_async_context(each.lifespan(app))
                state = {**(given or {}), **state}
        yield state


async def _call(hook: Hook) -> None:
    if inspect.iscoroutinefunction(hook):
        await hook()
        return
    result = await run_in_threadpool(hook)
    if isinstance(result, Awaitable):
        await result


async def run_lifespan(app: Living, scope: Scope, receive: Receive, send: Send) -> None:
    """Speak ASGI's lifespan protocol for an application."""
    started = False
    await receive()
    try:
        async with app.lifespan_context() as state:
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


@asynccontextmanager
async def run_foreign(app: ASGIApp, name: str) -> AsyncIterator[dict[str, Any]]:
    """Run the life of a mounted ASGI application; the value is the state for its requests.

    An application that does not speak the lifespan protocol is left alone, as ASGI has it.

    Raises:
        ConfigError: its start-up or shut-down failed; `name` is named.
    """
    state: dict[str, Any] = {}
    events: asyncio.Queue[Message] = asyncio.Queue()
    answers: asyncio.Queue[Message] = asyncio.Queue()

    async def send(message: Message) -> None:
        if not message["type"].startswith("lifespan."):
            raise TypeError(f"{message['type']!r} is no answer to a lifespan event.")
        await answers.put(message)

    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    task = asyncio.ensure_future(app(scope, events.get, send))
    try:
        speaks = await _exchange("startup", name, task, events, answers)
        yield state
        if speaks:
            await _exchange("shutdown", name, task, events, answers)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _exchange(
    phase: str,
    name: str,
    task: asyncio.Future[None],
    events: asyncio.Queue[Message],
    answers: asyncio.Queue[Message],
) -> bool:
    """Send one event and wait for the answer; False if the application gives none."""
    await events.put({"type": f"lifespan.{phase}"})
    answer = asyncio.ensure_future(answers.get())
    waiting: set[asyncio.Future[Any]] = {answer, task}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done() and answers.empty():
        answer.cancel()
        return False
    message = await answer
    if message["type"] == f"lifespan.{phase}.failed":
        raise ConfigError(
            f"The {phase} of what is mounted at {name} failed: {message.get('message', '')}",
            code=f"mount-{phase}",
        )
    return True
