"""A function's source as a tree, and what the expressions in it stand for.

What is computed stands for nothing (`UNKNOWN`); a function without source has no tree.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from triode.openapi.names import UNKNOWN, Names


class Source:
    """The tree of a function, and the names in it."""

    def __init__(self, function: FunctionType, tree: ast.AST) -> None:
        self.tree = tree
        self.names = Names(function)

    def nodes(self) -> Iterator[ast.AST]:
        """Yield every node, nested functions included."""
        return ast.walk(self.tree)

    def value(self, node: ast.expr | None) -> Any:
        """Return what an expression stands for: a constant, or a name that is not local."""
        if isinstance(node, ast.Constant):
            return node.value
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        return self.names.dotted([node.id, *parts]) if isinstance(node, ast.Name) else UNKNOWN

    def argument(self, call: ast.Call, position: int | None, keyword: str) -> Any:
        """Return what an argument of a call stands for; `position` None: by keyword only."""
        for given in call.keywords:
            if given.arg == keyword:
                return self.value(given.value)
        is_spread = any(isinstance(argument, ast.Starred) for argument in call.args)
        if position is not None and len(call.args) > position and not is_spread:
            return self.value(call.args[position])
        return UNKNOWN


def source_of(function: FunctionType) -> Source | None:
    """Return the source of a function; None where there is none, or a piece of an expression."""
    try:
        return Source(function, ast.parse(textwrap.dedent(inspect.getsource(function))))
    except (OSError, TypeError, SyntaxError):
        return None
