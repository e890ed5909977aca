"""Objects gathered from many values: `Annotated[Filters, Query()]`, and the same of a form.

Each field is a parameter of its own on the wire; the object is checked as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from triode.binding.description import BodyPart, Parameter
from triode.binding.markers import ParameterInfo
from triode.binding.shape import is_list
from triode.http import Call
from triode.schema import ObjectSchema, text_decoder


def spread(parameter: Parameter) -> list[Parameter]:
    """Return the parameters that a client sends: the fields of an object, or the one itself."""
    schema, info = parameter.schema, parameter.info
    if not isinstance(schema, ObjectSchema):
        return [parameter]
    has_hyphens = isinstance(info, ParameterInfo) and info.convert_underscores
    return [
        Parameter(
            name=each.encoded_name,
            alias=each.encoded_name.replace("_", "-") if has_hyphens else each.encoded_name,
            source=parameter.source,
            annotation=each.annotation,
            schema=schema.node_of(each),
            info=each.info,
            required=each.required,
            default=each.default,
            is_list=is_list(schema.node_of(each)),
        )
        for each in schema.accepted
    ]


def gather_parameters(parameter: Parameter) -> Callable[[Call], Any]:
    """Return the function that reads an object from the query string, headers or cookies.

    Query parameters and cookies that the object does not name are handed to it as well, for a
    class that forbids them. It raises `ValidationFailed`.
    """
    decode = text_decoder(parameter.schema)
    fields = {each.alias: each for each in spread(parameter)}
    read = {"query": _query, "cookie": _cookies, "header": _headers}[parameter.source]

    def gather(call: Call) -> Any:
        found: dict[str, Any] = {}
        for alias, values in read(call, fields):
            field = fields.get(alias)
            name = alias if field is None else field.name
            found[name] = values if field is not None and field.is_list else values[-1]
        return decode(found)

    return gather


def _query(call: Call, _: Iterable[str]) -> Iterable[tuple[str, list[str]]]:
    return call.query_values.items()


def _cookies(call: Call, _: Iterable[str]) -> Iterable[tuple[str, list[str]]]:
    return [(name, [value]) for name, value in call.cookies.items()]


def _headers(call: Call, aliases: Iterable[str]) -> Iterable[tuple[str, list[str]]]:
    for alias in aliases:
        values = call.headers(alias.lower().encode("latin-1"))
        if values:
            yield alias, values


def gather_form(part: BodyPart) -> Callable[[dict[str, list[Any]]], Any]:
    """Return the function that reads an object from a form; an empty field was not sent.

    It raises `ValidationFailed`.
    """
    decode = text_decoder(part.schema)
    schema = part.schema
    fields = schema.accepted if isinstance(schema, ObjectSchema) else ()
    lists = {each.encoded_name for each in fields if is_list(each.schema)}

    def gather(form: dict[str, list[Any]]) -> Any:
        sent = {name: values for name, values in form.items() if values != [""]}
        return decode(
            {name: values if name in lists else values[-1] for name, values in sent.items()}
        )

    return gather
