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
from triode.schema.node import EXACT, LAX, Schema, refuse, walk
from triode.schema.problems import HIDDEN, INVALID, Loc, Problem, problem
from triode.schema.raw import Member, finisher, given_values, is_left_unset, make_struct
from triode.schema.registry import Mode, Registry
from triode.schema.variants import Changes, Variant

FieldSource: TypeAlias = "Iterable[FieldDescription] | Callable[[], Iterable[FieldDescription]]"

_Read: TypeAlias = Callable[[Any, FieldDescription], Any]

# Every class described so far that has a field which is never sent, or holds such a class.
guarded_classes: Final[set[type]] = set()

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
        self._members: list[Member] = []
        self._variants: dict[Variant, ObjectSchema] = {}

    # --- what there is

    @cached_property
    def fields(self) -> tuple[FieldDescription, ...]:
        """Every field, those that are never accepted or never sent included."""
        source = self._source
        return tuple(source() if callable(source) else source)

    @cached_property
    def accepted(self) -> tuple[FieldDescription, ...]:
        """The fields that a client may send to make an object."""
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

    @property
    def sent_children(self) -> Iterable[Schema]:
        return [self.node_of(each) for each in self.sent]

    @property
    def is_plain(self) -> bool:
        return self.exact_types is not None

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

    tag_key: str | None = None
    """The key by which a tagged union knows the class; `tag` is its value there."""
    tag: Any = None

    @property
    def forbids_extra(self) -> bool:
        """Whether a key that is no field's is a problem."""
        return False

    @property
    def keeps_extra(self) -> bool:
        """Whether a key that is no field's becomes part of the object."""
        return False

    def construct(self, values: dict[str, Any]) -> Any:
        """Make an object of validated values by field name; absent fields take their defaults."""
        return self.target(**values)

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
        self._codec = None  # So it is to what it contains, where it contains itself.
        return self.make_struct()

    def make_struct(self) -> type[msgspec.Struct] | None:
        """Make the Struct that stands in for `target` while msgspec decodes."""
        self._members = [Member(each, self.node_of(each)) for each in self.accepted]
        return make_struct(
            self.name, self._members, forbid_unknown_fields=self.forbids_extra,
            tag_field=self.tag_key, tag=self.tag,
        )  # fmt: skip

    def raw_reader(self) -> Callable[[msgspec.Struct], Any]:
        """Return what makes an object of the struct that msgspec decoded.

        The struct has every accepted field under its name; UNSET where nothing was sent and there
        is no default. Override it where there is a shorter way than `construct`.
        """
        construct = self.construct
        if any(is_left_unset(each) for each in self.accepted):
            return lambda raw: construct(given_values(raw))
        return lambda raw: construct(msgspec.structs.asdict(raw))

    @property
    def finish(self) -> Callable[[Any], Any] | None:
        codec = self.codec
        if codec is None or codec is self.target:
            return None
        finishers = [(each.field, each.finish) for each in self._members if each.finish is not None]
        return finisher(self.raw_reader(), finishers)

    def fit(self, value: Any) -> int:
        return EXACT if type(value) is self.target else LAX

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if self.is_instance(value):
            return value
        read = _reader_of(value)
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

    def _read_fields(
        self, value: Any, read: _Read, loc: Loc, problems: list[Problem], text: bool
    ) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        before = len(problems)
        for each in self.accepted:
            given = read(value, each)
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
        if isinstance(value, Mapping):
            self._check_keys(value, loc, problems)
        return values if len(problems) == before else None

    def _check_keys(self, value: Mapping[Any, Any], loc: Loc, problems: list[Problem]) -> None:
        tag = value.get(self.tag_key, self.tag)
        if tag != self.tag:
            expected = repr(self.tag)
            refuse(problems, "literal_error", (*loc, str(self.tag_key)),
                   f"Input should be {expected}", tag, expected=expected)  # fmt: skip
        if not self.forbids_extra:
            return
        known = {each.encoded_name for each in self.accepted}
        for key in value.keys() - known - {self.tag_key}:
            msg = "Extra inputs are not permitted"
            problems.append(problem("extra_forbidden", (*loc, str(key)), msg, value[key]))

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

    @cached_property
    def _plan(self) -> list[tuple[FieldDescription, Schema, frozenset[type]]]:
        """Each field that is sent, its node, and the types msgspec writes as the node would."""
        nodes = [(each, self.node_of(each)) for each in self.sent]
        return [(each, node, node.exact_types or frozenset()) for each, node in nodes]

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        if self.is_direct(value):
            return value
        if self.is_instance(value):
            read: _Read = self._read_own
        elif isinstance(value, Mapping):
            read = _by_either_name
        elif _reader_of(value) is not None:
            read = _from_object
        else:
            return self.refuse_type(value, loc, problems)
        before = len(problems)
        dumped: dict[str, Any] = {}
        for each, node, types in self._plan:
            found = read(value, each)
            if type(found) in types:
                dumped[each.encoded_name] = found
            else:
                self._dump_field(found, each, node, value, loc, problems, dumped)
        return dumped if len(problems) == before else INVALID

    def _read_own(self, value: Any, each: FieldDescription) -> Any:
        return self.get(value, each.name)

    def _dump_field(
        self, found: Any, each: FieldDescription, node: Schema, value: Any, loc: Loc,
        problems: list[Problem], dumped: dict[str, Any],
    ) -> None:  # fmt: skip
        place = (*loc, each.encoded_name)
        if found is MISSING or found is msgspec.UNSET:
            if each.required:
                problems.append(problem("missing", place, "Field required", value))
                return
            found = each.make_default()
        if found is not MISSING:
            dumped[each.encoded_name] = node.dump(found, place, problems)

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


