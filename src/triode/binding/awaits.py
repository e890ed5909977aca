"""What a handler awaits, read from its source.

A coroutine needs a task only once it has to wait for something, or if it asks for its task
(`asyncio.timeout`, task groups and most network libraries do). A handler that awaits nothing but
database statements does neither while the database answers at once; such a handler is stepped
without a task, and gets one when it first waits.

PERF: a task costs 2 to 3 us, a row read by its key from SQLite 4 us (CPython 3.11).
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from triode.binding.calls import target_of
from triode.binding.signature import signature_of, split_annotated

REFUSED = (ast.AsyncWith, ast.AsyncFor, ast.AsyncFunctionDef, ast.Lambda, ast.FunctionDef)


def awaits_only_statements(call: Callable[..., Any]) -> bool:
    """Whether an async function awaits only methods that a class lists in `__statements__`.

    The class is named in the function, or annotates a parameter. False also where the source
    is not to be had, or where a name in it cannot be followed.
    """
    function = target_of(call)
    tree = _tree_of(function)
    if tree is None:
        return False
    known = _known_names(function)
    body = [node for statement in tree.body for node in ast.walk(statement)]
    if any(isinstance(node, REFUSED) or _is_async_comprehension(node) for node in body):
        return False
    for node in body:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            known.pop(node.id, None)  # Assigned to: it may be anything.
    known.update(_results(body, known))
    awaited = [node.value for node in body if isinstance(node, ast.Await)]
    return bool(awaited) and all(_owner(value, known) is not None for value in awaited)


def _tree_of(function: Callable[..., Any]) -> ast.AsyncFunctionDef | None:
    try:
        module = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    node = module.body[0]
    return node if isinstance(node, ast.AsyncFunctionDef) else None


def _is_async_comprehension(node: ast.AST) -> bool:
    return isinstance(node, ast.comprehension) and bool(node.is_async)


def _known_names(function: Callable[..., Any]) -> dict[str, type]:
    """Return the classes with `__statements__` that names stand for: as themselves, or as types."""
    known: dict[str, type] = {}
    variables = inspect.getclosurevars(function)
    for name, value in {**variables.globals, **variables.nonlocals}.items():
        if inspect.isclass(value) and hasattr(value, "__statements__"):
            known[name] = value
    for name, parameter in signature_of(function).parameters.items():
        found, _ = split_annotated(parameter.annotation)
        known.pop(name, None)
        if inspect.isclass(found) and hasattr(found, "__statements__"):
            known[name] = found
    return known


def _results(body: list[ast.AST], known: dict[str, type]) -> dict[str, type]:
    """Return the names that are given once, the result of a statement: `user = await User.get(1)`.

    What comes of a statement is an object of its class, or a list or number, which have no
    method of these names that could be awaited.
    """
    stored = [
        node.id for node in body if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    found: dict[str, type] = {}
    for node in body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Await):
            continue
        target, owner = node.targets[0], _owner(node.value.value, known)
        is_single = len(node.targets) == 1 and isinstance(target, ast.Name)
        if owner is not None and is_single and stored.count(target.id) == 1:  # type: ignore[attr-defined]
            found[target.id] = owner  # type: ignore[attr-defined]
    return found


def _owner(node: ast.AST, known: dict[str, type]) -> type | None:
    """Return the class whose statement an expression is, None if it is none for certain."""
    if isinstance(node, ast.Await):
        return _owner(node.value, known)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    source = node.func.value
    owner = known.get(source.id) if isinstance(source, ast.Name) else _owner(source, known)
    return owner if owner is not None and _is_own(owner, node.func.attr) else None


def _is_own(owner: type, method: str) -> bool:
    """Whether a method gives a statement, and no subclass has put another one in its place."""
    if method not in owner.__statements__:  # type: ignore[attr-defined]
        return False
    for base in owner.__mro__:
        if method in vars(base):
            return "__statements__" in vars(base)
    return True
