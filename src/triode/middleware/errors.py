"""Turn exceptions into replies.

The innermost middleware of every endpoint, so that what stands around it sees an error as the
reply it becomes.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from triode.concurrency import run_in_threadpool
from triode.errors import ClientError
from triode.http import ASGIApp, Call, Receive, Reply, Scope, Send
from triode.http.asgi import send_reply
from triode.http.call import Message
from triode.http.exceptions import ValidationException
from triode.http.problem_details import as_problem, wants_problem_details
from triode.http.reply import reply_from_response
from triode.middleware.protocol import Run, on_reply

ExceptionHandler: TypeAlias = Callable[[Any, Any], Any]
# (call, exception, default reply) -> the reply to send
Presenter: TypeAlias = Callable[[Call, Exception, Reply], Reply]
TEXT = b"text/plain; charset=utf-8"

logger = logging.getLogger("triode")


class ErrorBoundary:
    """Answers exceptions: by the application's handlers, or by the defaults.

    `handlers` has exception classes and status codes as keys. `present` may put a page in the
    place of a default, for clients that want one. `after` is told of each call that has its reply.
    """

    def __init__(
        self,
        handlers: Mapping[Any, ExceptionHandler],
        *,
        present: Presenter | None = None,
        after: Callable[[Call], None] | None = None,
    ) -> None:
        self.handlers = handlers
        self.present = present
        self.after = after

    def wrap(self, run: Run) -> Run:
        """Return an endpoint that never raises an `Exception`."""
        answer = self.answer

        async def guard(call: Call, outcome: Awaitable[Reply]) -> Reply:
            try:
                return await outcome
            except Exception as exc:
                answered = answer(call, exc)
                return answered if isinstance(answered, Reply) else await answered

        def guarded(call: Call) -> Reply | Awaitable[Reply]:
            try:
                outcome = run(call)
            except Exception as exc:
                return answer(call, exc)
            return outcome if type(outcome) is Reply else guard(call, outcome)  # type: ignore[arg-type]

        after = self.after
        if after is None:
            return guarded
        return on_reply(guarded, lambda call, reply: after(call))

    def answer(self, call: Call, exc: Exception) -> Reply | Awaitable[Reply]:
        """Return the reply to an exception."""
        if isinstance(exc, ClientError) and exc.field is not None:
            exc.place = _place_of(call, exc)
        if isinstance(exc, ClientError) and exc.status_code >= 500:
            # The client can only try again; what keeps it from being served is ours to see.
            logger.warning("%s %s: %s", call.method, call.path, exc)
        if isinstance(exc, ValidationException):
            exc.where = exc.where or getattr(call.route, "place", None)
        handler = self.handler_for(exc)
        if handler is not None:
            return self._ask(handler, call, exc)
        return self._presented(call, exc, self.default_answer(exc))

    def default_answer(self, exc: Exception) -> Reply:
        """Return the reply to an exception that the application has no handler for."""
        if isinstance(exc, HTTPException):
            return http_error_reply(exc)
        if isinstance(exc, ClientError):
            return detail_reply(exc.status_code, exc.detail, exc.headers)
        if isinstance(exc, ClientDisconnect):
            return Reply(b"", 400, None)  # nobody is there to read it
        return server_error_reply(exc)

    def handler_for(self, exc: Exception) -> ExceptionHandler | None:
        """Return the application's handler of an exception, None for the default.

        A handler of `Exception` is for what nobody expects: it does not get the errors that have
        a status of their own.
        """
        has_status = isinstance(exc, HTTPException | ClientError)
        if has_status and exc.status_code in self.handlers:  # type: ignore[attr-defined]
            return self.handlers[exc.status_code]  # type: ignore[attr-defined]
        for kind in type(exc).__mro__:
            if kind in self.handlers:
                return self.handlers[kind]
            if kind in (HTTPException, ClientError):
                return None
        return self.handlers.get(500)

    async def serve(
        self, app: ASGIApp, call: Call, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Run an ASGI application, and answer what it raises before it has answered itself."""
        has_started = False

        async def watch(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await app(scope, receive, watch)
        except Exception as exc:
            if has_started:
                raise
            answered = self.answer(call, exc)
            reply = answered if isinstance(answered, Reply) else await answered
            await send_reply(reply, call, send)
            if reply.error is not None:
                raise

    async def _ask(self, handler: ExceptionHandler, call: Call, exc: Exception) -> Reply:
        request = call.request()
        try:
            if inspect.iscoroutinefunction(handler):
                response = await handler(request, exc)
            else:
                response = await run_in_threadpool(handler, request, exc)
            reply = reply_from_response(response)
        except Exception as second:
            return self._presented(call, second, server_error_reply(second))
        if not isinstance(exc, HTTPException | ClientError) and reply.status >= 500:
            reply.error = exc
        return reply

    def _presented(self, call: Call, exc: Exception, reply: Reply) -> Reply:
        if wants_problem_details(call):
            reply = as_problem(call, exc, reply)
        if self.present is None or reply.status < 400:
            return reply
        return self.present(call, exc, reply)


def server_error_reply(exc: Exception) -> Reply:
    """Return the 500 that tells nothing; the server logs the exception."""
    reply = Reply(b"Internal Server Error", 500, TEXT)
    reply.error = exc
    return reply


def _place_of(call: Call, exc: ClientError) -> tuple[int | str, ...] | None:
    locate = getattr(call.route, "locate", None)
    return None if locate is None else locate(exc.field, exc.model, exc.item)


def http_error_reply(exc: HTTPException) -> Reply:
    """Return FastAPI's reply to an `HTTPException`."""
    if exc.status_code < 200 or exc.status_code in (204, 304):
        reply = Reply(b"", exc.status_code, None)
        for name, value in (exc.headers or {}).items():
            reply.add_header(name.lower().encode("latin-1"), value.encode("latin-1"))
        return reply
    return detail_reply(exc.status_code, exc.detail, exc.headers)


def detail_reply(status: int, detail: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """Return `{"detail": …}` with a status."""
    reply = Reply(msgspec.json.encode({"detail": detail}), status)
    for name, value in (headers or {}).items():
        reply.add_header(name.lower().encode("latin-1"), value.encode("latin-1"))
    return reply
