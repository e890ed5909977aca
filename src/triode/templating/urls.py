"""Addresses of routes by their names."""

from __future__ import annotations

from typing import Any

from triode.http import require_call


def url_for(name: str, **values: Any) -> str:
    """Return the path of the route with a name: the handler's, unless the route has its own.

    Values that the path does not name become the query string; None is left out.

    Raises:
        RouteError: no route has the name, or a path parameter is missing.
    """
    if name == "static" and "filename" in values:
        values["path"] = values.pop("filename")  # Flask's word for it
    call = require_call("url_for")
    scope = call.scope()
    root = str(scope.get("root_path", "")).rstrip("/")
    path = scope["router"].url_path_for(name, **values)
    # A name of the application around this one is below its root.
    return str(getattr(path, "outer_root", root)) + str(path)


def static(path: str) -> str:
    """Return the path of a static file."""
    return url_for("static", path=path)
