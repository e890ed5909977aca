"""What a function's source does with attributes: `User.get`, `User.where(…).get`, `user.save`.

The same as `bytecode.py` says of code without source, and more: what a call on a class gave is
known to come from that class, through any number of calls and local names.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from triode.openapi.bytecode import Local, Use
from triode.openapi.names import UNKNOWN
from triode.openapi.source import Source


@dataclass(frozen=True, slots=True)
class Chain:
    """What calls on a class gave: of `User.where(…).limit(1)` the class and "where.limit"."""

    start: type
    path: str


def uses_of(source: Source) -> Iterator[Use]:
    """Yield each attribute that the source reads, with what it is read from."""
    reader = _Reader(source)
    for node in source.nodes():
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield Use(reader.receiver(node.value), node.attr)


class _Reader:
    """Finds what an expression comes from."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._assigned: dict[str, list[ast.expr | None]] = {}
        self._parameters: set[str] = set()
        self._following: set[str] = set()
        for node in source.nodes():
            self._note(node)

    def _note(self, node: ast.AST) -> None:
        """Remember what a local name was given; None where that is not one expression."""
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    self._assigned.setdefault(target.id, []).append(node.value)
        elif isinstance(node, ast.arg):
            self._parameters.add(node.arg)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension | ast.withitem):
            bound = node.optional_vars if isinstance(node, ast.withitem) else node.target
            for each in ast.walk(bound) if bound else ():
                if isinstance(each, ast.Name):
                    self._assigned.setdefault(each.id, []).append(None)

    def receiver(self, node: ast.expr) -> Any:
        """Return a module, class or other global, a `Chain`, a `Local`, or `UNKNOWN`."""
        if isinstance(node, ast.Name):
            return self._of_name(node.id)
        if isinstance(node, ast.Attribute):
            return UNKNOWN if self._is_local(node) else self._source.value(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return _after_call(self.receiver(node.func.value), node.func.attr)
        return UNKNOWN

    def _of_name(self, name: str) -> Any:
        if name in self._assigned:
            return self._of_assigned(name)
        if name in self._parameters:
            return Local(name)
        return self._source.names.value(name)

    def _of_assigned(self, name: str) -> Any:
        """Return the chain that every assignment of a name continues, if there is one."""
        if name in self._following:
            return UNKNOWN
        self._following.add(name)
        found = [
            UNKNOWN if value is None else self.receiver(value) for value in self._assigned[name]
        ]
        self._following.discard(name)
        chains = {each.start: each for each in found if isinstance(each, Chain)}
        return next(iter(chains.values())) if len(chains) == 1 else UNKNOWN

    def _is_local(self, node: ast.expr) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and (
            node.id in self._assigned or node.id in self._parameters
        )


def _after_call(receiver: Any, attribute: str) -> Any:
    if isinstance(receiver, Chain):
        return Chain(receiver.start, f"{receiver.path}.{attribute}")
    return Chain(receiver, attribute) if inspect.isclass(receiver) else UNKNOWN
