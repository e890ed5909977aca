"""Turn what a handler returns into a reply.

Everything that the declared return type and the route's options decide is decided once, in
`make_finisher`.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, get_origin

import msgspec
from starlette.responses import JSONResponse, Response

from triode.binding.trimming import Trim
from triode.http import Reply
from triode.http.call import JSON
from triode.http.reply import reply_from_response
from triode.schema import MISSING, ResponseValidationFailed, Schema, describe, json_encoder
from triode.schema.foreign import ENCODER

Finisher: TypeAlias = Callable[[Any], Reply]
PLAIN_TYPES: frozenset[type] = frozenset({dict, list, str, int, float, bool, type(None)})


@dataclass(frozen=True, slots=True)
class ResultOptions:
    """What a route says of its response.

    `annotation` is the declared type: `MISSING` if nothing was declared, None for "no contract".
    `where` names the handler in errors, `trim` is what is left out.
    """

    annotation: Any = MISSING
    status_code: int = 200
    response_class: type[Response] | None = None
    where: str | None = None
    trim: Trim | None = None


def has_body(status: int) -> bool:
    """Whether a response of this status may have a body (RFC 9110, 6.4.1)."""
    return status >= 200 and status not in (204, 205, 304)


def response_schema(annotation: Any) -> Schema | None:
    """Return the contract that a return annotation makes, None if it makes none."""
    if annotation is MISSING or annotation is None or is_response(annotation):
        return None
    return describe(annotation)


def is_response(annotation: Any) -> bool:
    """Whether an annotation is a response class, or a union with one in it."""
    if inspect.isclass(annotation):
        return issubclass(annotation, Response)
    members = getattr(annotation, "__args__", ())
    is_union = get_origin(annotation) is not None and hasattr(annotation, "__or__")
    return is_union and any(
        inspect.isclass(member) and issubclass(member, Response) for member in members
    )


def make_finisher(options: ResultOptions) -> Finisher:
    """Return the function that turns a handler's result into a reply."""
    if options.response_class is not None and options.response_class is not JSONResponse:
        return _class_finisher(options, options.response_class)
    if not has_body(options.status_code):
        return _empty_finisher(options)
    if options.trim is not None:
        return _trimming_finisher(options, options.trim)
    return _json_finisher(options)


def _json_finisher(options: ResultOptions) -> Finisher:
    status, where = options.status_code, options.where
    schema = response_schema(options.annotation)
    encode = json_encoder(None if schema is None else options.annotation)
    takes_tuples = schema is None or get_origin(options.annotation) is not tuple
    # PERF: what needs no look beyond its type is written at once.
    direct = PLAIN_TYPES if schema is None else schema.exact_types or frozenset()
    write = ENCODER.encode

    def finish(result: Any) -> Reply:
        if type(result) in direct:
            return Reply(write(result), status, JSON)
        if isinstance(result, Response):
            return reply_from_response(result)
        if takes_tuples and type(result) is tuple and _is_flask_result(result):
            return _flask_reply(finish, result)
        try:
            return Reply(encode(result), status, JSON)
        except ResponseValidationFailed as exc:
            exc.where = where
            raise

    return finish


def _trimming_finisher(options: ResultOptions, trim: Trim) -> Finisher:
    schema = response_schema(options.annotation)
    encode = json_encoder(None)
    whole = _json_finisher(options)

    def finish(result: Any) -> Reply:
        if isinstance(result, Response):
            return reply_from_response(result)
        if type(result) is tuple and _is_flask_result(result):
            return _flask_reply(finish, result)
        reply = whole(result)
        reply.body = encode(trim.apply(schema, result, msgspec.json.decode(reply.body)))
        return reply

    return finish


def _empty_finisher(options: ResultOptions) -> Finisher:
    status = options.status_code

    def finish(result: Any) -> Reply:
        if isinstance(result, Response):
            return reply_from_response(result)
        return Reply(b"", status, None)

    return finish


def _class_finisher(options: ResultOptions, response_class: type[Response]) -> Finisher:
    status = options.status_code
    schema = response_schema(options.annotation)
    is_json = issubclass(response_class, JSONResponse)

    def finish(result: Any) -> Reply:
        if isinstance(result, Response):
            return reply_from_response(result)
        if type(result) is tuple and _is_flask_result(result):
            return _flask_reply(finish, result)
        if is_json and schema is not None:
            result = schema.serialize(result)
        return reply_from_response(response_class(result, status_code=status))

    return finish


def _is_flask_result(result: tuple[Any, ...]) -> bool:
    """Whether a tuple is Flask's (body, status) or (body, status, headers)."""
    return len(result) in (2, 3) and type(result[1]) is int and 100 <= result[1] <= 599


def _flask_reply(finish: Finisher, result: tuple[Any, ...]) -> Reply:
    body, status, *rest = result
    reply = finish(body)
    reply.status = status
    if not has_body(status):
        reply.body, reply.media = b"", None
    if rest:
        pairs = rest[0].items() if isinstance(rest[0], Mapping) else rest[0]
        for name, value in pairs:
            reply.add_header(str(name).lower().encode("latin-1"), str(value).encode("latin-1"))
    return reply


def blank_response() -> Response:
    """Return what a handler gets for a `Response` parameter: only its headers and status count."""
    response = Response()
    del response.headers["content-length"]
    response.status_code = None  # type: ignore[assignment]  # None: the handler set none
    return response


def merge_response(reply: Reply, response: Response) -> Reply:
    """Apply what a handler or dependency set on its `Response` parameter."""
    if response.status_code is not None:
        reply.status = response.status_code
        if isinstance(reply.stream, Response):
            reply.stream.status_code = response.status_code
        if not has_body(reply.status):
            reply.body, reply.media = b"", None
    for name, value in response.raw_headers:
        reply.add_header(name, value)
    if response.background is not None:
        add_background(reply, response.background)
    return reply


def add_background(reply: Reply, run: Callable[[], Awaitable[None]]) -> None:
    """Have something done after a reply, after what is to be done already."""
    before = reply.background
    if before is None:
        reply.background = run
        return

    async def both() -> None:
        try:
            await before()
        finally:
            await run()

    reply.background = both
