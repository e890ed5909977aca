"""What may be said of a value besides its type.

`FieldInfo` is the base of every marker: `Field`, `Query`, `Path`, `ForeignKey`, … A subclass adds
class attributes (name, type, default) for what it knows more; its constructor forwards
`**options` typed by a subclass of `FieldOptions`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, Self, TypedDict, Unpack


class _Missing:
    """Stands where no value was given; false, and never a value of a user's."""

    _only: ClassVar[_Missing | None] = None

    def __new__(cls) -> _Missing:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> tuple[type[_Missing], tuple[()]]:
        return _Missing, ()


MISSING: Final = _Missing()


class FieldOptions(TypedDict, total=False):
    """The options every field marker takes."""

    alias: str | None
    title: str | None
    description: str | None
    examples: Sequence[Any] | None
    openapi_examples: Mapping[str, Any] | None
    deprecated: bool | str | None
    gt: Any
    ge: Any
    lt: Any
    le: Any
    multiple_of: Any
    min_length: int | None
    max_length: int | None
    pattern: str | None
    max_digits: int | None
    decimal_places: int | None
    allow_inf_nan: bool | None
    discriminator: str | None
    read_only: bool
    write_only: bool
    include_in_schema: bool
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None


class FieldInfo:
    """Default, constraints and documentation of one value.

    `default` is `MISSING` where there is none. `read_only` values are sent, never accepted;
    `write_only` values are accepted, never sent. `alias` is the name on the wire.
    """

    default: Any = MISSING
    default_factory: Callable[[], Any] | None = None
    alias: str | None = None
    title: str | None = None
    description: str | None = None
    examples: Sequence[Any] | None = None
    openapi_examples: Mapping[str, Any] | None = None
    deprecated: bool | str | None = None
    gt: Any = None
    ge: Any = None
    lt: Any = None
    le: Any = None
    multiple_of: Any = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    max_digits: int | None = None
    decimal_places: int | None = None
    allow_inf_nan: bool | None = None
    discriminator: str | None = None
    read_only: bool = False
    write_only: bool = False
    include_in_schema: bool = True
    json_schema_extra: dict[str, Any] | Callable[[dict[str, Any]], None] | None = None

    def __init__(
        self,
        default: Any = MISSING,
        *,
        default_factory: Callable[[], Any] | None = None,
        **options: Unpack[FieldOptions],
    ) -> None:
        if default is ...:
            default = MISSING
        if default is not MISSING:
            self.default = default
        if default_factory is not None:
            if default is not MISSING:
                raise TypeError("Give default or default_factory, not both.")
            self.default_factory = default_factory
        self._set(dict(options))

    def _set(self, options: dict[str, Any]) -> None:
        for name, value in options.items():
            if name.startswith("_") or not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no option {name!r}.")
            if value is not None:
                setattr(self, name, value)

    @property
    def given(self) -> dict[str, Any]:
        """What was said, by name; what was left at its default is absent."""
        return self.__dict__

    @property
    def has_default(self) -> bool:
        """Whether a value is known when none is sent."""
        return self.default is not MISSING or self.default_factory is not None

    def make_default(self) -> Any:
        """Return the default, a new one where a factory makes it; `MISSING` if there is none."""
        return self.default if self.default_factory is None else self.default_factory()

    def merged(self, *others: FieldInfo) -> Self:
        """Return a copy in which each of `others` overrides what it gives.

        The copy has the class of `self`; an option that only another class knows is kept too.
        """
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        for other in others:
            if other.default is not MISSING:
                made.__dict__.pop("default_factory", None)
            if other.default_factory is not None:
                made.__dict__.pop("default", None)
            made.__dict__.update(other.__dict__)
        return made

    def without(self, *names: str) -> Self:
        """Return a copy in which `names` are at their defaults again."""
        made = object.__new__(type(self))
        made.__dict__.update((key, value) for key, value in self.given.items() if key not in names)
        return made

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.given.items())
        return f"{type(self).__name__}({given})"


def field_info(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    **options: Unpack[FieldOptions],
) -> Any:
    """Describe a value: its default, constraints and documentation.

    Returns `Any`, so that `age: int = field_info(ge=0)` satisfies a type checker.
    """
    return FieldInfo(default, default_factory=default_factory, **options)
