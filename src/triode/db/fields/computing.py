"""Values that a model computes of its fields and sends with them."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any, Generic, Never, Self, TypeVar, overload

from triode.errors import ModelError, place_of

T = TypeVar("T")


class computed(Generic[T]):
    """Make a method a property that is part of the JSON and of the schema of answers.

    Its return annotation is the type that is documented. It is computed each time it is read.
    """

    def __init__(self, function: Callable[[Any], T]) -> None:
        self.function = function
        self.name = function.__name__
        self.__doc__ = function.__doc__
        if "return" not in function.__annotations__:
            raise ModelError(
                f"The computed value {self.name!r} says no type. Annotate what it returns: "
                f"def {self.name}(self) -> str.",
                code="model-computed",
                where=place_of(function),
            )

    def annotation(self) -> Any:
        """Return the type of the value."""
        return typing.get_type_hints(self.function, include_extras=True)["return"]

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> Self | T:
        return self if instance is None else self.function(instance)

    def __set__(self, instance: object, value: Never) -> None:
        raise AttributeError(f"{self.name!r} is computed and cannot be assigned.")
