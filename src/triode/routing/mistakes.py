"""Mistakes in what is said of a route: refused where it is written, not with the first request."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from triode.binding.contract import has_body, is_response
from triode.errors import RouteError, did_you_mean, place_of
from triode.schema import MISSING


def check_path(path: object) -> None:
    """Refuse a decorator without its path.

    Raises:
        RouteError: the path is no text.
    """
    if isinstance(path, str):
        return
    where = place_of(path) if callable(path) else None
    hint = ' Write @app.get("/path") above the function.' if callable(path) else ""
    raise RouteError(f"The path {path!r} is not a text.{hint}", code="route-path", where=where)


def check_options(given: Collection[str], known: Collection[str]) -> None:
    """Refuse an option that no route has.

    Raises:
        RouteError: with the option that may have been meant.
    """
    for name in given:
        if name not in known:
            raise RouteError(
                f"A route takes no option {name!r}.{did_you_mean(name, known)}",
                code="route-option",
            )


def check_status(status: Any, annotation: Any, handler: Callable[..., Any], said: str) -> None:
    """Refuse a status that cannot be sent, or cannot have the body that is declared.

    Raises:
        RouteError: `said` names the route.
    """
    if status is None:
        return
    where = place_of(handler)
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        raise RouteError(
            f"{said} has the status_code {status!r}. Use a number from 100 to 599.",
            code="route-status",
            where=where,
        )
    declares_body = annotation not in (MISSING, None, type(None)) and not is_response(annotation)
    if declares_body and not has_body(status):
        raise RouteError(
            f"{said} has the status_code {status}, which has no body, and declares "
            f"{getattr(annotation, '__name__', annotation)} for one. Declare None, or use 200.",
            code="route-status",
            where=where,
        )
