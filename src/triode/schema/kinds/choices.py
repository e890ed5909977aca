"""Enums and literals: one of the values that are named."""

from __future__ import annotations

import enum
import typing
from typing import Any, Final

from triode.schema.fields import FieldInfo
from triode.schema.kinds.scalars import read_int
from triode.schema.metadata import Parts
from triode.schema.node import EXACT, LAX, Schema, refuse
from triode.schema.problems import INVALID, Loc, Problem
from triode.schema.registry import Mode, Registry

_MAX_DIGITS: Final = 20
_INT64: Final = 2**63


def expected_text(values: list[Any]) -> str:
    """List values as pydantic does: `'a', 2 or 1.5`."""
    texts = [repr(value) for value in values]
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} or {texts[-1]}"


class EnumSchema(Schema):
    """A member of an enum, by its value."""

    kind = "enum"

    def __init__(self, annotation: type[enum.Enum], info: FieldInfo) -> None:
        super().__init__(annotation, info)
        self.enum = annotation
        self.expected = expected_text([member.value for member in annotation])

    @property
    def label(self) -> str:
        return f"enum[{self.enum.__name__}]"

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        types = {type(member.value) for member in self.enum}
        if types not in ({str}, {int}) or issubclass(self.enum, enum.Flag):
            return None
        return self.enum

    @property
    def exact_types(self) -> frozenset[type] | None:
        types = {type(member.value) for member in self.enum}
        return frozenset({self.enum}) if types <= {str, int, float, bool} else None

    def fit(self, value: Any) -> int:
        return EXACT if isinstance(value, self.enum) else LAX

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if isinstance(value, self.enum):
            return value
        for candidate in (value, *self._conversions(value, text)):
            try:
                return self.enum(candidate)
            except (ValueError, TypeError, KeyError):
                continue
        msg = f"Input should be {self.expected}"
        return refuse(problems, "enum", loc, msg, value, expected=self.expected)

    def _conversions(self, value: Any, text: bool) -> tuple[Any, ...]:
        """Return what a text may mean where the members, or on the wire some, are numbers."""
        if not isinstance(value, str) or not (text or issubclass(self.enum, int)):
            return ()
        found = _number(value)
        return () if found is None else (found,)

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        found = self.validate(value, loc, problems)
        return found if found is INVALID else found.value

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return registry.reference(self.enum, self.enum.__name__, mode, self._body)

    def _body(self) -> dict[str, Any]:
        values = [member.value for member in self.enum]
        found: dict[str, Any] = {"title": self.enum.__name__, "enum": values}
        if json_type := type_of_all(values):
            found["type"] = json_type
        documentation = self.enum.__doc__
        if documentation and documentation != "An enumeration.":
            found["description"] = documentation.strip()
        return found


def _number(text: str) -> int | None:
    return read_int(text) if len(text) < _MAX_DIGITS else None


def type_of_all(values: list[Any]) -> str | None:
    """Return the JSON type that all values share, if they do."""
    names = {bool: "boolean", str: "string", int: "integer", float: "number", type(None): "null"}
    found = {
        next((name for base, name in names.items() if isinstance(value, base)), "")
        for value in values
    }
    return found.pop() or None if len(found) == 1 else None


class LiteralSchema(Schema):
    """One of some written values."""

    kind = "literal"

    def __init__(self, annotation: Any, info: FieldInfo) -> None:
        super().__init__(annotation, info)
        self.values = list(typing.get_args(annotation))
        self.expected = expected_text(self.values)

    @property
    def label(self) -> str:
        return f"literal[{','.join(repr(value) for value in self.values)}]"

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        # msgspec has no True, no enum member and no large number in a literal.
        if all(
            type(value) in (str, type(None)) or (type(value) is int and abs(value) < _INT64)
            for value in self.values
        ):
            return self.annotation
        return None

    @property
    def exact_types(self) -> frozenset[type] | None:
        return None

    def is_direct(self, value: Any) -> bool:
        return not isinstance(value, enum.Enum) and self._find(value) is not INVALID

    def fit(self, value: Any) -> int:
        return EXACT

    def _find(self, value: Any) -> Any:
        for wanted in self.values:
            if type(wanted) is type(value) and wanted == value:
                return wanted
            if isinstance(wanted, enum.Enum) and wanted.value == value:
                return wanted  # JSON can name a member only by its value.
        if isinstance(value, int | float):
            for wanted in self.values:
                if (
                    isinstance(wanted, int)
                    and not isinstance(wanted, enum.Enum)
                    and wanted == value
                ):
                    return wanted
        return INVALID

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        found = self._find(value)
        if found is INVALID and text and isinstance(value, str):
            found = self._find(_number(value))
        if found is not INVALID:
            return found
        msg = f"Input should be {self.expected}"
        return refuse(problems, "literal_error", loc, msg, value, expected=self.expected)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        values = [value.value if isinstance(value, enum.Enum) else value for value in self.values]
        found: dict[str, Any] = {"const": values[0]} if len(values) == 1 else {"enum": values}
        if json_type := type_of_all(values):
            found["type"] = json_type
        return found


def choice(parts: Parts) -> Schema | None:
    """Describe enums and literals."""
    if typing.get_origin(parts.bare) is typing.Literal:
        return LiteralSchema(parts.bare, parts.info)
    if isinstance(parts.bare, type) and issubclass(parts.bare, enum.Enum):
        return EnumSchema(parts.bare, parts.info)
    return None
