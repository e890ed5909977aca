"""Compile `search_fields`, `ordering` and `list_filter`."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from triode.admin.cells import bare_type
from triode.admin.desk import Desk, Option
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
from triode.admin.list_display import label_for
from triode.admin.model_admin import ModelAdmin
from triode.admin.paths import FieldPath, resolve
from triode.admin.reflection import reflect
from triode.admin.searching import IndexSearch, Search, is_searchable
from triode.admin.surroundings import Surroundings

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_SCANNED = 50_000


def plan_search(desk: Desk) -> Search:
    """Compile `search_fields`; by default `Meta.search`, or else the field that names a row."""
    option = Option(desk.admin, "search_fields")
    texts = desk.admin.search_fields
    declared = desk.reflection.table.options.search
    if not texts and declared is not None:
        return IndexSearch(desk.model, [option.path(name) for name in declared.fields])
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


def plan_ordering(desk: Desk) -> list[Any]:
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


def sort_of(desk: Desk) -> str:
    """Return the column by which the list is sorted at first, with "-" for descending."""
    texts = [*(desk.admin.ordering or desk.reflection.table.options.ordering), ""]
    sortable = [plan.name for plan in desk.columns if plan.order is not None]
    return texts[0] if texts[0].removeprefix("-") in sortable else ""


def plan_filter(around: Surroundings, desk: Desk, text: str) -> Filter:
    """Compile one entry of `list_filter`."""
    found = _filter(around, desk, text)
    # SECURITY: what is chosen tells of the rows of other models.
    found.admins = [around.desk_for(step.target).admin for step in found.path.steps]
    return found


def _filter(around: Surroundings, desk: Desk, text: str) -> Filter:
    option = Option(desk.admin, "list_filter")
    path = option.path(text)
    if path.field is None:
        return relation_filter(around, path)
    if path.field.relation is not None:
        name = desk.reflection.by_column[path.field.name].name if not path.steps else ""
        if name:
            return relation_filter(around, resolve(desk.model, name))
    if path.field.is_secret:
        raise option.refuse(
            f"names {text!r}, which is write_only.", "Leave it out.", code="admin-secret-field"
        )
    owner = around.desk_for(path.end) if path.steps else desk
    return field_filter(path, owner.admin)


def relation_filter(around: Surroundings, path: FieldPath) -> RelationFilter:
    """Compile a filter by the rows of another model."""
    known = reflect(path.end)
    key = path.to(known.key.name).expression
    named = path.to(known.name_field).expression if known.name_field else None
    desk = around.desk_for(path.end)
    parse, admin = desk.parse_key, desk.admin

    async def rows(request: Request) -> list[tuple[str, str]]:
        query = admin.query(request).limit(NAMES_LIMIT)
        if known.name_field:
            query = query.order_by(getattr(path.end, known.name_field))
        return [(str(getattr(row, known.key.name)), desk.name_of(row)) for row in await query]

    async def name(text: str, request: Request) -> str:
        value = parse(text)
        if value is None:
            return text
        row = await admin.query(request).where(desk.key == value).first()
        return text if row is None else desk.name_of(row)

    def by_key(text: str) -> Any | None:
        value = parse(text)
        return None if value is None else key == value

    def by_text(text: str) -> Any | None:
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


def field_filter(path: FieldPath, admin: ModelAdmin) -> Filter:
    """Return the filter for a field of some type; `admin` is that of the field's model."""
    assert path.field is not None
    field, label = path.field, label_for(path)
    bare = bare_type(field.value_annotation)
    is_nullable = field.is_nullable or bool(path.steps)
    if bare is bool:
        return BoolFilter(path, label, is_nullable=field.is_nullable)
    if choices_of(field):
        return ChoiceFilter(path, label, is_nullable=is_nullable)
    if isinstance(bare, type) and issubclass(bare, datetime.date):
        return DateFilter(path, label, is_nullable=is_nullable)

    async def values(request: Request) -> list[Any] | None:
        query, column = admin.query(request), getattr(path.end, field.name)
        # Finding the values that occur reads the whole table, unless an index has them.
        if not (field.info.index or field.info.unique) and await query.count() > MOST_SCANNED:
            return None
        rows = await query.group_by(column).order_by(column).limit(NAMES_LIMIT).values(value=column)
        return [row["value"] for row in rows]

    return ValueFilter(path, label, values)
