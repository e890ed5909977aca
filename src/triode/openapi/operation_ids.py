"""Operation ids: given, made by a function, or made of name, path and method."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from triode.errors import RouteError, place_of
from triode.routing import Route

_ORDER: Final[tuple[str, ...]] = (
    "GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE",
)  # fmt: skip


def documented_methods(route: Route) -> list[str]:
    """Return the methods that a document describes, in the order of the specification."""
    methods = [method for method in _ORDER if method in route.methods]
    if "GET" in methods and "HEAD" in methods:
        # Every GET answers HEAD too; only a handler written for it is worth a word.
        methods.remove("HEAD")
    return methods


class OperationIds:
    """Gives each operation of a document its id, and no id twice.

    `make` names the operations of routes that do not say themselves.
    """

    def __init__(self, make: Callable[[Any], str] | None = None) -> None:
        self._make = make
        self._owners: dict[str, tuple[Route, str]] = {}

    def check(self, routes: Iterable[Any]) -> None:
        """Take the ids of all routes.

        Raises:
            RouteError: two operations have the same id.
        """
        for route in routes:
            if isinstance(route, Route) and route.options.include_in_schema:
                methods = documented_methods(route)
                for method in methods:
                    self.take(route, method, methods)

    def take(self, route: Route, method: str, methods: Sequence[str]) -> str:
        """Return the id of an operation, whose route has `methods` in all.

        Raises:
            RouteError: another route chose the same id.
        """
        chosen = self._chosen(route)
        if chosen is not None and len(methods) > 1:
            chosen = f"{chosen}_{method.lower()}"
        operation_id = chosen or _made_of_names(route, method)
        known = self._owners.get(operation_id)
        if known is not None and chosen is not None and known[0] is not route:
            raise RouteError(
                f"The operation id {operation_id!r} of {method} {route.path_format} is also that "
                f"of {known[1]} {known[0].path_format}. Give one of them another operation_id.",
                code="openapi-duplicate-operation-id",
                where=place_of(route.handler),
            )
        # Nobody chose it twice: "/a-b" and "/a_b" with handlers of one name, or a callback that
        # two routes share. So nobody minds a number.
        operation_id = self._numbered(operation_id)
        self._owners[operation_id] = (route, method)
        return operation_id

    def _numbered(self, operation_id: str) -> str:
        number, candidate = 1, operation_id
        while candidate in self._owners:
            number += 1
            candidate = f"{operation_id}_{number}"
        return candidate

    def _chosen(self, route: Route) -> str | None:
        make = route.options.generate_unique_id_function or self._make
        given = route.options.operation_id
        return make(route) if given is None and make is not None else given


def _made_of_names(route: Route, method: str) -> str:
    return re.sub(r"\W", "_", f"{route.name}{route.path_format}") + f"_{method.lower()}"
