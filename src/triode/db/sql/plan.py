"""A query compiled for one engine: SQL text, the order of its parameters, conversions.

SQLAlchemy compiles each shape once per process; after that a query is a dict lookup.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

from triode.db.engine import Engine, Row
from triode.db.errors import ValueRefused
from triode.errors import TriodeError
from triode.schema.problems import ResponseValidationFailed

Converter = Callable[[Any], Any]
Shape = tuple[Any, ...]

PLAN_LIMIT = 5000
"""Plans kept per engine. Shapes are few; a program that makes them without end starts anew."""


class Plan:
    """SQL text for one dialect, with what converts values going in and coming out."""

    __slots__ = ("_binders", "_order", "columns", "loaders", "sql")

    def __init__(
        self,
        sql: str,
        *,
        order: tuple[int, ...] | None,
        binders: tuple[tuple[int, Converter], ...],
        loaders: tuple[tuple[int, Converter], ...],
        columns: tuple[str, ...],
    ) -> None:
        self.sql = sql
        self._order = order
        self._binders = binders
        self.loaders = loaders
        self.columns = columns

    def parameters(self, values: Sequence[Any]) -> Sequence[Any]:
        """Return the values as the driver wants them, in the order of the SQL text."""
        if self._order is not None:
            values = [values[index] for index in self._order]
        if not self._binders:
            return values
        converted = list(values)
        for index, binder in self._binders:
            if converted[index] is not None:
                converted[index] = _convert(binder, converted[index])
        return converted

    def load(self, rows: list[Row]) -> list[Row]:
        """Return the rows with Python values."""
        if not self.loaders:
            return rows
        loaded = []
        for row in rows:
            values = list(row)
            for index, loader in self.loaders:
                if values[index] is not None:
                    values[index] = loader(values[index])
            loaded.append(tuple(values))
        return loaded


def _convert(binder: Converter, value: Any) -> Any:
    try:
        return binder(value)
    except ResponseValidationFailed as exc:
        raise ValueRefused("A value is of another type than its column.") from exc
    except TriodeError:
        raise
    except (TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as exc:
        raise ValueRefused(
            f"A value of type {type(value).__name__} cannot be stored or compared here."
        ) from exc


def plan_for(engine: Engine, shape: Shape, make: Callable[[], tuple[ClauseElement, int]]) -> Plan:
    """Return the plan for a shape.

    `make` gives the statement and the number of its parameters (named _p0, _p1, …), and is called
    only for a shape that is new.
    """
    plan: Plan | None = engine.plans.get(shape)
    if plan is None:
        statement, count = make()
        if len(engine.plans) >= PLAN_LIMIT:
            engine.plans.clear()
        plan = engine.plans[shape] = compile_plan(engine.dialect, statement, count)
    return plan


def compile_plan(dialect: Dialect, statement: ClauseElement, count: int) -> Plan:
    """Compile a statement whose parameters are _p0 to _p(count - 1)."""
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    names = list(compiled.positiontup or ())
    order = tuple(int(name[2:]) for name in names)
    binders: tuple[tuple[int, Any], ...] = tuple(
        (position, compiled._bind_processors[name])
        for position, name in enumerate(names)
        if name in compiled._bind_processors
    )
    return Plan(
        str(compiled),
        order=None if order == tuple(range(count)) else order,
        binders=binders,
        loaders=_loaders(dialect, compiled),
        columns=tuple(entry.keyname for entry in compiled._result_columns),
    )


def compile_foreign(dialect: Dialect, statement: sa.sql.ClauseElement) -> tuple[Plan, list[Any]]:
    """Compile a statement written with SQLAlchemy; also return its parameters' values."""
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    assert isinstance(compiled, SQLCompiler)
    values = compiled.construct_params()
    names = list(compiled.positiontup or ())
    parameters = []
    for name in names:
        value = values[name]
        processor: Any = compiled._bind_processors.get(name)
        parameters.append(value if processor is None or value is None else processor(value))
    plan = Plan(
        str(compiled),
        order=None,
        binders=(),
        loaders=_loaders(dialect, compiled),
        columns=tuple(entry.keyname for entry in compiled._result_columns),
    )
    return plan, parameters


def _loaders(dialect: Dialect, compiled: SQLCompiler) -> tuple[tuple[int, Converter], ...]:
    loaders = []
    for index, entry in enumerate(compiled._result_columns):
        processor = entry.type._cached_result_processor(dialect, None)
        if processor is not None:
            loaders.append((index, processor))
    return tuple(loaders)
