"""Webhooks: requests that the application sends, described as if it received them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Unpack

from triode.routing import Route, RouteKeywords, Router


class Webhooks(Router):
    """The routes of `app.webhooks`: documented, never served.

    A path is the webhook's name: `@app.webhooks.post("new-order")`.
    """

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Iterable[str] | None = None,
        route_class_override: type[Route] | None = None,
        **options: Unpack[RouteKeywords],
    ) -> Route:
        """Add a webhook; the handler's parameters and return type describe it."""
        return super().add_api_route(
            f"/{path.lstrip('/')}",
            endpoint,
            methods=methods,
            route_class_override=route_class_override,
            **options,
        )
