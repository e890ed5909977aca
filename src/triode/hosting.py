"""Routers that are started and stopped, with everything that is mounted in them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from triode.http import ASGIApp
from triode.later import later
from triode.routing import Hook, Host, Mount, Router

if TYPE_CHECKING:
    from triode import lifespan
    from triode.middleware import wsgi
else:
    later(globals(), lifespan="triode.lifespan", wsgi="triode.middleware.wsgi")


class Hosting(Router):
    """A router with a life of its own, and other applications in it.

    `mounted_states` is what the lifespans of those yielded, by the id of what is mounted.
    """

    def __init__(self, **options: Any) -> None:
        self._applications: dict[int, tuple[Any, ASGIApp]] = {}
        self.mounted_states: dict[int, dict[str, Any]] = {}
        self.is_running = False
        super().__init__(**options)

    @abstractmethod
    def _application_around(self, router: Router) -> ASGIApp:
        """Return an application that serves a router and nothing else."""

    def add_startup(self, hook: Hook) -> None:
        """Call a function before the first request."""
        self.lifespan_hooks.startup.append(hook)

    def add_shutdown(self, hook: Hook) -> None:
        """Call a function after the last request."""
        self.lifespan_hooks.shutdown.append(hook)

    def _changed(self) -> None:
        super()._changed()
        self._applications.clear()

    def _application_of(self, mount: Mount | Host) -> ASGIApp:
        """Return what is mounted as an ASGI application."""
        given = mount.app
        known = self._applications.get(id(given))
        if known is None:
            known = self._applications[id(given)] = (given, self._as_application(given))
        return known[1]

    def _as_application(self, given: Any) -> ASGIApp:
        if isinstance(given, Router) and not isinstance(given, Hosting):
            return self._application_around(given)
        application: Any = given
        return (
            wsgi.WSGIMiddleware(application) if wsgi.is_wsgi(given) else cast(ASGIApp, application)
        )

    @asynccontextmanager
    async def lifespan_context(self, app: Any = None) -> AsyncIterator[dict[str, Any]]:
        """Start the application with all that belongs to it, and stop it at the end of the block.

        What is mounted starts last and stops first, unless it runs already. The value is what the
        lifespans yielded. `app` is what they are given, this application if left out.
        """
        async with AsyncExitStack() as stack:
            owners = [self, *self.included_routers()]
            state = await stack.enter_async_context(lifespan.run_hooks(owners, app or self))
            for mount in {id(each.app): each for each in self._mounts()}.values():
                await self._start_mounted(mount, stack)
            self.is_running = True
            try:
                yield state
            finally:
                self.is_running = False

    def _mounts(self) -> list[Mount | Host]:
        return [
            route
            for route in self.routes
            if isinstance(route, Host) or (isinstance(route, Mount) and route.lifespan)
        ]

    async def _start_mounted(self, mount: Mount | Host, stack: AsyncExitStack) -> None:
        application = self._application_of(mount)
        if isinstance(application, wsgi.WSGIMiddleware):
            return
        if not isinstance(application, Hosting):
            life = lifespan.run_foreign(application, repr(mount))
        elif application.is_running:
            return
        else:
            life = application.lifespan_context()
        self.mounted_states[id(mount.app)] = await stack.enter_async_context(life)
