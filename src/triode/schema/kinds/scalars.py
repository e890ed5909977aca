"""int, float, bool and None."""

from __future__ import annotations

import math
from typing import Any, Final

from triode.schema.constraints import (
    bounds_schema,
    check_bounds,
    compiled,
    has_bounds,
    number_codec,
)
from triode.schema.metadata import Parts
from triode.schema.node import EXACT, LAX, STRICT, Schema, refuse
from triode.schema.problems import Loc, Problem
from triode.schema.registry import Mode, Registry

# Compiled when a text is first read: most programs start without one.
_INT_TEXT: Final = r"\s*[+-]?[0-9]+(_[0-9]+)*(\.0+)?\s*"
_FLOAT_TEXT: Final = (
    r"(?i)\s*[+-]?(inf|infinity|nan|([0-9_]+\.?[0-9_]*|\.[0-9_]+)(e[+-]?[0-9_]+)?)\s*"
)
_INT64: Final = 2**63
_MAX_DIGITS: Final = 4300
_BOOL_TEXT: Final = {
    **dict.fromkeys(("1", "true", "on", "t", "yes", "y"), True),
    **dict.fromkeys(("0", "false", "off", "f", "no", "n"), False),
}


class IntSchema(Schema):
    """An integer of any size."""

    kind = "int"

    @property
    def label(self) -> str:
        return "constrained-int" if has_bounds(self.info) else "int"

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        return number_codec(int, self.info)

    @property
    def exact_types(self) -> frozenset[type]:
        return frozenset({int})

    def fit(self, value: Any) -> int:
        return EXACT if type(value) is int else LAX

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        found = value if type(value) is int else self._convert(value, loc, problems)
        if type(found) is not int:
            return found
        return check_bounds(self.info, found, value, loc, problems)

    def _convert(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            return _int_from_text(value, loc, problems)
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return _int_from_float(value, loc, problems)
        if hasattr(type(value), "as_integer_ratio") and value == value.to_integral_value():
            return int(value)
        return refuse(problems, "int_type", loc, "Input should be a valid integer", value)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return {"type": "integer", **bounds_schema(self.info)}


def _int_from_text(value: str, loc: Loc, problems: list[Problem]) -> Any:
    if len(value) > _MAX_DIGITS:
        msg = "Unable to parse input string as an integer, exceeded maximum size"
        return refuse(problems, "int_parsing_size", loc, msg, value)
    found = read_int(value)
    if found is None:
        msg = "Input should be a valid integer, unable to parse string as an integer"
        return refuse(problems, "int_parsing", loc, msg, value)
    return found


def read_int(text: str) -> int | None:
    """Return the integer that a text is, None if it is none."""
    return int(text.partition(".")[0]) if compiled(_INT_TEXT).fullmatch(text) else None


def _int_from_float(value: float, loc: Loc, problems: list[Problem]) -> Any:
    if not math.isfinite(value):
        return refuse(problems, "finite_number", loc, "Input should be a finite number", value)
    if not value.is_integer():
        msg = "Input should be a valid integer, got a number with a fractional part"
        return refuse(problems, "int_from_float", loc, msg, value)
    if abs(value) >= 2**63:
        msg = "Unable to parse input string as an integer, exceeded maximum size"
        return refuse(problems, "int_parsing_size", loc, msg, value)
    return int(value)


class FloatSchema(Schema):
    """A floating-point number, finite unless `allow_inf_nan`; JSON integers are numbers too."""

    kind = "float"

    @property
    def label(self) -> str:
        is_limited = has_bounds(self.info) or self.info.allow_inf_nan is False
        return "constrained-float" if is_limited else "float"

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        return number_codec(float, self.info)

    @property
    def exact_types(self) -> frozenset[type]:
        return frozenset({float, int})

    def fit(self, value: Any) -> int:
        if type(value) is float:
            return EXACT
        return STRICT if type(value) is int else LAX

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        found = value if type(value) is float else self._convert(value, loc, problems)
        if type(found) is not float:
            return found
        if not self.info.allow_inf_nan and not math.isfinite(found):
            return refuse(problems, "finite_number", loc, "Input should be a finite number", value)
        return check_bounds(self.info, found, value, loc, problems, show=float)

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        if isinstance(value, float):
            return float(value)  # A subclass: written as any other, null if it is not finite.
        return super().dump(value, loc, problems)

    def _convert(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            if compiled(_FLOAT_TEXT).fullmatch(value):
                try:
                    return float(value.replace("_", "") if _has_good_underscores(value) else value)
                except ValueError:
                    pass  # An underscore in a wrong place: told like any other bad number.
            msg = "Input should be a valid number, unable to parse string as a number"
            return refuse(problems, "float_parsing", loc, msg, value)
        if hasattr(type(value), "__float__") or hasattr(type(value), "__index__"):
            try:
                return float(value)
            except OverflowError:
                pass  # An int that no float can hold.
        return refuse(problems, "float_type", loc, "Input should be a valid number", value)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return {"type": "number", **bounds_schema(self.info)}


def _has_good_underscores(value: str) -> bool:
    text = value.strip()
    return not text.startswith("_") and not text.endswith("_") and "__" not in text


def _is_small_whole(value: float) -> bool:
    return -_INT64 <= value < _INT64 and value == int(value)


class BoolSchema(Schema):
    """True or false, or one of the words for them."""

    kind = "bool"

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        return bool

    @property
    def exact_types(self) -> frozenset[type]:
        return frozenset({bool})

    def fit(self, value: Any) -> int:
        return EXACT if type(value) is bool else LAX

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if type(value) is bool:
            return value
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            found = _BOOL_TEXT.get(value.lower())
        elif isinstance(value, int | float) and _is_small_whole(value):
            found = bool(value) if value in (0, 1) else None
        else:
            return refuse(problems, "bool_type", loc, "Input should be a valid boolean", value)
        if found is None:
            msg = "Input should be a valid boolean, unable to interpret input"
            return refuse(problems, "bool_parsing", loc, msg, value)
        return found

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return {"type": "boolean"}


class NoneSchema(Schema):
    """Nothing but null."""

    kind = "none"

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        return None.__class__

    @property
    def exact_types(self) -> frozenset[type]:
        return frozenset({type(None)})

    def fit(self, value: Any) -> int:
        return EXACT

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if value is None:
            return None
        return refuse(problems, "none_required", loc, "Input should be None", value)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return {"type": "null"}


_SCALARS: Final[dict[Any, type[Schema]]] = {
    int: IntSchema,
    float: FloatSchema,
    bool: BoolSchema,
    None: NoneSchema,
    type(None): NoneSchema,
}


def scalar(parts: Parts) -> Schema | None:
    """Describe int, float, bool and None."""
    try:
        found = _SCALARS.get(parts.bare)
    except TypeError:
        return None
    return found(parts.bare, parts.info) if found else None
