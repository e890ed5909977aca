"""Describe what a route answers: its result, the declared extra responses, and its errors."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from http import HTTPStatus
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from starlette.responses import JSONResponse, Response

from triode.binding.contract import response_schema
from triode.binding.streams import is_stream, stream_class
from triode.openapi.around import responses_around
from triode.openapi.context import Context, Json, merge_into
from triode.openapi.errors import JSON, error_response, validation_response
from triode.openapi.streams import describe_stream
from triode.routing import Route
from triode.schema import MISSING, describe, title_of

_RANGES: Final = {
    "1XX": "Information",
    "2XX": "Success",
    "3XX": "Redirection",
    "4XX": "Client Error",
    "5XX": "Server Error",
    "DEFAULT": "Default Response",
}


@dataclass(frozen=True, slots=True)
class Input:
    """What of a request may be refused before the handler runs.

    `may_be_invalid` says that some request does not fit the signature, `has_limit` that a body may
    be too large; `middleware` are those around the handler.
    """

    may_be_invalid: bool = False
    is_form: bool = False
    has_limit: bool = False
    middleware: tuple[Any, ...] = ()


def describe_responses(route: Route, operation_id: str, context: Context, given: Input) -> Json:
    """Return the responses of an operation by status."""
    responses: Json = {}
    _add_success(responses, route, operation_id, context)
    _add_declared(responses, route, operation_id, context)
    _add_answers(responses, route, context)
    _add_refusals(responses, given, context)
    found = context.failures.of(route.dependant) | responses_around(given.middleware)
    objects = context.failures.with_objects(route.dependant)
    for status, description in found.items():
        if str(status) not in responses:
            is_text = status not in objects
            responses[str(status)] = error_response(description, context, is_text=is_text)
    return dict(sorted(responses.items()))


def _add_refusals(responses: Json, given: Input, context: Context) -> None:
    if "default" in responses or "4XX" in responses:
        return
    if given.is_form:
        responses.setdefault("400", error_response("The form cannot be read", context))
    if given.has_limit:
        responses.setdefault("413", error_response("The body is too large", context))
    if given.may_be_invalid:
        found = responses.setdefault("422", validation_response(context))
        if "text/html" in found.get("content", {}):
            # A page that shows the form again; what was said of JSON is true beside it.
            merge_into(found, {"content": validation_response(context)["content"]})


def _add_answers(responses: Json, route: Route, context: Context) -> None:
    """Add the responses that the handler makes itself, of which the source tells the status."""
    for status, media_type in context.failures.answers(route.dependant):
        is_described = str(status) in responses
        if is_described and (status < 400 or "content" in responses[str(status)]):
            continue
        found = responses.setdefault(str(status), {"description": _meaning(str(status))})
        if media_type is not None and _has_body(status):
            schema: Json = {} if media_type == JSON else {"type": "string"}
            found["content"] = {media_type: {"schema": schema}}


def _add_success(responses: Json, route: Route, operation_id: str, context: Context) -> None:
    description = route.options.response_description
    for response_class, annotation in _results_of(route):
        status = _status_of(route, response_class)
        is_extra = status >= 300 and route.options.response_class is None
        found = responses.setdefault(
            str(status), {"description": _meaning(str(status)) if is_extra else description}
        )
        if response_class.media_type is None or not _has_body(status):
            continue
        if is_stream(route.handler):
            content = describe_stream(response_class, annotation, operation_id, context)
            found.setdefault("content", {})[response_class.media_type] = content
            continue
        schema: Json = {"type": "string"}
        if issubclass(response_class, JSONResponse):
            schema = _result_schema(annotation, operation_id, context)
        found.setdefault("content", {})[response_class.media_type] = {"schema": schema}


def _results_of(route: Route) -> list[tuple[type[Response], Any]]:
    """Return the classes a route answers with, each with the type of what it carries.

    The option `response_class` decides; else the response classes in the return annotation, and
    JSON for the other types in it.
    """
    annotation = route.response_annotation
    if is_stream(route.handler):
        return [(stream_class(route.options.response_class), annotation)]
    if route.options.response_class is not None:
        return [(route.options.response_class, annotation)]
    is_union = get_origin(annotation) in (Union, UnionType)
    members = get_args(annotation) if is_union else (annotation,)
    classes = [member for member in members if _is_response(member)]
    if not classes:
        return [(JSONResponse, annotation)]
    values = tuple(member for member in members if member not in classes)
    # `-> Response` says nothing of the content, so JSON stays the guess.
    found: list[tuple[type[Response], Any]] = [
        (kind, MISSING) for kind in classes if kind is not Response
    ]
    if values or not found:
        found.insert(0, (JSONResponse, Union[values] if values else MISSING))  # noqa: UP007
    return found


def _is_response(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, Response)


def _status_of(route: Route, response_class: type[Response]) -> int:
    if route.options.status_code is not None:
        return int(route.options.status_code)
    parameter = inspect.signature(response_class).parameters.get("status_code")
    return parameter.default if parameter and isinstance(parameter.default, int) else 200


def _result_schema(annotation: Any, operation_id: str, context: Context) -> Json:
    schema = response_schema(annotation)
    if schema is None:
        return {}
    return _titled(context.sent(schema), f"Response_{operation_id}")


def _titled(schema: Json, name: str) -> Json:
    """Return a schema with a title; what it refers to has one already."""
    return schema if "$ref" in schema else {"title": title_of(name), **schema}


def _add_declared(responses: Json, route: Route, operation_id: str, context: Context) -> None:
    media_type = _results_of(route)[0][0].media_type or JSON
    for status, declared in (route.options.responses or {}).items():
        key = str(status).upper()
        response = {name: declared[name] for name in declared if name != "model"}
        found = responses.setdefault("default" if key == "DEFAULT" else key, {})
        description = found.get("description")
        merge_into(found, response)
        if declared.get("model") is not None:
            schema = context.sent(describe(declared["model"]))
            schema = _titled(schema, f"Response_{key}_{operation_id}")
            merge_into(found, {"content": {media_type: {"schema": schema}}})
        found["description"] = response.get("description") or description or _meaning(key)


def _meaning(key: str) -> str:
    if key in _RANGES:
        return _RANGES[key]
    try:
        return HTTPStatus(int(key)).phrase
    except ValueError:
        return "Additional Response"


def _has_body(status: int) -> bool:
    return status >= 200 and status not in (204, 205, 304)
