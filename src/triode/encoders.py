"""`jsonable_encoder`: any value as the builtins that JSON has, for code that writes it itself.

Handlers need none of it: what they return is encoded by its declared type, and faster.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import GeneratorType
from typing import Any, Final

from triode.errors import SchemaError
from triode.schema import MISSING, ObjectSchema, describe
from triode.schema.foreign import known_to_builtins

_PLAIN: Final = (str, int, float, type(None))
_ITERABLES: Final = (list, tuple, set, frozenset, deque, GeneratorType)


def jsonable_encoder(
    obj: Any,
    include: Any = None,
    exclude: Any = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    custom_encoder: Mapping[Any, Callable[[Any], Any]] | None = None,
    sqlalchemy_safe: bool = True,
) -> Any:
    """Return `obj` as dicts, lists, text, numbers, booleans and None.

    The names and meanings are FastAPI's: spans of time are seconds, decimals numbers, bytes
    UTF-8. `sqlalchemy_safe` leaves out what SQLAlchemy keeps in an object (`_sa…`). Fields that
    are never sent (`write_only`) are left out.

    Raises:
        ValueError: nothing of the object can be read.
    """
    keywords = {
        "by_alias": by_alias, "exclude_unset": exclude_unset,
        "exclude_defaults": exclude_defaults, "exclude_none": exclude_none,
    }  # fmt: skip
    encoder = _Encoder(keywords, dict(custom_encoder or {}), sqlalchemy_safe)
    return encoder.encode(obj, _names(include), _names(exclude))


def _names(given: Any) -> Any:
    return given if given is None or isinstance(given, set | dict) else set(given)


@dataclass(frozen=True, slots=True)
class _Encoder:
    """The options that hold for everything inside a value."""

    keywords: Mapping[str, bool]
    custom: Mapping[Any, Callable[[Any], Any]]
    leaves_out_sa: bool

    def encode(self, value: Any, include: Any = None, exclude: Any = None) -> Any:
        """Return one value; `include` and `exclude` are names of its fields."""
        for kind in (type(value), *self.custom):
            if kind in self.custom and isinstance(value, kind):
                return self.custom[kind](value)
        if hasattr(type(value), "__pydantic_serializer__") and hasattr(value, "model_dump"):
            return self._pydantic(value, include, exclude)
        if isinstance(value, enum.Enum):
            return value.value
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, dict):
            return self._mapping(value, include, exclude)
        if isinstance(value, _ITERABLES):
            return [self.encode(each, include, exclude) for each in value]
        schema = _description_of(type(value))
        if schema is not None:
            return self._mapping(self._fields(schema, value), include, exclude)
        return self._other(value, include, exclude)

    def _pydantic(self, value: Any, include: Any, exclude: Any) -> Any:
        dumped = value.model_dump(mode="json", include=include, exclude=exclude, **self.keywords)
        return self.encode(dumped)

    def _mapping(self, value: Mapping[Any, Any], include: Any, exclude: Any) -> dict[Any, Any]:
        return {
            self.encode(key): self.encode(item)
            for key, item in value.items()
            if self._is_wanted(key, item, include, exclude)
        }

    def _is_wanted(self, key: Any, item: Any, include: Any, exclude: Any) -> bool:
        if self.leaves_out_sa and isinstance(key, str) and key.startswith("_sa"):
            return False
        if item is None and self.keywords["exclude_none"]:
            return False
        return (include is None or key in include) and (exclude is None or key not in exclude)

    def _fields(self, schema: ObjectSchema, value: Any) -> dict[str, Any]:
        by_alias = self.keywords["by_alias"]
        found: dict[str, Any] = {}
        for each in schema.sent:
            item = schema.get(value, each.name)
            is_default = item is not MISSING and item == each.make_default()
            leaves_out = self.keywords["exclude_unset"] or self.keywords["exclude_defaults"]
            if item is not MISSING and not (is_default and leaves_out):
                found[each.encoded_name if by_alias else each.name] = item
        return found

    def _other(self, value: Any, include: Any, exclude: Any) -> Any:
        if type(value).__name__ == "PydanticUndefinedType":
            return None
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, dt.timedelta):
            return value.total_seconds()
        if isinstance(value, dt.date | dt.time):
            return value.isoformat()
        if isinstance(value, Decimal):
            exponent = value.as_tuple().exponent
            is_whole = isinstance(exponent, int) and exponent >= 0
            return int(value) if is_whole else float(value)
        try:
            return known_to_builtins(value)
        except TypeError:
            pass
        try:
            found = dict(value)
        except Exception as first:
            try:
                found = vars(value)
            except Exception as second:
                raise ValueError([first, second]) from second
        return self._mapping(found, include, exclude)


def _description_of(kind: type) -> ObjectSchema | None:
    try:
        schema = describe(kind)
    except SchemaError:
        return None
    return schema if isinstance(schema, ObjectSchema) else None
