"""uvicorn's server with an end that lets the application clean up before it is stopped.

uvicorn cancels what still runs and stops the application in the same breath: a handler's `finally`
then meets a closed database.
"""

from __future__ import annotations

import asyncio
import logging
import socket

import uvicorn

logger = logging.getLogger("triode")

POLL_SECONDS = 0.05
# How long what was cancelled may take to clean up.
CLEAN_UP_SECONDS = 5.0


class GracefulServer(uvicorn.Server):
    """Serves until it is told to stop; then lets requests finish, as long as the options say."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application and accept connections."""
        if not self.config.access_log:
            logging.getLogger("uvicorn.error").addFilter(_is_not_of_a_client)
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, wait for what is under way, cancel the rest, stop the application."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        seconds = self.config.timeout_graceful_shutdown
        if not await self._finished(float("inf") if seconds is None else seconds):
            await self._cancel()
        if not self.force_exit:
            await self.lifespan.shutdown()

    async def _finished(self, seconds: float) -> bool:
        """Wait for connections and tasks to end; False: some have not, or nobody wants to wait."""
        state = self.server_state
        end = asyncio.get_running_loop().time() + seconds
        # uvicorn keeps both as plain sets, which nothing can wait for.
        while state.connections or state.tasks:
            if self.force_exit or asyncio.get_running_loop().time() >= end:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

    async def _cancel(self) -> None:
        """Cancel what still runs, and wait until it has cleaned up."""
        tasks = list(self.server_state.tasks)
        if tasks:
            logger.warning("Cancelled at the server's end: %d still under way.", len(tasks))
        errors = logging.getLogger("uvicorn.error")
        errors.addFilter(_is_no_cancellation)
        for task in tasks:
            task.cancel("The server ends.")
        if tasks and not self.force_exit:
            _, stuck = await asyncio.wait(tasks, timeout=CLEAN_UP_SECONDS)
            if stuck:
                logger.error("Left at the server's end: %d ignore their cancellation.", len(stuck))
        for connection in list(self.server_state.connections):
            connection.transport.close()
        errors.removeFilter(_is_no_cancellation)


def _is_not_of_a_client(record: logging.LogRecord) -> bool:
    """Drop what a WebSocket's client can cause: each connection, and text that is no UTF-8.

    SECURITY: without the access log, no client may fill the log.
    """
    if "websockets" not in record.pathname:
        return True
    kind = record.exc_info[0] if isinstance(record.exc_info, tuple) else None
    return record.levelno >= logging.WARNING and kind is not UnicodeDecodeError


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    """Let pass all but the traceback of a task that was cancelled: one line has said it."""
    kind = record.exc_info[0] if isinstance(record.exc_info, tuple) else None
    return kind is None or not issubclass(kind, asyncio.CancelledError)
