"""The errors that a function's source raises with a status that is written there.

`raise HTTPException(403, "Not yours")`, `raise HTTPException(status_code=status.HTTP_410_GONE)`,
`raise SomeClientError(…)`. What is computed is left out, and so is a function without source.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException as StarletteHTTPException

from triode.errors import ClientError
from triode.http import HTTPException
from triode.openapi.names import UNKNOWN
from triode.openapi.source import Source


@dataclass(frozen=True, slots=True)
class Raised:
    """An error that is raised; `is_text` says that its detail is text, whatever else happens."""

    status: int
    description: str
    is_text: bool = True


def raises_of(source: Source) -> Iterator[Raised]:
    """Yield each error that the source raises."""
    for node in source.nodes():
        if isinstance(node, ast.Raise) and node.exc is not None:
            found = _read(node.exc, source)
            if found is not None:
                yield found


def _read(raised: ast.expr, source: Source) -> Raised | None:
    call = raised if isinstance(raised, ast.Call) else None
    kind = source.value(call.func if call else raised)
    if not inspect.isclass(kind):
        return None
    if issubclass(kind, ClientError):
        return Raised(kind.status_code, first_line(kind.__doc__) or phrase(kind.status_code))
    if not issubclass(kind, StarletteHTTPException):
        return None
    status = source.argument(call, 0, "status_code") if call else UNKNOWN
    if not isinstance(status, int):
        status = vars(kind).get("status_code")
    if not isinstance(status, int) or not 400 <= status < 600:
        return None
    detail = source.argument(call, 1, "detail") if call else UNKNOWN
    if isinstance(detail, str):
        return Raised(int(status), detail)
    # A class of the user's own makes its detail as it likes; most make a text.
    is_known = kind not in (HTTPException, StarletteHTTPException)
    is_text = is_known or call is None or _is_text(_detail_of(call), source)
    return Raised(int(status), phrase(int(status)), is_text)


def _detail_of(call: ast.Call) -> ast.expr | None:
    named = [each.value for each in call.keywords if each.arg == "detail"]
    return named[0] if named else next(iter(call.args[1:2]), None)


def _is_text(node: ast.expr | None, source: Source) -> bool:
    """Whether an expression is text, or absent, whatever its parts are."""
    if isinstance(node, ast.BinOp):
        return _is_text(node.left, source) or _is_text(node.right, source)
    if isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Attribute) and _is_text(called.value, source):
            return called.attr in ("format", "join", "replace", "strip")
        return source.value(called) in (str, repr)
    is_written = node is None or isinstance(node, ast.JoinedStr)
    return is_written or isinstance(source.value(node), str)


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
