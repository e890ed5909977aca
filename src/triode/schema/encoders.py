"""Functions that turn what a handler returned into JSON; each is compiled once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from triode.schema.describe import describe
from triode.schema.foreign import ENCODER
from triode.schema.kinds.anything import AnySchema
from triode.schema.node import Schema
from triode.schema.objects import guarded_classes
from triode.schema.problems import Problem, ResponseValidationFailed
from triode.schema.undeclared import BUILTINS, is_open, opened


def json_encoder(annotation: Any = None) -> Callable[[Any], bytes]:
    """Return a function that turns a value into JSON by its declared type.

    A value whose type is exactly the declared one is written as it is; any other is filtered by
    the declaration first. For `None` (nothing is declared) every value is written as it is.

    The function raises `ResponseValidationFailed` where a value is not what is declared.
    """
    encode = ENCODER.encode
    node = annotation if isinstance(annotation, Schema) else describe(annotation or Any)
    if isinstance(node, AnySchema):
        return encode_anything
    types = node.exact_types
    if types is None:
        return _by_value(node, encode)
    return _by_type(node, types, encode)


def encode_anything(value: Any) -> bytes:
    """Return a value as JSON by what it is; what its class never sends is left out."""
    # PERF: one look at the type, while no class hides anything.
    if (type(value) in BUILTINS and not guarded_classes) or is_open(value):
        return ENCODER.encode(value)
    return ENCODER.encode(opened(value))


def _by_type(
    node: Schema, types: frozenset[type], encode: Callable[[Any], bytes]
) -> Callable[[Any], bytes]:
    def encode_json(value: Any) -> bytes:
        return encode(value if type(value) in types else _dumped(node, value))

    return encode_json


def _by_value(node: Schema, encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    is_direct = node.is_direct

    def encode_json(value: Any) -> bytes:
        return encode(value if is_direct(value) else _dumped(node, value))

    return encode_json


def _dumped(node: Schema, value: Any) -> Any:
    problems: list[Problem] = []
    dumped = node.dump(value, (), problems)
    if problems:
        raise ResponseValidationFailed(problems)
    return dumped
