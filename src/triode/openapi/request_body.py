"""Describe the body that a route takes: JSON, a form, or a form with files."""

from __future__ import annotations

from typing import Final, get_args

from triode.binding.description import BodyPart, Dependency
from triode.binding.markers import FileInfo, FormInfo
from triode.binding.shape import objects_of
from triode.openapi.context import Context, Json
from triode.openapi.values import openapi_examples, schema_of_text, schema_of_value
from triode.schema import title_of

MULTIPART: Final = "multipart/form-data"


def body_parts(dependant: Dependency) -> list[BodyPart]:
    """Return what a handler and its dependencies read from the body, each name once."""
    found: dict[str, BodyPart] = {}
    for node in dependant.walk():
        for part in node.body:
            if part.alias not in found or part.required:
                found[part.alias] = part
    return list(found.values())


def is_form(part: BodyPart) -> bool:
    """Whether a part is a field of a form, or several of them."""
    return isinstance(part.info, FormInfo | FileInfo)


def describe_body(parts: list[BodyPart], operation_id: str, context: Context) -> Json | None:
    """Return the request body of an operation; None if it takes none."""
    parts = [part for part in parts if part.info.include_in_schema]
    if not parts:
        return None
    alone = parts[0] if len(parts) == 1 and _is_whole_body(parts[0]) else None
    schema = (
        _schema_of(alone, context)
        if alone is not None
        else context.named(f"Body_{operation_id}", lambda: _object_of(parts, operation_id, context))
    )
    content: Json = {"schema": schema}
    if alone is not None:
        content |= openapi_examples(alone.info)
    body: Json = {"content": {_media_type(parts): content}}
    if any(part.required for part in parts):
        body["required"] = True
    if alone is not None and alone.info.description and "$ref" in schema:
        body["description"] = alone.info.description
    return body


def _is_whole_body(part: BodyPart) -> bool:
    """Whether a lone part is the body itself, and not a key of it."""
    if part.schema is None or part.is_file:
        return False
    is_form_model = is_form(part) and bool(objects_of(part.schema))
    return is_form_model or not part.embed


def _media_type(parts: list[BodyPart]) -> str:
    media_types = [part.media_type for part in parts]
    return MULTIPART if MULTIPART in media_types else media_types[0]


def _object_of(parts: list[BodyPart], operation_id: str, context: Context) -> Json:
    described: Json = {
        "properties": {part.alias: _schema_of(part, context) for part in parts},
        "type": "object",
        "title": f"Body_{operation_id}",
    }
    required = [part.alias for part in parts if part.required]
    if required:
        described["required"] = required
    return described


def _schema_of(part: BodyPart, context: Context) -> Json:
    if part.is_file:
        return _file(part)
    if not is_form(part):
        return schema_of_value(part.schema, part.info, context.registry, name=part.alias)
    described = schema_of_text(part.schema, part.info, context.registry, name=part.alias)
    return _filled(described) if part.required else described


def _filled(schema: Json) -> Json:
    """Return the schema of a field that must be sent; an empty one counts as not sent."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [_filled(each) for each in schema["anyOf"]]}
    if schema.get("type") == "string" and not {"enum", "const"} & schema.keys():
        return {**schema, "minLength": max(1, schema.get("minLength", 1))}
    return {"minItems": 1, **schema} if schema.get("type") == "array" else schema


def _file(part: BodyPart) -> Json:
    file: Json = {"type": "string", "contentMediaType": "application/octet-stream"}
    described: Json = {"type": "array", "items": file} if part.is_list else file
    if type(None) in get_args(part.annotation):
        described = {"anyOf": [described, {"type": "null"}]}
    described["title"] = part.info.title or title_of(part.alias)
    if part.info.description:
        described["description"] = part.info.description
    return described
