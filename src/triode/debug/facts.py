"""What is shown of the request: everything that it said, but no secret."""

from __future__ import annotations

import json
from dataclasses import dataclass
from inspect import unwrap
from typing import Any

from triode.binding import Dependency
from triode.debug.masking import Mask, is_secret
from triode.debug.values import show, shown_texts
from triode.errors import place_of
from triode.http import Call
from triode.http.query import parse_query
from triode.places import short
from triode.schema import ObjectSchema

LONGEST_BODY = 16_000

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Facts:
    """A request for people to read; `handler` is its name and place, None where there is none."""

    method: str
    path: str
    handler: str | None
    parameters: Pairs
    query: Pairs
    headers: Pairs
    cookies: Pairs
    body: str


def facts_of(call: Call, mask: Mask) -> Facts:
    """Return what is known of the request that a call serves."""
    headers = [(name.decode("latin-1"), text.decode("latin-1")) for name, text in call.head.raw]
    query = [(name, text) for name, texts in call.query_values.items() for text in texts]
    return Facts(
        method=call.method,
        path=call.path,
        handler=_handler_of(call),
        parameters=shown_texts(call.params.items(), mask),
        query=shown_texts(query, mask),
        headers=shown_texts(headers, mask),
        # SECURITY: which cookie is a session is the application's choice; none is shown.
        cookies=[(name, mask.hide(text)) for name, text in call.cookies.items()],
        body=_body_of(call, mask),
    )


def _handler_of(call: Call) -> str | None:
    handler = getattr(call.route, "handler", None)
    if not callable(handler):
        return None
    name = getattr(handler, "__qualname__", type(handler).__name__)
    place = place_of(unwrap(handler))
    if place is None:
        return str(name)
    file, _, line = place.rpartition(":")
    return f"{name}, {short(file)}:{line}"


def _body_of(call: Call, mask: Mask) -> str:
    """Return JSON and forms with their secrets hidden; of anything else the size."""
    if not call.body:
        return ""
    media = (call.header(b"content-type") or "").partition(";")[0].strip().lower()
    is_short = len(call.body) <= LONGEST_BODY
    if is_short and media == "application/x-www-form-urlencoded":
        values = parse_query(call.body.decode("latin-1"))
        hidden = _hidden(values, mask, _write_only(call.route))
        return "\n".join(f"{name}={value}" for name, value in hidden.items())
    if is_short and media.endswith("json"):
        try:
            value = json.loads(call.body)
            hidden = _hidden(value, mask, _write_only(call.route))
            return json.dumps(hidden, indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            return show(call.body.decode("utf-8", "replace"), mask)
    return f"{len(call.body)} bytes of {media or 'an unknown type'}"


def _hidden(value: Any, mask: Mask, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            name: mask.hide(item)
            if name in names or is_secret(name)
            else _hidden(item, mask, names)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_hidden(item, mask, names) for item in value]
    return value


def _write_only(route: Any) -> frozenset[str]:
    """Return the names in a route's body that are accepted and never shown again."""
    dependant = getattr(route, "dependant", None)
    if not isinstance(dependant, Dependency):
        return frozenset()
    schemas = [part.schema for node in dependant.walk() for part in node.body]
    return frozenset(
        field.encoded_name
        for schema in schemas
        if isinstance(schema, ObjectSchema)
        for field in schema.fields
        if field.info.write_only
    )
