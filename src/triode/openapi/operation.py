"""Describe one route: an operation for each of its methods."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from triode.binding.description import BodyPart
from triode.openapi.context import Context, Json, merge_into
from triode.openapi.operation_ids import documented_methods
from triode.openapi.parameters import describe_parameters, has_parameters, may_be_invalid
from triode.openapi.request_body import body_parts, describe_body, is_form
from triode.openapi.responses import Input, describe_responses
from triode.openapi.security import describe_dependencies
from triode.routing import Route
from triode.schema import title_of


def describe_route(route: Route, context: Context, *, is_served: bool = True) -> Json:
    """Return the operations of a route by method in lower case, for a path item.

    A webhook or a callback is not served: others answer it, with errors of their own.
    """
    methods = documented_methods(route)
    return {
        method.lower(): _describe(route, method, context, is_served=is_served) for method in methods
    }


def description_of(route: Route) -> str | None:
    """Return the description: the option, else the docstring as far as a form feed."""
    given = route.options.description
    text = inspect.cleandoc(given if given is not None else route.handler.__doc__ or "")
    return text.split("\f")[0].strip() or None


def _describe(route: Route, method: str, context: Context, *, is_served: bool) -> Json:
    options = route.options
    operation_id = context.operation_ids.take(route, method, documented_methods(route))
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
    operation["responses"] = describe_responses(
        route, operation_id, context, _input_of(route, parts, context, is_served=is_served)
    )
    operation = {key: value for key, value in operation.items() if value not in (None, [], {})}
    describe_dependencies(route.dependant, operation, context)
    for middleware in (*context.middleware, *route.middleware) if is_served else ():
        describe = getattr(getattr(middleware, "cls", middleware), "describe_operation", None)
        if describe is not None:
            describe(operation)
    if options.openapi_extra:
        merge_into(operation, options.openapi_extra)
    return operation


def _input_of(route: Route, parts: list[BodyPart], context: Context, *, is_served: bool) -> Input:
    dependant = route.dependant
    is_refused = may_be_invalid(dependant) or (
        has_parameters(dependant) and context.failures.may_refuse_values(dependant)
    )
    if not is_served:
        return Input(may_be_invalid=bool(parts) or is_refused)
    return Input(
        may_be_invalid=bool(parts) or is_refused,
        is_form=any(map(is_form, parts)),
        middleware=(*context.middleware, *route.options.middleware),
        has_limit=bool(parts) and (context.has_body_limit or bool(route.options.max_body_size)),
    )


def _describe_callbacks(callbacks: Sequence[Any], context: Context) -> Json:
    described: Json = {}
    for callback in callbacks:
        if isinstance(callback, Route):
            paths = described.setdefault(str(callback.name), {})
            paths.setdefault(callback.path, {}).update(
                describe_route(callback, context, is_served=False)
            )
    return described
