"""`Create[T]` and `Patch[T]`: what of `T` a client may send.

For a type checker both are `T`; at run time `Patch[T]` gives a `Changes`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar


class Variant(enum.Enum):
    """Which fields of an object are meant, and whether they must be there."""

    READ = "read"
    CREATE = "create"
    PATCH = "patch"

    def __repr__(self) -> str:
        return f"Variant.{self.name}"


T = TypeVar("T")

Create: TypeAlias = Annotated[T, Variant.CREATE]
Patch: TypeAlias = Annotated[T, Variant.PATCH]


class Changes(Mapping[str, Any]):
    """The fields that a client sent, by name; an absent field differs from one that is null.

    Values are also attributes. `target` is the class they are meant for.
    """

    __slots__ = ("_values", "target")

    def __init__(self, target: type, values: dict[str, Any]) -> None:
        self.target = target
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            try:
                return self._values[name]
            except KeyError:
                raise AttributeError(
                    f"{name!r} was not sent; the changes hold: {', '.join(self) or 'nothing'}."
                ) from None

    def __repr__(self) -> str:
        return f"Changes({self.target.__name__}, {sorted(self._values)})"
