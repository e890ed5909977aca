"""Addresses of routes by their names."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

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
    root = str(call.scope().get("root_path", "")).rstrip("/")
    return root + path_of(call.app, name, values)


def path_of(app: Any, name: str, values: dict[str, Any]) -> str:
    """Return the path of a route of an application, query string included."""
    names = _path_names(app, name)
    in_path = {key: value for key, value in values.items() if key in names}
    rest = {key: value for key, value in values.items() if key not in in_path and value is not None}
    path = str(app.url_path_for(name, **in_path))
    return f"{path}?{urlencode(rest, doseq=True)}" if rest else path


def static(path: str) -> str:
    """Return the path of a static file."""
    return url_for("static", path=path)


def _path_names(app: Any, name: str) -> set[str]:
    found: set[str] = set()
    for route in app.routes:
        if route.name == name:
            template = getattr(route, "template", None)
            # What is mounted takes the rest of the path.
            found.update(("path",) if template is None else template.names)
    return found
