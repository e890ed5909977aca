"""The routes that a missing address may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from inspect import unwrap
from typing import Any

from triode.errors import place_of
from triode.places import is_own, short

MOST = 100
NEAR = 0.6


@dataclass(frozen=True, slots=True)
class KnownRoute:
    """A route as the page lists it; `is_near` says that it is much like the address asked for."""

    methods: str
    path: str
    name: str
    place: str
    is_near: bool
    is_own: bool
    likeness: float


def known_routes(routes: Iterable[Any], path: str) -> list[KnownRoute]:
    """Return routes, the most similar to a path first, then the program's own."""
    found = [_known(route, path) for route in routes if isinstance(_path_of(route), str)]
    found.sort(key=lambda each: (not each.is_near, -each.likeness if each.is_near else 0))
    near = [each for each in found if each.is_near]
    own = [each for each in found if each.is_own and not each.is_near]
    rest = [each for each in found if not each.is_own and not each.is_near]
    return (near + own + rest)[:MOST]


def _known(route: Any, path: str) -> KnownRoute:
    handler = getattr(route, "handler", None)
    place = place_of(unwrap(handler)) if callable(handler) else None
    file, _, line = (place or "").rpartition(":")
    own = is_own(file) or handler is None
    shown = _path_of(route) or "/"
    likeness = likeness_of(shown, path)
    return KnownRoute(
        methods=" ".join(sorted(getattr(route, "methods", ()))) or "any",
        path=shown,
        name=str(getattr(route, "name", "") or "") if own else "",
        place=f"{short(file)}:{line}" if place else "",
        is_near=own and likeness >= NEAR,
        is_own=own,
        likeness=likeness,
    )


def _path_of(route: Any) -> Any:
    return getattr(route, "path", None)


def likeness_of(template: str, path: str) -> float:
    """Return how much a path is like a route's, from 0 to 1; a parameter is like any segment."""
    wanted, given = template.strip("/").split("/"), path.strip("/").split("/")
    filled = [
        given[at] if part.startswith("{") and at < len(given) else part
        for at, part in enumerate(wanted)
    ]
    return SequenceMatcher(None, "/".join(filled), "/".join(given)).ratio()
