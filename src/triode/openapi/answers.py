"""The responses that a function's source returns with a status that is written there.

`return JSONResponse(status_code=404, content=…)`, `return render("new.html", status_code=422)`,
and Flask's `return body, 404`.
"""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Iterator
from types import FunctionType
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from triode.openapi.names import UNKNOWN
from triode.openapi.source import Source

_FLASK_LENGTHS: Final = (2, 3)


def answers_of(source: Source) -> Iterator[tuple[int, str | None]]:
    """Yield status and media type of each response; None where it has no body."""
    for node in source.nodes():
        value = node.value if isinstance(node, ast.Return) else None
        if isinstance(value, ast.Call):
            found = _read_call(value, source)
        elif isinstance(value, ast.Tuple) and len(value.elts) in _FLASK_LENGTHS:
            found = _known(source.value(value.elts[1]), JSONResponse)
        else:
            continue
        if found is not None:
            yield found


def _read_call(call: ast.Call, source: Source) -> tuple[int, str | None] | None:
    target = source.value(call.func)
    made = _response_class(target)
    if made is None:
        return None
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):
        return None
    if "status_code" not in parameters:
        return None
    parameter = parameters["status_code"]
    by_keyword = parameter.kind is parameter.KEYWORD_ONLY
    position = None if by_keyword else list(parameters).index("status_code")
    media_type = source.argument(call, None, "media_type")
    found = _known(source.argument(call, position, "status_code"), made)
    if found is not None and isinstance(media_type, str):
        return found[0], media_type
    return found


def _response_class(target: Any) -> type[Response] | None:
    """Return the class of response that a call of `target` makes, None if it makes none."""
    if isinstance(target, FunctionType):
        try:
            target = typing.get_type_hints(target).get("return")
        except NameError:
            return None
    return target if inspect.isclass(target) and issubclass(target, Response) else None


def _known(status: Any, made: type[Response]) -> tuple[int, str | None] | None:
    is_status = isinstance(status, int) and not isinstance(status, bool) and 200 <= status < 600
    if status is UNKNOWN or not is_status:
        return None
    return int(status), made.media_type
