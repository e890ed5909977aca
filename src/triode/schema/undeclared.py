"""Write values whose type nobody declared, without what their classes say is never sent.

SECURITY: msgspec writes every field of a class. A class with a `write_only` field, or one that
holds such a class, is written by its description even where nothing is declared (`Any`, no return
annotation). Models and pydantic's classes take care of themselves.
"""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Any, Final

from triode.errors import SchemaError
from triode.schema.describe import describe
from triode.schema.foreign import openers
from triode.schema.node import Schema, is_plain_below
from triode.schema.objects import ObjectSchema, guarded_classes
from triode.schema.problems import INVALID, Problem

_PLAIN: Final[frozenset[type]] = frozenset(
    {
        str, int, float, bool, type(None), bytes, dt.datetime, dt.date, dt.time, dt.timedelta,
        uuid.UUID, decimal.Decimal,
    }
)  # fmt: skip
_ITERABLES: Final[frozenset[type]] = frozenset({list, tuple, set, frozenset})
BUILTINS: Final[frozenset[type]] = _PLAIN | _ITERABLES | {dict}
_nodes: Final[dict[type, Schema | None]] = {}


def is_open(value: Any) -> bool:
    """Whether msgspec may write `value` as it is."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if kind is dict:
        # PERF: while no class hides anything, containers are not looked into.
        return not guarded_classes or all(map(is_open, value.values()))
    if kind in _ITERABLES:
        return not guarded_classes or all(map(is_open, value))
    return _node_of(kind) is None


def opened(value: Any) -> Any:
    """Return what msgspec shall write for a value that is not open."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        return {key: opened(item) for key, item in value.items()}
    if kind in _ITERABLES:
        return [opened(item) for item in value]
    node = _node_of(kind)
    if node is None:
        return value
    problems: list[Problem] = []
    dumped = node.dump(value, (), problems)
    if dumped is INVALID:
        # What does not even fit its own class is shown field by field, unchecked but filtered.
        return _public_fields(node, value)
    return dumped


def _public_fields(node: Schema, value: Any) -> dict[str, Any]:
    assert isinstance(node, ObjectSchema)
    return {each.encoded_name: opened(node.get(value, each.name)) for each in node.sent}


def _node_of(kind: type) -> Schema | None:
    """Return the description by which instances of a class must be written, if they must."""
    if kind not in _nodes:
        _nodes[kind] = _find_node(kind)
    return _nodes[kind]


def _find_node(kind: type) -> Schema | None:
    try:
        node = describe(kind)
        is_plain = not isinstance(node, ObjectSchema) or is_plain_below(node)
    except SchemaError:
        return None  # No description of it: msgspec or `encode_foreign` knows it, or refuses it.
    return None if is_plain else node


openers.append(opened)
