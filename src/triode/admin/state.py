"""What the address of a change list says: search, sort, page, filters.

Anything may stand there. What makes no sense is dropped; nothing is ever an error.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from triode.admin.addresses import with_query

SEARCH, SORT, PAGE = "q", "sort", "page"
RESERVED = frozenset({SEARCH, SORT, PAGE})
LONGEST_SEARCH = 200
MOST_WORDS = 8
LAST_PAGE = 10**9


def clean(text: str) -> str:
    """Return what a person typed without what no database compares: NUL, lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode().strip()


@dataclass(frozen=True, slots=True)
class ListState:
    """One view of a list. `sort` is a column's name, with "-" in front for descending."""

    search: str = ""
    sort: str = ""
    page: int = 1
    filters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(
        cls, query: Mapping[str, str], *, filters: Collection[str], sorts: Collection[str]
    ) -> ListState:
        """Return the state that a query string names; `filters` and `sorts` are what there is."""
        sort = query.get(SORT, "")
        return cls(
            search=clean(query.get(SEARCH, ""))[:LONGEST_SEARCH],
            sort=sort if sort.removeprefix("-") in sorts else "",
            page=page_number(query.get(PAGE, "")),
            filters={
                name: clean(query[name])[:LONGEST_SEARCH] for name in filters if query.get(name)
            },
        )

    @property
    def words(self) -> list[str]:
        """The words to search for."""
        return self.search.split()[:MOST_WORDS]

    @property
    def is_narrowed(self) -> bool:
        """Whether rows are left out."""
        return bool(self.search or self.filters)

    def with_page(self, page: int) -> ListState:
        """Return the state on another page."""
        return replace(self, page=page)

    def with_filter(self, name: str, value: str) -> ListState:
        """Return the state, on its first page, with one filter set or (empty) taken away."""
        kept = {key: kept for key, kept in self.filters.items() if key != name}
        return replace(self, page=1, filters={**kept, name: value} if value else kept)

    def sorted_by(self, name: str) -> ListState:
        """Return the state sorted by a column: ascending first, then descending."""
        return replace(self, page=1, sort=f"-{name}" if self.sort == name else name)

    def pairs(self) -> list[tuple[str, str]]:
        """Return the state as query parameters; defaults are left out."""
        page = "" if self.page <= 1 else str(self.page)
        pairs = [(SEARCH, self.search), *self.filters.items(), (SORT, self.sort), (PAGE, page)]
        return [(name, value) for name, value in pairs if value]

    def pairs_without(self, *names: str) -> list[tuple[str, str]]:
        """Return what a form that sends `names` itself has to carry along."""
        dropped = {*names, PAGE}
        return [(name, value) for name, value in self.pairs() if name not in dropped]

    @property
    def url(self) -> str:
        """The state as an address relative to the list."""
        return with_query(self.pairs())


def page_number(text: str) -> int:
    """Return a page's number; the first page for anything that is none."""
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return max(1, int(text))
    return LAST_PAGE if text.isascii() and text.isdigit() else 1
