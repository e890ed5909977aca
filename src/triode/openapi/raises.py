"""The errors that a function's source raises with a status that is written there.

`raise HTTPException(403, "Not yours")`, `raise HTTPException(status_code=status.HTTP_410_GONE)`,
`raise SomeClientError(…)`. What is computed is left out, and so is a function without source.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from http import HTTPStatus

from starlette.exceptions import HTTPException

from triode.errors import ClientError
from triode.openapi.names import UNKNOWN
from triode.openapi.source import Source


def raises_of(source: Source) -> Iterator[tuple[int, str]]:
    """Yield status and description of each error that the source raises."""
    for node in source.nodes():
        if isinstance(node, ast.Raise) and node.exc is not None:
            found = _read(node.exc, source)
            if found is not None:
                yield found


def _read(raised: ast.expr, source: Source) -> tuple[int, str] | None:
    call = raised if isinstance(raised, ast.Call) else None
    kind = source.value(call.func if call else raised)
    if not inspect.isclass(kind):
        return None
    if issubclass(kind, ClientError):
        return kind.status_code, first_line(kind.__doc__) or phrase(kind.status_code)
    if not issubclass(kind, HTTPException):
        return None
    status = source.argument(call, 0, "status_code") if call else UNKNOWN
    if not isinstance(status, int):
        status = vars(kind).get("status_code")
    if not isinstance(status, int) or not 400 <= status < 600:
        return None
    detail = source.argument(call, 1, "detail") if call else UNKNOWN
    return int(status), detail if isinstance(detail, str) else phrase(int(status))


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
