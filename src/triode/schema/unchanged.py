"""Tell at once of a value that it is valid and stays as it is, which most values are.

PERF: a row of 36 columns is checked in 10 us, not 30, when it is made of Python values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from triode.schema.constraints import has_bounds
from triode.schema.kinds.scalars import BoolSchema, FloatSchema, IntSchema
from triode.schema.kinds.strings import StringSchema
from triode.schema.kinds.temporal import DateSchema, DatetimeSchema, TimedeltaSchema, TimeSchema
from triode.schema.kinds.unions import NullableSchema
from triode.schema.node import Schema

Check = Callable[[Any], bool]


def never(_value: Any) -> bool:
    """Leave every value to `Schema.validate`."""
    return False


def unchanged(node: Schema) -> Check:
    """Return what says that `validate` would give a value back as it is.

    It may say no of such a value, too.
    """
    if type(node) is NullableSchema:
        inner = unchanged(node.inner)
        return lambda value: value is None or inner(value)
    if type(node) is StringSchema:
        return _text(node)
    if has_bounds(node.info):
        return never
    if type(node) is FloatSchema:
        # What is not finite needs a second look.
        return lambda value: type(value) is float and math.isfinite(value)
    if type(node) is IntSchema or type(node) is BoolSchema:
        kind: Any = node.annotation
        return lambda value: type(value) is kind
    if type(node) in (DateSchema, DatetimeSchema, TimeSchema, TimedeltaSchema):
        return _moment(node)
    return never


def _text(node: StringSchema) -> Check:
    if node.info.pattern is not None:
        return never
    least, most = node.info.min_length or 0, node.info.max_length
    if most is None:
        return lambda value: type(value) is str and value.isascii() and len(value) >= least
    return lambda value: type(value) is str and value.isascii() and least <= len(value) <= most


def _moment(node: Any) -> Check:
    kind = node.type
    return lambda value: type(value) is kind
