"""What every part of a statement is, whatever can be asked of it.

A node has a `shape`, which is all that its SQL text depends on, and `values`, which fill the
text's parameters. Two queries of one shape share one compiled plan.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.sql.expression import ColumnElement

from triode.db.sql.builder import Builder, Path
from triode.db.sql.plan import Shape

Built = ColumnElement[Any]

IN_LIMIT: Final = 16_384
"""Values in one IN list; the databases take twice as many parameters in a statement."""


class Node:
    """What a statement has of an expression."""

    __slots__ = ("shape", "values")

    shape: Shape
    values: tuple[Any, ...]
    kinds: tuple[type, ...] | None = None
    """The types of values it can be compared with; None: of any."""
    is_stored: bool = False
    """Whether it is a column, whose values the table has checked."""

    def build(self, builder: Builder) -> Built:
        """Return SQLAlchemy's expression, taking parameters in the order of `values`."""
        raise NotImplementedError

    def build_sortable(self, builder: Builder) -> Built:
        """Return what rows are sorted by."""
        return self.build(builder)

    def many_paths(self) -> set[Path]:
        """Return the paths that lead over a many-valued relation, up to and with it."""
        return set()
