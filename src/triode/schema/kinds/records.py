"""Structs, dataclasses, TypedDicts, attrs classes: classes whose fields are written as hints.

Where msgspec reads a class just as it is described here, the class is its own codec.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import msgspec
import typing_extensions

from triode.schema.describe import type_hints
from triode.schema.fields import MISSING, FieldInfo
from triode.schema.members import FieldDescription
from triode.schema.metadata import Parts, from_pydantic, take_apart
from triode.schema.node import Schema, refuse
from triode.schema.objects import ObjectSchema
from triode.schema.problems import Loc, Problem


class RecordSchema(ObjectSchema):
    """A class that msgspec may know itself."""

    def __init__(self, target: Any, info: FieldInfo, fields: Callable[[], Any]) -> None:
        super().__init__(
            target, fields, name=component_name(target), description=own_documentation(target),
            info=info,
        )  # fmt: skip
        # `target` may be a generic alias; instances are of its origin.
        self.origin: type = typing.get_origin(target) or target

    def is_instance(self, value: Any) -> bool:
        return isinstance(value, self.origin)

    @property
    def exact_types(self) -> frozenset[type] | None:
        return frozenset({self.origin}) if self.is_plain else None

    @property
    def is_plain(self) -> bool:
        """Whether msgspec writes an instance as `dump` would: nothing hidden, no other names."""
        return not any(each.info.write_only for each in self.fields) and self.has_own_names

    @property
    def has_own_names(self) -> bool:
        """Whether the keys on the wire are those that msgspec uses."""
        return all(each.encoded_name == each.name for each in self.fields)

    def is_native(self, native: frozenset[Schema]) -> bool:
        if not self.has_own_names or len(self.accepted) < len(self.fields):
            return False
        return self.is_plainly_made() and all(
            each.required or self._has_own_default(each) for each in self.fields
        ) and all(
            _same_type(each.annotation, self.node_of(each).codec_assuming(native))
            for each in self.fields
        )  # fmt: skip

    def is_plainly_made(self) -> bool:
        """Whether msgspec makes an instance as a call of the class would."""
        return True

    def _has_own_default(self, each: FieldDescription) -> bool:
        return not isinstance(each.default, FieldInfo)


def _same_type(annotation: Any, codec: Any) -> bool:
    parts = take_apart(annotation)
    if parts.variant is not None or parts.foreign or codec is None:
        return False
    if typing.get_origin(codec) is Annotated:
        metas = [meta for meta in getattr(annotation, "__metadata__", ()) if _is_meta(meta)]
        return len(metas) == 1 and codec == Annotated[parts.bare, metas[0]]
    return bool(codec == parts.bare)


def _is_meta(item: Any) -> bool:
    return isinstance(item, msgspec.Meta)


def component_name(target: Any) -> str:
    """Name a class for a document: `Page[User]` is `Page_User_`."""
    arguments = typing.get_args(target)
    if not arguments:
        return str(target.__name__)
    inner = "_".join(
        component_name(each) if hasattr(each, "__name__") else str(each) for each in arguments
    )
    return f"{(typing.get_origin(target) or target).__name__}_{inner}_"


def own_documentation(target: Any) -> str | None:
    """Return the docstring that a class wrote itself, cleaned up."""
    written = (typing.get_origin(target) or target).__dict__.get("__doc__")
    if not written or written.startswith(f"{target.__name__}("):
        return None  # A dataclass without a docstring gets its signature as one.
    return inspect.cleandoc(written)


def field_of(
    name: str, annotation: Any, default: Any, factory: Callable[[], Any] | None, *,
    encoded_name: str = "",
) -> FieldDescription:  # fmt: skip
    """Make a description; a marker may stand in the annotation or as the default."""
    info = take_apart(annotation).info
    marker = as_marker(default)
    if marker is not None:
        info, default = info.merged(marker), MISSING
    if default is MISSING and factory is None:
        default, factory = info.default, info.default_factory
    return FieldDescription(
        name=name, annotation=annotation, info=info, default=default, default_factory=factory,
        required=default is MISSING and factory is None, encoded_name=encoded_name,
    )  # fmt: skip


def as_marker(default: Any) -> FieldInfo | None:
    """Return what a default says if it is a marker: ours or pydantic's."""
    if isinstance(default, FieldInfo):
        return default
    if type(default).__name__ == "FieldInfo" and type(default).__module__.startswith("pydantic"):
        return from_pydantic(default)[0]
    return None


# --- msgspec.Struct


class StructSchema(RecordSchema):
    """A `msgspec.Struct` class."""

    @property
    def config(self) -> Any:
        """The class's `struct_config`."""
        return self.origin.__struct_config__  # type: ignore[attr-defined]

    @property
    def tag_key(self) -> str | None:
        """The key by which a tagged union knows this class."""
        field: str | None = self.config.tag_field
        return field

    @property
    def tag(self) -> Any:
        """The value of that key."""
        return self.config.tag

    @property
    def has_own_names(self) -> bool:
        encoded = dict(
            zip(self.origin.__struct_fields__, self.origin.__struct_encode_fields__, strict=True)  # type: ignore[attr-defined]
        )
        return all(encoded[each.name] == each.encoded_name for each in self.fields)

    def is_plainly_made(self) -> bool:
        return not self.config.array_like and not self.config.forbid_unknown_fields

    def body(self, registry: Any, mode: Any) -> dict[str, Any]:
        found = super().body(registry, mode)
        if self.tag_key is not None:
            shown = {"const": self.tag, "title": self.tag_key.title(), "type": "string"}
            found["properties"] = {self.tag_key: shown, **found["properties"]}
            found["required"] = [self.tag_key, *found.get("required", [])]
        return found


