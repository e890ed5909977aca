"""What can be described: a route, or an operation that this application asks of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from triode.binding.description import Dependency
from triode.routing import RouteOptions


class Described(Protocol):
    """The part of a `Route` that a document is made of."""

    @property
    def path_format(self) -> str: ...
    @property
    def methods(self) -> frozenset[str]: ...
    @property
    def name(self) -> str: ...
    @property
    def handler(self) -> Callable[..., Any]: ...
    @property
    def options(self) -> RouteOptions: ...
    @property
    def dependant(self) -> Dependency: ...
    @property
    def response_annotation(self) -> Any: ...
