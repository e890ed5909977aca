"""Connect the two sides of relations, as soon as both models exist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from triode.db.fields.declaration import Declaration
from triode.db.fields.field import ForeignKeyInfo, ManyToManyInfo, RelatedInfo
from triode.db.queries.selecting import database_of
from triode.db.relating.many_to_many import ManyToManyRelation
from triode.db.relating.relations import (
    BaseRelation,
    ForeignKeyRelation,
    ReverseOneRelation,
    ReverseRelation,
    Slot,
)
from triode.db.tables.foreign_columns import refuse_late_key
from triode.db.tables.registry import model_registry
from triode.db.tables.table import ModelTable
from triode.errors import ModelError


def add_relations(table: ModelTable, declarations: Sequence[Declaration]) -> None:
    """Install the relations a model declares, and connect whatever can be by now."""
    for each in declarations:
        assert each.target is not None
        if isinstance(each.info, ForeignKeyInfo):
            fields = [field for field in table.fields if field.relation_name == each.name]
            forward = ForeignKeyRelation(table, each, fields)
            for field in fields:
                field.relation = forward
            install(forward)
            _pending.append((forward, each.info.related_name))
        elif isinstance(each.info, ManyToManyInfo):
            many = ManyToManyRelation(table, each.name, each.target, each.info, where=each.where)
            install(many)
            _pending.append((many, each.info.related_name))
        elif isinstance(each.info, RelatedInfo):
            _awaited.append((table, each))
    connect_all()


def check_related(table: ModelTable) -> None:
    """Refuse a Related() field that is no other side of anything.

    Raises:
        ModelError: names the field.
    """
    connect_all()
    for each, declaration in _awaited:
        if each is table:
            assert declaration.target is not None
            other = declaration.target.model
            other = getattr(other, "__name__", other)
            raise ModelError(
                f"{table.model_name}.{declaration.name}: no relation of {other} leads here under "
                f"this name. Write related_name={declaration.name!r} in the foreign key of "
                f"{other}, or name that field here: Related(by=…).",
                code="model-related",
                where=declaration.where,
            )


_pending: Final[list[tuple[Any, str | None]]] = []
"""Relations whose target may not be defined yet, with the name they want there."""

_awaited: Final[list[tuple[ModelTable, Declaration]]] = []
"""Related() fields whose other side may not be defined yet."""


def connect_all() -> None:
    """Give the other side of every relation whose target is defined by now."""
    for relation, related_name in list(_pending):
        if relation.find_target() is None:
            continue
        _pending.remove((relation, related_name))
        target = relation.target
        _refuse_other_database(relation)
        if isinstance(relation, ForeignKeyRelation):
            refuse_late_key(relation.source, relation.name, target, len(relation.fields))
        _remove_stale(target, related_name)
        declared = _declared_side(target, relation, related_name)
        name = declared.name if declared is not None else related_name
        if name is None:
            continue
        if declared is None and (name in target.by_name or hasattr(target.model, name)):
            raise ModelError(
                f"{relation!r}: related_name={name!r} is taken in {target.model_name}. Give it "
                'another; in an abstract base write "{model}" in it for the name of each model.',
                code="model-related-name",
                where=relation.where,
            )
        is_declared = declared is not None
        if isinstance(relation, ManyToManyRelation):
            install(relation.reversed(name, is_declared=is_declared), declared)
        else:
            kind = ReverseOneRelation if relation.info.is_one_to_one else ReverseRelation
            if declared is not None:
                _check_side(target, declared, is_many=kind.is_many)
            install(kind(relation, name, is_declared=is_declared), declared)


def _refuse_other_database(relation: BaseRelation) -> None:
    source, target = relation.source, relation.target
    here, there = source.options.database, target.options.database
    if here != there:
        raise ModelError(
            f"{relation!r} leads to another database: {source.model_name} lies in "
            f"{database_of(here)}, {target.model_name} in {database_of(there)}. No database can "
            f"hold such a reference. Keep the key in a field of its own ({relation.name}_id: int), "
            "and ask for the rows by it.",
            code="model-other-database",
            where=relation.where,
        )


def _check_side(target: ModelTable, declared: Declaration, *, is_many: bool) -> None:
    assert declared.target is not None
    if declared.target.is_list != is_many:
        form = "list[Other]" if is_many else "Other | None"
        raise ModelError(
            f"{target.model_name}.{declared.name}: Related() needs the annotation {form}: the key "
            f"that leads here is {'not ' if is_many else ''}one-to-one.",
            code="model-relation-annotation",
            where=declared.where,
        )


def _declared_side(
    target: ModelTable, relation: BaseRelation, related_name: str | None
) -> Declaration | None:
    """Return the Related() field of the target that means this relation."""
    for table, declaration in list(_awaited):
        assert declaration.target is not None
        model = declaration.target.model
        is_source = model == relation.source.model_name or model is relation.source.model
        if table is not target or not is_source:
            continue
        by = getattr(declaration.info, "by", None)
        if by == relation.name or (by is None and related_name in (None, declaration.name)):
            _awaited.remove((table, declaration))
            return declaration
    return None


def _remove_stale(target: ModelTable, name: str | None) -> None:
    """Take a relation away whose model was defined again in the meantime."""
    known: Any = target.relations.get(name or "")
    if known is None or known.target in model_registry.tables():
        return
    slot = target.slots.pop(known.name)
    del target.relations[known.name]
    delattr(type(target.model), known.name)
    if slot.member is None:
        type.__delattr__(target.model, known.name)
    else:
        type.__setattr__(target.model, known.name, slot.member)
        _awaited.append((target, slot.declaration))


def install(relation: Any, declaration: Declaration | None = None) -> None:
    """Put a relation on its model: the slot on the class, the path on the metaclass."""
    table = relation.source
    model = table.model
    member = model.__dict__.get(relation.name) if relation.is_declared else None
    slot = Slot(relation, member, declaration)
    # The slot first: once the metaclass holds the name, the class refuses the assignment.
    type.__setattr__(model, relation.name, slot)
    setattr(type(model), relation.name, relation)
    table.relations[relation.name] = relation
    table.slots[relation.name] = slot
