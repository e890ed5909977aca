"""A model's `__schema__`: what the web, forms and the admin know of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any, Final

import msgspec

from triode.db.fields.column_type import ColumnType
from triode.db.fields.field import ColumnInfo, ForeignKeyInfo
from triode.db.tables.registry import model_registry
from triode.db.tables.table import ModelField, ModelTable
from triode.schema import MISSING, FieldDescription, ObjectSchema, Registry, Schema
from triode.schema.node import walk
from triode.schema.raw import is_left_unset
from triode.schema.registry import Mode

_FORMS: Final = frozenset({"format", "pattern", "enum", "const", "contentEncoding"})
_WITHOUT_NUL: Final = r"^[^\u0000]*$"

Make = Callable[[dict[str, Any]], Any]


class ModelSchema(ObjectSchema):
    """The description of a model; `make` makes an unsaved object of valid values."""

    def __init__(self, table: ModelTable, model: type, make: Make) -> None:
        super().__init__(
            model, lambda: describe_fields(table), name=table.model_name, description=model.__doc__
        )
        self.table = table
        self._make = make

    @property
    def exact_types(self) -> frozenset[type] | None:
        return frozenset({self.target}) if self._can_be_direct else None

    @cached_property
    def _can_be_direct(self) -> bool:
        """Whether msgspec writes what may be sent.

        Secret values are no fields of the Struct; computed ones are none either, and of a JSON
        column's objects something may be hidden.
        """
        return not any(
            (isinstance(node, ModelSchema) and node.table.computed) or not _is_plain(node)
            for node in walk(self, sent=True)
        )

    def raw_reader(self) -> Callable[[msgspec.Struct], Any]:
        table, names = self.table, {each.name for each in self.accepted}
        public = [field.name for field in table.public]
        sent = [name for name in public if name in names]
        fixed = public[: len(public) - len(sent)]
        if public != fixed + sent or len(sent) < 2 or any(map(is_left_unset, self.accepted)):
            return super().raw_reader()
        make, read = table.make, attrgetter(*sent)
        if any(table.by_name[name].info.default_factory for name in fixed):
            return super().raw_reader()
        first = tuple(table.by_name[name].make_default() for name in fixed)
        secret = [field.name for field in table.secret]

        # PERF: two calls in C for all that was sent; only what is kept apart is looked at one by
        # one.
        def make_object(raw: msgspec.Struct) -> Any:
            made = make(*first, *read(raw))
            hidden = made.__dict__
            hidden["_new"] = True
            for name in secret:
                hidden[name] = getattr(raw, name)
            return made

        return make_object

    def construct(self, values: dict[str, Any]) -> Any:
        return self._make(values)

    def _is_always_sent(self, each: FieldDescription) -> bool:
        return each.name in self.table.by_name or each.name in self.table.computed

    def _property(self, each: FieldDescription, registry: Registry, mode: Mode) -> dict[str, Any]:
        found = super()._property(each, registry, mode)
        return _stored(found, mode) if each.name in self.table.by_name else found

    def get(self, value: Any, name: str) -> Any:
        slot = self.table.slots.get(name)
        return slot.peek(value) if slot is not None else getattr(value, name, MISSING)


def describe_fields(table: ModelTable) -> Sequence[FieldDescription]:
    """Return the fields in the order of declaration, then the relations that can be loaded."""
    described = [describe_column(field) for field in table.fields]
    for relation in table.relations.values():
        if not relation.is_declared:
            continue
        target: Any = relation.target.model
        info = ColumnInfo()
        info.read_only = True
        annotation = list.__class_getitem__(target) if relation.is_many else target | None
        described.append(FieldDescription(relation.name, annotation, info, required=False))
    for name, each in table.computed.items():
        info = ColumnInfo()
        info.read_only = True
        info.description = each.__doc__
        described.append(FieldDescription(name, each.annotation(), info, required=False))
    return described


def _is_plain(node: Schema) -> bool:
    return isinstance(node, ModelSchema) or node.is_plain


def describe_column(field: ModelField) -> FieldDescription:
    """Describe one column."""
    info = field.info
    default = info.default
    if default is MISSING and info.default_factory is None and not field.is_required:
        is_null = field.is_nullable and info.server_default is None
        default = None if is_null else MISSING
    return FieldDescription(
        field.name,
        field.value_annotation,
        info,
        required=field.is_required,
        default=default,
        default_factory=info.default_factory,
        automatic=field.is_automatic,
        # Who makes a row knows no version yet; who changes one sends the version that is known.
        patch_only=info.version and not info.read_only,
        _schema=field.schema if isinstance(info.column_type, ColumnType) else None,
    )


def _stored(schema: dict[str, Any], mode: Mode) -> dict[str, Any]:
    """Return a column's schema with what the database demands besides: 64 bits, and no NUL."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [_stored(each, mode) for each in schema["anyOf"]]}
    if schema.get("type") == "integer" and "enum" not in schema:
        return {"format": "int64", **schema}
    is_free_text = schema.get("type") == "string" and not _FORMS & schema.keys()
    return {**schema, "pattern": _WITHOUT_NUL} if is_free_text and mode == "input" else schema


def responses_of(table: ModelTable, call: str) -> dict[int, str]:
    """Return the error responses that a call may lead to; "where.limit.get" names a chain."""
    chain, _, method_name = call.removesuffix(".using").rpartition(".")
    noun = table.verbose_name.capitalize()
    # A query that changes or deletes rows may find none.
    missing = {404: f"{noun} not found"} if not chain or method_name == "get" else {}
    conflict = {409: f"{noun} conflicts with another row"} if _can_conflict(table) else {}
    if method_name == "get":
        return missing
    if method_name in ("save", "insert_many"):
        return conflict
    if method_name == "update":
        return {**missing, **conflict}
    if method_name == "delete" and _can_be_held(table, set()):
        return {**missing, 409: f"{noun} is referred to by other rows"}
    return missing if method_name == "delete" else {}


def _can_conflict(table: ModelTable) -> bool:
    """Whether a write may be refused because of other rows."""
    return bool(table.options.unique_together) or any(
        field.info.unique or field.relation is not None or (field.is_key and not field.is_automatic)
        for field in table.fields
    )


def _can_be_held(table: ModelTable, seen: set[ModelTable]) -> bool:
    """Whether a deletion may be refused because of other rows, those deleted with it included."""
    seen.add(table)
    for other in model_registry.tables():
        for field in other.fields:
            if field.relation is None or field.relation.target is not table:
                continue
            assert isinstance(field.info, ForeignKeyInfo)
            if field.info.on_delete not in ("cascade", "set null"):
                return True
            is_deleted = field.info.on_delete == "cascade"
            if is_deleted and other not in seen and _can_be_held(other, seen):
                return True
    return False
