"""Describe one route: an operation for each of its methods."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any, Final

from triode.errors import RouteError, place_of
from triode.openapi.context import Context, Json, merge_into
from triode.openapi.parameters import describe_parameters, has_parameters
from triode.openapi.request_body import body_parts, describe_body
from triode.openapi.responses import describe_responses
from triode.openapi.security import describe_dependencies
from triode.routing import Route
from triode.schema import title_of

_ORDER: Final[tuple[str, ...]] = (
    "GET",
    "PUT",
    "POST",
    "DELETE",
    "OPTIONS",
    "HEAD",
    "PATCH",
    "TRACE",
)


def describe_route(route: Route, context: Context) -> Json:
    """Return the operations of a route by method in lower case, for a path item."""
    methods = [method for method in _ORDER if method in route.methods]
    if "GET" in methods and "HEAD" in methods:
        # Every GET answers HEAD too; only a handler written for it is worth a word.
        methods.remove("HEAD")
    return {method.lower(): _describe(route, method, methods, context) for method in methods}


def operation_id_of(route: Route, method: str) -> str:
    """Return the id that an operation gets when none is given: name, path and method."""
    return re.sub(r"\W", "_", f"{route.name}{route.path_format}") + f"_{method.lower()}"


def description_of(route: Route) -> str | None:
    """Return the description: the option, else the docstring as far as a form feed."""
    given = route.options.description
    text = inspect.cleandoc(given if given is not None else route.handler.__doc__ or "")
    return text.split("\f")[0].strip() or None


def _describe(route: Route, method: str, methods: list[str], context: Context) -> Json:
    options = route.options
    operation_id = _unique_id(route, method, methods, context)
    parts = body_parts(route.dependant)
    operation: Json = {}
    if options.tags:
        operation["tags"] = [str(getattr(tag, "value", tag)) for tag in options.tags]
    operation["summary"] = options.summary or title_of(str(route.name))
    operation["description"] = description_of(route)
    operation["operationId"] = operation_id
    operation["deprecated"] = True if options.deprecated else None
    operation["parameters"] = describe_parameters(route, context)
    operation["requestBody"] = describe_body(parts, operation_id, context)
    operation["callbacks"] = _describe_callbacks(options.callbacks, context)
    takes_input = bool(parts) or has_parameters(route.dependant)
    operation["responses"] = describe_responses(
        route, operation_id, context, takes_input=takes_input
    )
    operation = {key: value for key, value in operation.items() if value not in (None, [], {})}
    describe_dependencies(route.dependant, operation, context)
    if options.openapi_extra:
        merge_into(operation, options.openapi_extra)
    return operation


def _unique_id(route: Route, method: str, methods: list[str], context: Context) -> str:
    options = route.options
    chosen = options.operation_id
    make = options.generate_unique_id_function or context.make_operation_id
    if chosen is None and make is not None:
        chosen = make(route)
    if chosen is not None and len(methods) > 1:
        chosen = f"{chosen}_{method.lower()}"
    operation_id = chosen or operation_id_of(route, method)
    owner = f"{method} {route.path_format}"
    if operation_id not in context.operation_ids:
        context.operation_ids[operation_id] = owner
        return operation_id
    if chosen is None:
        # "/a-b" and "/a_b" with handlers of one name: nobody chose it, so nobody minds a number.
        return _unique_number(operation_id, owner, context)
    raise RouteError(
        f"The operation id {operation_id!r} of {owner} is also that of "
        f"{context.operation_ids[operation_id]}. Give one of them another operation_id.",
        code="openapi-duplicate-operation-id",
        where=place_of(route.handler),
    )


def _unique_number(operation_id: str, owner: str, context: Context) -> str:
    number = 2
    while f"{operation_id}_{number}" in context.operation_ids:
        number += 1
    context.operation_ids[f"{operation_id}_{number}"] = owner
    return f"{operation_id}_{number}"


def _describe_callbacks(callbacks: Sequence[Any], context: Context) -> Json:
    described: Json = {}
    for callback in callbacks:
        if isinstance(callback, Route):
            paths = described.setdefault(str(callback.name), {})
            paths.setdefault(callback.path, {}).update(describe_route(callback, context))
    return described