def holds_objects(node: Schema) -> bool:
    """Whether a value of this type is an object or has one inside."""
    return any(isinstance(each, ObjectSchema) for each in walk(node, sent=True))


def _reader_of(value: Any) -> _Read | None:
    """Return how fields are read from `value`; None if it has none."""
    if isinstance(value, Mapping):
        return _from_mapping
    return None if isinstance(value, _NO_FIELDS) else _from_object


def _from_mapping(value: Any, each: FieldDescription) -> Any:
    return value.get(each.encoded_name, MISSING)


def _from_object(value: Any, each: FieldDescription) -> Any:
    return getattr(value, each.name, MISSING)


def _by_either_name(value: Any, each: FieldDescription) -> Any:
    found = value.get(each.encoded_name, MISSING)
    return value.get(each.name, MISSING) if found is MISSING else found


class VariantSchema(ObjectSchema):
    """What of an object a client may send: to make one, or to change one."""

    def __init__(self, base: ObjectSchema, variant: Variant) -> None:
        self.base = base
        self.tag_key, self.tag = base.tag_key, base.tag
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
            replace(each, required=False, default=MISSING, default_factory=None, patch_only=False)
            for each in self.base.fields
            if each.is_accepted or each.patch_only
        ]

    def construct(self, values: dict[str, Any]) -> Any:
        return Changes(self.target, values) if self.is_patch else self.base.construct(values)

    def raw_reader(self) -> Callable[[msgspec.Struct], Any]:
        if not self.is_patch:
            return self.base.raw_reader()
        target = self.target
        return lambda raw: Changes(target, given_values(raw))

    def is_instance(self, value: Any) -> bool:
        if self.is_patch:
            return isinstance(value, Changes) and value.target is self.target
        return self.base.is_instance(value)

    def get(self, value: Any, name: str) -> Any:
        return self.base.get(value, name)

    @property
    def forbids_extra(self) -> bool:
        return self.base.forbids_extra

    def _property(self, each: FieldDescription, registry: Registry, mode: Mode) -> dict[str, Any]:
        return self.base._property(each, registry, mode)
