"""A query compiled for one engine: SQL text, the order of its parameters, conversions.

SQLAlchemy compiles each shape once per process; after that a query is a dict lookup.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

from triode.db.engine import Engine, Row
from triode.db.errors import ValueRefused
from triode.db.sql.row_code import Rows, reading, reading_dicts, writing
from triode.errors import TriodeError
from triode.schema.problems import ResponseValidationFailed

Converter = Callable[[Any], Any]
Shape = tuple[Any, ...]

NAMINGS_LIMIT = 20
"""Ways to name the columns of one plan that are kept."""

PLAN_LIMIT = 5000
"""Plans kept per engine. Shapes are few; a program that makes them without end starts anew."""


class Plan:
    """SQL text for one dialect, with what converts values going in and coming out.

    `order` says which value each parameter is; None: they go as they come.
    """

    __slots__ = (
        "_binders", "_build", "_convert", "_dicts", "_load", "_order", "columns", "loaders", "sql",
    )  # fmt: skip

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
        self._convert = None if order is None else writing(order, binders)
        self._load = reading(len(columns), loaders) if loaders else None
        self._build: Rows | None = None
        self._dicts: dict[tuple[str, ...], Rows] = {}
        self.loaders = loaders
        self.columns = columns

    def parameters(self, values: Sequence[Any]) -> Sequence[Any]:
        """Return the values as the driver wants them, in the order of the SQL text."""
        return values if self._convert is None else self.parameters_of_all((values,))[0]

    def parameters_of_all(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Return what `parameters` returns for each row."""
        if self._convert is None:
            return rows
        try:
            return self._convert(rows)
        except ResponseValidationFailed as exc:
            raise ValueRefused("A value is of another type than its column.") from exc
        except TriodeError:
            raise
        except UNFIT as exc:
            raise self._refused(rows, exc) from exc

    def _refused(self, rows: Sequence[Sequence[Any]], exc: Exception) -> Exception:
        """Say which value was refused."""
        for row in rows:
            for index, binder in self._binders:
                value = row[index if self._order is None else self._order[index]]
                try:
                    _ = None if value is None else binder(value)
                except UNFIT:
                    return ValueRefused(
                        f"A value of type {type(value).__name__} cannot be stored or compared here."
                    )
        return exc

    def load(self, rows: list[Row]) -> list[Row]:
        """Return the rows with Python values."""
        return rows if self._load is None else self._load(rows)

    def build(self, make: Callable[..., Any], rows: list[Row]) -> list[Any]:
        """Return what `make`, always the same, makes of the Python values of each row."""
        if self._build is None:
            self._build = reading(len(self.columns), self.loaders, make)
        return self._build(rows)

    def dicts(self, names: tuple[str, ...], rows: list[Row]) -> list[dict[str, Any]]:
        """Return the Python values of each row by name."""
        make = self._dicts.get(names)
        if make is None:
            if len(self._dicts) >= NAMINGS_LIMIT:
                self._dicts.clear()
            make = self._dicts[names] = reading_dicts(names, self.loaders)
        return make(rows)


UNFIT: Final = (TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What a converter raises of a value that is none of its column's."""


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
        order=order if binders or order != tuple(range(count)) else None,
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
