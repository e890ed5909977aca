"""Let schemathesis know what Triode takes besides what the document asks for.

SCHEMATHESIS_HOOKS=leniency st run http://127.0.0.1:8000/openapi.json
"""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import schemathesis
from schemathesis.specs.openapi.checks import negative_data_rejection

# As FastAPI: true is 1, 1 is true, a number is a moment, a set may name an item twice,
# and one value in a form or query is a list of one.
MOMENTS = {"date", "date-time", "time", "duration"}


def relaxed(schema: Any) -> Any:
    """Return a schema that also takes the other spellings of a value."""
    if isinstance(schema, list):
        return [relaxed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: relaxed(each) for key, each in schema.items() if key != "uniqueItems"}
    if "enum" in found:
        found["enum"] += [str(each) for each in found["enum"]]
        found.pop("type", None)
    if found.get("type") in ("integer", "number"):
        return {"anyOf": [found, {"type": "boolean"}]}
    if found.get("type") == "boolean":
        return {"anyOf": [found, {"enum": [0, 1, "0", "1"]}]}
    if found.get("type") == "string" and found.get("format") in MOMENTS:
        return {"type": ["string", "number", "boolean"]}
    return found


def is_taken(value: Any, schema: Any, document: Any) -> bool:
    """Whether a value is one that the relaxed schema describes."""
    whole = {**relaxed(schema), "components": relaxed(document.get("components", {}))}
    validator = jsonschema.Draft202012Validator(whole)
    return any(validator.is_valid(each) for each in (value, [value], *read(value)))


def read(value: Any) -> list[Any]:
    """Return what a text in a path or query stands for."""
    try:
        return [json.loads(value)]
    except (TypeError, ValueError):
        return []


def described(case: Any) -> list[tuple[Any, Any]]:
    """Return what a case sends, each value with its schema."""
    operation = case.operation.definition.raw
    places = {
        "path": case.path_parameters,
        "query": case.query,
        "header": case.headers,
        "cookie": case.cookies,
    }
    found = [
        (places[each["in"]][each["name"]], each["schema"])
        for each in operation.get("parameters", [])
        if each["name"] in (places[each["in"]] or {})
    ]
    content = operation.get("requestBody", {}).get("content", {})
    if case.media_type in content:
        found.append((case.body, content[case.media_type]["schema"]))
    return found


@schemathesis.check
def refuses_what_is_wrong(ctx: Any, response: Any, case: Any) -> bool | None:
    """Check that a wrong value is refused, unless it is another spelling of a right one."""
    try:
        return negative_data_rejection(ctx, response, case)
    except AssertionError:
        document = case.operation.schema.raw_schema
        if all(is_taken(value, schema, document) for value, schema in described(case)):
            return None
        raise
