"""Build the OpenAPI document of a list of routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from triode.openapi.context import Context, Json
from triode.openapi.operation import describe_route
from triode.openapi.operation_ids import OperationIds
from triode.openapi.version import OPENAPI_VERSION
from triode.routing import Route


def get_openapi(
    *,
    title: str,
    version: str,
    routes: Iterable[Any],
    openapi_version: str = OPENAPI_VERSION,
    summary: str | None = None,
    description: str | None = None,
    webhooks: Iterable[Any] | None = None,
    tags: Sequence[Mapping[str, Any]] | None = None,
    servers: Sequence[Mapping[str, Any]] | None = None,
    terms_of_service: str | None = None,
    contact: Mapping[str, Any] | None = None,
    license_info: Mapping[str, Any] | None = None,
    separate_input_output_schemas: bool = True,
    external_docs: Mapping[str, Any] | None = None,
    generate_unique_id_function: Callable[[Any], str] | None = None,
    has_body_limit: bool = True,
    middleware: Sequence[Any] = (),
    problem_details: bool = False,
) -> Json:
    """Return the OpenAPI 3.1 document of `routes`, in the order in which they were added.

    Routes with `include_in_schema=False`, and what is no `Route` (mounted applications,
    WebSockets), are left out. The other parameters go into the document as they are; `webhooks`
    are routes whose path is the webhook's name. `generate_unique_id_function` makes operation
    ids from routes. With `separate_input_output_schemas` a class has two schemas where what is
    accepted differs from what is sent. `has_body_limit` documents the 413 of a body too large,
    `problem_details` that errors are those of RFC 9457. `middleware` are those around all routes:
    what one has to say in `__responses__` and `describe_operation(operation)` is added.

    Raises:
        RouteError: two operations have the same id.
    """
    context = Context(
        OperationIds(generate_unique_id_function),
        output="output" if separate_input_output_schemas else "input",
        has_body_limit=has_body_limit,
        middleware=middleware,
        has_item_schema=not openapi_version.startswith(("3.0", "3.1")),
        problem_details=problem_details,
    )
    info = {
        "title": title,
        "summary": summary,
        "description": description,
        "termsOfService": terms_of_service,
        "contact": contact,
        "license": license_info,
        "version": version,
    }
    paths = _describe_paths(routes, context)
    hooks = _describe_paths(webhooks or (), context, is_served=False)
    document: Json = {
        "openapi": openapi_version,
        "info": {key: value for key, value in info.items() if value},
        "servers": list(servers or ()),
        "paths": paths,
        "webhooks": {path.removeprefix("/"): item for path, item in hooks.items()},
        "components": _components(context),
        "tags": list(tags or ()),
        "externalDocs": external_docs,
    }
    document = {key: value for key, value in document.items() if value}
    document.setdefault("paths", {})
    resolved: Json = context.registry.resolve(document)
    return resolved


def _describe_paths(routes: Iterable[Any], context: Context, *, is_served: bool = True) -> Json:
    paths: Json = {}
    for route in routes:
        if isinstance(route, Route) and route.options.include_in_schema:
            # The first route that matches answers, so the first one is documented.
            item = paths.setdefault(route.path_format, {})
            for method, operation in describe_route(route, context, is_served=is_served).items():
                item.setdefault(method, operation)
    return {path: item for path, item in paths.items() if item}


def _components(context: Context) -> Json:
    components = {
        "schemas": context.registry.components(),
        "securitySchemes": context.security_schemes,
    }
    return {key: value for key, value in components.items() if value}
