"""Structs, dataclasses, TypedDicts, attrs classes: classes whose fields are written as hints.

Where msgspec reads a class just as it is described here, the class is its own codec.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from itertools import starmap
from typing import Annotated, Any

import msgspec

from triode.schema.describe import type_hints
from triode.schema.fields import MISSING, FieldInfo
from triode.schema.members import FieldDescription
from triode.schema.metadata import from_pydantic, take_apart
from triode.schema.node import Schema, is_plain_below
from triode.schema.objects import ObjectSchema, guarded_classes, holds_objects
from triode.schema.raw import finisher, is_left_unset


class RecordSchema(ObjectSchema):
    """A class that msgspec may know itself."""

    def __init__(self, target: Any, info: FieldInfo, fields: Callable[[], Any]) -> None:
        super().__init__(
            target, fields, name=component_name(target), description=own_documentation(target),
            info=info,
        )  # fmt: skip
        self.title = _title_of(target)
        # `target` may be a generic alias; instances are of its origin.
        self.origin: type = typing.get_origin(target) or target

    def is_instance(self, value: Any) -> bool:
        return isinstance(value, self.origin)

    @functools.cached_property
    def fields(self) -> tuple[FieldDescription, ...]:
        found = super().fields
        if any(not each.is_sent for each in found):
            guarded_classes.add(self.origin)
        return found

    @functools.cached_property
    def _can_be_direct(self) -> bool:
        return is_plain_below(self)

    @functools.cached_property
    def _looked_into(self) -> list[tuple[str, Schema]]:
        """The fields that hold objects.

        SECURITY: msgspec writes an instance of a subclass with all its fields, so where objects
        hold objects each is looked at.
        """
        nodes = [(each.name, self.node_of(each)) for each in self.sent]
        return [(name, node) for name, node in nodes if holds_objects(node)]

    @functools.cached_property
    def _exact(self) -> frozenset[type] | None:
        is_enough = self._can_be_direct and not self._looked_into
        return frozenset({self.origin}) if is_enough else None

    @property
    def exact_types(self) -> frozenset[type] | None:
        return self._exact

    def is_direct(self, value: Any) -> bool:
        if type(value) is not self.origin or not self._can_be_direct:
            return False
        for name, node in self._looked_into:
            held = self.get(value, name)
            if held is not msgspec.UNSET and not node.is_direct(held):
                return False
        return True

    @property
    def is_plain(self) -> bool:
        return not any(each.info.write_only for each in self.fields) and self.has_own_names

    @property
    def has_own_names(self) -> bool:
        """Whether the keys on the wire are those that msgspec uses."""
        return all(each.encoded_name == each.name for each in self.fields)

    def is_native(self, native: frozenset[Schema]) -> bool:
        if not self.has_own_names or len(self.accepted) < len(self.fields):
            return False
        return self.is_plainly_made() and all(
            not each.is_marked
            and not is_left_unset(each)
            and _same_type(each.annotation, self.node_of(each).codec_assuming(native))
            for each in self.fields
        )

    def raw_reader(self) -> Callable[[msgspec.Struct], Any]:
        if not self._takes_positions():
            return super().raw_reader()
        make, astuple = self.origin, msgspec.structs.astuple
        # PERF: a call by position of a tuple made in C, instead of one by names of a dict.
        return lambda raw: make(*astuple(raw))

    @property
    def finish_list(self) -> Callable[[list[Any]], list[Any]] | None:
        is_plain = self.finish is not None and not any(each.finish for each in self._members)
        if not is_plain or not self._takes_positions():
            return super().finish_list
        make, astuple = self.origin, msgspec.structs.astuple

        # PERF: no step of Python for an object: 8,100 of them in 1.5 ms instead of 2.5.
        def make_all(raw: list[Any]) -> list[Any]:
            return list(starmap(make, map(astuple, raw)))

        return finisher(make_all, [])

    def _takes_positions(self) -> bool:
        """Whether the class can be called with the accepted fields in their order."""
        if any(is_left_unset(each) for each in self.accepted):
            return False
        parameters = inspect.signature(self.origin).parameters.values()
        names = [each.name.lstrip("_") for each in self.accepted]
        return [each.name.lstrip("_") for each in parameters] == names and all(
            each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters
        )

    def is_plainly_made(self) -> bool:
        """Whether msgspec makes an instance as a call of the class would."""
        return True


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


def _title_of(target: Any) -> str:
    arguments = typing.get_args(target)
    if not arguments:
        return str(getattr(target, "__name__", target))
    inner = ", ".join(_title_of(each) for each in arguments)
    return f"{(typing.get_origin(target) or target).__name__}[{inner}]"


def own_documentation(target: Any) -> str | None:
    """Return the docstring that a class wrote itself, as far as a form feed, cleaned up."""
    written = (typing.get_origin(target) or target).__dict__.get("__doc__")
    if not written or written.startswith(f"{target.__name__}("):
        return None  # A dataclass without a docstring gets its signature as one.
    return inspect.cleandoc(written).partition("\f")[0].strip() or None


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
    is_required = default is MISSING and factory is None
    if default is msgspec.UNSET:
        default = MISSING
    return FieldDescription(
        name=name, annotation=annotation, info=info, default=default, default_factory=factory,
        required=is_required, encoded_name=info.alias or encoded_name,
        is_marked=marker is not None,
    )  # fmt: skip


def as_marker(default: Any) -> FieldInfo | None:
    """Return what a default says if it is a marker: ours or pydantic's."""
    if isinstance(default, FieldInfo):
        return default
    if type(default).__name__ == "FieldInfo" and type(default).__module__.startswith("pydantic"):
        return from_pydantic(default)[0]
    return None


def hints_of(target: Any) -> dict[str, Any]:
    """Return the hints of a class, the type variables of a generic one filled in."""
    origin = typing.get_origin(target) or target
    filled = _bindings(origin, typing.get_args(target))
    hints = type_hints(origin)
    return {name: _fill(hint, filled) for name, hint in hints.items()} if filled else hints


def _bindings(origin: Any, arguments: tuple[Any, ...]) -> dict[Any, Any]:
    """Return what the type variables of a class and of its bases stand for."""
    found = dict(zip(getattr(origin, "__parameters__", ()), arguments, strict=False))
    for base in getattr(origin, "__orig_bases__", ()):
        inner = tuple(_fill(each, found) for each in typing.get_args(base))
        for variable, meaning in _bindings(typing.get_origin(base), inner).items():
            found.setdefault(variable, meaning)
    return found


def _fill(hint: Any, filled: Mapping[Any, Any]) -> Any:
    if isinstance(hint, typing.TypeVar):
        return filled.get(hint, hint)
    parameters = getattr(hint, "__parameters__", ())
    if not parameters:
        return hint
    return hint[tuple(filled.get(each, each) for each in parameters)]
