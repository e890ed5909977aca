"""What a named call is in SQL: each topic (texts, moments, JSON, …) registers its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from sqlalchemy.sql.expression import ColumnElement

from triode.db.sql.builder import Builder

Renderer: TypeAlias = Callable[[Builder, Any], ColumnElement[Any]]
RENDERERS: Final[dict[str, Renderer]] = {}


def renders(*names: str) -> Callable[[Renderer], Renderer]:
    """Make a function say what calls of these names are in SQL."""

    def register(function: Renderer) -> Renderer:
        RENDERERS.update(dict.fromkeys(names, function))
        return function

    return register
