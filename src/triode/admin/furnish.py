"""Give a desk its columns, filters, search and order, from the options of its `ModelAdmin`.

Every desk exists before any is furnished, because a column that leads to another model's page
has to know whether that model is registered.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from triode.admin.addresses import Addresses
from triode.admin.cells import bare_type, formatter_of, show_text
from triode.admin.columns import (
    ColumnPlan,
    cell_writer,
    computed,
    css_of,
    many_writer,
    picker,
    related_writer,
)
from triode.admin.desk import Desk, Option, make_desk
from triode.admin.filters import (
    NAMES_LIMIT,
    BoolFilter,
    ChoiceFilter,
    DateFilter,
    Filter,
    RelationFilter,
    ValueFilter,
    choices_of,
)
from triode.admin.labels import field_label
from triode.admin.model_admin import DisplayMark, ModelAdmin
from triode.admin.paths import FieldPath, resolve
from triode.admin.reflection import reflect
from triode.admin.searching import Search, is_searchable
from triode.db.table import ModelField

DEFAULT_COLUMNS = 6
NAME = "__str__"


class Furnisher:
    """Furnishes desks; knows all of them, by model."""

    def __init__(self, desks: Mapping[Any, Desk], at: Addresses) -> None:
        self.desks = desks
        self.at = at

    def furnish(self, desk: Desk) -> None:
        """Compile every option.

        Raises:
            ConfigError: an option names something that does not exist.
        """
        desk.columns = self.columns(desk)
        desk.cells = [plan.cell for plan in desk.columns]
        desk.pick = picker(desk.name_of, desk.key_of)
        desk.includes = [each for plan in desk.columns for each in plan.includes]
        desk.search = self.search(desk)
        desk.filters = [self.filter(desk, text) for text in desk.admin.list_filter]
        desk.ordering = self.ordering(desk)

    # --- columns

    def columns(self, desk: Desk) -> list[ColumnPlan]:
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
            plans.append(self.column(desk, entry, is_link=is_link))
        return plans

    def column(self, desk: Desk, entry: Any, *, is_link: bool) -> ColumnPlan:
        """Compile one entry: a path, a method of the admin or model, a function, "__str__"."""
        link = self.own_link(desk) if is_link else None
        css = "lead" if is_link else ""
        if entry == NAME:
            cell = cell_writer(desk.label, desk.name_of, computed, css=css, link=link)
            order = getattr(desk.model, desk.reflection.name_field or desk.reflection.key.name)
            return ColumnPlan(NAME, field_label(desk.label), cell, order)
        function = self.function(desk, entry)
        if function is not None:
            return self.computed_column(desk, _name_of(entry), function, css=css, link=link)
        path = self.path(desk, entry)
        if path.field is not None:
            return self.field_column(path, css=css, link=link)
        return self.relation_column(path, own_link=link)

    def function(self, desk: Desk, entry: Any) -> Callable[[Any], Any] | None:
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

    def path(self, desk: Desk, text: str) -> FieldPath:
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

    def field_column(
        self, path: FieldPath, *, css: str, link: Callable[[Any], str] | None
    ) -> ColumnPlan:
        """Compile a column of a field's values."""
        assert path.field is not None
        label = label_for(path)
        kind = css_of(path.field.annotation) if path.field.relation is None else ""
        classes = f"{css} {kind}".strip()
        cell = cell_writer(label, path.getter, shower(path.field), css=classes, link=link)
        includes = (path.relation,) if path.steps else ()
        return ColumnPlan(path.text, label, cell, path.expression, kind, includes)

    def relation_column(
        self, path: FieldPath, *, own_link: Callable[[Any], str] | None
    ) -> ColumnPlan:
        """Compile a column of rows of another model, by their names."""
        label = label_for(path)
        name_of = self.name_of(path.end)
        if path.is_many:
            cell = many_writer(label, path.getter, name_of)
            return ColumnPlan(path.text, label, cell, None, "", (path.relation,))
        if own_link is not None:
            cell = cell_writer(label, path.getter, lambda row: show_text(name_of(row)),
                               css="lead", link=own_link)  # fmt: skip
        else:
            cell = related_writer(label, path.getter, name_of, self.link_to(path.end))
        name_field = reflect(path.end).name_field
        order = (path.to(name_field) if name_field else path.to(reflect(path.end).key.name)).expression
        return ColumnPlan(path.text, label, cell, order, "", (path.relation,))

    def computed_column(
        self,
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

    # --- names and links

    def desk_for(self, model: Any) -> Desk:
        """Return the desk of any model; a bare one where it is not registered."""
        return self.desks.get(model) or make_desk(model, ModelAdmin(model), "")

    def name_of(self, model: Any) -> Callable[[Any], str]:
        """Return what names a row of any model, registered or not."""
        return self.desk_for(model).name_of

    def link_to(self, model: Any) -> Callable[[Any], str] | None:
        """Return what gives the page of a row of a model, None where it has no pages."""
        desk = self.desks.get(model)
        return None if desk is None else self.own_link(desk)

    def own_link(self, desk: Desk) -> Callable[[Any], str]:
        """Return what gives the page of a row of a desk."""
        edit, slug, key_of = self.at.edit, desk.slug, desk.key_of
        return lambda row: edit(slug, key_of(row))

    # --- search, filters, order

    def search(self, desk: Desk) -> Search:
        """Compile `search_fields`; by default the field that names a row."""
        option = Option(desk.admin, "search_fields")
        texts = desk.admin.search_fields
        if not texts and desk.reflection.name_field and not desk.admin.list_display:
            texts = [desk.reflection.name_field]
        paths = [option.path(text) for text in texts]
        for path in paths:
            if not is_searchable(path) or (path.field and path.field.is_secret):
                raise option.refuse(
                    f"names {path.text!r}, which is no text, whole number or UUID.",
                    "Search a field of such a type; of a relation name a field, as author.name.",
                    code="admin-not-searchable",
                )
        return Search(paths)

    def ordering(self, desk: Desk) -> list[Any]:
        """Compile `ordering`; by default the model's own, else the newest key first."""
        option = Option(desk.admin, "ordering")
        texts = desk.admin.ordering or desk.reflection.table.options.ordering
        orders = []
        for text in texts:
            path = option.path(text.removeprefix("-"))
            if path.field is None:
                path = path.to(reflect(path.end).key.name)
            column = path.expression
            orders.append(column.desc() if text.startswith("-") else column.asc())
        return orders or [desk.key.desc()]

    def filter(self, desk: Desk, text: str) -> Filter:
        """Compile one entry of `list_filter`."""
        option = Option(desk.admin, "list_filter")
        path = option.path(text)
        if path.field is None:
            return self.relation_filter(path)
        if path.field.relation is not None:
            name = desk.reflection.by_column[path.field.name].name if not path.steps else ""
            if name:
                return self.relation_filter(resolve(desk.model, name))
        if path.field.is_secret:
            raise option.refuse(
                f"names {text!r}, which is write_only.", "Leave it out.", code="admin-secret-field"
            )
        return field_filter(path)

    def relation_filter(self, path: FieldPath) -> RelationFilter:
        """Compile a filter by the rows of another model."""
        known = reflect(path.end)
        name_of = self.name_of(path.end)
        key = path.to(known.key.name).expression
        named = path.to(known.name_field).expression if known.name_field else None
        parse = self.desk_for(path.end).parse_key

        async def rows() -> list[tuple[str, str]]:
            query = path.end.where().limit(NAMES_LIMIT)
            if known.name_field:
                query = query.order_by(getattr(path.end, known.name_field))
            return [(str(getattr(row, known.key.name)), name_of(row)) for row in await query]

        async def name(text: str) -> str:
            value = parse(text)
            row = None if value is None else await path.end.where(
                getattr(path.end, known.key.name) == value
            ).first()  # fmt: skip
            return text if row is None else name_of(row)

        def by_key(text: str) -> Any | None:
            value = parse(text)
            return None if value is None else key == value

        def byshow_text(text: str) -> Any | None:
            return None if named is None else named.icontains(text)

        last = path.steps[-1]
        is_optional = last.field is not None and last.field.is_nullable
        return RelationFilter(
            path,
            label_for(path),
            rows=rows,
            by_key=by_key,
            by_text=by_text,
            name_of=name,
            null=key.is_(None) if is_optional else None,
        )


def default_columns(desk: Desk) -> list[str]:
    """Return the columns of a list that names none: the name first, then the first few fields."""
    known = desk.reflection
    by_column = known.by_column
    first = known.name_field or NAME
    found = [first]
    for field in known.table.public:
        name = by_column[field.name].name if field.name in by_column else field.name
        if name != first and not field.is_automatic and not _is_long(field):
            found.append(name)
    return found[:DEFAULT_COLUMNS]


def _is_long(field: ModelField) -> bool:
    bare = bare_type(field.annotation)
    return not isinstance(bare, type) or issubclass(bare, (bytes, dict, list))


def label_for(path: FieldPath) -> str:
    """Return the head of a column: the field's title, else its name; "Author name" over a path."""
    if path.field is not None and path.field.info.title and not path.steps:
        return path.field.info.title
    return field_label(path.text)


def shower(field: ModelField) -> Callable[[Any], str]:
    """Return how a field's values are shown: by `choices` if it has some, else by type."""
    if not field.info.choices:
        return formatter_of(field.annotation)
    labels = {value: f'<span class="tag">{show_text(label)}</span>' for value, label in field.info.choices}
    show = formatter_of(field.annotation)
    return lambda value: labels.get(value) or show(value)


def field_filter(path: FieldPath) -> Filter:
    """Return the filter for a field of some type."""
    assert path.field is not None
    field, label = path.field, label_for(path)
    bare = bare_type(field.annotation)
    is_nullable = field.is_nullable or bool(path.steps)
    if bare is bool:
        return BoolFilter(path, label, is_nullable=field.is_nullable)
    if choices_of(field):
        return ChoiceFilter(path, label, is_nullable=is_nullable)
    if isinstance(bare, type) and issubclass(bare, datetime.date):
        return DateFilter(path, label, is_nullable=is_nullable)

    async def values() -> list[Any]:
        owner = path.end
        column = getattr(owner, field.name)
        rows = await owner.group_by(column).order_by(column).limit(NAMES_LIMIT).values(value=column)
        return [row["value"] for row in rows]

    return ValueFilter(path, label, values)


def _name_of(entry: Any) -> str:
    return entry if isinstance(entry, str) else getattr(entry, "__name__", str(entry))

