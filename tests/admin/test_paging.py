"""Which pages of a list are offered."""

from __future__ import annotations

from triode.admin.pages import Link, Pages
from triode.admin.paging import numbers_near, page_count, pages_of
from triode.admin.state import ListState


def test_an_empty_list_has_one_page() -> None:
    assert page_count(0, 50) == 1
    assert pages_of(ListState(), total=0, size=50) == Pages(0, 0, 0, [Link("1", "?", True)], "", "")


def test_gaps_stand_for_more_than_one_page() -> None:
    assert numbers_near(1, 10) == [1, 2, 3, None, 10]
    assert numbers_near(5, 10) == [1, 2, 3, 4, 5, 6, 7, None, 10]
    assert numbers_near(6, 11) == [1, None, 4, 5, 6, 7, 8, None, 11]


def test_the_last_page_is_shorter() -> None:
    pages = pages_of(ListState(page=2), total=60, size=50)
    links = [Link("1", "?"), Link("2", "?page=2", True)]
    assert pages == Pages(51, 60, 60, links, "?", "")
