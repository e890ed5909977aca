"""Rows for tests: what is not given is made to fit the model."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeVar

from triode.db import Model, Statement
from triode.db.engine import Channel
from triode.db.statement import Operation
from triode.db.tables.table import ModelField, ModelTable
from triode.errors import TriodeError
from triode.schema import INVALID, ValidationFailed
from triode.testing.values import CannotMake, Values

M = TypeVar("M", bound=Model)

_DEEPEST = 20
_TRIES = 50


class Factory:
    """Makes rows of any model, with valid values for all fields that need one.

    `factory(User, age=30)` saves one and gives it, with the rows that it has to refer to;
    `factory.many(User, 3)` several; `factory.build(User)` an object that is not saved. The same
    seed gives the same values in the same order, and no two rows the same ones, so that unique
    fields are content.
    """

    def __init__(self, seed: int = 0) -> None:
        self._values = Values(seed)
        self._made: Counter[str] = Counter()
        self._seen: dict[str, set[str]] = {}

    def __call__(self, model: type[M], /, **given: Any) -> Statement[M]:
        """Save a row and give it.

        Raises:
            CannotMake: a field has to be given, because no value can be invented for it.
            ValidationFailed: a given value does not fit.
        """

        async def execute(channel: Channel) -> M:
            made: M = await self._save(channel, model, given, 0)
            return made

        return Operation(execute, model.__table__.find)

    def many(self, model: type[M], count: int, /, **given: Any) -> Statement[list[M]]:
        """Save several rows that differ in all that is not given."""

        async def execute(channel: Channel) -> list[M]:
            return [await self._save(channel, model, given, 0) for _ in range(count)]

        return Operation(execute, model.__table__.find)

    def build(self, model: type[M], /, **given: Any) -> M:
        """Return an object that is not saved; relations that need a row have to be given."""
        return model(**self._complete(model.__table__, given))

    async def _save(
        self, channel: Channel, model: type[Any], given: dict[str, Any], depth: int
    ) -> Any:
        table: ModelTable = model.__table__
        complete = dict(given)
        for field in table.fields:
            if not self._needs_parent(table, field, complete):
                continue
            assert field.relation is not None
            if depth == _DEEPEST:
                raise CannotMake(
                    f"{table.model_name}.{field.relation.name}: the models need each other in a "
                    "circle. Give one of them."
                )
            parent = field.relation.target.model
            complete[field.relation.name] = await self._save(channel, parent, {}, depth + 1)
        return await model(**self._complete(table, complete)).save().execute(channel)

    def _needs_parent(self, table: ModelTable, field: ModelField, given: dict[str, Any]) -> bool:
        if field.relation is None or not field.is_required:
            return False
        return field.name not in given and field.relation.name not in given

    def _complete(self, table: ModelTable, given: dict[str, Any]) -> dict[str, Any]:
        self._made[table.model_name] += 1
        number = self._made[table.model_name]
        values = dict(given)
        for field in table.required:
            if field.relation is None and field.name not in given:
                values[field.name] = self._value(table, field, number)
        return values

    def _value(self, table: ModelTable, field: ModelField, number: int) -> Any:
        name = f"{table.model_name}.{field.name}"
        choices = field.info.choices
        if choices:
            return choices[(number - 1) % len(choices)][0]
        try:
            value = self._make_new(name, field, number)
            if field.validate(value, (field.name,), []) is INVALID:
                raise CannotMake(f"{value!r} was made, which the field refuses")
        except (CannotMake, ValidationFailed) as exc:
            said = exc.message if isinstance(exc, TriodeError) else str(exc)
            raise CannotMake(
                f"{name}: {said}. Give a value: factory({table.model_name}, {field.name}=…)."
            ) from exc
        return value

    def _make_new(self, name: str, field: ModelField, number: int) -> Any:
        """Return a value, for a unique field one that was not made before if there is another."""
        value = self._values.make(field.schema, field.info, field.name, number)
        if not (field.info.unique or field.is_key):
            return value
        seen = self._seen.setdefault(name, set())
        for _ in range(_TRIES):
            if repr(value) not in seen:
                break
            value = self._values.make(field.schema, field.info, field.name, number)
        seen.add(repr(value))
        return value


factory = Factory()
"""The one that a script uses; the fixture `factory` begins anew for each test."""
