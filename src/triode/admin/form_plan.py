"""Compile `fields`, `exclude` and `readonly_fields`: which fields a desk's form has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triode.admin.cells import bare_type
from triode.admin.desk import Desk, Option
from triode.admin.labels import field_label
from triode.admin.lookups import Target
from triode.admin.reflection import Relation
from triode.db.tables.table import ModelField
from triode.forms import ModelForm


@dataclass(frozen=True, slots=True)
class FormPlan:
    """The fields of a desk's form, compiled.

    `names` are all of them in order; `written` those that a person may write, `many` the
    many-to-many relations, `targets` where relations lead, by the name of their field.
    """

    desk: Desk
    form_class: type[ModelForm[Any]]
    names: tuple[str, ...]
    written: frozenset[str]
    many: Mapping[str, Relation]
    targets: Mapping[str, Target]


def plan_form(
    desk: Desk, targets: Mapping[str, Target], *, without: Collection[str] = ()
) -> FormPlan:
    """Compile `fields`, `exclude` and `readonly_fields`; fields `without` are set by the page.

    Raises:
        ConfigError: an option names a field that the model does not have.
    """
    known = desk.reflection
    many = {
        name: each for name, each in known.relations.items() if name in targets and each.is_many
    }
    every = [*known.fields, *many]
    named = desk.admin.fields
    wanted = (
        every if named is None else [column_name(desk, "fields", text, every) for text in named]
    )
    excluded = {column_name(desk, "exclude", text, every) for text in desk.admin.exclude}
    excluded |= {*without}
    readonly = {
        column_name(desk, "readonly_fields", text, every) for text in desk.admin.readonly_fields
    }
    accepted = {each.name for each in desk.model.__schema__.accepted if not _is_bytes(each)}
    names = [
        name
        for name in wanted
        if name not in excluded
        and not (name in known.fields and known.fields[name].is_secret and name not in accepted)
        and not (named is None and name in known.fields and _is_counted(known.fields[name]))
    ]
    written = [
        name for name in names if name not in readonly and (name in accepted or name in many)
    ]
    fields = [name for name in written if name not in many]
    form_class = type(
        f"{desk.model.__name__}AdminForm",
        (ModelForm,),
        {
            "target": desk.model,
            "fields": fields,
            "choices": _choices(desk, fields),
            "labels": {name: label_of(desk.reflection.fields[name]) for name in fields},
        },
    )
    return FormPlan(desk, form_class, tuple(names), frozenset(written), many, targets)


def _is_bytes(field: Any) -> bool:
    """Return whether a field holds bytes, for which a form has no control."""
    return bare_type(field.annotation) in (bytes, bytearray)


def _is_counted(field: ModelField) -> bool:
    """Return whether the database gives a field its values: an automatic key, a version."""
    return field.is_automatic or field.info.version


def _choices(desk: Desk, fields: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    return {
        name: [(str(value), label) for value, label in info.choices]
        for name in fields
        if (info := desk.reflection.fields[name].info).choices
    }


def label_of(field: ModelField) -> str:
    """Return what a field is called on its form."""
    return field.info.title or field_label(field.name)


def column_name(desk: Desk, option: str, text: str, every: Sequence[str]) -> str:
    """Return the form's name for a field: "author" is "author_id".

    Raises:
        ConfigError: there is no such field.
    """
    relation = desk.reflection.relations.get(text)
    if relation is not None and relation.field is not None:
        return relation.field.name
    if text in every:
        return text
    asked = Option(desk.admin, option)
    asked.path(text)
    raise asked.refuse(
        f"names {text!r}, which is no field of {desk.model.__name__} itself.",
        "A form shows the model's own fields.",
        code="admin-unknown-field",
    )
