"""Any and object: whatever JSON can carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triode.schema.kinds.strings import is_unicode
from triode.schema.metadata import Parts
from triode.schema.node import Schema, refuse
from triode.schema.problems import INVALID, Loc, Problem
from triode.schema.undeclared import BUILTINS, is_open, opened


class AnySchema(Schema):
    """Whatever was sent; only text that is no Unicode is refused."""

    kind = "any"

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        return Any

    def is_direct(self, value: Any) -> bool:
        return is_open(value)

    @property
    def open_types(self) -> frozenset[type]:
        return BUILTINS

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        return value if is_open(value) else opened(value)

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        before = len(problems)
        check_text(value, loc, problems)
        return INVALID if len(problems) > before else value


def check_text(value: Any, loc: Loc, problems: list[Problem]) -> None:
    """Refuse every text inside `value` that is no Unicode."""
    if isinstance(value, str):
        if not is_unicode(value):
            msg = "Input should be a valid string, unable to parse raw data as a unicode string"
            refuse(problems, "string_unicode", loc, msg, value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            check_text(key, (*loc, "[key]"), problems)
            check_text(item, (*loc, key if isinstance(key, int | str) else str(key)), problems)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            check_text(item, (*loc, index), problems)


def anything(parts: Parts) -> Schema | None:
    """Describe Any and object."""
    if parts.bare is Any or parts.bare is object:
        return AnySchema(parts.bare, parts.info)
    return None
