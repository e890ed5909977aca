"""The change list: one query for a page of rows, one for how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from triode.admin.columns import rows_of
from triode.admin.desk import Desk
from triode.admin.filters import Filter
from triode.admin.labels import words_of
from triode.admin.model_admin import Action
from triode.admin.pages import FilterBox, Heading, Link, ListPage
from triode.admin.paging import page_count, pages_of
from triode.admin.state import ListState
from triode.admin.visit import Visit

if TYPE_CHECKING:
    from starlette.requests import Request

DELETE = "delete_selected"
MOST_NAMED = 3


def read_state(desk: Desk, filters: Sequence[Filter], query: dict[str, str]) -> ListState:
    """Return what the address asks of a desk's list; a filter's senseless value is dropped."""
    state = ListState.read(
        query,
        filters=[each.name for each in filters],
        sorts=[plan.name for plan in desk.columns if plan.order is not None],
    )
    kept = {
        each.name: state.filters[each.name]
        for each in filters
        if each.name in state.filters and each.condition(state.filters[each.name]) is not None
    }
    return replace(state, filters=kept)


def narrowed(desk: Desk, query: Any, state: ListState) -> Any:
    """Return the query with the search and the filters of a state."""
    conditions = [
        each.condition(state.filters[each.name])
        for each in desk.filters
        if each.name in state.filters
    ]
    if desk.search:
        conditions += desk.search.conditions(state.words)
    return query.where(*conditions) if conditions else query


def ordered(desk: Desk, query: Any, state: ListState) -> Any:
    """Return the query in the order of a state; the key decides among equals."""
    orders = list(desk.ordering)
    if state.sort:
        name = state.sort.removeprefix("-")
        order = next(plan.order for plan in desk.columns if plan.name == name)
        orders = [order.desc() if state.sort.startswith("-") else order.asc()]
    return query.order_by(*orders, desk.key.asc())


async def list_page(visit: Visit, desk: Desk) -> ListPage:
    """Return a desk's list as the address asks for it."""
    filters = [each for each in desk.filters if each.is_for(visit.user)]
    state = read_state(desk, filters, visit.query)
    query = narrowed(desk, desk.admin.query(visit.request), state)
    size = desk.admin.list_per_page
    total = await query.count()
    state = state.with_page(min(state.page, page_count(total, size)))
    rows = []
    if total:
        page = ordered(desk, query, state).limit(size).offset((state.page - 1) * size)
        rows = list(await (page.include(*desk.includes) if desk.includes else page))
    actions = actions_for(visit, desk)
    cells = [desk.pick, *desk.cells] if actions else desk.cells
    return ListPage(
        url=state.url,
        label=desk.label,
        nouns=desk.nouns,
        plural=desk.plural,
        add=visit.at.add(desk.slug) if desk.admin.can_add(visit.user) else "",
        search=state.search,
        searchable=", ".join(words_of(path.text) for path in desk.search.paths[:MOST_NAMED]),
        carried=state.pairs_without("q"),
        filters=[await filter_box(each, state, visit.request) for each in filters],
        clear="?" if state.is_narrowed else "",
        headings=headings(desk, state),
        rows=rows_of(rows, cells) if rows else Markup(),
        pages=pages_of(state, total=total, size=size),
        actions=actions,
        is_narrowed=state.is_narrowed,
    )


def headings(desk: Desk, state: ListState) -> list[Heading]:
    """Return the heads of the columns; each leads to the list sorted by it."""
    found = []
    sort = state.sort or desk.sort
    shown = replace(state, sort=sort)
    for plan in desk.columns:
        is_sorted = sort.removeprefix("-") == plan.name
        direction = "descending" if sort.startswith("-") else "ascending"
        found.append(
            Heading(
                label=plan.label,
                css=plan.css,
                sort=shown.sorted_by(plan.name).url if plan.order is not None else "",
                direction=direction if is_sorted else None,  # type: ignore[arg-type]
            )
        )
    return found


async def filter_box(each: Filter, state: ListState, request: Request) -> FilterBox:
    """Return one filter with its choices."""
    chosen = state.filters.get(each.name, "")
    choices = await each.choices(request)
    options = (
        [Link("Any", state.with_filter(each.name, "").url, not chosen)] if choices or chosen else []
    )
    options += [
        Link(label, state.with_filter(each.name, value).url, value == chosen)
        for value, label in choices
    ]
    takes_text = each.is_text and len([value for value, _ in choices if value != "-"]) == 0
    return FilterBox(
        label=each.label,
        selected=await each.label_of(chosen, choices, request) if chosen else "",
        options=options,
        name=each.name if takes_text else "",
        value=chosen if takes_text and chosen[:1] not in ("=", "-") else "",
        carried=state.pairs_without(each.name) if takes_text else (),
    )


def actions_for(visit: Visit, desk: Desk) -> Sequence[tuple[str, str]]:
    """Return the bulk actions this visitor may take, as (name, label)."""
    found = [(each.name, each.label) for each in desk.actions if _may_take(visit, desk, each)]
    if desk.admin.can_delete(visit.user):
        found.append((DELETE, "Delete the selected"))
    return found


def _may_take(visit: Visit, desk: Desk, action: Action) -> bool:
    if action.permission is None:
        return desk.admin.can_change(visit.user)
    return bool(visit.user.has_permission(action.permission))
