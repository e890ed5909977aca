"""The columns of a list, compiled: each turns a row into one `<td>`.

PERF: a page of 100 rows and 7 columns makes 700 cells, so everything that is known beforehand
(label, class, formatter, whether the value links) is put into the closure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from triode.admin.cells import NOTHING, Formatter, formatter_of, is_number, show_anything, show_text

Cell = Callable[[Any], str]
Link = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """One column: `cell` writes a row's `<td>`, `order` sorts by it (None: cannot)."""

    name: str
    label: str
    cell: Cell
    order: Any = None
    css: str = ""
    includes: tuple[Any, ...] = ()


def cell_writer(
    label: str,
    read: Callable[[Any], Any],
    show: Formatter,
    *,
    css: str = "",
    link: Link | None = None,
) -> Cell:
    """Return what writes the `<td>` of a column; `link` makes it lead somewhere."""
    classes = f' class="{css}"' if css else ""
    start = f'<td{classes} data-label="{escape(label)}">'
    empty = f"{start}{NOTHING}</td>"
    if link is None:

        def write(row: Any) -> str:
            value = read(row)
            return empty if value is None or value == "" else f"{start}{show(value)}</td>"

        return write

    def write_link(row: Any) -> str:
        value = read(row)
        shown = NOTHING if value is None or value == "" else show(value)
        return f'{start}<a href="{link(row)}">{shown}</a></td>'

    return write_link


def related_writer(
    label: str, read: Callable[[Any], Any], name_of: Callable[[Any], str], link: Link | None
) -> Cell:
    """Return what writes the `<td>` of a row that another row leads to."""
    start = f'<td data-label="{escape(label)}">'
    empty = f"{start}{NOTHING}</td>"

    def write(row: Any) -> str:
        other = read(row)
        if other is None:
            return empty
        shown = show_text(name_of(other))
        if link is None:
            return f"{start}{shown}</td>"
        return f'{start}<a href="{link(other)}">{shown}</a></td>'

    return write


def many_writer(label: str, read: Callable[[Any], Any], name_of: Callable[[Any], str]) -> Cell:
    """Return what writes the `<td>` of all rows that another row leads to."""
    start = f'<td data-label="{escape(label)}">'

    def write(row: Any) -> str:
        names = ", ".join(name_of(other) for other in read(row))
        return f"{start}{show_text(names) if names else NOTHING}</td>"

    return write


def css_of(annotation: Any) -> str:
    """Return the class of a column of values of an annotation."""
    return "number" if is_number(annotation) else ""


def computed(value: Any) -> str:
    """Return a computed column's value; `Markup` is trusted to be safe HTML."""
    return str(value) if isinstance(value, Markup) else show_anything(value)


def picker(name_of: Callable[[Any], str], key_of: Callable[[Any], str]) -> Cell:
    """Return what writes the box by which a row is picked."""
    start = '<td class="pick-cell"><label><input class="checkbox pick" type="checkbox" name="key"'

    def write(row: Any) -> str:
        key, name = escape(key_of(row)), escape(name_of(row))
        return f'{start} value="{key}" aria-label="Select {name}"></label></td>'

    return write


def rows_of(rows: Sequence[Any], cells: Sequence[Cell]) -> Markup:
    """Return the table's body."""
    lines = ["<tr>" + "".join([cell(row) for cell in cells]) + "</tr>\n" for row in rows]
    return Markup("".join(lines))  # noqa: S704 - every cell escapes what it shows


__all__ = [
    "ColumnPlan", "cell_writer", "computed", "css_of", "formatter_of", "many_writer", "picker",
    "related_writer", "rows_of",
]  # fmt: skip
