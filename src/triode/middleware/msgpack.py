"""MessagePack for clients that ask for it, beside JSON.

A body in MessagePack is read as the JSON that says the same, and a JSON reply is sent as the
MessagePack that says the same: handlers, contracts and the schema know of one format only. So
binary values are base64 text and times are text in both.
"""

from __future__ import annotations

import datetime
from collections.abc import Awaitable, Callable, Generator
from functools import lru_cache, partial
from typing import Any, Final

import msgspec
from starlette.responses import Response

from triode.http import Call, Head, HTTPException, Reply
from triode.http.call import JSON
from triode.http.negotiation import best_of
from triode.middleware.protocol import Run, Traits, on_reply

JSON_TYPE: Final = "application/json"
# The registered name, and two that clients have used for longer.
NAMES: Final = ("application/vnd.msgpack", "application/msgpack", "application/x-msgpack")
DOCUMENTED: Final = "application/msgpack"
# What every browser and most programs send when they mean JSON.
PLAIN: Final = frozenset((None, b"*/*", b"application/json", b"application/json, */*"))

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder()


class MessagePack(Traits):
    """Answers in MessagePack where `Accept` prefers it to JSON, and reads it by `Content-Type`.

    `app.add_middleware(MessagePack)` for an application, `middleware=[Middleware(MessagePack)]`
    for a router or a route.
    """

    may_raise = True
    may_step = True

    def wrap(self, run: Run) -> Run:
        """Return an endpoint that speaks both formats."""
        answering = on_reply(run, _answer)

        async def read_first(call: Call) -> Reply:
            await call.read()
            _read(call)
            outcome = answering(call)
            return outcome if isinstance(outcome, Reply) else await outcome

        def negotiate(call: Call) -> Reply | Awaitable[Reply]:
            content_type = call.head.values.get(b"content-type")
            if content_type is None or not _is_messagepack(content_type):
                return answering(call)
            if call.body is None:
                return _Later(partial(read_first, call))
            _read(call)
            return answering(call)

        return negotiate

    @staticmethod
    def describe_operation(operation: dict[str, Any]) -> None:
        """Add the format to a documented operation, wherever it has JSON."""
        bodies = [operation.get("requestBody", {}), *operation.get("responses", {}).values()]
        for body in bodies:
            content = body.get("content", {})
            if JSON_TYPE in content:
                content.setdefault(DOCUMENTED, content[JSON_TYPE])


class _Later:
    """A coroutine that is made when it is awaited: a request that is refused never does."""

    def __init__(self, make: Callable[[], Awaitable[Reply]]) -> None:
        self._make = make

    def __await__(self) -> Generator[Any, Any, Reply]:
        return self._make().__await__()


def _is_messagepack(content_type: bytes) -> bool:
    media_type = content_type.partition(b";")[0].strip().lower()
    return media_type.decode("latin-1") in NAMES


def _read(call: Call) -> None:
    """Put JSON in the place of a body in MessagePack.

    Raises:
        HTTPException: it is none (400).
    """
    if not call.body:
        return
    try:
        call.body = msgspec.json.encode(_DECODER.decode(call.body), enc_hook=_refuse)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError, OverflowError) as exc:
        raise HTTPException(400, "The body is no MessagePack that JSON could say.") from exc
    kept = [pair for pair in call.head.raw if pair[0] not in (b"content-type", b"content-length")]
    length = (b"content-length", b"%d" % len(call.body))
    call.head = Head([*kept, (b"content-type", JSON), length])


def _refuse(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON.")


def _answer(call: Call, reply: Reply) -> None:
    """Put MessagePack in the place of JSON where the client likes it better."""
    if isinstance(reply.stream, Response) or reply.media != JSON or not reply.body:
        return
    _vary(reply)
    accept = call.head.values.get(b"accept")
    if accept in PLAIN:
        return
    accepts = call.head.all(b"accept")
    chosen = _choose(b",".join(accepts) if len(accepts) > 1 else accepts[0])
    if chosen == JSON_TYPE:
        return
    if chosen is None:
        if call.method in ("GET", "HEAD") and reply.status == 200:
            offered = ", ".join((JSON_TYPE, *NAMES[:2]))
            detail = f"Not acceptable: this is offered as {offered}."
            reply.status, reply.body = 406, msgspec.json.encode({"detail": detail})
        return
    reply.body = _ENCODER.encode(msgspec.json.decode(reply.body))
    reply.media = chosen.encode("ascii")
    reply.headers = [
        (name, b"W/" + value if name == b"etag" and not value.startswith(b"W/") else value)
        for name, value in reply.headers or ()
    ]


def _vary(reply: Reply) -> None:
    """Tell caches that the answer depends on `Accept`."""
    for index, (name, value) in enumerate(reply.headers or ()):
        if name == b"vary":
            reply.headers[index] = (name, value + b", accept")  # type: ignore[index]
            return
    reply.add_header(b"vary", b"accept")


@lru_cache(maxsize=256)
def _choose(accept: bytes) -> str | None:
    return best_of((JSON_TYPE, *NAMES), accept.decode("latin-1"))
