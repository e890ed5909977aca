"""Between Starlette's responses and our `Reply`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, cast

from starlette.background import BackgroundTask
from starlette.responses import Response

from triode.http.call import Call, Message, RawHeaders, Receive, Reply, Scope, Send

Background: TypeAlias = Callable[[], Awaitable[None]]

# How a body is framed is the server's business; headers copied from another server say otherwise.
FRAMING = (b"content-length", b"transfer-encoding")


def reply_from_response(response: Response) -> Reply:
    """Return the reply that sends a response.

    A response that is complete in memory is taken apart; any other one (streams, files) is
    carried along and sends itself.
    """
    body = getattr(response, "body", None)
    if not isinstance(body, bytes) or type(response).__call__ is not Response.__call__:
        reply = Reply(b"", response.status_code, None)
        reply.stream = response
        return reply
    media: bytes | None = None
    headers: RawHeaders = []
    for name, value in response.raw_headers:
        if name == b"content-type":
            media = value
        elif name not in FRAMING:
            headers.append((name, value))
    reply = Reply(body, response.status_code, media, headers or None)
    if response.background is not None:
        reply.background = response.background
    return reply


async def settled(reply: Reply, call: Call) -> Reply:
    """Return the reply that a response makes of a request it depends on: a file, say."""
    made: Reply = await reply.stream.reply_to(call.method, call.head)  # type: ignore[union-attr]
    for name, value in reply.headers or ():
        made.add_header(name, value)
    made.background = join_background(made.background, reply.background)
    return made


def response_from_reply(reply: Reply) -> Response:
    """Return a Starlette response for a reply, for code that works on responses."""
    if isinstance(reply.stream, Response):
        reply.stream.raw_headers.extend(reply.headers or ())
        return reply.stream
    if reply.stream is not None:
        return _Streamed(reply)
    response = Response(reply.body, reply.status)
    if reply.media is not None:
        response.raw_headers.append((b"content-type", reply.media))
    if reply.headers:
        response.raw_headers.extend(reply.headers)
    if reply.background is not None:
        response.background = cast("BackgroundTask", _Background(reply.background))
    return response


class _Streamed(Response):
    """An ASGI callable in the form of a response."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(status_code=reply.status)
        del self.headers["content-length"]
        self._reply = reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._reply.headers = [*(self._reply.headers or ()), *self.raw_headers]
        await stream_reply(self._reply, scope, receive, send)


async def stream_reply(reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
    """Let a reply's ASGI callable send itself, with the reply's headers added to its own."""
    if reply.stream is None:
        raise TypeError("The reply is complete in memory; it has no stream.")
    if not reply.headers:
        await reply.stream(scope, receive, send)
        return
    added = reply.headers

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await send(message)

    await reply.stream(scope, receive, send_with_headers)


def join_background(*work: Callable[[], Awaitable[None]] | None) -> Background | None:
    """Return one after the other what is to be done after a response, None for nothing."""
    given = [run for run in work if run is not None]
    if len(given) < 2:
        return given[0] if given else None

    async def run_all() -> None:
        for run in given:
            await run()

    return run_all


class _Background:
    """A background callable in the form that Starlette runs after a response."""

    def __init__(self, run: Callable[[], Awaitable[None]]) -> None:
        self.run = run

    async def __call__(self) -> None:
        await self.run()


def raw_headers(reply: Reply) -> RawHeaders:
    """Return all headers of a reply that is complete in memory."""
    headers: RawHeaders = []
    if reply.media is not None:
        headers.append((b"content-type", reply.media))
    if reply.status >= 200 and reply.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(reply.body)))
    if reply.headers:
        headers.extend(reply.headers)
    return headers


def replay(body: bytes, then: Receive) -> Receive:
    """Return an ASGI receive callable that gives a body once and then waits on `then`."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return await then()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
