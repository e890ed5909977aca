"""Objects gathered from many values: `Annotated[Filters, Query()]`, and the same of a form.

Each field is a parameter of its own on the wire; the object is checked as a whole. What no field
names is handed to it as well, for a class that keeps or forbids it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from triode.binding.description import BodyPart, Parameter
from triode.binding.markers import FileInfo, HeaderInfo
from triode.binding.shape import is_list, objects_of
from triode.http import Call
from triode.http.uploads import contents_of
from triode.schema import FieldDescription, ObjectSchema, ValidationFailed, text_decoder
from triode.schema.kinds.named_tuples import NamedTupleSchema
from triode.schema.kinds.unions import NullableSchema
from triode.schema.problems import problem

Values = Mapping[str, list[Any]]


def spread(parameter: Parameter) -> list[Parameter]:
    """Return the parameters that a client sends: the fields of an object, or the one itself."""
    objects = objects_of(parameter.schema)
    if not objects:
        return [parameter]
    is_needed = isinstance(parameter.schema, ObjectSchema) or parameter.required
    return [
        Parameter(
            name=each.encoded_name,
            alias=_wire_name(each, each.encoded_name, parameter.info),
            source=parameter.source,
            annotation=each.annotation,
            schema=schema.node_of(each),
            info=each.info,
            required=each.required and is_needed,
            default=each.default,
            is_list=is_list(schema.node_of(each)),
        )
        for schema in objects
        for each in schema.accepted
    ]


@dataclass(frozen=True, slots=True)
class _Field:
    """A field as it is gathered: `names` are pairs of its key in the object and on the wire."""

    names: tuple[tuple[str, str], ...]
    is_list: bool
    is_file: bool

    def choose(self, sent: Values) -> tuple[str, str]:
        """Return the pair that was sent, the preferred one if none was."""
        return next((pair for pair in self.names if pair[1] in sent), self.names[0])


def _fields_of(item: Parameter | BodyPart) -> list[_Field]:
    source = _source_of(item)
    found: list[_Field] = []
    for schema in objects_of(item.schema):
        for each in schema.accepted:
            keys = (each.encoded_name, *each.other_names)
            names = [(key, _wire_name(each, key, item.info)) for key in keys]
            if source == "header":
                names = [(key, wire.lower()) for key, wire in names]
            several = source != "cookie" and is_list(schema.node_of(each))
            found.append(_Field(tuple(names), several, isinstance(each.info, FileInfo)))
    return found


def _source_of(item: Parameter | BodyPart) -> str:
    return item.source if isinstance(item, Parameter) else "form"


def _wire_name(each: FieldDescription, key: str, info: Any) -> str:
    """Return the name under which a key is sent: a header has hyphens unless it has an alias."""
    if not isinstance(info, HeaderInfo) or key != each.name:
        return key
    own = each.info if isinstance(each.info, HeaderInfo) else info
    return key.replace("_", "-") if own.convert_underscores else key


def gather_parameters(parameter: Parameter) -> Callable[[Call], Any]:
    """Return the function that reads an object from the query string, headers or cookies.

    It raises `ValidationFailed`.
    """
    collect = gather_form(parameter)
    read = READERS[parameter.source]
    return lambda call: collect(read(call))


def _headers(call: Call) -> Values:
    found: dict[str, list[str]] = {}
    for name, value in call.head.raw:
        found.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return found


READERS: dict[str, Callable[[Any], Values]] = {
    "form": lambda form: form,
    "query": lambda call: call.query_values,
    "cookie": lambda call: {name: [value] for name, value in call.cookies.items()},
    "header": _headers,
}


def gather_form(item: Parameter | BodyPart) -> Callable[[Values], Any]:
    """Return the function that makes an object of everything that was sent, by name.

    An empty field of a form was not sent. It raises `ValidationFailed`.
    """
    decode = text_decoder(item.schema)
    fields, objects = _fields_of(item), objects_of(item.schema)
    own = {wire for each in fields for _, wire in each.names}
    keeps_others = any(each.keeps_extra or each.forbids_extra for each in objects)
    may_be_absent = isinstance(item.schema, NullableSchema)
    source = _source_of(item)
    # A tuple has no place for anything else.
    hands_on = not all(isinstance(each, NamedTupleSchema) for each in objects)

    def gather(sent: Values) -> Any:
        if may_be_absent and own.isdisjoint(sent) and not (keeps_others and sent):
            return _absent(item)
        found, renamed = _collect(fields, sent, source, hands_on=hands_on)
        try:
            return decode(found)
        except ValidationFailed as exc:
            raise _by_wire_name(exc, renamed) from None

    return gather


def _collect(
    fields: list[_Field], sent: Values, source: str, *, hands_on: bool
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what was sent by the keys of the object, and the wire names where they differ."""
    place = 0 if source == "header" else -1
    found: dict[str, Any] = {}
    renamed: dict[str, str] = {}
    others = dict(sent) if hands_on else {}
    for each in fields:
        key, wire = each.choose(sent)
        others.pop(wire, None)
        if source == "header":
            for hidden in [key for key, wire in each.names if key != wire]:
                others.pop(hidden.lower(), None)
            if key.lower() != wire:
                renamed[key] = wire
        values = sent.get(wire)
        if not values or (source == "form" and not each.is_list and values[-1] == ""):
            continue
        value = values if each.is_list else values[place]
        found[key] = contents_of(value) if each.is_file else value
    for name, values in others.items():
        found[name] = values[0] if len(values) == 1 else values
    return found, renamed


def _absent(item: Parameter | BodyPart, *place: str) -> Any:
    if item.required:
        raise ValidationFailed([problem("missing", place, "Field required", None)])
    return deepcopy(item.info.make_default())


def _by_wire_name(exc: ValidationFailed, renamed: Mapping[str, str]) -> ValidationFailed:
    """Return the problems under the names that were sent."""
    for error in exc.errors:
        if error["loc"] and error["loc"][0] in renamed:
            error["loc"] = (renamed[str(error["loc"][0])], *error["loc"][1:])
    return exc


def gather_choice(item: Parameter | BodyPart) -> Callable[[Any], Any]:
    """Return the function that reads a value by the first of its names that was sent.

    It takes the call, or the form. It raises `ValidationFailed`, with the name in its places.
    """
    source = _source_of(item)
    decode, read = text_decoder(item.schema), READERS[source]
    names = {each.lower() if source == "header" else each: each for each in _names_of(item)}
    several = item.is_list and source != "cookie"
    place = 0 if source == "header" else -1

    def gather(origin: Any) -> Any:
        sent = read(origin)
        wire = next((each for each in names if each in sent), None)
        if wire is None or (source == "form" and not several and sent[wire][-1] == ""):
            return _absent(item, item.alias)
        value = sent[wire] if several else sent[wire][place]
        try:
            return decode(contents_of(value) if isinstance(item.info, FileInfo) else value)
        except ValidationFailed as exc:
            raise exc.under(names[wire]) from None

    return gather


def _names_of(item: Parameter | BodyPart) -> tuple[str, ...]:
    return (item.alias, *item.others)
