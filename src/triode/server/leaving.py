"""Serve calls whose dependencies are cleaned up once the reply is sent."""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context
from typing import Any, cast

from triode.dispatch import Served
from triode.http import Call, Receive, Reply, Scope, Send
from triode.http.exits import leave, wait_out
from triode.http.reply import join_background, settled
from triode.http.streaming import StreamingResponse, is_plain_stream
from triode.server.loop import start_task, step
from triode.server.serving import ServingProtocol, error_reply
from triode.server.wire import UnsendableError, check_stream

logger = logging.getLogger("triode")


class LeavingProtocol(ServingProtocol):
    """A connection that serves, sends and leaves such a call in one task.

    A dependency may hold what has to be left in the task that entered it: a task group, or a
    timeout.
    """

    def _serve_and_leave(self, call: Call, served: Served, context: Context) -> None:
        self.is_busy = True
        coroutine = self._converse(call, served)
        if served.may_step:
            _, task = step(self.loop, coroutine, context)
        else:
            task = start_task(self.loop, coroutine, context)
        if task is not None and not task.done():
            self.tasks.add(cast(Any, task))
            task.add_done_callback(self.tasks.discard)

    async def _converse(self, call: Call, served: Served) -> None:
        """Run the endpoint, send its reply and clean up; log what cannot be answered any more."""
        error: BaseException | None = None
        try:
            outcome = served.run(call)
            reply = outcome if isinstance(outcome, Reply) else await outcome
        except asyncio.CancelledError as exc:
            error, reply = exc, self._cancelled_reply()
        except BaseException as exc:
            error, reply = exc, error_reply(exc)
        try:
            if error is None:
                error = await self._send(call, reply)
            else:
                self._write(call, reply)
            if call.exits is not None:
                await leave(call.exits, error)
        except BaseException as exc:
            text = "Exception after %s %s was answered"
            logger.error(text, call.method, call.path, exc_info=exc)

    async def _send(self, call: Call, reply: Reply) -> BaseException | None:
        """Send a reply and run its background tasks; return what went wrong."""
        if hasattr(reply.stream, "reply_to"):
            reply = await settled(reply, call)
        background, reply.background = reply.background, None
        error: BaseException | None = None
        if reply.stream is None:
            self._write(call, reply)
        elif is_plain_stream(reply.stream):
            stream = reply.stream
            background = join_background(stream.background, background)
            stream.background = None
            self._write(call, reply)
            error = await _end_of(self.streaming)
            if isinstance(stream, StreamingResponse):
                await stream.end()  # its clean-up may use what is left next
        else:
            error = await self._send_by_cycle(call, reply)
        if background is None or error is not None:
            return error
        # A task of its own: this one may not have become any yet.
        work: Any = background()
        error = await _end_of(self.loop.create_task(work))
        if error is not None:
            text = "Exception in a background task of %s %s"
            logger.error(text, call.method, call.path, exc_info=error)
        return error

    async def _send_by_cycle(self, call: Call, reply: Reply) -> BaseException | None:
        """Send a reply through uvicorn's response cycle."""
        try:
            check_stream(reply)
        except UnsendableError as exc:
            self._write(call, error_reply(exc))
            return exc
        stream: Any = reply.stream
        ended: asyncio.Future[BaseException | None] = self.loop.create_future()

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            error: BaseException | None = None
            try:
                await stream(scope, receive, send)
            except BaseException as exc:
                error = exc
                raise
            finally:
                if not ended.done():
                    ended.set_result(error)

        reply.stream = watched
        self._write(call, reply)
        return await ended

    def _write(self, call: Call, reply: Reply) -> None:
        self.is_busy = False
        if not self._finish_plain(call, reply):
            self._finish(call, reply)
        if not self.is_busy and (self.waiting or self.unread or self.has_ended):
            self.loop.call_soon(self._next)


async def _end_of(task: asyncio.Task[None] | None) -> BaseException | None:
    """Wait for a task, and return what it raised; a stream whose client left is at its end."""
    if task is None:
        return None
    _, error = await wait_out(task)
    return error
