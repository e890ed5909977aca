"""Addresses by name within a router: which route has a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from triode.errors import RouteError
from triode.routing.path import no_match, rewritten
from triode.routing.route import Route
from triode.routing.tree import AnyRoute
from triode.routing.websocket import WebSocketRoute

if TYPE_CHECKING:
    from starlette.datastructures import URLPath


def path_of(routes: Sequence[AnyRoute], name: str, values: dict[str, Any]) -> URLPath:
    """Return the path of the first route that has a name and takes the values.

    If no route takes them all, the one that takes the most has the others as its query string:
    None is left out, a list repeats its name.

    Raises:
        RouteError: no route has this name, or the parameters do not fit.
    """
    error: RouteError | None = None
    for route in routes:
        try:
            return route.url_path_for(name, **values)
        except Exception as exc:
            if not is_no_match(exc):
                raise
            if route.name == name and isinstance(exc, RouteError):
                error = exc
    for route in sorted(routes, key=_parameter_count, reverse=True):
        names = set(route.template.names) if isinstance(route, (Route, WebSocketRoute)) else None
        if route.name == name and names is not None and names <= set(values):
            path = route.url_path_for(name, **{key: values[key] for key in names})
            rest = {key: value for key, value in values.items() if key not in names}
            return _with_query(path, rest)
    known = sorted({route.name for route in routes if route.name})
    raise error or no_match(f'No route is named "{name}". Known are: {", ".join(known) or "none"}.')


def _parameter_count(route: AnyRoute) -> int:
    return len(route.template.names) if isinstance(route, (Route, WebSocketRoute)) else 0


def _with_query(path: URLPath, values: dict[str, Any]) -> URLPath:
    query = urlencode({key: each for key, each in values.items() if each is not None}, doseq=True)
    if not query:
        return path
    return rewritten(path, f"{path}?{query}")


def is_no_match(exc: Exception) -> bool:
    """Whether an error says that a name is not known, be it Triode's or Starlette's."""
    return any(base.__name__ == "NoMatchFound" for base in type(exc).__mro__)
