"""The errors that a function's source raises with a status that is written there.

`raise HTTPException(403, "Not yours")`, `raise HTTPException(status_code=status.HTTP_410_GONE)`,
`raise SomeClientError(…)`. What is computed is left out, and so is a function without source.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from http import HTTPStatus
from types import FunctionType
from typing import Any

from starlette.exceptions import HTTPException

from triode.errors import ClientError
from triode.openapi.names import UNKNOWN, Names


def raises_of(function: FunctionType) -> Iterator[tuple[int, str]]:
    """Yield status and description of each error that the source raises."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        # No source, or only a piece of an expression (a lambda): nothing can be said.
        return
    names = Names(function)
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            found = _read(node.exc, names)
            if found is not None:
                yield found


def _read(raised: ast.expr, names: Names) -> tuple[int, str] | None:
    call = raised if isinstance(raised, ast.Call) else None
    kind = _value(call.func if call else raised, names)
    if not inspect.isclass(kind):
        return None
    if issubclass(kind, ClientError):
        return kind.status_code, first_line(kind.__doc__) or phrase(kind.status_code)
    if not issubclass(kind, HTTPException):
        return None
    status = _argument(call, 0, "status_code", names) if call else UNKNOWN
    if not isinstance(status, int):
        status = vars(kind).get("status_code")
    if not isinstance(status, int) or not 400 <= status < 600:
        return None
    detail = _argument(call, 1, "detail", names) if call else UNKNOWN
    return int(status), detail if isinstance(detail, str) else phrase(int(status))


def _argument(call: ast.Call, position: int, keyword: str, names: Names) -> Any:
    for given in call.keywords:
        if given.arg == keyword:
            return _value(given.value, names)
    if len(call.args) > position and not any(isinstance(arg, ast.Starred) for arg in call.args):
        return _value(call.args[position], names)
    return UNKNOWN


def _value(node: ast.expr, names: Names) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return names.dotted([node.id, *parts]) if isinstance(node, ast.Name) else UNKNOWN


def first_line(docstring: str | None) -> str:
    """Return the first line of a docstring without its full stop; "" where there is none."""
    lines = inspect.cleandoc(docstring or "").splitlines()
    return lines[0].rstrip(".") if lines else ""


def phrase(status: int) -> str:
    """Return the standard phrase of a status: "Not Found"."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
