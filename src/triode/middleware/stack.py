"""The middleware of one application, ours and foreign ones, in the order they were added."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from starlette.middleware import Middleware

from triode.errors import ConfigError
from triode.http import ASGIApp
from triode.later import later
from triode.middleware.protocol import EndpointMiddleware

if TYPE_CHECKING:
    from triode.middleware import composition, functions
    from triode.middleware.errors import ErrorBoundary
else:
    later(
        globals(),
        composition="triode.middleware.composition",
        functions="triode.middleware.functions",
    )

Given: TypeAlias = "Middleware | EndpointMiddleware"


@dataclass(frozen=True, slots=True)
class ForeignMiddleware:
    """An ASGI middleware that is not ours: called with an application, gives an application."""

    factory: Callable[..., ASGIApp]
    args: tuple[Any, ...]
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """The dotted name of the class or function."""
        name = getattr(self.factory, "__qualname__", type(self.factory).__name__)
        return f"{getattr(self.factory, '__module__', '')}.{name}"

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return an application inside of the middleware."""
        return self.factory(app, *self.args, **self.options)


Entry: TypeAlias = "EndpointMiddleware | ForeignMiddleware"


class MiddlewareStack:
    """Middleware, the outermost first."""

    def __init__(self, owner: Any, given: Iterable[Given] = ()) -> None:
        self._owner = owner
        self._entries: list[Entry] = [self.make(item) for item in given]
        self.outermost: EndpointMiddleware | None = None
        """Stands outside of all others, whatever is added."""

    def add(self, factory: Callable[..., Any], args: tuple[Any, ...], options: Any) -> None:
        """Add a middleware outside of those that are there."""
        self._entries.insert(0, make_middleware(self._owner, factory, args, options))

    def make(self, item: Given) -> Entry:
        """Return what `Middleware(…)` describes, or the middleware itself."""
        if isinstance(item, Middleware):
            return make_middleware(self._owner, item.cls, item.args, item.kwargs)
        return item

    @property
    def entries(self) -> list[Entry]:
        """All of them."""
        return [*([self.outermost] if self.outermost is not None else []), *self._entries]

    @property
    def foreign(self) -> list[ForeignMiddleware]:
        """Those that are not ours, and that move the application to the ASGI way."""
        return [entry for entry in self._entries if isinstance(entry, ForeignMiddleware)]

    @property
    def inner(self) -> tuple[EndpointMiddleware, ...]:
        """Ours that have no foreign one inside of them: they are composed into the endpoints."""
        found: list[EndpointMiddleware] = []
        for entry in reversed(self.entries):
            if isinstance(entry, ForeignMiddleware):
                break
            found.insert(0, entry)
        return tuple(found)

    def build(self, app: ASGIApp, guard: ErrorBoundary, body_limit: int | None) -> ASGIApp:
        """Return an application inside of everything but `inner`."""
        outer = self.entries[: len(self.entries) - len(self.inner)]
        groups = [
            (is_foreign, list(group))
            for is_foreign, group in groupby(
                outer, lambda each: isinstance(each, ForeignMiddleware)
            )
        ]
        for is_foreign, group in reversed(groups):
            if is_foreign:
                for entry in reversed(group):
                    app = entry.around(app)  # type: ignore[union-attr]
            else:
                ours = cast("list[EndpointMiddleware]", group)
                app = composition.Around(app, ours, guard, owner=self._owner, body_limit=body_limit)
        return app


class RouteMiddleware:
    """Makes the middleware of routes and routers, each description once.

    So the routes of a router share one, and what it counts outlives a change of the routes.
    """

    def __init__(self, owner: Any) -> None:
        self._owner = owner
        self._made: dict[int, tuple[Given, EndpointMiddleware]] = {}

    def make(self, given: Sequence[Given], where: str) -> tuple[EndpointMiddleware, ...]:
        """Return the middleware of a route; `where` names it.

        Raises:
            ConfigError: one of them is not ours.
        """
        return tuple(self._make(item, where) for item in given)

    def _make(self, item: Given, where: str) -> EndpointMiddleware:
        if not isinstance(item, Middleware):
            return item
        if id(item) not in self._made:
            made = make_middleware(self._owner, item.cls, item.args, item.kwargs)
            if isinstance(made, ForeignMiddleware):
                raise ConfigError(
                    f"{where} has the ASGI middleware {made.name}. A route takes only middleware "
                    "with `wrap`, such as those of triode.middleware. Add this one to the "
                    "application, or mount an application that has it.",
                    code="middleware-foreign-route",
                )
            self._made[id(item)] = (item, made)
        return self._made[id(item)][1]


def make_middleware(owner: Any, factory: Any, args: tuple[Any, ...], options: Any) -> Entry:
    """Return a middleware of ours, or the description of a foreign one.

    A class with `wrap` is ours. One that derives from Starlette's `BaseHTTPMiddleware` becomes
    ours as well: its `dispatch` is all that it does.

    Raises:
        ConfigError: it is an object and no class.
    """
    if not callable(factory):
        raise ConfigError(
            f"add_middleware was given {factory!r}, which is no class. "
            "Write app.add_middleware(Class, option=value).",
            code="middleware-object",
        )
    if isinstance(factory, type) and issubclass(factory, composition.OwnMiddleware):
        own = factory(None, *args, **options)
        own.setup(owner)
        return own
    if hasattr(factory, "wrap"):
        if not isinstance(factory, type):
            raise ConfigError(
                f"{factory!r} is a middleware already. add_middleware takes its class and the "
                "options: app.add_middleware(Class, option=value).",
                code="middleware-object",
            )
        made: EndpointMiddleware = factory(*args, **options)
        return made
    make = cast("Callable[..., Any]", factory)
    if _is_base_http(make):
        return functions.FunctionMiddleware(make(owner, *args, **options).dispatch_func)
    return ForeignMiddleware(make, args, dict(options))


def _is_base_http(factory: Any) -> bool:
    """Whether a class derives from `BaseHTTPMiddleware` and has left its `__call__` as it is."""
    module = sys.modules.get("starlette.middleware.base")
    if module is None or not isinstance(factory, type):
        return False
    base: type = module.BaseHTTPMiddleware
    return issubclass(factory, base) and factory.__call__ is base.__call__
