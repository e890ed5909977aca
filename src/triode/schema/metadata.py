"""Read what `Annotated` says of a type, whoever's words it uses.

Ours, msgspec's `Meta`, `annotated_types` and pydantic's `FieldInfo` all become one `FieldInfo`.
Optional packages are recognised by the module of a class, never imported.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from triode.schema.fields import FieldInfo
from triode.schema.variants import Variant

_QUALIFIERS: Final = frozenset({"Required", "NotRequired", "ReadOnly", "Final"})
# What of annotated_types is a function to be called: pydantic does that.
_EXECUTED: Final = frozenset({"Predicate", "Not", "Timezone"})
_META_OPTIONS: Final = (
    "gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length",
    "title", "description", "examples",
)  # fmt: skip
_PYDANTIC_OPTIONS: Final = (
    "alias", "title", "description", "examples", "deprecated", "discriminator",
    "json_schema_extra",
)  # fmt: skip


@dataclass(slots=True)
class Parts:
    """An annotation taken apart: the bare type, and what was said of it.

    `foreign` is metadata of pydantic's that only pydantic can execute.
    """

    bare: Any
    info: FieldInfo
    variant: Variant | None = None
    foreign: tuple[Any, ...] = ()


def take_apart(annotation: Any) -> Parts:
    """Separate the bare type from its metadata, through aliases and qualifiers."""
    infos: list[FieldInfo] = []
    foreign: list[Any] = []
    variant: Variant | None = None
    bare: Any = annotation
    while True:
        origin = typing.get_origin(bare)
        if origin is Annotated:
            found = _read_metadata(bare.__metadata__)
            infos[:0] = found.infos
            foreign[:0] = found.foreign
            variant = variant or found.variant
            bare = bare.__origin__
        elif getattr(origin, "_name", None) in _QUALIFIERS:
            bare = typing.get_args(bare)[0]
        elif type(bare).__name__ == "TypeAliasType":  # `type X = …`, typing or typing_extensions
            bare = bare.__value__
        elif isinstance(bare, typing.NewType):
            bare = bare.__supertype__
        elif isinstance(bare, typing.TypeVar):
            bare = bare.__bound__ or Any
        else:
            break
    return Parts(bare, merge(infos), variant, tuple(foreign))


def merge(infos: Iterable[FieldInfo]) -> FieldInfo:
    """Merge markers into one; a later one overrides, the first special class gives the class."""
    found = list(infos)
    if not found:
        return FieldInfo()
    leader = next((info for info in found if type(info) is not FieldInfo), found[0])
    return leader.without(*leader.given).merged(*found)


@dataclass(slots=True)
class _Metadata:
    infos: list[FieldInfo]
    foreign: list[Any]
    variant: Variant | None = None


def _read_metadata(metadata: Iterable[Any]) -> _Metadata:
    found = _Metadata([], [])
    for item in metadata:
        if isinstance(item, FieldInfo):
            found.infos.append(item)
        elif isinstance(item, Variant):
            found.variant = item
        elif isinstance(item, msgspec.Meta):
            found.infos.append(_from_meta(item))
        else:
            _read_foreign(item, found)
    return found


def _read_foreign(item: Any, found: _Metadata) -> None:
    room = _room_of(item)
    if room == "annotated_types" and type(item).__name__ in _EXECUTED:
        found.foreign.append(item)
    elif isinstance(getattr(item, "documentation", None), str):
        found.infos.append(_info_of({"description": item.documentation}))  # PEP 727
    elif room == "annotated_types":
        found.infos.extend(_from_annotated_types(item))
    elif room == "pydantic" and type(item).__name__ == "FieldInfo":
        info, rest = from_pydantic(item)
        found.infos.append(info)
        found.foreign.extend(rest)
    elif room == "pydantic" or hasattr(item, "__get_pydantic_core_schema__"):
        found.foreign.append(item)


def _room_of(item: Any) -> str:
    return type(item).__module__.split(".", 1)[0]


def _from_meta(meta: msgspec.Meta) -> FieldInfo:
    info = FieldInfo()
    info.given.update(
        (name, getattr(meta, name))
        for name in _META_OPTIONS
        if getattr(meta, name, None) is not None
    )
    if meta.extra_json_schema:
        info.json_schema_extra = meta.extra_json_schema
    return info


def _from_annotated_types(item: Any) -> list[FieldInfo]:
    name = type(item).__name__
    if name in ("Gt", "Ge", "Lt", "Le", "MultipleOf"):
        option = "multiple_of" if name == "MultipleOf" else name.lower()
        return [_info_of({option: getattr(item, option)})]
    if name == "MinLen":
        return [_info_of({"min_length": item.min_length or None})]
    if name == "MaxLen":
        return [_info_of({"max_length": item.max_length})]
    if name in ("Interval", "Len"):
        return [info for part in item for info in _from_annotated_types(part)]
    return []


def _info_of(options: dict[str, Any]) -> FieldInfo:
    info = FieldInfo()
    info.given.update((name, value) for name, value in options.items() if value is not None)
    return info


def from_pydantic(field: Any) -> tuple[FieldInfo, list[Any]]:
    """Translate pydantic's `FieldInfo`; also return what only pydantic can execute."""
    options = {name: getattr(field, name, None) for name in _PYDANTIC_OPTIONS}
    info = _info_of(options)
    if field.default_factory is not None:
        info.default_factory = field.default_factory
    elif not field.is_required():
        info.default = field.default
    foreign: list[Any] = []
    for item in field.metadata:
        if _room_of(item) == "annotated_types":
            info = info.merged(*_from_annotated_types(item))
        elif type(item).__name__ == "_PydanticGeneralMetadata":
            known = {name: value for name, value in vars(item).items() if hasattr(info, name)}
            info = info.merged(_info_of(known))
            if len(known) < len(vars(item)):
                foreign.append(item)
        else:
            foreign.append(item)
    return info, foreign
