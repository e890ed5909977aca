"""dict and the abstract classes it answers to."""

from __future__ import annotations

import collections
import collections.abc
import typing
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from types import GenericAlias
from typing import Any, Final, NamedTuple

from triode.schema.constraints import check_size, size_schema, sized_codec
from triode.schema.describe import describe
from triode.schema.documentation import schema_inside
from triode.schema.fields import FieldInfo
from triode.schema.kinds.anything import AnySchema
from triode.schema.metadata import Parts
from triode.schema.node import EXACT, LAX, Schema, refuse
from triode.schema.problems import INVALID, MAX_PROBLEMS, Loc, Problem
from triode.schema.registry import Mode, Registry
from triode.schema.undeclared import is_open

_SAID_OF_NAMES: Final = frozenset(
    {"pattern", "minLength", "maxLength", "format", "enum", "const", "$ref"}
)
_WHOLE_NUMBER: Final = "^-?[0-9]+$"


class _Family(NamedTuple):
    make: Callable[[dict[Any, Any]], Any]
    type: str
    words: str


_DICT: Final = _Family(dict, "dict_type", "dictionary")
_FAMILIES: Final[dict[Any, _Family]] = {
    dict: _DICT,
    collections.abc.Mapping: _DICT,
    collections.abc.MutableMapping: _DICT,
    collections.OrderedDict: _Family(collections.OrderedDict, "ordered_dict_type", "OrderedDict"),
    collections.Counter: _Family(collections.Counter, "counter_type", "Counter"),
    collections.defaultdict: _DICT,
}


class MappingSchema(Schema):
    """Keys of one type to values of another."""

    kind = "dict"

    def __init__(
        self, annotation: Any, info: FieldInfo, key: Schema, value: Schema, family: _Family = _DICT
    ) -> None:
        super().__init__(annotation, info)
        self.key = key
        self.value = value
        self.family = family

    @property
    def label(self) -> str:
        return f"dict[{self.key.label},{self.value.label}]"

    @property
    def children(self) -> Iterable[Schema]:
        return (self.key, self.value)

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        key, value = self.key.codec_assuming(native), self.value.codec_assuming(native)
        if key is None or value is None or self.key.finish is not None:
            return None
        if self.key.kind not in ("str", "any"):
            return None  # Two spellings of one key may meet; `validate` decides.
        return sized_codec(GenericAlias(dict, (key, value)), self.info)

    @property
    def finish(self) -> Callable[[Any], Any] | None:
        finish_value, make = self.value.finish, self.family.make
        if finish_value is None:
            return None if make is dict else make
        if make is dict:
            return lambda raw: {key: finish_value(value) for key, value in raw.items()}
        return lambda raw: make({key: finish_value(value) for key, value in raw.items()})

    def is_direct(self, value: Any) -> bool:
        if type(value) is not dict:
            return False
        # msgspec writes every key as text.
        if not self._takes_any_key and not all(map(self.key.is_direct, value)):
            return False
        types = self._value_types
        if types is not None:
            return types.issuperset(map(type, value.values()))
        if isinstance(self.value, AnySchema):
            return is_open(value)
        return all(map(self.value.is_direct, value.values()))

    @property
    def open_types(self) -> frozenset[type]:
        is_open = self._takes_any_key and isinstance(self.value, AnySchema)
        return frozenset({dict} if is_open else ())

    @cached_property
    def _takes_any_key(self) -> bool:
        return self.key.kind in ("str", "any")

    @cached_property
    def _value_types(self) -> frozenset[type] | None:
        return self.value.exact_types

    def fit(self, value: Any) -> int:
        if type(value) is not dict:
            return LAX
        return min((self.value.fit(item) for item in value.values()), default=EXACT)

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if not isinstance(value, Mapping):
            return self._refuse_type(value, loc, problems)
        before = len(problems)
        found: dict[Any, Any] = {}
        for given_key, given in value.items():
            if len(problems) >= MAX_PROBLEMS:
                return INVALID
            place = (*loc, given_key if isinstance(given_key, int | str) else str(given_key))
            # The key of a JSON object is always text, whatever the declared type is.
            key = self.key.validate(given_key, (*place, "[key]"), problems, text=True)
            item = self.value.validate(given, place, problems, text=text)
            if key is not INVALID:
                found[key] = item
        if len(problems) > before:
            return INVALID
        made = self.family.make(found)
        return check_size(self.info, made, value, loc, problems, "Dictionary")

    def _refuse_type(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        msg = f"Input should be a valid {self.family.words}"
        return refuse(problems, self.family.type, loc, msg, value)

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        if self.is_direct(value):
            return value
        if not isinstance(value, Mapping):
            return self._refuse_type(value, loc, problems)
        return {
            self.key.dump(key, (*loc, str(key), "[key]"), problems): self.value.dump(
                item, (*loc, str(key)), problems
            )
            for key, item in value.items()
        }

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "object"}
        found["additionalProperties"] = schema_inside(self.value, registry, mode) or True
        if names := self._names(registry, mode):
            found["propertyNames"] = names
        return found | size_schema(self.info, "Properties")

    def _names(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        """Return what is demanded of a key, which is always text in JSON."""
        found = schema_inside(self.key, registry, mode)
        if found.get("type") == "integer":
            return {"pattern": _WHOLE_NUMBER}
        found = {name: each for name, each in found.items() if (name, each) != ("type", "string")}
        return found if _SAID_OF_NAMES & found.keys() else {}


def mapping(parts: Parts) -> Schema | None:
    """Describe dicts, bare or of types, and what the standard library makes of them."""
    origin = typing.get_origin(parts.bare) or parts.bare
    try:
        family = _FAMILIES.get(origin)
    except TypeError:
        return None
    if family is None:
        return None
    arguments = typing.get_args(parts.bare) or (Any, Any)
    if origin is collections.Counter:
        arguments = (arguments[0], int)
    if origin is collections.defaultdict:
        family = family._replace(make=_default_maker(arguments[1]))
    key, value = arguments
    return MappingSchema(parts.bare, parts.info, describe(key), describe(value), family)


def _default_maker(value: Any) -> Callable[[dict[Any, Any]], Any]:
    """Return what makes a defaultdict, whose missing values are empty ones of their type."""
    kind = typing.get_origin(value) or value
    factory = kind if isinstance(kind, type) else None
    return lambda found: collections.defaultdict(factory, found)
