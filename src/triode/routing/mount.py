"""Other applications within one: under a path (`Mount`), or under a host name (`Host`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, Self

from triode.errors import RouteError
from triode.later import later
from triode.routing.options import RouterOptions
from triode.routing.path import (
    CONVERTERS,
    PARAMETER,
    PathTemplate,
    no_match,
    parse_path,
    rewritten,
)

if TYPE_CHECKING:
    from starlette import datastructures
    from starlette.datastructures import URLPath
else:
    later(globals(), datastructures="starlette.datastructures")


class Mount:
    """An application under a path prefix.

    `app` is an ASGI application, a WSGI application or a router. Its start-up and shut-down are
    run with those of the application around it, unless `lifespan` is false.
    """

    def __init__(
        self,
        path: str,
        app: Any,
        name: str | None = None,
        *,
        lifespan: bool = True,
        middleware: Sequence[Any] = (),
    ) -> None:
        self.app = app
        self.name = name
        self.middleware = tuple(middleware)
        self.lifespan = lifespan
        self._move(path)

    def _move(self, path: str) -> None:
        if path and not path.startswith("/"):
            raise RouteError(
                f'The mount path "{path}" does not start with "/". Write "/{path}".',
                code="route-no-slash",
            )
        self.path = path.rstrip("/")
        self.template: PathTemplate = parse_path(self.path or "/")
        if any(segment.is_rest for segment in self.template.segments):
            raise RouteError(
                f'The mount path "{path}" has a :path parameter. What is mounted gets the rest '
                "of the path anyway: leave it out.",
                code="route-path-last",
            )

    @property
    def routes(self) -> Any:
        """The routes of what is mounted, where it says them."""
        return getattr(self.app, "routes", [])

    def match(self, path: str) -> tuple[str, dict[str, str]] | None:
        """Return the part of a path that is the prefix, and its parameters; None if it is not."""
        if not self.template.names:
            is_under = path == self.path or path.startswith(self.path + "/")
            return (self.path, {}) if is_under else None
        parts = path.split("/")[1 : len(self.template.segments) + 1]
        if len(parts) < len(self.template.segments):
            return None
        values: list[str] = []
        for segment, part in zip(self.template.segments, parts, strict=True):
            found = segment.match(part)
            if found is None:
                return None
            values.extend(found)
        return "/" + "/".join(parts), dict(zip(self.template.names, values, strict=True))

    def under(self, prefix: str, outer: RouterOptions) -> Self:
        """Return the mount as it is below a prefix, inside of a router's middleware.

        A router's other options are for its own routes.
        """
        made = copy(self)
        made.middleware = (*outer.middleware, *self.middleware)
        made._move(prefix + self.path)
        return made

    def url_path_for(self, name: str, /, **values: Any) -> URLPath:
        """Return the path of `name:inner` in what is mounted, or of a `path` below a `name`.

        Raises:
            RouteError: there is no such name, or the parameters do not fit.
        """
        own = {key: values[key] for key in self.template.names if key in values}
        rest = {key: value for key, value in values.items() if key not in own}
        start = self.template.fill(own) if self.path else ""
        if name == self.name and set(rest) == {"path"}:
            return datastructures.URLPath(f"{start}/{str(rest['path']).lstrip('/')}")
        inner = _inner_path(self.app, self.name, name, rest)
        return rewritten(inner, start + inner)

    def __repr__(self) -> str:
        return f"<Mount {self.path or '/'} {self.app!r}>"


class Host:
    """An application under a host name: `api.example.org`, `{user}.example.org`.

    A parameter is one label of the name; with a port in the pattern the port counts too.
    """

    def __init__(
        self, host: str, app: Any, name: str | None = None, *, middleware: Sequence[Any] = ()
    ) -> None:
        self.host = host
        self.middleware = tuple(middleware)
        self.app = app
        self.name = name
        self.path = ""
        self.names: tuple[str, ...] = tuple(match[1] for match in PARAMETER.finditer(host))
        self._has_port = ":" in PARAMETER.sub("", host)
        self._pattern = _host_pattern(host)

    @property
    def routes(self) -> Any:
        """The routes of the application, where it says them."""
        return getattr(self.app, "routes", [])

    def match(self, host: str) -> dict[str, str] | None:
        """Return the parameters of a `Host` header, None if it is another host."""
        if not self._has_port:
            host = re.sub(r":\d*\Z", "", host)
        found = self._pattern.fullmatch(host)
        return None if found is None else found.groupdict()

    def under(self, prefix: str, outer: RouterOptions) -> Self:
        """Return the host inside of a router's middleware; no prefix changes it."""
        made = copy(self)
        made.middleware = (*outer.middleware, *self.middleware)
        return made

    def url_path_for(self, name: str, /, **values: Any) -> URLPath:
        """Return the path of `name:inner` on this host, or of a `path` on it.

        Raises:
            RouteError: there is no such name, or the parameters do not fit.
        """
        own = {key: values[key] for key in self.names if key in values}
        if set(own) != set(self.names):
            raise no_match(f'"{self.host}" takes the parameters {sorted(self.names)}.')
        rest = {key: value for key, value in values.items() if key not in own}
        host = PARAMETER.sub(lambda match: str(own[match[1]]), self.host)
        if name == self.name and set(rest) == {"path"}:
            return datastructures.URLPath(f"/{str(rest['path']).lstrip('/')}", host=host)
        inner = _inner_path(self.app, self.name, name, rest)
        return rewritten(inner, str(inner), host=host)

    def __repr__(self) -> str:
        return f"<Host {self.host} {self.app!r}>"


def _inner_path(app: Any, prefix: str | None, name: str, values: dict[str, Any]) -> URLPath:
    """Return a path within an application whose names are below `prefix`."""
    find = getattr(app, "url_path_for", None)
    is_below = prefix is None or name.startswith(f"{prefix}:")
    if find is None or not is_below:
        raise no_match(f'There is no "{name}" here.')
    found: URLPath = find(name if prefix is None else name[len(prefix) + 1 :], **values)
    return found


def _host_pattern(host: str) -> re.Pattern[str]:
    text, end = "", 0
    for match in PARAMETER.finditer(host):
        name, converter = match[1], match[2] or "str"
        if not name.isidentifier() or converter not in CONVERTERS or name in text:
            raise RouteError(
                f'The host "{host}" has the parameter "{match[0]}", which makes no sense.',
                code="route-host",
            )
        label = {"str": "[^./:]+", "path": "[^/:]+"}.get(converter, CONVERTERS[converter])
        text += re.escape(host[end : match.start()]) + f"(?P<{name}>{label})"
        end = match.end()
    return re.compile(text + re.escape(host[end:]), re.IGNORECASE)
