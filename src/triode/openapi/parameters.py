"""Describe what a route takes from path, query string, headers and cookies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from triode.binding.description import Dependency, Parameter
from triode.binding.models import spread
from triode.openapi.context import Context, Json
from triode.openapi.values import openapi_examples, schema_of_text
from triode.routing import Route
from triode.schema import Schema, title_of
from triode.schema.constraints import has_limits
from triode.schema.node import walk

_ORDER: Final = ("path", "query", "header", "cookie")
_CONVERTED: Final[dict[str, Json]] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "uuid": {"type": "string", "format": "uuid"},
}


def describe_parameters(route: Route, context: Context) -> list[Json]:
    """Return the parameters of a handler and its dependencies, each once.

    Where two of them read the same value, the one that requires it is shown. What only the path
    names is added: a client has to send it all the same.
    """
    found: dict[tuple[str, str], Json] = {}
    for parameter, title in _in_order(route.dependant.walk()):
        if not parameter.info.include_in_schema:
            continue
        described = _describe(parameter, title, context)
        key = (described["in"], described["name"])
        if key not in found or (described["required"] and not found[key]["required"]):
            found[key] = described
    template = route.template
    for name, converter in zip(template.names, template.converters, strict=True):
        found.setdefault(("path", name), _from_path(name, converter))
    return sorted(found.values(), key=lambda described: _ORDER.index(described["in"]))


def has_parameters(dependant: Dependency) -> bool:
    """Whether anything is read from the request besides its body."""
    return any(node.parameters for node in dependant.walk())


def may_be_invalid(dependant: Dependency) -> bool:
    """Whether some request is refused for what it has besides its body, or has not."""
    return any(
        _may_be_invalid(parameter) for node in dependant.walk() for parameter in node.parameters
    )


def _may_be_invalid(parameter: Parameter) -> bool:
    if parameter.required and parameter.source != "path":
        return True
    return not all(_takes_any_text(each) for each in walk(parameter.schema))


def _takes_any_text(schema: Schema) -> bool:
    if schema.kind in ("str", "list", "set"):
        return not has_limits(schema.info)
    return schema.kind in ("any", "nullable")


def _in_order(nodes: Iterable[Dependency]) -> list[tuple[Parameter, str]]:
    """Return each parameter with the name that its title is made of."""
    found: list[tuple[Parameter, str]] = []
    for node in nodes:
        for item in node.parameters:
            # A field of an object is known by its own name, a lone value by that on the wire.
            found += [
                (each, each.alias if each is item else each.name.replace("-", "_"))
                for each in spread(item)
            ]
    return sorted(found, key=lambda pair: _ORDER.index(pair[0].source))


def _from_path(name: str, converter: str) -> Json:
    schema = {**_CONVERTED.get(converter, {"type": "string"}), "title": title_of(name)}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _describe(parameter: Parameter, title: str, context: Context) -> Json:
    info = parameter.info
    described: Json = {
        "name": parameter.alias,
        "in": parameter.source,
        "required": parameter.required or parameter.source == "path",
        "schema": schema_of_text(parameter.schema, info, context.registry, name=title),
    }
    if info.description:
        described["description"] = info.description
    described |= openapi_examples(info)
    if info.deprecated:
        described["deprecated"] = True
    return described
