"""Addresses by name: which route has a name, within a router and around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast
from urllib.parse import urlencode

from starlette.datastructures import URL, URLPath

from triode.errors import RouteError
from triode.routing.path import no_match, rewritten
from triode.routing.route import Route
from triode.routing.tree import AnyRoute
from triode.routing.websocket import WebSocketRoute


class Finder(Protocol):
    """What knows addresses by name: a router of ours or Starlette's."""

    def url_path_for(self, name: str, /, **values: Any) -> URLPath:
        """Return the path of a name."""
        ...


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


class NamesInside:
    """Addresses as an application sees them that is mounted in another: its own names first.

    `outer_root` is where the one around it is.
    """

    def __init__(self, own: Finder, outer: Finder, outer_root: str) -> None:
        self.own = own
        self.outer = outer
        self.outer_root = outer_root

    def url_path_for(self, name: str, /, **values: Any) -> URLPath:
        """Return the path of a name here, or else around here.

        Raises:
            RouteError: neither has it.
        """
        try:
            return self.own.url_path_for(name, **values)
        except Exception as exc:
            if not is_no_match(exc):
                raise
            try:
                found = self.outer.url_path_for(name, **values)
            except Exception as second:
                raise (exc if is_no_match(second) else second) from None
        return OuterPath(found, self.outer_root)


class OuterPath(URLPath):
    """A path of the application around the one that asked."""

    def __new__(cls, path: URLPath, outer_root: str) -> OuterPath:
        """Return a path to be made absolute with the base address of the inner application."""
        return super().__new__(cls, path, path.protocol, path.host)  # type: ignore[return-value]

    def __init__(self, path: URLPath, outer_root: str) -> None:
        super().__init__(path, cast(Any, path.protocol), path.host)
        self._path = path
        self.outer_root = outer_root

    def make_absolute_url(self, base_url: str | URL) -> URL:
        """Return the address, given the base address of the application that asked."""
        base = URL(base_url) if isinstance(base_url, str) else base_url
        outer = base.replace(path=self.outer_root + "/")
        return self._path.make_absolute_url(outer)


def is_no_match(exc: Exception) -> bool:
    """Whether an error says that a name is not known, be it Triode's or Starlette's."""
    return any(base.__name__ == "NoMatchFound" for base in type(exc).__mro__)
