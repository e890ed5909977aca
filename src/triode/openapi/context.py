"""What the parts of one document share while it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from triode.openapi.failures import Failures
from triode.openapi.operation_ids import OperationIds
from triode.schema import Mode, ObjectSchema, Registry, Schema
from triode.schema.node import walk

Json: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class Context:
    """The registry of schemas, and what operations add to the whole document.

    `output` is "input" where one schema of a class stands for what is accepted and what is sent.
    `has_body_limit` says that the application refuses large bodies, whatever a route says;
    `middleware` are the application's. `has_item_schema` says that OpenAPI 3.2 is written.
    `has_body_limit` says that the application refuses large bodies, whatever a route says,
    `problem_details` that it answers errors as RFC 9457 has it.
    """

    operation_ids: OperationIds = field(default_factory=OperationIds)
    registry: Registry = field(default_factory=Registry)
    security_schemes: Json = field(default_factory=dict)
    output: Mode = "output"
    has_body_limit: bool = True
    middleware: Sequence[Any] = ()
    has_item_schema: bool = False
    problem_details: bool = False
    failures: Failures = field(default_factory=Failures)

    def sent(self, schema: Schema) -> Json:
        """Return the schema of what is sent.

        Where one schema of a class is wanted for both ways, there are two all the same if what is
        sent has other fields than what is accepted: computed ones, or one that is never sent.
        """
        differs = self.output == "output" or any(map(_has_other_fields, walk(schema, sent=True)))
        return schema.json_schema(self.registry, "output" if differs else "input")

    def named(self, name: str, make: Callable[[], Json]) -> Json:
        """Return a reference to a component of ours; a user's class may have the same name."""
        return self.registry.reference(
            ("triode.openapi", name), name, "input", make, module="triode"
        )


def _has_other_fields(node: Schema) -> bool:
    if not isinstance(node, ObjectSchema):
        return False
    computed = getattr(node.target, "__pydantic_decorators__", None)
    if computed is not None and computed.computed_fields:
        return True
    return {each.name for each in node.sent} != {each.name for each in node.accepted}


def merge_into(target: Json, update: Mapping[str, Any]) -> None:
    """Merge a copy of an OpenAPI fragment: objects key by key, lists one after the other."""
    for key, value in update.items():
        present = target.get(key)
        if isinstance(present, dict) and isinstance(value, Mapping):
            merge_into(present, value)
        elif isinstance(present, list) and isinstance(value, list):
            target[key] = present + [item for item in value if item not in present]
        else:
            target[key] = deepcopy(value)
