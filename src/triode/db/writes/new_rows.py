"""New rows as they are given, objects or mappings, by the columns that they fill."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from triode.db.tables.table import ModelTable
from triode.db.writes.plain_rows import PlainRows
from triode.schema import Problem, ValidationFailed


def made_rows(table: ModelTable, items: Sequence[Any], start: int) -> list[Any]:
    """Return what is to be written of objects and mappings of values.

    A row is an object of the model, or a tuple of the values of `table.given`.

    Raises:
        ValidationFailed: lists what is wrong, by the number of the item.
    """
    problems: list[Problem] = []
    rows = []
    plain = PlainRows(table)
    for number, item in enumerate(items, start):
        row = plain.row(item) if type(item) is dict else None
        if row is not None:
            rows.append(row)
            continue
        try:
            rows.append(item if isinstance(item, table.model) else table.model(**item))
        except ValidationFailed as exc:
            problems += exc.under(number).errors
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
    if type(row) is tuple or not table.optional:
        return table.given
    own = [field.name for field in table.optional if getattr(row, field.name) is not None]
    return (*table.given, *own) if own else table.given


def values_of(table: ModelTable, names: tuple[str, ...], rows: list[Any]) -> list[tuple[Any, ...]]:
    """Return the values of rows, in the order of `names`."""
    if names == table.given:
        read = table.read_given
        return [row if type(row) is tuple else read(row) for row in rows]
    return [tuple([getattr(row, name) for name in names]) for row in rows]


def as_mappings(table: ModelTable, rows: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Give the values of rows by name."""
    for row in rows:
        names = names_given(table, row)
        values = row if type(row) is tuple else [getattr(row, name) for name in names]
        yield dict(zip(names, values, strict=True))
