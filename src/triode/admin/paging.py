"""Pages of a list: which there are, and which to offer."""

from __future__ import annotations

from triode.admin.pages import Link, Pages
from triode.admin.state import ListState

GAP = "…"


def page_count(total: int, size: int) -> int:
    """Return how many pages there are: at least one."""
    return max(1, -(-total // size))


def numbers_near(current: int, last: int) -> list[int | None]:
    """Return the page numbers to offer, in order; None is a gap.

    The first, the last, and two on either side of the current one.
    """
    wanted = sorted({1, last, *range(max(1, current - 2), min(last, current + 2) + 1)})
    numbers: list[int | None] = []
    for number in wanted:
        before = numbers[-1] if numbers else None
        if before is not None and number == before + 2:
            numbers.append(before + 1)
        elif before is not None and number > before + 1:
            numbers.append(None)
        numbers.append(number)
    return numbers


def pages_of(state: ListState, *, total: int, size: int) -> Pages:
    """Return the pages of a list; `state.page` lies within them."""
    last = page_count(total, size)
    current = state.page
    links = [
        Link(GAP)
        if number is None
        else Link(str(number), state.with_page(number).url, number == current)
        for number in numbers_near(current, last)
    ]
    return Pages(
        first=(current - 1) * size + 1 if total else 0,
        last=min(current * size, total),
        total=total,
        links=links,
        previous=state.with_page(current - 1).url if current > 1 else "",
        next=state.with_page(current + 1).url if current < last else "",
    )
