"""Columns with a task: those of the key, in their order, and the one that counts changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from triode.db.sql.storage import IntegerStorage
from triode.errors import ModelError


class KeyPart(Protocol):
    """What is asked of a column."""

    name: str
    relation_name: str | None
    info: Any
    storage: Any
    where: str
    is_nullable: bool

    @property
    def is_secret(self) -> bool: ...

    @property
    def is_required(self) -> bool: ...


F = TypeVar("F", bound=KeyPart)


def in_key_order(keys: Sequence[F], names: Sequence[str]) -> tuple[F, ...]:
    """Return the columns of a key in the order in which `Meta.primary_key` names them."""

    def place(field: F) -> int:
        named = (field.name, field.relation_name)
        return next((at for at, name in enumerate(names) if name in named), len(names))

    return tuple(sorted(keys, key=place))


def tuple_reader(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what reads several values from a row."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda row: tuple([getattr(row, name) for name in names])


def key_reader(names: Sequence[str]) -> Callable[[Any], Any]:
    """Return what reads a key from a row: a value, a tuple of several, None where one is None."""
    read = attrgetter(*names)
    if len(names) == 1:
        return read

    def read_all(row: Any) -> tuple[Any, ...] | None:
        key: tuple[Any, ...] = read(row)
        return None if None in key else key

    return read_all


def version_of(model_name: str, fields: Sequence[F]) -> F | None:
    """Return the field that counts the changes of a row.

    Raises:
        ModelError: there are several, or it is no integer with a default.
    """
    found = [field for field in fields if field.info.version]
    if not found:
        return None
    field = found[0]
    is_counter = isinstance(field.storage, IntegerStorage) and not field.is_nullable
    is_counter = is_counter and not field.is_required
    if len(found) > 1 or not is_counter or field.is_secret:
        raise ModelError(
            f"{model_name}.{field.name}: a model has one version, a whole number: "
            "version: int = Field(1, version=True).",
            code="model-version",
            where=field.where,
        )
    return field
