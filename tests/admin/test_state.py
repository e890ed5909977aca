"""The address of a change list: what is kept of it and what is dropped."""

from __future__ import annotations

import pytest

from triode.admin.state import LAST_PAGE, ListState

KNOWN = {"filters": ("published",), "sorts": ("title",)}


def test_a_query_string_is_read() -> None:
    query = {"q": " two  words ", "sort": "-title", "page": "3", "published": "true"}
    state = ListState.read(query, **KNOWN)
    assert state == ListState("two  words", "-title", 3, {"published": "true"})
    assert state.words == ["two", "words"]


@pytest.mark.parametrize("page", ["abc", "", "0", "-1", "1.5", "²", "٣"])
def test_a_page_that_is_none_is_the_first(page: str) -> None:
    assert ListState.read({"page": page}, **KNOWN).page == 1


def test_a_huge_page_is_cut() -> None:
    assert ListState.read({"page": "9" * 5000}, **KNOWN).page == LAST_PAGE


def test_unknown_sorts_and_filters_are_dropped() -> None:
    assert ListState.read({"sort": "evil", "secret": "x"}, **KNOWN) == ListState()


def test_nul_and_lone_surrogates_are_dropped_from_a_search() -> None:
    assert ListState.read({"q": "a\0b\ud800c"}, **KNOWN).search == "abc"


def test_the_address_leaves_out_defaults() -> None:
    assert ListState().url == "?"
    state = ListState("ä&b", "-title", 2, {"published": "true"})
    assert state.url == "?q=%C3%A4%26b&published=true&sort=-title&page=2"


def test_a_sorted_column_turns_round_and_starts_at_page_one() -> None:
    state = ListState(page=4).sorted_by("title")
    assert state == ListState(sort="title")
    assert state.sorted_by("title") == ListState(sort="-title")


def test_a_filter_is_set_and_taken_away() -> None:
    state = ListState(page=4, filters={"a": "1"}).with_filter("b", "2")
    assert state == ListState(filters={"a": "1", "b": "2"})
    assert state.with_filter("a", "") == ListState(filters={"b": "2"})
