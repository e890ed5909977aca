"""The description of anything with named fields.

A class that brings its own description has `__schema__`, an `ObjectSchema` or a callable that
makes one. Structs, dataclasses, TypedDicts and the like get theirs from `kinds/`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, TypeAlias

import msgspec

from triode.schema.describe import UnsupportedTypeError, name_of
from triode.schema.documentation import document
from triode.schema.fields import MISSING, FieldInfo
from triode.schema.members import FieldDescription
from triode.schema.node import EXACT, LAX, Refused, Schema, refuse, walk
from triode.schema.problems import HIDDEN, INVALID, Loc, Problem, problem
from triode.schema.registry import Mode, Registry
from triode.schema.variants import Changes, Variant

FieldSource: TypeAlias = "Iterable[FieldDescription] | Callable[[], Iterable[FieldDescription]]"

_lock: Final = threading.RLock()
_NO_FIELDS: Final = (str, bytes, int, float, list, tuple, set, frozenset, type(None))


class ObjectSchema(Schema):
    """The description of a class with named fields.

    `target` is the class. A subclass says how to make one (`construct`), how to read one (`get`)
    and whether msgspec alone decodes and encodes it (`is_native`, `exact_types`).
    """

    kind = "object"

    def __init__(
        self,
        target: type,
        fields: FieldSource,
        *,
        name: str | None = None,
        description: str | None = None,
        info: FieldInfo | None = None,
    ) -> None:
        super().__init__(target, info or FieldInfo())
        self.target = target
        self.name = name or target.__name__
        self.title = self.name
        self.description = description
        self._source = fields
        self._codec: Any = MISSING
        self._variants: dict[Variant, ObjectSchema] = {}

    # --- what there is

    @cached_property
    def fields(self) -> tuple[FieldDescription, ...]:
        """Every field, those that are never accepted or never sent included."""
        source = self._source
        return tuple(source() if callable(source) else source)

    @cached_property
    def accepted(self) -> tuple[FieldDescription, ...]:
        """The fields that a client may send."""
        return tuple(each for each in self.fields if each.is_accepted)

    @cached_property
    def sent(self) -> tuple[FieldDescription, ...]:
        """The fields that are part of an answer."""
        return tuple(each for each in self.fields if each.is_sent)

    @cached_property
    def _hidden(self) -> frozenset[str]:
        return frozenset(each.encoded_name for each in self.fields if each.info.write_only)

    @property
    def label(self) -> str:
        return self.name

    @property
    def children(self) -> Iterable[Schema]:
        return [self.node_of(each) for each in self.accepted]

    def node_of(self, each: FieldDescription) -> Schema:
        """Return the description of a field's type.

        Raises:
            UnsupportedTypeError: names the field and the class.
        """
        try:
            return each.schema
        except UnsupportedTypeError as exc:
            raise exc.at(f"field {each.name!r} of {name_of(self.target)}") from None

    def variant(self, variant: Variant) -> ObjectSchema:
        """Return what of the object a client may send, or this description for `READ`."""
        if variant is Variant.READ:
            return self
        if variant not in self._variants:
            self._variants[variant] = self.make_variant(variant)
        return self._variants[variant]

    def make_variant(self, variant: Variant) -> ObjectSchema:
        """Make the description that `variant` caches."""
        return VariantSchema(self, variant)

    # --- what a subclass says

    def construct(self, values: dict[str, Any]) -> Any:
        """Make an object of validated values by field name; absent fields take their defaults."""
        return self.target(**values)

    def construct_from(self, raw: msgspec.Struct) -> Any:
        """Make an object of the struct msgspec decoded, which has every accepted field.

        Faster than `construct`; override it where a positional call will do.
        """
        values = msgspec.structs.asdict(raw)
        return self.construct(
            {name: value for name, value in values.items() if value is not msgspec.UNSET}
        )

    def get(self, value: Any, name: str) -> Any:
        """Return one field of an object, or `MISSING`."""
        return getattr(value, name, MISSING)

    def is_instance(self, value: Any) -> bool:
        """Whether `value` is already what validation gives."""
        return isinstance(value, self.target)

    def is_native(self, native: frozenset[Schema]) -> bool:
        """Whether msgspec, given `target`, decodes just what is described here."""
        return False

    # --- decode

    def codec_assuming(self, native: frozenset[Schema]) -> Any | None:
        if self in native:
            return self.target
        if self._codec is MISSING:
            with _lock:
                self._codec = self._find_codec()
        return self._codec

    def _find_codec(self) -> Any | None:
        group = frozenset(node for node in walk(self) if isinstance(node, ObjectSchema))
        if all(node.is_native(group) for node in group):
            return self.target
        if any(self in walk(child) for child in self.children):
            return None  # It contains itself: `validate` alone reads it.
        return self._make_struct()

    def _make_struct(self) -> type[msgspec.Struct] | None:
        fields: list[Any] = []
        for each in self.accepted:
            codec = self.node_of(each).codec
            if codec is None:
                return None
            fields.append(self._struct_field(each, codec))
        names = {each.name: each.encoded_name for each in self.accepted}
        made = msgspec.defstruct(self.name, fields, rename=names, kw_only=True, gc=False)
        return made if is_decodable(made) else None

    def _struct_field(self, each: FieldDescription, codec: Any) -> Any:
        if each.required:
            return each.name, codec
        if each.default_factory is not None:
            return each.name, codec, msgspec.field(default_factory=each.default_factory)
        default = each.default
        if default is MISSING:
            return each.name, codec | msgspec.UnsetType, msgspec.UNSET
        if isinstance(default, list | dict | set | bytearray):
            return each.name, codec, msgspec.field(default_factory=default.copy)
        return each.name, codec, msgspec.field(default=default)

    @property
    def finish(self) -> Callable[[Any], Any] | None:
        codec = self.codec
        if codec is None or codec is self.target:
            return None
        finishers = [
            (each.name, finish)
            for each in self.accepted
            if (finish := self.node_of(each).finish) is not None
        ]
        construct = self.construct_from
        if not finishers:
            return guarded(construct)

        def finish_object(raw: Any) -> Any:
            for name, finish in finishers:
                value = getattr(raw, name)
                if value is not msgspec.UNSET:
                    setattr(raw, name, finish(value))
            return construct(raw)

        return guarded(finish_object)

    def fit(self, value: Any) -> int:
        return EXACT if type(value) is self.target else LAX

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if self.is_instance(value):
            return value
        read = self._reader(value)
        if read is None:
            return self.refuse_type(value, loc, problems)
        values = self._read_fields(value, read, loc, problems, text)
        if values is None:
            return INVALID
        try:
            return self.construct(values)
        except ValueError as exc:
            return refuse(problems, "value_error", loc, f"Value error, {exc}", self.masked(value),
                          error=str(exc))  # fmt: skip
        except AssertionError as exc:
            return refuse(problems, "assertion_error", loc, f"Assertion failed, {exc}",
                          self.masked(value), error=str(exc))  # fmt: skip

    def _reader(self, value: Any) -> Callable[[FieldDescription], Any] | None:
        if isinstance(value, Mapping):
            return lambda each: value.get(each.encoded_name, MISSING)
        if isinstance(value, _NO_FIELDS):
            return None
        return lambda each: getattr(value, each.name, MISSING)

    def _read_fields(
        self, value: Any, read: Callable[[FieldDescription], Any], loc: Loc,
        problems: list[Problem], text: bool,
    ) -> dict[str, Any] | None:  # fmt: skip
        values: dict[str, Any] = {}
        before = len(problems)
        for each in self.accepted:
            given = read(each)
            place = (*loc, each.encoded_name)
            if given is MISSING:
                if each.required:
                    problems.append(problem("missing", place, "Field required", self.masked(value)))
                elif (default := each.make_default()) is not MISSING:
                    values[each.name] = default
                continue
            start = len(problems)
            values[each.name] = self.node_of(each).validate(given, place, problems, text=text)
            if each.info.write_only:
                for found in problems[start:]:
                    found["input"] = HIDDEN
        return values if len(problems) == before else None

    def refuse_type(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        """Say that `value` is no object at all."""
        msg = "Input should be a valid dictionary or object to extract fields from"
        return refuse(problems, "model_attributes_type", loc, msg, value)

    def masked(self, value: Any) -> Any:
        """Return what a problem may show of `value`: secrets are hidden."""
        if not self._hidden or not isinstance(value, Mapping):
            return value
        return {key: HIDDEN if key in self._hidden else item for key, item in value.items()}

    # --- encode

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        if self.is_direct(value):
            return value
        read: Callable[[FieldDescription], Any]
        if self.is_instance(value):
            read = lambda each: self.get(value, each.name)  # noqa: E731
        else:
            found = self._reader(value)
            if found is None:
                return self.refuse_type(value, loc, problems)
            read = self._output_reader(value, found)
        return self._dump_fields(value, read, loc, problems)

    def _output_reader(
        self, value: Any, read: Callable[[FieldDescription], Any]
    ) -> Callable[[FieldDescription], Any]:
        if not isinstance(value, Mapping):
            return read

        def by_either_name(each: FieldDescription) -> Any:
            found = read(each)
            return value.get(each.name, MISSING) if found is MISSING else found

        return by_either_name

    def _dump_fields(
        self, value: Any, read: Callable[[FieldDescription], Any], loc: Loc,
        problems: list[Problem],
    ) -> Any:  # fmt: skip
        dumped: dict[str, Any] = {}
        before = len(problems)
        for each in self.sent:
            found = read(each)
            if found is MISSING or found is msgspec.UNSET:
                if each.required:
                    place = (*loc, each.encoded_name)
                    problems.append(problem("missing", place, "Field required", value))
                    continue
                found = each.make_default()
                if found is MISSING:
                    continue
            place = (*loc, each.encoded_name)
            dumped[each.encoded_name] = self.node_of(each).dump(found, place, problems)
        return dumped if len(problems) == before else INVALID

    # --- describe

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        # Not `self`: every `Annotated[User, …]` has a description of its own, with the same body.
        return registry.reference(
            (self.target, self.name),
            self.name,
            mode,
            lambda: self.body(registry, mode),
            module=self.target.__module__,
        )

    def body(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        """Return the schema itself, which `json_schema` refers to."""
        properties: dict[str, Any] = {}
        required: list[str] = []
        for each in self.accepted if mode == "input" else self.sent:
            if not each.info.include_in_schema:
                continue
            properties[each.encoded_name] = self._property(each, registry, mode)
            if each.required or (mode == "output" and self._is_always_sent(each)):
                required.append(each.encoded_name)
        found: dict[str, Any] = {"type": "object", "title": self.title, "properties": properties}
        if required:
            found["required"] = required
        if self.description:
            found["description"] = self.description
        return found

    def _is_always_sent(self, each: FieldDescription) -> bool:
        return each.automatic or each.default is not MISSING or each.default_factory is not None

    def _property(self, each: FieldDescription, registry: Registry, mode: Mode) -> dict[str, Any]:
        found = self.node_of(each).json_schema(registry, mode)
        return document(found, each.info, registry, name=each.name, default=each.default)


def guarded(construct: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make a constructor's own complaint a matter for `validate`."""

    def finish(raw: Any) -> Any:
        try:
            return construct(raw)
        except (ValueError, AssertionError) as exc:
            raise Refused from exc

    return finish


