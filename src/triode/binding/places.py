"""Where a request has the value that later turns out to be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from triode.binding.description import Dependency
from triode.binding.models import spread
from triode.binding.shape import objects_of
from triode.schema import Schema
from triode.schema.kinds.collections import CollectionSchema


def place_of_field(
    dependant: Dependency, field: str, model: str | None = None, item: int | None = None
) -> tuple[int | str, ...] | None:
    """Return the place of the value that becomes a field of this name, None if none plainly does.

    A database, for instance, refuses a number that no check of ours did, and knows its column. Of
    several places the one in an object of the class `model` is meant. `item` is the number of the
    object in a list.
    """
    if item is not None:
        return _only(_places_in_lists(dependant, field, item))
    found = list(dict.fromkeys(_places(dependant, field)))
    if len(found) > 1 and model is not None:
        return _only(place for place, owner in _owned(dependant, field) if owner == model)
    return found[0] if len(found) == 1 else None


def _only(places: Iterable[tuple[int | str, ...]]) -> tuple[int | str, ...] | None:
    found = list(dict.fromkeys(places))
    return found[0] if len(found) == 1 else None


def _places_in_lists(
    dependant: Dependency, field: str, item: int
) -> Iterator[tuple[int | str, ...]]:
    for start, schema in _starts(dependant):
        if isinstance(schema, CollectionSchema):
            for each in (found for child in schema.children for found in objects_of(child)):
                for member in each.accepted:
                    if member.name == field:
                        yield *start, item, member.encoded_name


def _owned(dependant: Dependency, field: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the places of a field in objects, and the names of their classes."""
    for start, schema in _starts(dependant):
        for each in objects_of(schema):
            owner = getattr(each.target, "__name__", "")
            yield from (
                ((*start, member.encoded_name), owner)
                for member in each.accepted
                if member.name == field
            )


def _starts(dependant: Dependency) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Yield each part of the body, and where it begins."""
    parts = [part for node in dependant.walk() for part in node.body]
    keys = {part.alias for part in parts if not part.is_form}
    for part in parts:
        is_key = not part.is_form and (part.embed or len(keys) > 1)
        yield ("body", part.alias) if is_key else ("body",), part.schema


def _places(dependant: Dependency, field: str) -> Iterator[tuple[str, ...]]:
    nodes = dependant.walk()
    parts = [part for node in nodes for part in node.body]
    keys = {part.alias for part in parts if not part.is_form}
    for part in parts:
        is_key = not part.is_form and (part.embed or len(keys) > 1)
        start = ("body", part.alias) if is_key or not objects_of(part.schema) else ("body",)
        if part.name == field:
            yield start
        for schema in objects_of(part.schema):
            yield from (
                (*start, each.encoded_name) for each in schema.accepted if each.name == field
            )
    for item in (item for node in nodes for item in node.parameters):
        fields = [each for schema in objects_of(item.schema) for each in schema.accepted]
        names = {each.encoded_name for each in fields if each.name == field} or {field}
        yield from ((each.source, each.alias) for each in spread(item) if each.name in names)
