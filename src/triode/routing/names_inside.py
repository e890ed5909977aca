"""Addresses by name within an application that is mounted in another."""

from __future__ import annotations

from typing import Any, Protocol, cast

from starlette.datastructures import URL, URLPath

from triode.routing.names import is_no_match


class Finder(Protocol):
    """What knows addresses by name: a router of ours or Starlette's."""

    def url_path_for(self, name: str, /, **values: Any) -> URLPath:
        """Return the path of a name."""
        ...


class NamesInside:
    """Addresses as an application sees them that is mounted in another: its own names first.

    `outer_root` is where the one around it is.
    """

    def __init__(self, own: Finder, outer: Finder, outer_root: str) -> None:
        self.own = own
        self.outer = outer
        self.outer_root = outer_root

    def url_path_for(self, name: str, /, **values: Any) -> URLPath:
        """Return the path of a name here, or else around here.

        Raises:
            RouteError: neither has it.
        """
        try:
            return self.own.url_path_for(name, **values)
        except Exception as exc:
            if not is_no_match(exc):
                raise
            try:
                found = self.outer.url_path_for(name, **values)
            except Exception as second:
                raise (exc if is_no_match(second) else second) from None
        return OuterPath(found, self.outer_root)


class OuterPath(URLPath):
    """A path of the application around the one that asked."""

    def __new__(cls, path: URLPath, outer_root: str) -> OuterPath:
        """Return a path to be made absolute with the base address of the inner application."""
        return super().__new__(cls, path, path.protocol, path.host)  # type: ignore[return-value]

    def __init__(self, path: URLPath, outer_root: str) -> None:
        super().__init__(path, cast(Any, path.protocol), path.host)
        self._path = path
        self.outer_root = outer_root

    def make_absolute_url(self, base_url: str | URL) -> URL:
        """Return the address, given the base address of the application that asked."""
        base = URL(base_url) if isinstance(base_url, str) else base_url
        outer = base.replace(path=self.outer_root + "/")
        return self._path.make_absolute_url(outer)
