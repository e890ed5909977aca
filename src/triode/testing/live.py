"""A real server in a thread: uvicorn with the lane, on a free port of 127.0.0.1.

Differs from production in two places only: the application's start-up errors are raised in the
thread of the test, and stopping does not wait longer than it must.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

import uvicorn

from triode.http.call import ASGIApp
from triode.server import Limits, ServerOptions, make_config
from triode.server.lifespan import LifespanDriver

T = TypeVar("T")

_POLL_SECONDS = 0.002
_GRACE_SECONDS = 5.0


class LiveServer:
    """Serves `app` while the context is open; `url` is its address, without a trailing slash.

    `options` are those of `uvicorn.Config`, in place of what Triode sets itself.
    """

    def __init__(self, app: ASGIApp, *, limits: Limits | None = None, **options: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        settings = ServerOptions(port=self.port, log_level="warning", limits=limits or Limits())
        config = make_config(app, settings, **{"log_config": None, **options})
        self._server = _ThreadServer(config, app)
        self._thread = threading.Thread(target=self._run, name=f"live-server-{self.port}")
        self._ready = self._server.ready
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stop()
        self._thread.join()
        if self._failure is not None and value is None:
            raise self._failure

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._server.server_state.connections)

    def call(
        self, function: Callable[..., Coroutine[Any, Any, T]], /, *args: Any, **options: Any
    ) -> T:
        """Run an async function on the server's event loop, and return its result."""
        return self._server.run_beside(function(*args, **options))

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except BaseException as exc:  # handed to the thread that waits for it
            self._failure = exc
        finally:
            self._socket.close()
            self._ready.set()


class _ThreadServer(uvicorn.Server):
    """uvicorn's server with a prompt start and stop."""

    def __init__(self, config: uvicorn.Config, app: ASGIApp) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._app = app
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def stop(self) -> None:
        """End the server; may be called from any thread."""
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)

    def run_beside(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Wait, in another thread than the server's, for a coroutine that runs in it."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self.config.load()
        self.config.lifespan_class = lambda _config: LifespanDriver(self._app)
        await super()._serve(sockets)

    async def main_loop(self) -> None:
        assert self._stopping is not None
        await self.on_tick(0)
        self.ready.set()
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        async with asyncio.timeout(_GRACE_SECONDS):
            # uvicorn keeps both as plain sets, which nothing can wait for.
            while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110
                await asyncio.sleep(_POLL_SECONDS)
        await self.lifespan.shutdown()
