"""Search a list: every word must be found, each in any of the fields, or by the model's index."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from triode.admin.cells import bare_type
from triode.admin.paths import FieldPath
from triode.db import search

SMALLEST_INTEGER, LARGEST_INTEGER = -(2**63), 2**63 - 1


class Search:
    """The fields of a search, compiled."""

    def __init__(self, paths: Sequence[FieldPath]) -> None:
        self.paths = tuple(paths)

    def __bool__(self) -> bool:
        return bool(self.paths)

    def conditions(self, words: Sequence[str]) -> list[Any]:
        """Return one condition for each word; a word that nothing can hold matches nothing."""
        found = []
        for word in words:
            parts = [part for path in self.paths if (part := _part(path, word)) is not None]
            if not parts:
                return [self.paths[0].expression.in_([])]
            condition = parts[0]
            for part in parts[1:]:
                condition = condition | part
            found.append(condition)
        return found


class IndexSearch(Search):
    """The search of the model itself: words as the index knows them, in all of its fields."""

    def __init__(self, model: Any, paths: Sequence[FieldPath]) -> None:
        super().__init__(paths)
        self.model = model

    def conditions(self, words: Sequence[str]) -> list[Any]:
        """Return one condition for all words; the last may be the beginning of one."""
        return [search(self.model, " ".join(words), prefix=True)] if words else []


def _part(path: FieldPath, word: str) -> Any | None:
    """Return the condition that a field holds a word; None where it cannot."""
    assert path.field is not None
    kind = bare_type(path.field.value_annotation)
    if isinstance(kind, type) and issubclass(kind, int):
        number = integer_of(word)
        return None if number is None else path.expression == number
    if kind is uuid.UUID:
        try:
            return path.expression == uuid.UUID(word)
        except ValueError:
            return None
    return path.expression.icontains(word)


def is_searchable(path: FieldPath) -> bool:
    """Return whether a field can be searched: text, whole numbers, UUIDs."""
    kind = bare_type(path.field.value_annotation) if path.field else None
    return isinstance(kind, type) and issubclass(kind, (str, int, uuid.UUID)) and kind is not bool


def integer_of(word: str) -> int | None:
    """Return the whole number that a word is, if a database can hold it."""
    if not word.removeprefix("-").isdecimal() or not word.isascii() or len(word) > 20:
        return None
    number = int(word)
    return number if SMALLEST_INTEGER <= number <= LARGEST_INTEGER else None
