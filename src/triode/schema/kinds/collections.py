"""list, set, frozenset, deque, tuple and the abstract classes they answer to."""

from __future__ import annotations

import collections
import collections.abc
import types
import typing
from collections.abc import Callable, Iterable
from functools import cached_property
from types import GenericAlias
from typing import Any, Final, NamedTuple

from triode.schema.constraints import check_size, has_size, size_schema, sized_codec
from triode.schema.describe import describe
from triode.schema.documentation import schema_inside
from triode.schema.fields import FieldInfo
from triode.schema.kinds.anything import AnySchema
from triode.schema.metadata import Parts
from triode.schema.node import EXACT, LAX, Schema, refuse, walk
from triode.schema.problems import INVALID, MAX_PROBLEMS, Loc, Problem
from triode.schema.registry import Mode, Registry

_ITERABLES: Final = (
    list, tuple, set, frozenset, collections.deque, types.GeneratorType, collections.abc.KeysView,
    collections.abc.ValuesView,
)  # fmt: skip

_WRITABLE: Final = frozenset({list, tuple, set, frozenset, collections.deque})


class _Family(NamedTuple):
    make: Callable[[Iterable[Any]], Any]
    label: str
    noun: str
    type: str
    words: str
    codec: Any


_LIST: Final = _Family(list, "list", "List", "list_type", "list", list)
_SEQUENCE: Final = _Family(list, "list", "List", "is_instance_of", "list", list)
_SET: Final = _Family(set, "set", "Set", "set_type", "set", set)
_FROZENSET: Final = _Family(
    frozenset, "frozenset", "Frozenset", "frozen_set_type", "frozenset", frozenset
)
_DEQUE: Final = _Family(collections.deque, "deque", "Deque", "deque_type", "deque", None)
_TUPLE: Final = _Family(tuple, "tuple", "Tuple", "tuple_type", "tuple", tuple)

_FAMILIES: Final[dict[Any, _Family]] = {
    list: _LIST,
    set: _SET,
    frozenset: _FROZENSET,
    collections.deque: _DEQUE,
    collections.abc.Sequence: _SEQUENCE,
    collections.abc.MutableSequence: _LIST,
    collections.abc.Collection: _LIST,
    collections.abc.Iterable: _LIST,
    collections.abc.Set: _SET,
    collections.abc.MutableSet: _SET,
}


class CollectionSchema(Schema):
    """Any number of items of one type."""

    def __init__(self, annotation: Any, info: FieldInfo, family: _Family, item: Schema) -> None:
        super().__init__(annotation, info)
        self.family = family
        self.kind = family.label
        self.item = item

    @property
    def label(self) -> str:
        return f"{self.family.label}[{self.item.label}]"

    @property
    def children(self) -> Iterable[Schema]:
        return (self.item,)

    @cached_property
    def adapter_of_all(self) -> Any | None:
        below = self.item.adapter_of_all
        if below is None or self.family.make is not list or self.info.given:
            return None
        return type(below)(GenericAlias(list, (self.item.annotation,)))

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        item = self.item.codec_assuming(native)
        base = self.family.codec
        if item is None or base is None:
            return None
        if base in (set, frozenset) and (
            has_size(self.info) or self.item.finish is not None or not _is_hashable(self.item)
        ):
            return None  # msgspec counts, and hashes, what was sent; the set may be smaller.
        if base is tuple:
            return sized_codec(GenericAlias(tuple, (item, ...)), self.info)
        return sized_codec(GenericAlias(base, (item,)), self.info)

    @property
    def finish(self) -> Callable[[Any], Any] | None:
        finish_item = self.item.finish
        if finish_item is None:
            return None
        make = self.family.make
        if make is list:
            return self.item.finish_list
        return lambda raw: make(finish_item(each) for each in raw)

    def is_direct(self, value: Any) -> bool:
        if type(value) not in _WRITABLE:
            return False
        types = self._item_types
        if types is None:
            return all(map(self.item.is_direct, value))
        return types.issuperset(map(type, value))

    @property
    def open_types(self) -> frozenset[type]:
        return _WRITABLE if isinstance(self.item, AnySchema) else frozenset()

    @cached_property
    def _item_types(self) -> frozenset[type] | None:
        return self.item.exact_types

    def fit(self, value: Any) -> int:
        if type(value) is not self.family.make:
            return LAX
        return min((self.item.fit(item) for item in value), default=EXACT)

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        items = self._items(value, loc, problems)
        if items is INVALID:
            return INVALID
        most = self.info.max_length
        if self.family.make is list and most is not None and len(items) > most:
            return check_size(self.info, items, value, loc, problems, self.family.noun)
        before = len(problems)
        validate = self.item.validate
        found = [
            validate(item, (*loc, index), problems, text=text)
            for index, item in enumerate(items)
            if len(problems) < MAX_PROBLEMS
        ]
        if len(problems) > before:
            return INVALID
        made = self._make(found, loc, problems)
        if len(problems) > before:
            return INVALID
        return check_size(self.info, made, value, loc, problems, self.family.noun)

    def _items(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        if isinstance(value, _ITERABLES):
            return value
        family = self.family
        if family is _SEQUENCE and isinstance(value, str):
            msg = "'str' instances are not allowed as a Sequence value"
            return refuse(problems, "sequence_str", loc, msg, value, type_name="str")
        if family is _SEQUENCE:
            msg = "Input should be an instance of Sequence"
            return refuse(problems, family.type, loc, msg, value, **{"class": "Sequence"})
        return refuse(problems, family.type, loc, f"Input should be a valid {family.words}", value)

    def _make(self, found: list[Any], loc: Loc, problems: list[Problem]) -> Any:
        if self.family.make not in (set, frozenset):
            return self.family.make(found)
        unique = []
        for index, item in enumerate(found):
            try:
                hash(item)
            except TypeError:
                msg = "Set items should be hashable"
                refuse(problems, "set_item_not_hashable", (*loc, index), msg, item)
            else:
                unique.append(item)
        return self.family.make(unique)

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        if self.is_direct(value):
            return value
        items = self._items(value, loc, problems)
        if items is INVALID:
            return INVALID
        return [self.item.dump(item, (*loc, index), problems) for index, item in enumerate(items)]

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "array"}
        found["items"] = schema_inside(self.item, registry, mode)
        if self.family in (_SET, _FROZENSET):
            found["uniqueItems"] = True
        return found | size_schema(self.info, "Items")


