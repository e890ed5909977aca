"""Turn what a handler returns into a reply.

Everything that the declared return type and the route's options decide is decided once, in
`make_finisher`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast, get_origin

from starlette.responses import JSONResponse, Response

from triode.binding.contract import has_body, response_schema
from triode.binding.trimmed import trimming_encoder
from triode.binding.trimming import Trim
from triode.http import Reply
from triode.http.call import JSON
from triode.http.json_responses import PLAIN_JSON
from triode.http.reply import FRAMING, reply_from_response
from triode.schema import MISSING, ResponseValidationFailed, Schema, json_encoder
from triode.schema.foreign import ENCODER

Finisher: TypeAlias = Callable[[Any], Reply]
PLAIN_TYPES: frozenset[type] = frozenset({dict, list, str, int, float, bool, type(None)})


@dataclass(frozen=True, slots=True)
class ResultOptions:
    """What a route says of its response.

    `annotation` is the declared type: `MISSING` if nothing was declared, None for "no contract".
    `status_code` None means 200, or what the response class has. `where` names the handler in
    errors, `trim` is what is left out.
    """

    annotation: Any = MISSING
    status_code: int | None = None
    response_class: type[Response] | None = None
    where: str | None = None
    trim: Trim | None = None

    def builtins(self, schema: Schema | None, result: Any) -> Any:
        """Return a result as builtins, without what is left out."""
        if self.trim is not None:
            return self.trim.serialize(schema, result)
        return result if schema is None else schema.serialize(result)


def make_finisher(options: ResultOptions, *, keeps_body: bool = False) -> Finisher:
    """Return the function that turns a handler's result into a reply.

    With `keeps_body` the reply has one though its status has none: a `Response` parameter may
    set another status, and `merge_response` then says what is sent.
    """
    if options.response_class is not None and options.response_class not in PLAIN_JSON:
        finish = _class_finisher(options, options.response_class)
    else:
        finish = _json_finisher(options)
    if keeps_body or has_body(options.status_code or 200):
        return finish
    return _empty_finisher(options)


def _json_finisher(options: ResultOptions) -> Finisher:
    status, where, trim = options.status_code or 200, options.where, options.trim
    schema = response_schema(options.annotation)
    encode = json_encoder(schema) if trim is None else trimming_encoder(schema, trim)
    # PERF: what needs no look beyond its type is written at once.
    direct = PLAIN_TYPES if schema is None else schema.exact_types or frozenset()
    if trim is not None or (schema is not None and schema.adapter_of_all is not None):
        direct = frozenset()
    write = ENCODER.encode

    def finish(result: Any) -> Reply:
        if type(result) in direct:
            return Reply(write(result), status, JSON)
        reply = special(result)
        if reply is not None:
            return reply
        try:
            return Reply(encode(result), status, JSON)
        except ResponseValidationFailed as exc:
            exc.where = where
            raise

    special = _special_finisher(options, finish)
    return finish


def _empty_finisher(options: ResultOptions) -> Finisher:
    status = options.status_code or 200

    def finish(result: Any) -> Reply:
        if isinstance(result, Response):
            return reply_from_response(result)
        return Reply(b"", status, None)

    return finish


def _class_finisher(options: ResultOptions, response_class: type[Response]) -> Finisher:
    given: dict[str, Any] = (
        {} if options.status_code is None else {"status_code": options.status_code}
    )
    schema = response_schema(options.annotation)
    is_json = issubclass(response_class, JSONResponse)

    def finish(result: Any) -> Reply:
        reply = special(result)
        if reply is not None:
            return reply
        if is_json and (schema is not None or options.trim is not None):
            result = options.builtins(schema, result)
        return reply_from_response(response_class(result, **given))

    special = _special_finisher(options, finish)
    return finish


def _special_finisher(options: ResultOptions, finish: Finisher) -> Callable[[Any], Reply | None]:
    """Return what answers the results that are no value: responses, and tuples as Flask has them.

    Where a tuple is declared a tuple is a value.
    """
    takes_tuples = get_origin(options.annotation) is not tuple and options.annotation is not tuple

    def special(result: Any) -> Reply | None:
        if isinstance(result, Response):
            return reply_from_response(result)
        kind = type(result)
        if kind is Reply:
            return cast(Reply, result)
        if kind is tuple and takes_tuples and _is_flask_result(result):
            return _flask_reply(finish, result)
        return None

    return special


def _is_flask_result(result: tuple[Any, ...]) -> bool:
    """Whether a tuple is (body, status), (body, status, headers) or (body, headers)."""
    if len(result) not in (2, 3):
        return False
    second = result[1]
    if isinstance(second, int) and not isinstance(second, bool):
        return 100 <= second <= 599
    return len(result) == 2 and _are_headers(second)


def _are_headers(value: Any) -> bool:
    """Whether a value holds names and values of headers: a mapping or pairs of text."""
    if isinstance(value, Mapping):
        value = list(value.items())
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(pair, tuple)
            and len(pair) == 2
            and all(isinstance(text, str) for text in pair)
            for pair in value
        )
    )


def _flask_reply(finish: Finisher, result: tuple[Any, ...]) -> Reply:
    body, second, *more = result
    reply = finish(body)
    headers = second
    if isinstance(second, int):
        _set_status(reply, int(second))
        headers = more[0] if more else ()
    pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
    for name, value in pairs:
        encoded = str(name).lower().encode("latin-1")
        if encoded not in FRAMING:
            reply.add_header(encoded, str(value).encode("latin-1"))
    return reply


def _set_status(reply: Reply, status: int) -> None:
    reply.status = status
    if isinstance(reply.stream, Response):
        reply.stream.status_code = status
    elif not has_body(status):
        reply.body, reply.media = b"", None


def blank_response() -> Response:
    """Return what a handler gets for a `Response` parameter: only its headers and status count."""
    response = Response()
    del response.headers["content-length"]
    response.status_code = None  # type: ignore[assignment]  # None: the handler set none
    return response


def merge_response(reply: Reply, response: Response) -> Reply:
    """Apply what a handler or dependency set on its `Response` parameter."""
    status = response.status_code
    _set_status(reply, reply.status if status is None else status)
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