def struct(parts: Parts) -> Schema | None:
    """Describe a `msgspec.Struct`, generic ones included."""
    origin = typing.get_origin(parts.bare) or parts.bare
    if not (isinstance(origin, type) and issubclass(origin, msgspec.Struct)):
        return None
    return StructSchema(parts.bare, parts.info, lambda: _struct_fields(parts.bare))


def _struct_fields(target: Any) -> Iterable[FieldDescription]:
    origin = typing.get_origin(target) or target
    hints = _hints(target)
    for each in msgspec.structs.fields(origin):
        default = MISSING if each.default is msgspec.NODEFAULT else each.default
        factory = None if each.default_factory is msgspec.NODEFAULT else each.default_factory
        encoded = each.encode_name if each.encode_name != each.name else ""
        annotation = hints[each.name]
        yield field_of(each.name, annotation, default, factory, encoded_name=encoded)


def _hints(target: Any) -> dict[str, Any]:
    """Return the hints of a class, the type variables of a generic one filled in."""
    origin = typing.get_origin(target)
    if origin is None:
        return type_hints(target)
    filled = dict(zip(origin.__parameters__, typing.get_args(target), strict=False))
    return {name: _fill(hint, filled) for name, hint in type_hints(origin).items()}


def _fill(hint: Any, filled: Mapping[Any, Any]) -> Any:
    if isinstance(hint, typing.TypeVar):
        return filled.get(hint, hint)
    parameters = getattr(hint, "__parameters__", ())
    if not parameters:
        return hint
    return hint[tuple(filled.get(each, each) for each in parameters)]


# --- dataclasses


class DataclassSchema(RecordSchema):
    """A dataclass."""

    def is_plainly_made(self) -> bool:
        given = vars(self.origin)
        written = given.get("__init__")
        return (
            (written is not None
            and written.__qualname__.endswith("__create_fn__.<locals>.__init__"))
            or (
                written is not None
                and written.__module__ == self.origin.__module__
                and getattr(written, "__code__", None) is not None
                and written.__code__.co_filename == "<string>"
            )
        )

    def refuse_type(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        msg = f"Input should be a dictionary or an instance of {self.name}"
        return refuse(problems, "dataclass_type", loc, msg, value, class_name=self.name)


def dataclass(parts: Parts) -> Schema | None:
    """Describe a dataclass, generic ones included."""
    origin = typing.get_origin(parts.bare) or parts.bare
    if not (isinstance(origin, type) and dataclasses.is_dataclass(origin)):
        return None
    return DataclassSchema(parts.bare, parts.info, lambda: _dataclass_fields(parts.bare))


def _dataclass_fields(target: Any) -> Iterable[FieldDescription]:
    hints = _hints(target)
    for each in dataclasses.fields(typing.get_origin(target) or target):
        if not each.init:
            continue
        default = MISSING if each.default is dataclasses.MISSING else each.default
        factory = None if each.default_factory is dataclasses.MISSING else each.default_factory
        yield field_of(each.name, hints[each.name], default, factory)


# --- TypedDict


class TypedDictSchema(RecordSchema):
    """A `TypedDict`: an ordinary dict when it is done."""

    def is_instance(self, value: Any) -> bool:
        return False

    @property
    def exact_types(self) -> frozenset[type] | None:
        return None  # A dict may hold more than the class names.

    def is_native(self, native: frozenset[Schema]) -> bool:
        return False

    def construct(self, values: dict[str, Any]) -> Any:
        return values

    def refuse_type(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        return refuse(problems, "dict_type", loc, "Input should be a valid dictionary", value)

    def get(self, value: Any, name: str) -> Any:
        return value.get(name, MISSING)


def typed_dict(parts: Parts) -> Schema | None:
    """Describe a `TypedDict`."""
    origin = typing.get_origin(parts.bare) or parts.bare
    if not typing_extensions.is_typeddict(origin):
        return None
    return TypedDictSchema(parts.bare, parts.info, lambda: _typed_dict_fields(parts.bare))


def _typed_dict_fields(target: Any) -> Iterable[FieldDescription]:
    required = (typing.get_origin(target) or target).__required_keys__
    for name, annotation in _hints(target).items():
        info = take_apart(annotation).info
        yield FieldDescription(
            name=name, annotation=annotation, info=info, required=name in required
        )


# --- attrs


class AttrsSchema(RecordSchema):
    """An attrs class."""

    def is_plainly_made(self) -> bool:
        return not any(
            each.validator or each.converter
            for each in self.origin.__attrs_attrs__  # type: ignore[attr-defined]
        )


def attrs_class(parts: Parts) -> Schema | None:
    """Describe an attrs class, which is known by what attrs leaves in it."""
    origin = typing.get_origin(parts.bare) or parts.bare
    if not (isinstance(origin, type) and hasattr(origin, "__attrs_attrs__")):
        return None
    return AttrsSchema(parts.bare, parts.info, lambda: _attrs_fields(parts.bare))


def _attrs_fields(target: Any) -> Iterable[FieldDescription]:
    hints = _hints(target)
    for each in (typing.get_origin(target) or target).__attrs_attrs__:
        if not each.init:
            continue
        default, factory = each.default, None
        if type(default).__name__ == "_Nothing" or repr(default) == "NOTHING":
            default = MISSING
        elif hasattr(default, "factory"):
            factory, default = default.factory, MISSING
        encoded = "" if each.alias == each.name else each.alias
        yield field_of(each.name, hints.get(each.name, Any), default, factory, encoded_name=encoded)
