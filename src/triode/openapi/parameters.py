"""Describe what a route takes from path, query string, headers and cookies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from triode.binding.description import Dependency, Parameter
from triode.openapi.context import Context, Json
from triode.openapi.values import schema_of_value

_ORDER: Final = ("path", "query", "header", "cookie")


def describe_parameters(dependant: Dependency, context: Context) -> list[Json]:
    """Return the parameters of a handler and its dependencies, each once.

    Where two of them read the same value, the one that requires it is shown.
    """
    found: dict[tuple[str, str], Json] = {}
    for parameter in _in_order(dependant.walk()):
        if not parameter.info.include_in_schema:
            continue
        described = _describe(parameter, context)
        key = (described["in"], described["name"])
        if key not in found or (described["required"] and not found[key]["required"]):
            found[key] = described
    return list(found.values())


def has_parameters(dependant: Dependency) -> bool:
    """Whether anything is read from the request besides its body."""
    return any(node.parameters for node in dependant.walk())


def _in_order(nodes: Iterable[Dependency]) -> list[Parameter]:
    parameters = [parameter for node in nodes for parameter in node.parameters]
    return sorted(parameters, key=lambda parameter: _ORDER.index(parameter.source))


def _describe(parameter: Parameter, context: Context) -> Json:
    info = parameter.info
    described: Json = {
        "name": parameter.alias,
        "in": parameter.source,
        "required": parameter.required or parameter.source == "path",
        "schema": schema_of_value(parameter.schema, info, context.registry, name=parameter.alias),
    }
    if info.description:
        described["description"] = info.description
    examples: Any = getattr(info, "openapi_examples", None)
    if examples:
        described["examples"] = examples
    if info.deprecated:
        described["deprecated"] = True
    return described
