"""Drive an application's lifespan, so that a failing start-up is raised to the caller.

uvicorn logs such an error and ends the process; a test wants the exception itself, and a command
says it in one line.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from triode.errors import ConfigError
from triode.http.call import ASGIApp, Message


class LifespanDriver:
    """Starts and stops one ASGI application on the running event loop.

    `state` is what the application's lifespan yielded. The other two attributes are there
    because uvicorn asks for them.
    """

    should_exit = False
    error_occurred = False

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.state: dict[str, Any] = {}
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Start the application.

        Raises:
            BaseException: whatever the application's start-up raised.
        """
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state}
        running = self.app(scope, self._events.get, self._answers.put)
        self._task = asyncio.ensure_future(running)
        await self._exchange("startup")

    async def shutdown(self) -> None:
        """Stop the application; raises what its shut-down raised."""
        await self._exchange("shutdown")

    async def __aenter__(self) -> LifespanDriver:
        await self.startup()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.shutdown()

    async def _exchange(self, phase: str) -> None:
        """Send one lifespan event and wait for its answer or for the application to end."""
        if self._task is None:
            return
        await self._events.put({"type": f"lifespan.{phase}"})
        answer = asyncio.ensure_future(self._answers.get())
        await asyncio.wait({answer, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            await self._task
            raise ConfigError(f"the application ended during its {phase} without an answer")
        message = answer.result()
        if message["type"] == f"lifespan.{phase}.failed":
            await self._task
            raise ConfigError(f"the application's {phase} failed: {message.get('message', '')}")
        if phase == "shutdown":
            await self._task
