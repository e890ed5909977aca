"""Pages of a longer list: by number, or by a cursor that names the row where the last one ended."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec

from triode.db.errors import QueryError, ValueRefused
from triode.db.sql.column import Column
from triode.db.sql.expressions import Both, Comparison, Condition, Missing, Not
from triode.db.sql.order import Order
from triode.db.tables.table import ModelField, ModelTable
from triode.schema.problems import INVALID, Problem

T = TypeVar("T")

CURSOR_LIMIT = 4000
"""Characters of a cursor."""


class Page(msgspec.Struct, Generic[T]):
    """One page of a longer list; `page` counts from 1."""

    items: list[T]
    total: int
    page: int
    size: int
    pages: int


class CursorPage(msgspec.Struct, Generic[T]):
    """One page of a longer list; `next` and `previous` lead on, None where nothing follows."""

    items: list[T]
    next: str | None
    previous: str | None


class _Key:
    """One field of the order, with the place of rows that have no value for it."""

    def __init__(self, field: ModelField, order: Order) -> None:
        self.field = field
        self.is_descending = order.is_descending
        # One rule for all databases: no value is more than any.
        last = "first" if order.is_descending else "last"
        self.nulls = (order.nulls or last) if field.is_nullable else None

    def order(self, *, is_backward: bool) -> Order:
        nulls = self.nulls
        if is_backward and nulls is not None:
            nulls = "last" if nulls == "first" else "first"
        is_descending = self.is_descending != is_backward
        return Order(self.field.column, is_descending=is_descending, nulls=nulls)

    def equal(self, value: Any) -> Condition:
        return self.field.column.equals(value)

    def beyond(self, value: Any, *, is_backward: bool) -> Condition | None:
        """Lie after `value` in the order; None where nothing can."""
        column = self.field.column
        is_last = self.nulls is not None and (self.nulls == "last") != is_backward
        if value is None:
            return None if is_last else Not(Missing(column))
        sign = "lt" if self.is_descending != is_backward else "gt"
        found: Condition = Comparison(sign, column, value)
        return Both("or", found, Missing(column)) if is_last else found


class Keyset:
    """The order of a query, made unique by the key, and cursors in it."""

    def __init__(self, table: ModelTable, orders: Sequence[Order]) -> None:
        self.table = table
        self.keys = [_Key(_own_field(table, order), order) for order in orders]
        is_descending = bool(self.keys) and self.keys[-1].is_descending
        named = {key.field.name for key in self.keys}
        for field in table.key_fields:
            if field.name not in named:
                self.keys.append(_Key(field, Order(field.column, is_descending=is_descending)))
        text = ",".join(f"{key.field.name} {key.is_descending} {key.nulls}" for key in self.keys)
        self.mark = zlib.crc32(f"{table.name} {text}".encode())

    def orders(self, *, is_backward: bool) -> tuple[Order, ...]:
        """Return the order, or its reverse."""
        return tuple(key.order(is_backward=is_backward) for key in self.keys)

    def cursor(self, row: Any) -> str:
        """Return the place of a row."""
        fields = [key.field for key in self.keys]
        values = [field.portable(getattr(row, field.name)) for field in fields]
        # What msgspec does not know, an address or a path, its field reads as text.
        text = msgspec.json.encode([self.mark, *values], enc_hook=str)
        return base64.urlsafe_b64encode(text).decode().rstrip("=")

    def values(self, cursor: str) -> list[Any]:
        """Return what a cursor holds.

        Raises:
            ValueRefused: it is none of this order's.
        """
        try:
            if len(cursor) > CURSOR_LIMIT:
                raise ValueError(cursor)
            text = base64.b64decode(f"{cursor}{'=' * (-len(cursor) % 4)}", b"-_", validate=True)
            mark, *values = msgspec.json.decode(text, type=list[Any])
        except (ValueError, binascii.Error, msgspec.DecodeError, UnicodeError, RecursionError):
            raise _refused() from None
        if mark != self.mark or len(values) != len(self.keys):
            raise _refused()
        problems: list[Problem] = []
        found = []
        for key, value in zip(self.keys, values, strict=True):
            is_missing = value is None and key.field.is_nullable
            found.append(None if is_missing else key.field.validate(value, ("cursor",), problems))
        if problems or INVALID in found:
            raise _refused()
        return found

    def condition(self, cursor: str, *, is_backward: bool) -> Condition:
        """Lie after a cursor in the order, or before it."""
        values = self.values(cursor)
        found: Condition | None = None
        for at in range(len(self.keys) - 1, -1, -1):
            key, value = self.keys[at], values[at]
            beyond = key.beyond(value, is_backward=is_backward)
            same = None if found is None else Both("and", key.equal(value), found)
            if beyond is not None and same is not None:
                found = Both("or", beyond, same)
            else:
                found = same if beyond is None else beyond
        if found is None:
            # Nothing can follow, and no row is without a key.
            return Missing(self.table.key_fields[0].column)
        return found

    def page(
        self, found: list[Any], size: int, cursor: str | None, *, is_backward: bool
    ) -> CursorPage[Any]:
        """Return a page of what was found, one row more than it holds if there are more."""
        has_more = len(found) > size
        items = found[:size]
        if is_backward:
            items.reverse()
        first, last = (self.cursor(items[0]), self.cursor(items[-1])) if items else (None, None)
        has_next = cursor is not None if is_backward else has_more
        has_previous = has_more if is_backward else cursor is not None
        return CursorPage(items, last if has_next else None, first if has_previous else None)


def _own_field(table: ModelTable, order: Order) -> ModelField:
    column = order.inner
    if not isinstance(column, Column) or column.path or column.owner is not table:
        raise QueryError(
            f"A cursor needs an order by fields of {table.model_name} itself, not by {column!r}.",
            code="query-cursor-order",
        )
    field = table.by_name[column.name]
    if field.is_secret:
        raise QueryError(
            f"{column!r} is write_only, and a cursor would show it.", code="query-cursor-order"
        )
    return field


def _refused() -> ValueRefused:
    refused = ValueRefused("The cursor is none of this list.")
    refused.field = "cursor"
    return refused
