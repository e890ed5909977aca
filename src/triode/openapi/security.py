"""Read what dependencies say of themselves: `__openapi__`.

A dependency's callable may have `__openapi__`: a mapping, or a callable without arguments that
returns one. Its key `securitySchemes` names the schemes that the dependency checks; every other
key is a piece of the operation ("responses", "parameters", …) and is merged into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triode.binding.description import Dependency
from triode.openapi.context import Context, Json, merge_into


def describe_dependencies(dependant: Dependency, operation: Json, context: Context) -> None:
    """Add to an operation what its dependencies say, with the scopes that are asked for."""
    scopes_by_scheme: dict[str, list[str]] = {}
    for node in dependant.walk():
        piece = _piece_of(node.call)
        for name, scheme in piece.pop("securitySchemes", {}).items():
            context.security_schemes[name] = scheme
            scopes = scopes_by_scheme.setdefault(name, [])
            scopes.extend(scope for scope in node.scopes if scope not in scopes)
        merge_into(operation, piece)
    if scopes_by_scheme:
        security = operation.setdefault("security", [])
        security.extend({name: scopes} for name, scopes in scopes_by_scheme.items())


def _piece_of(call: Any) -> Json:
    """Return a dependency's own words; for a bound method, those of its object."""
    piece = getattr(call, "__openapi__", None)
    if piece is None:
        piece = getattr(getattr(call, "__self__", None), "__openapi__", None)
    if callable(piece):
        piece = piece()
    return dict(piece) if isinstance(piece, Mapping) else {}
