"""New rows as they are given, objects or mappings, by the columns that they fill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from triode.db.tables.table import ModelTable
from triode.schema import Problem, ValidationFailed


def made_rows(table: ModelTable, items: Sequence[Any], start: int) -> list[Any]:
    """Return objects of the model for objects and mappings of values.

    Raises:
        ValidationFailed: lists what is wrong, by the number of the item.
    """
    problems: list[Problem] = []
    rows = []
    for number, item in enumerate(items, start):
        row = item
        if not isinstance(item, table.model):
            try:
                row = table.model(**item)
            except ValidationFailed as exc:
                problems += exc.under(number).errors
                continue
        rows.append(row)
    if problems:
        raise ValidationFailed(problems)
    return rows


def by_names(table: ModelTable, rows: list[Any]) -> dict[tuple[str, ...], list[Any]]:
    """Return rows by the columns that they fill."""
    groups: dict[tuple[str, ...], list[Any]] = {}
    for row in rows:
        groups.setdefault(names_given(table, row), []).append(row)
    return groups


def names_given(table: ModelTable, row: Any) -> tuple[str, ...]:
    """Return the columns that a new row fills; a key or default of its own is one of them."""
    if not table.optional:
        return table.given
    own = [field.name for field in table.optional if getattr(row, field.name) is not None]
    return (*table.given, *own) if own else table.given


def values_of(table: ModelTable, names: tuple[str, ...], rows: list[Any]) -> list[tuple[Any, ...]]:
    if names == table.given:
        return [table.read_given(row) for row in rows]
    return [tuple([getattr(row, name) for name in names]) for row in rows]


def as_mappings(table: ModelTable, rows: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {name: getattr(row, name) for name in names_given(table, row)}
