"""Say in a JSON Schema what a `FieldInfo` says for people."""

from __future__ import annotations

import json
from typing import Any

from triode.schema.fields import MISSING, FieldInfo
from triode.schema.foreign import to_builtins
from triode.schema.node import Schema
from triode.schema.registry import Mode, Registry


def title_of(name: str) -> str:
    """Make a title of a name, as FastAPI does: `user_id` is "User Id"."""
    return name.replace("_", " ").strip().title()


def document(
    schema: dict[str, Any], info: FieldInfo, registry: Registry, *, name: str,
    default: Any = MISSING,
) -> dict[str, Any]:  # fmt: skip
    """Return `schema` with title, description, default, examples and the like.

    A bare reference keeps no title of its own: the component has one.
    """
    found = dict(schema)
    if not _is_named(found):
        found.setdefault("title", title_of(name))
    _add_words(found, info)
    if info.read_only:
        found["readOnly"] = True
    if info.write_only:
        found["writeOnly"] = True
    # COMPAT: FastAPI leaves a null default out; "null" among the types says it.
    if (
        default is not MISSING
        and default is not None
        and (value := json_value(default)) is not MISSING
    ):
        found["default"] = value
    _add_extra(found, info)
    return found


def schema_inside(node: Schema, registry: Registry, mode: Mode) -> dict[str, Any]:
    """Return the schema of an item, key or member, with what its `Annotated` says for people."""
    found = dict(node.json_schema(registry, mode))
    _add_words(found, node.info)
    _add_extra(found, node.info)
    return found


def _add_words(found: dict[str, Any], info: FieldInfo) -> None:
    if info.title is not None:
        found["title"] = info.title
    if info.description is not None:
        found["description"] = info.description
    if info.examples is not None:
        found["examples"] = [json_value(example) for example in info.examples]
    if info.deprecated:
        found["deprecated"] = True


def _add_extra(found: dict[str, Any], info: FieldInfo) -> None:
    if callable(info.json_schema_extra):
        info.json_schema_extra(found)
    elif info.json_schema_extra:
        found.update(info.json_schema_extra)


def _is_named(schema: dict[str, Any]) -> bool:
    """Whether a schema, null aside, is a reference, whose component has the title."""
    options = [each for each in schema.get("anyOf", [schema]) if each != {"type": "null"}]
    return len(options) == 1 and "$ref" in options[0]


def json_value(value: Any) -> Any:
    """Return a default or example as JSON has it; `MISSING` if JSON has none for it."""
    try:
        found = to_builtins(value)
        json.dumps(found, allow_nan=False)
    except (TypeError, ValueError):
        return MISSING
    return found
