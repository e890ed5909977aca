"""Decimal and UUID: values that JSON writes as text."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from triode.schema.constraints import bounds_schema, check_bounds, has_bounds
from triode.schema.fields import FieldInfo
from triode.schema.metadata import Parts
from triode.schema.node import EXACT, LAX, Refused, Schema, refuse
from triode.schema.problems import INVALID, Loc, Problem
from triode.schema.registry import Mode, Registry

# As `str(Decimal(…))` writes it.
_SENT: Final = r"^-?[0-9]+(?:\.[0-9]+)?(?:E[+-]?[0-9]+)?$"


class DecimalSchema(Schema):
    """A decimal number; finite unless `allow_inf_nan`."""

    kind = "decimal"

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        return Decimal

    @property
    def finish(self) -> Callable[[Any], Any] | None:
        if not self._has_limits:
            return _finite

        def finish(raw: Decimal) -> Decimal:
            if self._check(raw, raw, (), []) is INVALID:
                raise Refused
            return raw

        return finish

    @property
    def _has_limits(self) -> bool:
        info = self.info
        return has_bounds(info) or info.max_digits is not None or info.decimal_places is not None

    @property
    def exact_types(self) -> frozenset[type]:
        return frozenset({Decimal})

    def fit(self, value: Any) -> int:
        return EXACT if type(value) is Decimal else LAX

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        found = self._convert(value, loc, problems)
        return found if found is INVALID else self._check(found, value, loc, problems)

    def _convert(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        if isinstance(value, Decimal):
            return value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            msg = "Decimal input should be an integer, float, string or Decimal object"
            return refuse(problems, "decimal_type", loc, msg, value)
        try:
            return Decimal(str(value).strip())
        except (InvalidOperation, ValueError):
            msg = "Input should be a valid decimal"
            return refuse(problems, "decimal_parsing", loc, msg, value)

    def _check(self, found: Decimal, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        if not found.is_finite() and not self.info.allow_inf_nan:
            return refuse(problems, "finite_number", loc, "Input should be a finite number", value)
        if self._check_digits(found, value, loc, problems) is INVALID:
            return INVALID
        return check_bounds(self.info, found, value, loc, problems, show=_as_decimal)

    def _check_digits(self, found: Decimal, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        info = self.info
        if info.max_digits is None and info.decimal_places is None:
            return found
        digits, places = _digits_of(found)
        if info.max_digits is not None and digits > info.max_digits:
            most = info.max_digits
            msg = f"Decimal input should have no more than {most} digit{_s(most)} in total"
            return refuse(problems, "decimal_max_digits", loc, msg, value, max_digits=most)
        if info.decimal_places is not None and places > info.decimal_places:
            most = info.decimal_places
            msg = f"Decimal input should have no more than {most} decimal place{_s(most)}"
            return refuse(problems, "decimal_max_places", loc, msg, value, decimal_places=most)
        if info.max_digits is not None and info.decimal_places is not None:
            most = max(info.max_digits - info.decimal_places, 0)
            if digits - places > most:
                msg = (
                    f"Decimal input should have no more than {most} digit{_s(most)} "
                    "before the decimal point"
                )
                return refuse(problems, "decimal_whole_digits", loc, msg, value, whole_digits=most)
        return found

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        text = {"type": "string", "format": "decimal"}
        if mode == "output":
            return {**text, "pattern": _SENT}
        number = {"type": "number", **bounds_schema(self.info, float)}
        return {"anyOf": [number, {**text, "pattern": _pattern(self.info)}]}


def _pattern(info: FieldInfo) -> str:
    """Return what a decimal written as text looks like; of bounds, only zero can be said."""
    places, digits = info.decimal_places, info.max_digits
    whole, tail = "[0-9]+", r"(?:\.[0-9]+)?"
    if places is not None:
        tail = rf"(?:\.[0-9]{{1,{places}}}0*)?" if places else ""
    if digits is not None and places is not None:
        whole = f"0*[0-9]{{1,{digits - places}}}" if digits > places else "0*"
    elif digits is not None:
        whole = rf"0*(?=(?:\.?[0-9]){{1,{digits}}}$)[0-9]+"
    least = max((each for each in (info.gt, info.ge) if each is not None), default=None)
    sign = "-?" if least is None or least < 0 else ""
    is_positive = least is not None and (least > 0 or info.gt == 0)
    return f"^{'(?=.*[1-9])' if is_positive else ''}{sign}{whole}{tail}$"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _as_decimal(limit: Any) -> Decimal:
    return limit if isinstance(limit, Decimal) else Decimal(str(limit))


def _finite(raw: Decimal) -> Decimal:
    if not raw.is_finite():
        raise Refused
    return raw


def _digits_of(value: Decimal) -> tuple[int, int]:
    """Return how many digits a number has, and how many of them are decimal places."""
    _, digits, exponent = value.normalize().as_tuple()
    if not isinstance(exponent, int):
        return 0, 0
    if exponent >= 0:
        return len(digits) + exponent, 0
    places = -exponent
    return max(len(digits), places), places


class UuidSchema(Schema):
    """A UUID in any of its spellings."""

    kind = "uuid"

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        return uuid.UUID

    @property
    def exact_types(self) -> frozenset[type]:
        return frozenset({uuid.UUID})

    def fit(self, value: Any) -> int:
        return EXACT if type(value) is uuid.UUID else LAX

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if isinstance(value, uuid.UUID):
            return value
        if not isinstance(value, str):
            msg = "UUID input should be a string, bytes or UUID object"
            return refuse(problems, "uuid_type", loc, msg, value)
        try:
            return _uuid(value)
        except ValueError as exc:
            msg = f"Input should be a valid UUID, {exc}"
            return refuse(problems, "uuid_parsing", loc, msg, value, error=str(exc))

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}


_UUID_DIGITS: Final = frozenset("0123456789abcdefABCDEF")
_UUID_GROUPS: Final = (8, 4, 4, 4, 12)


def _uuid(value: str) -> uuid.UUID:
    body, start = _uuid_body(value)
    for index, character in enumerate(body):
        if character not in _UUID_DIGITS and character != "-":
            raise ValueError(f"invalid character: found `{character}` at {start + index}")
    groups = body.split("-")
    if len(groups) == 1 and len(value) not in (32, 36) and not start:
        raise ValueError(f"invalid length: found {len(value)}")
    if len(body) != 32 or len(groups) > 1:
        _check_groups(groups)
    return uuid.UUID(hex=body.replace("-", ""))


def _check_groups(groups: list[str]) -> None:
    if len(groups) != len(_UUID_GROUPS):
        raise ValueError(f"invalid group count: expected 5, found {len(groups)}")
    for place, (group, wanted) in enumerate(zip(groups, _UUID_GROUPS, strict=True)):
        if len(group) != wanted:
            raise ValueError(
                f"invalid group length in group {place}: expected {wanted}, found {len(group)}"
            )


def _uuid_body(value: str) -> tuple[str, int]:
    if value.startswith("urn:uuid:"):
        return value[9:], 9
    if value.startswith("{") and value.endswith("}"):
        return value[1:-1], 1
    return value, 0


def number(parts: Parts) -> Schema | None:
    """Describe Decimal and UUID."""
    if parts.bare is Decimal:
        return DecimalSchema(Decimal, parts.info)
    if isinstance(parts.bare, type) and issubclass(parts.bare, uuid.UUID):
        return UuidSchema(uuid.UUID, parts.info)
    return None
