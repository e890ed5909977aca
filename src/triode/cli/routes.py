"""`triode routes`: what an application answers, by which function, and how it is served."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from triode.app import App
from triode.binding.signature import name_of
from triode.cli.discovery import load
from triode.cli.target import Target
from triode.errors import place_of
from triode.routing import AnyRoute, Host, Mount, Route, WebSocketRoute

PACKAGES = Path(__file__).parent.parent.parent  # where Triode itself is installed
_STARLETTE, _TRIODE = "starlette.middleware", "triode.middleware"
# What we have of the same name and meaning.
TWINS = {
    f"{_STARLETTE}.{name}": f"{_TRIODE}.{name}"
    for name in (
        "cors.CORSMiddleware",
        "gzip.GZipMiddleware",
        "trustedhost.TrustedHostMiddleware",
        "httpsredirect.HTTPSRedirectMiddleware",
    )
}
HEADINGS = ("METHODS", "PATH", "NAME", "HANDLER", "SERVED BY")


def routes(
    target: Target = "",
    /,
    *,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    source: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """List the routes of an application.

    Parameters
    ----------
    target
        A file, folder, package or module:attribute; the current folder when left out.
    all_
        List those of Triode's own pages too: documentation, accounts, admin.
    source
        Print the code that was generated for each route.
    """
    app = load(target).app
    own_first = sorted(app.routes, key=is_of_triode)
    shown = [route for route in own_first if all_ or not is_of_triode(route)]
    if source:
        print("\n".join(source_of(route) for route in shown if isinstance(route, Route)))
        return
    print(table([HEADINGS, *(row_of(route, app) for route in shown)]))
    if hidden := len(own_first) - len(shown):
        print(f"\nand {hidden} of Triode's own; --all lists them too")
    for note in notes_of(app):
        print(f"\n{note}")


def source_of(route: Route) -> str:
    """Return the generated code of a route, under a line that says whose it is."""
    methods = ",".join(sorted(route.methods))
    title = f"# {methods} {route.path}  {name_of(route.handler)}, {_place(route.handler)}"
    return f"{title}\n{route.compiled.source.rstrip()}\n"


def notes_of(app: App) -> list[str]:
    """Return what would bring an application back to the lane."""
    return [
        f"{foreign.name} moves this application to the ASGI way. "
        f"{TWINS[foreign.name]} does the same on the lane."
        for foreign in app.middlewares.foreign
        if foreign.name in TWINS
    ]


def is_of_triode(route: AnyRoute) -> bool:
    """Return whether a route is a page of Triode's own: documentation, accounts, admin."""
    if isinstance(route, (Mount, Host)):
        return False
    module = getattr(inspect.unwrap(route.handler), "__module__", None) or ""
    return module.partition(".")[0] == "triode"


def row_of(route: AnyRoute, app: App) -> tuple[str, ...]:
    """Return methods, path, name, handler and way of one route."""
    name = route.name or ""
    if isinstance(route, Mount):
        kind = type(route.app).__name__
        return ("*", f"{route.path}/…", name, kind, "ASGI: a mounted application")
    if isinstance(route, Host):
        kind = type(route.app).__name__
        return ("*", f"//{route.host}/…", name, kind, "ASGI: a host of its own")
    if isinstance(route, WebSocketRoute):
        return ("WEBSOCKET", route.path, name, _place(route.handler), "ASGI: a WebSocket")
    methods = ",".join(sorted(route.methods))
    return (methods, route.path, name, _place(route.handler), way_of(app))


def way_of(app: App) -> str:
    """Return what serves an ordinary route, and why where it is not the lane."""
    if any(isinstance(route, Host) for route in app.routes):
        return "ASGI: the application has host names"
    if app.is_on_lane:
        return "lane"
    names = ", ".join(foreign.name for foreign in app.middlewares.foreign)
    return f"ASGI: inside of {names}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of text in columns, two spaces apart."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def _place(handler: object) -> str:
    """Return file:line of a handler, the file as seen from here or from Triode's own place."""
    found = place_of(inspect.unwrap(handler)) if callable(handler) else None
    if found is None:
        return type(handler).__name__
    file, _, line = found.rpartition(":")
    path = Path(file)
    for folder in (Path.cwd(), PACKAGES):
        if path.is_relative_to(folder):
            return f"{path.relative_to(folder)}:{line}"
    return found
