"""Where a request has the value that later turns out to be wrong."""

from __future__ import annotations

from collections.abc import Iterator

from triode.binding.description import Dependency
from triode.binding.models import spread
from triode.binding.shape import objects_of


def place_of_field(dependant: Dependency, field: str) -> tuple[str, ...] | None:
    """Return the place of the value that becomes a field of this name, None if none plainly does.

    A database, for instance, refuses a number that no check of ours did, and knows its column.
    """
    found = list(dict.fromkeys(_places(dependant, field)))
    return found[0] if len(found) == 1 else None


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
