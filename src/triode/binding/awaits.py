"""What a handler awaits, read from its source.

A coroutine needs a task once it has to wait for something, or if anything in it asks for its task
(`asyncio.timeout`, task groups and most network libraries do). A handler that calls nothing but
statements of the database and functions of Triode does neither while the database answers at once;
such a handler is stepped without a task, and gets one when it first waits. Whatever is not plainly
such a handler has a task from the start.

PERF: a task costs 2 to 3 us, a row read by its key from SQLite 4 us (CPython 3.11).
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from triode.binding.calls import target_of
from triode.binding.signature import signature_of, split_annotated
from triode.schema import Variant

REFUSED = (ast.AsyncWith, ast.AsyncFor, ast.With, ast.Yield, ast.YieldFrom)
SCOPES = (ast.AsyncFunctionDef, ast.FunctionDef, ast.Lambda, ast.ClassDef)


def awaits_only_statements(call: Callable[..., Any]) -> bool:
    """Whether an async function calls only what a class lists in `__statements__`, or Triode.

    The class is named in the function, or annotates a parameter. False also where the source
    is not to be had, where the function is wrapped in another, or where a name in it cannot be
    followed.
    """
    function = target_of(call)
    if not inspect.isfunction(function) or hasattr(function, "__wrapped__"):
        return False
    tree = _tree_of(function)
    if tree is None:
        return False
    body = [node for statement in tree.body for node in ast.walk(statement)]
    if any(isinstance(node, (*REFUSED, *SCOPES)) or _is_async(node) for node in body):
        return False
    code = function.__code__
    own = frozenset((*code.co_varnames[_parameter_count(code) :], *code.co_cellvars))
    local = own | _stored_names(body)
    known = _known_names(function, local)
    known.update(_results(body, known))
    calls = [node for node in body if isinstance(node, ast.Call)]
    awaited = [node.value for node in body if isinstance(node, ast.Await)]
    return (
        bool(awaited)
        and all(_owner(value, known) is not None for value in awaited)
        and all(
            _owner(node, known) is not None or _is_ours(node, function, local) for node in calls
        )
    )


def _parameter_count(code: CodeType) -> int:
    flags = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_argcount + code.co_kwonlyargcount + flags


def _tree_of(function: Callable[..., Any]) -> ast.AsyncFunctionDef | None:
    try:
        module = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    node = module.body[0]
    return node if isinstance(node, ast.AsyncFunctionDef) else None


def _is_async(node: ast.AST) -> bool:
    return isinstance(node, ast.comprehension) and bool(node.is_async)


def _is_ours(node: ast.Call, function: FunctionType, local: frozenset[str]) -> bool:
    """Whether a call is of a function or class of Triode's, by a global name."""
    if not isinstance(node.func, ast.Name) or node.func.id in local:
        return False
    found = function.__globals__.get(node.func.id)
    is_callable = inspect.isfunction(found) or inspect.isclass(found)
    return is_callable and found.__module__.partition(".")[0] == "triode"


def _stored_names(body: list[ast.AST]) -> frozenset[str]:
    """Return every name that is assigned to, those of comprehensions included."""
    return frozenset(
        node.id for node in body if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )


def _known_names(function: FunctionType, local: frozenset[str]) -> dict[str, type]:
    """Return the classes with `__statements__` that names stand for: as themselves, or as types."""
    known: dict[str, type] = {}
    variables = inspect.getclosurevars(function)
    for name, value in {**variables.globals, **variables.nonlocals}.items():
        if name not in local and inspect.isclass(value) and hasattr(value, "__statements__"):
            known[name] = value
    for name, parameter in signature_of(function).parameters.items():
        found, metadata = split_annotated(parameter.annotation)
        is_plain = parameter.default is parameter.empty and name not in local
        is_model = inspect.isclass(found) and hasattr(found, "__statements__")
        if is_plain and is_model and all(isinstance(each, Variant) for each in metadata):
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