class VariantSchema(ObjectSchema):
    """What of an object a client may send: to make one, or to change one."""

    def __init__(self, base: ObjectSchema, variant: Variant) -> None:
        self.base = base
        self.is_patch = variant is Variant.PATCH
        super().__init__(
            base.target,
            self._fields,
            name=f"{base.name}{variant.value.capitalize()}",
            description=base.description,
        )

    def _fields(self) -> Sequence[FieldDescription]:
        if not self.is_patch:
            return self.base.accepted
        return [
            replace(each, required=False, default=MISSING, default_factory=None)
            for each in self.base.accepted
        ]

    def construct(self, values: dict[str, Any]) -> Any:
        return Changes(self.target, values) if self.is_patch else self.base.construct(values)

    def construct_from(self, raw: msgspec.Struct) -> Any:
        return super().construct_from(raw) if self.is_patch else self.base.construct_from(raw)

    def is_instance(self, value: Any) -> bool:
        if self.is_patch:
            return isinstance(value, Changes) and value.target is self.target
        return self.base.is_instance(value)

    def get(self, value: Any, name: str) -> Any:
        return self.base.get(value, name)


def is_decodable(codec: Any) -> bool:
    """Whether msgspec takes a type."""
    try:
        msgspec.json.Decoder(codec)
    except (TypeError, ValueError):
        return False
    return True
