"""Compile `list_display`: each entry becomes a column that writes its cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from triode.admin.cells import bare_type, formatter_of, show_anything, show_text
from triode.admin.columns import (
    ColumnPlan,
    cell_writer,
    computed,
    css_of,
    many_writer,
    related_writer,
)
from triode.admin.desk import Desk, Option
from triode.admin.labels import field_label
from triode.admin.model_admin import DisplayMark, ModelAdmin
from triode.admin.paths import FieldPath
from triode.admin.reflection import reflect
from triode.admin.surroundings import Surroundings
from triode.db import ColumnType
from triode.db.tables.table import ModelField

DEFAULT_COLUMNS = 6
NAME = "__str__"


def plan_columns(around: Surroundings, desk: Desk) -> list[ColumnPlan]:
    """Compile `list_display`; the first column, or those of `list_display_links`, link."""
    entries = list(desk.admin.list_display) or default_columns(desk)
    links = set(desk.admin.list_display_links)
    unknown = sorted(links - {_name_of(entry) for entry in entries})
    if unknown:
        raise Option(desk.admin, "list_display_links").refuse(
            f"names {unknown[0]!r}, which is not in list_display.",
            "Add it there.",
            code="admin-unknown-column",
        )
    plans = []
    for index, entry in enumerate(entries):
        is_link = _name_of(entry) in links if links else index == 0
        plans.append(plan_column(around, desk, entry, is_link=is_link))
    return plans


def plan_column(around: Surroundings, desk: Desk, entry: Any, *, is_link: bool) -> ColumnPlan:
    """Compile one entry: a path, a method of the admin or model, a function, "__str__"."""
    link = around.own_link(desk) if is_link else None
    css = "lead" if is_link else ""
    if entry == NAME:
        cell = cell_writer(desk.label, desk.name_of, computed, css=css, link=link)
        order = getattr(desk.model, desk.reflection.name_field or desk.reflection.key.name)
        return ColumnPlan(NAME, field_label(desk.label), cell, order)
    function = computing_function(desk, entry)
    if function is not None:
        return computed_column(desk, _name_of(entry), function, css=css, link=link)
    path = path_to_show(desk, entry)
    if path.field is not None:
        return field_column(path, css=css, link=link)
    return relation_column(around, path, own_link=link)


def computing_function(desk: Desk, entry: Any) -> Callable[[Any], Any] | None:
    """Return what computes a column, None where the entry is a path."""
    if callable(entry):
        return entry  # type: ignore[no-any-return]
    known = desk.reflection
    if entry in known.fields or entry in known.relations or "." in entry:
        return None
    if not hasattr(ModelAdmin, entry) and callable(getattr(desk.admin, entry, None)):
        return getattr(desk.admin, entry)  # type: ignore[no-any-return]
    attribute = next(
        (vars(base)[entry] for base in desk.model.__mro__ if entry in vars(base)), None
    )
    if isinstance(attribute, property):
        return attribute.fget
    return attribute if callable(attribute) else None


def path_to_show(desk: Desk, text: str) -> FieldPath:
    """Resolve an entry of `list_display`.

    Raises:
        ConfigError: there is no such field, or it may not be shown.
    """
    option = Option(desk.admin, "list_display")
    path = option.path(text)
    if path.field is not None and path.field.is_secret:
        raise option.refuse(
            f"names {text!r}, which is write_only and never shown.", "Leave it out.",
            code="admin-secret-field",
        )  # fmt: skip
    if path.field is not None and path.is_many:
        raise option.refuse(
            f"names {text!r}, which has several values for one row.",
            f"Write {'.'.join(step.name for step in path.steps)!r}, which lists them.",
            code="admin-many-values",
        )
    return path


def field_column(path: FieldPath, *, css: str, link: Callable[[Any], str] | None) -> ColumnPlan:
    """Compile a column of a field's values."""
    assert path.field is not None
    label = label_for(path)
    kind = css_of(path.field.value_annotation) if path.field.relation is None else ""
    classes = f"{css} {kind}".strip()
    cell = cell_writer(label, path.getter, shower(path.field), css=classes, link=link)
    includes = (path.relation,) if path.steps else ()
    return ColumnPlan(path.text, label, cell, path.expression, kind, includes)


def relation_column(
    around: Surroundings, path: FieldPath, *, own_link: Callable[[Any], str] | None
) -> ColumnPlan:
    """Compile a column of rows of another model, by their names."""
    label = label_for(path)
    name_of = around.name_of(path.end)
    if path.is_many:
        cell = many_writer(label, path.getter, name_of)
        return ColumnPlan(path.text, label, cell, None, "", (path.relation,))
    if own_link is not None:
        cell = cell_writer(label, path.getter, lambda row: show_text(name_of(row)),
                           css="lead", link=own_link)  # fmt: skip
    else:
        cell = related_writer(label, path.getter, name_of, around.link_to(path.end))
    name_field = reflect(path.end).name_field
    order = (path.to(name_field) if name_field else path.to(reflect(path.end).key.name)).expression
    return ColumnPlan(path.text, label, cell, order, "", (path.relation,))


def computed_column(
    desk: Desk,
    name: str,
    function: Callable[[Any], Any],
    *,
    css: str,
    link: Callable[[Any], str] | None,
) -> ColumnPlan:
    """Compile a column that a function computes; `@display` says more about it."""
    mark = getattr(function, "__triode_display__", None) or DisplayMark(None, None, ())
    label = mark.label or field_label(name)
    option = Option(desk.admin, "list_display")
    order = option.path(mark.ordering).expression if mark.ordering else None
    includes = tuple(option.path(text).relation for text in mark.load)
    cell = cell_writer(label, function, computed, css=css, link=link)
    return ColumnPlan(name, label, cell, order, "", includes)


def default_columns(desk: Desk) -> list[str]:
    """Return the columns of a list that names none: the name first, then the first few fields."""
    known = desk.reflection
    by_column = known.by_column
    first = known.name_field or NAME
    found = [first]
    for field in known.table.public:
        name = by_column[field.name].name if field.name in by_column else field.name
        is_counted = field.is_automatic or field.info.version
        if name != first and not is_counted and not _is_long(field):
            found.append(name)
    return found[:DEFAULT_COLUMNS]


def _is_long(field: ModelField) -> bool:
    bare = bare_type(field.value_annotation)
    return not isinstance(bare, type) or issubclass(bare, (bytes, dict, list))


def label_for(path: FieldPath) -> str:
    """Return the head of a column: the field's title, else its name; "Author name" over a path."""
    if path.field is not None and path.field.info.title and not path.steps:
        return path.field.info.title
    return field_label(path.text)


def shower(field: ModelField) -> Callable[[Any], str]:
    """Return how a field's values are shown: by `choices` if it has some, else by type."""
    own = field.info.column_type
    if isinstance(own, ColumnType):
        return lambda value: show_anything(own.write(value))
    if not field.info.choices:
        return formatter_of(field.value_annotation)
    labels = {
        value: f'<span class="tag">{show_text(label)}</span>' for value, label in field.info.choices
    }
    show = formatter_of(field.value_annotation)
    return lambda value: labels.get(value) or show(value)


def _name_of(entry: Any) -> str:
    return entry if isinstance(entry, str) else getattr(entry, "__name__", str(entry))
