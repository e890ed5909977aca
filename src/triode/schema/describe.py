"""Turn an annotation into its description.

The kinds of types register here (`kinds/order.py`); this module knows none of them.
"""

from __future__ import annotations

import sys
import threading
import typing
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from triode.errors import SchemaError
from triode.schema.metadata import Parts, take_apart
from triode.schema.node import Schema

Kind: TypeAlias = Callable[[Parts], Schema | None]

_kinds: list[Kind] = []
_known: Final[dict[tuple[Any, str], Schema]] = {}
_lock: Final = threading.RLock()


class UnsupportedTypeError(SchemaError):
    """An annotation that no kind of ours describes."""

    default_code = "schema-unsupported-type"

    def __init__(self, annotation: Any, *, place: str | None = None, mend: str = "") -> None:
        self.annotation = annotation
        self.place = place
        self.mend = mend or (
            "Use a builtin type, dataclass, TypedDict, msgspec.Struct, model or pydantic model; "
            "or give the class a `__schema__`."
        )
        stands = f" ({place})" if place else ""
        super().__init__(f"Triode cannot describe {name_of(annotation)}{stands}. {self.mend}")

    def at(self, place: str) -> UnsupportedTypeError:
        """Return the error with the place where the annotation stands, unless it has one."""
        if self.place:
            return self
        return UnsupportedTypeError(self.annotation, place=place, mend=self.mend)


def install(kinds: Sequence[Kind]) -> None:
    """Set the kinds of types, in the order in which they are asked."""
    _kinds[:] = kinds


def describe(annotation: Any) -> Schema:
    """Return the description of an annotation; the same node for the same annotation.

    Raises:
        UnsupportedTypeError: no kind of type answers to the annotation.
    """
    # `int | str` equals `str | int` and `Literal[1]` may equal `Literal[True]`: the text decides.
    key = (annotation, repr(annotation))
    try:
        known = _known.get(key)
    except TypeError:
        return _describe_new(annotation)
    if known is None:
        with _lock:
            known = _known.setdefault(key, _describe_new(annotation))
    return known


def _describe_new(annotation: Any) -> Schema:
    parts = take_apart(annotation)
    for kind in _kinds:
        node = kind(parts)
        if node is not None:
            return node
    if isinstance(parts.bare, str | typing.ForwardRef):
        raise UnsupportedTypeError(
            parts.bare, mend="The name is not known there: import it at the top of the module."
        )
    raise UnsupportedTypeError(parts.bare)


def type_hints(owner: Any) -> dict[str, Any]:
    """Return the annotations of a class or function, forward references resolved.

    Raises:
        SchemaError: a name in them is not defined.
    """
    try:
        return typing.get_type_hints(owner, include_extras=True)
    except NameError as exc:
        module = getattr(owner, "__module__", "?")
        raise SchemaError(
            f"An annotation of {name_of(owner)} names {exc.name!r}, which {module} does not "
            "define. Import it there (not only under TYPE_CHECKING), or define it before use.",
            code="schema-unknown-name",
            where=getattr(sys.modules.get(module), "__file__", None),
        ) from exc


def name_of(annotation: Any) -> str:
    """Name a type as a developer would look for it."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        if annotation.__module__ == "builtins":
            return annotation.__qualname__
        return f"{annotation.__module__}.{annotation.__qualname__}"
    if hasattr(annotation, "__module__") and hasattr(annotation, "__qualname__"):
        return f"{annotation.__module__}.{annotation.__qualname__}"
    return repr(annotation)
