"""Run an application's start-up and coroutines for a command that is plain code itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from triode.app import App
from triode.cli.errors import program_error
from triode.server.lifespan import LifespanDriver

T = TypeVar("T")


class BackgroundApp:
    """An application started on an event loop in its own thread, while the context is open."""

    def __init__(self, app: App) -> None:
        self._driver = LifespanDriver(app)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.run(self._driver.startup())
        except Exception as exc:
            self._end()
            raise program_error(exc) from exc
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run(self._driver.shutdown())
        self._end()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine that runs beside the application; Ctrl-C cancels it."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
