"""The decorators for methods of a controller: `get`, `post` and so on.

They note on the function which route it is, and leave it as it was. What becomes of the notes is
in `controller.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FunctionType
from typing import Any, TypeVar, Unpack

from triode.errors import RouteError, place_of
from triode.routing.route import RouteKeywords

Handler = TypeVar("Handler", bound=Callable[..., Any])

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


@dataclass(frozen=True, slots=True)
class Mark:
    """One route that a method of a controller is."""

    path: str
    methods: tuple[str, ...] = ()
    options: RouteKeywords | None = None
    is_socket: bool = False
    name: str | None = None


def route(
    path: str = "", *, methods: Iterable[str] | None = None, **options: Unpack[RouteKeywords]
) -> Callable[[Handler], Handler]:
    """Make a method of a controller answer several methods of HTTP."""
    return _marking(Mark(path, tuple(methods or ("GET",)), options))


def get(path: str = "", **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
    """Make a method of a controller answer GET."""
    return route(path, methods=("GET",), **options)


def post(path: str = "", **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
    """Make a method of a controller answer POST."""
    return route(path, methods=("POST",), **options)


def put(path: str = "", **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
    """Make a method of a controller answer PUT."""
    return route(path, methods=("PUT",), **options)


def patch(path: str = "", **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
    """Make a method of a controller answer PATCH."""
    return route(path, methods=("PATCH",), **options)


def delete(path: str = "", **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
    """Make a method of a controller answer DELETE."""
    return route(path, methods=("DELETE",), **options)


def head(path: str = "", **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
    """Make a method of a controller answer HEAD; one for GET does so without it."""
    return route(path, methods=("HEAD",), **options)


def options(path: str = "", **options: Unpack[RouteKeywords]) -> Callable[[Handler], Handler]:
    """Make a method of a controller answer OPTIONS; without one `Allow` is answered."""
    return route(path, methods=("OPTIONS",), **options)


def websocket(path: str = "", name: str | None = None) -> Callable[[Handler], Handler]:
    """Make a method of a controller serve WebSocket connections."""
    return _marking(Mark(path, is_socket=True, name=name))


def _marking(mark: Mark) -> Callable[[Handler], Handler]:
    def decorate(handler: Handler) -> Handler:
        _check_in_class(handler)
        handler.__dict__.setdefault("__triode_routes__", []).append(mark)
        return handler

    return decorate


def _check_in_class(handler: Callable[..., Any]) -> None:
    owner = getattr(handler, "__qualname__", "").rpartition(".")[0]
    if not isinstance(handler, FunctionType):
        raise RouteError(
            f"{handler!r} is no function. Put @get and its like below @staticmethod, "
            "and leave @classmethod out.",
            code="controller-method",
        )
    if not owner or owner.endswith("<locals>"):
        raise RouteError(
            f"{handler.__qualname__} is no method of a Controller. "
            "A function is added by @app.get(…) or @router.get(…).",
            code="controller-function",
            where=place_of(handler),
        )
