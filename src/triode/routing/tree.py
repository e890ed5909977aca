"""The tree that routers make: which routes a router has by way of those included in it.

An inclusion looks at its router each time the routes are asked for after a change, so what is
added to a router later is seen everywhere it is included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableSequence
from typing import Any, Protocol, TypeAlias, overload

from triode.routing.mount import Host, Mount
from triode.routing.options import RouterOptions
from triode.routing.route import Route
from triode.routing.websocket import WebSocketRoute

AnyRoute: TypeAlias = Route | Mount | Host | WebSocketRoute


class HasRoutes(Protocol):
    """A router, as an inclusion of it sees it."""

    @property
    def routes(self) -> Routes:
        """The routes, those of included routers too."""
        ...


class Inclusion:
    """A router within another, and what was said when it was included."""

    def __init__(self, router: HasRoutes, prefix: str, options: RouterOptions) -> None:
        self.router = router
        self.prefix = prefix
        self.options = options
        self._made: dict[int, tuple[AnyRoute, AnyRoute]] = {}

    def expand(self) -> Iterator[AnyRoute]:
        """Yield the router's routes as they are here; the same objects as long as it has them."""
        made: dict[int, tuple[AnyRoute, AnyRoute]] = {}
        for route in self.router.routes:
            known = self._made.get(id(route))
            pair = known or (route, route.under(self.prefix, self.options))
            made[id(route)] = pair
            yield pair[1]
        self._made = made


class Routes(MutableSequence[AnyRoute]):
    """The routes of a router, in the order in which they were declared.

    Routes of included routers stand where the router was included. Appending adds a route of
    one's own. Any other change makes of the list what it then holds: routers included before
    are no longer followed.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._items: list[AnyRoute | Inclusion] = []
        self._flat: list[AnyRoute] | None = None

    def include(self, inclusion: Inclusion) -> None:
        """Add the routes of a router, now and later."""
        self._items.append(inclusion)
        self._changed()

    def included(self) -> list[HasRoutes]:
        """Return the routers that are included."""
        return [item.router for item in self._items if isinstance(item, Inclusion)]

    def forget(self) -> None:
        """Look at the included routers anew when the routes are next asked for."""
        self._flat = None

    @property
    def flat(self) -> list[AnyRoute]:
        """Every route as a list, which is not to be changed."""
        if self._flat is None:
            flat: list[AnyRoute] = []
            for item in self._items:
                flat.extend(item.expand() if isinstance(item, Inclusion) else (item,))
            self._flat = flat
        return self._flat

    def replace(self, routes: Iterable[AnyRoute]) -> None:
        """Hold these routes and no others."""
        self._items = list(routes)
        self._changed()

    @overload
    def __getitem__(self, index: int) -> AnyRoute: ...
    @overload
    def __getitem__(self, index: slice) -> list[AnyRoute]: ...
    def __getitem__(self, index: int | slice) -> AnyRoute | list[AnyRoute]:
        return self.flat[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        routes = list(self.flat)
        routes[index] = value
        self.replace(routes)

    def __delitem__(self, index: int | slice) -> None:
        routes = list(self.flat)
        del routes[index]
        self.replace(routes)

    def insert(self, index: int, value: AnyRoute) -> None:
        """Insert a route before an index."""
        if index == 0:
            self._items.insert(0, value)
        elif index >= len(self.flat):
            self._items.append(value)
        else:
            routes = list(self.flat)
            routes.insert(index, value)
            self._items = list(routes)
        self._changed()

    def __len__(self) -> int:
        return len(self.flat)

    def __eq__(self, other: object) -> bool:
        return self.flat == (other.flat if isinstance(other, Routes) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.flat)
