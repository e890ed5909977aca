"""What a named call is in SQL: each topic (texts, moments, JSON, …) registers its own.

Also words of SQL that are ours.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql.expression import ColumnElement

from triode.db.sql.builder import Builder

Renderer: TypeAlias = Callable[[Builder, Any], ColumnElement[Any]]
RENDERERS: Final[dict[str, Renderer]] = {}

OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
"""What the operator of a comparison does with two expressions of SQLAlchemy."""


def renders(*names: str) -> Callable[[Renderer], Renderer]:
    """Make a function say what calls of these names are in SQL."""

    def register(function: Renderer) -> Renderer:
        RENDERERS.update(dict.fromkeys(names, function))
        return function

    return register


def word(text: object) -> ColumnElement[Any]:
    """Return SQL as it is written here: numbers and names of ours, never a user's."""
    return sa.literal_column(str(text))


def quoted(text: str) -> ColumnElement[Any]:
    """Return a text of ours, without quotation marks in it, as it stands in SQL."""
    return word(f"'{text}'")
