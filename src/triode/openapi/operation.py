"""Describe one route: an operation for each of its methods."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from triode.openapi.context import Context, Json, merge_into
from triode.openapi.operation_ids import documented_methods
from triode.openapi.parameters import describe_parameters, has_parameters
from triode.openapi.request_body import body_parts, describe_body
from triode.openapi.responses import describe_responses
from triode.openapi.security import describe_dependencies
from triode.routing import Route
from triode.schema import title_of


def describe_route(route: Route, context: Context) -> Json:
    """Return the operations of a route by method in lower case, for a path item."""
    methods = documented_methods(route)
    return {method.lower(): _describe(route, method, methods, context) for method in methods}


def description_of(route: Route) -> str | None:
    """Return the description: the option, else the docstring as far as a form feed."""
    given = route.options.description
    text = inspect.cleandoc(given if given is not None else route.handler.__doc__ or "")
    return text.split("\f")[0].strip() or None


def _describe(route: Route, method: str, methods: list[str], context: Context) -> Json:
    options = route.options
    operation_id = context.operation_ids.take(route, method, methods)
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


def _describe_callbacks(callbacks: Sequence[Any], context: Context) -> Json:
    described: Json = {}
    for callback in callbacks:
        if isinstance(callback, Route):
            paths = described.setdefault(str(callback.name), {})
            paths.setdefault(callback.path, {}).update(describe_route(callback, context))
    return described