def _is_hashable(item: Schema) -> bool:
    return all(
        node.kind in ("literal", "enum") or (node.exact_types and node.kind != "object")
        for node in walk(item)
    )


class TupleSchema(Schema):
    """A fixed number of items, each of its own type."""

    def __init__(self, annotation: Any, info: FieldInfo, items: list[Schema]) -> None:
        super().__init__(annotation, info)
        self.items = items

    @property
    def label(self) -> str:
        return f"tuple[{', '.join(item.label for item in self.items)}]"

    @property
    def children(self) -> Iterable[Schema]:
        return self.items

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        codecs = tuple(item.codec_assuming(native) for item in self.items)
        return None if None in codecs else GenericAlias(tuple, codecs)

    @property
    def finish(self) -> Callable[[Any], Any] | None:
        finishers = [item.finish for item in self.items]
        if not any(finishers):
            return None
        return lambda raw: tuple(
            each if finish is None else finish(each)
            for each, finish in zip(raw, finishers, strict=True)
        )

    def is_direct(self, value: Any) -> bool:
        return (
            type(value) in (tuple, list)
            and len(value) == len(self.items)
            and all(item.is_direct(each) for item, each in zip(self.items, value, strict=True))
        )

    def fit(self, value: Any) -> int:
        if type(value) is not tuple or len(value) != len(self.items):
            return LAX
        fits = (item.fit(each) for item, each in zip(self.items, value, strict=True))
        return min(fits, default=EXACT)

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if not isinstance(value, _ITERABLES):
            return refuse(problems, "tuple_type", loc, "Input should be a valid tuple", value)
        values = list(value)
        before = len(problems)
        if len(values) > len(self.items):
            return refuse_length(values, len(self.items), "Tuple", loc, problems)
        found = [
            item.validate(each, (*loc, index), problems, text=text)
            for index, (item, each) in enumerate(zip(self.items, values, strict=False))
        ]
        for index in range(len(values), len(self.items)):
            refuse(problems, "missing", (*loc, index), "Field required", value)
        return INVALID if len(problems) > before else tuple(found)

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        if self.is_direct(value):
            return value
        if not isinstance(value, list | tuple) or len(value) != len(self.items):
            return self.validate(value, loc, problems)
        return [
            item.dump(each, (*loc, index), problems)
            for index, (item, each) in enumerate(zip(self.items, value, strict=True))
        ]

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "array"}
        if self.items:
            found["prefixItems"] = [schema_inside(item, registry, mode) for item in self.items]
        found["items"] = {}  # Nothing follows; linters ask for it all the same.
        return found | {"minItems": len(self.items), "maxItems": len(self.items)}


def refuse_length(
    values: list[Any], wanted: int, noun: str, loc: Loc, problems: list[Problem]
) -> Any:
    """Say that there are more items than a tuple has places."""
    length = len(values)
    msg = (
        f"{noun} should have at most {wanted} item{'' if wanted == 1 else 's'} "
        f"after validation, not {length}"
    )
    return refuse(problems, "too_long", loc, msg, values, field_type=noun,
                  max_length=wanted, actual_length=length)  # fmt: skip


def collection(parts: Parts) -> Schema | None:
    """Describe lists, sets and tuples, bare or of a type."""
    origin = typing.get_origin(parts.bare) or parts.bare
    arguments = typing.get_args(parts.bare)
    if origin is tuple:
        return _tuple(parts, arguments)
    try:
        family = _FAMILIES.get(origin)
    except TypeError:
        return None
    if family is None:
        return None
    item = describe(arguments[0]) if arguments else describe(Any)
    return CollectionSchema(parts.bare, parts.info, family, item)


def _tuple(parts: Parts, arguments: tuple[Any, ...]) -> Schema:
    if not arguments and parts.bare in (tuple, typing.Tuple):  # noqa: UP006
        return CollectionSchema(parts.bare, parts.info, _TUPLE, describe(Any))
    if len(arguments) == 2 and arguments[1] is ...:
        return CollectionSchema(parts.bare, parts.info, _TUPLE, describe(arguments[0]))
    return TupleSchema(parts.bare, parts.info, [describe(item) for item in arguments])
