"""Run statements written with SQLAlchemy Core."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar

from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.expression import ClauseElement, SelectBase, UpdateBase

from triode.db.engine import Channel, Row, Write
from triode.db.errors import QueryError
from triode.db.queries.streaming import Streamed
from triode.db.sources import HasChannels
from triode.db.sql.plan import Plan, compile_foreign
from triode.db.tables.table import ModelTable

R = TypeVar("R")

_READING: Final = re.compile(r"\s*(select|values|explain|show|pragma)\b", re.IGNORECASE)
"""How a text begins that only reads; anything else goes to the writer, which can read too."""

_CONTROLLING: Final = re.compile(
    r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
    r"(begin|start|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b",
    re.IGNORECASE | re.DOTALL,
)
"""How a text begins that begins or ends a transaction, comments before it included."""


class Fetched(Streamed[R]):
    """A statement of SQLAlchemy's, and what its rows become."""

    __slots__ = ("_database", "_into", "_statement")

    def __init__(
        self,
        statement: ClauseElement,
        into: Callable[..., R] | None,
        database: HasChannels,
    ) -> None:
        self._statement = statement
        self._into = into
        self._database = database

    @property
    def database(self) -> HasChannels:
        return self._database

    async def execute(self, channel: Channel) -> list[R]:
        """See `Statement.execute`.

        Raises:
            QueryError: it would begin or end a transaction, which other writes share; or its
                columns do not fit what its rows shall become.
        """
        plan, parameters = self._compiled(channel)
        if self._is_reading(plan):
            rows = await channel.read(plan.sql, parameters)
        else:
            [outcome] = await channel.write([Write(plan.sql, parameters)])
            rows = outcome.rows
        return await self._made(channel, plan, rows)

    def _planned(self, channel: Channel) -> tuple[Plan, Sequence[Any]]:
        plan, parameters = self._compiled(channel)
        if not self._is_reading(plan):
            raise QueryError(
                f"{plan.sql.split(None, 1)[0]} may write, and is not streamed. Await it, or run() "
                "it, for a list.",
                code="query-stream",
            )
        return plan, parameters

    def _compiled(self, channel: Channel) -> tuple[Plan, Sequence[Any]]:
        dialect = channel.engine.dialect
        _refuse_returning(dialect, self._statement)
        plan, parameters = compile_foreign(dialect, self._statement)
        if found := _CONTROLLING.match(plan.sql):
            raise QueryError(
                f"fetch does not take {found.group(1).upper()}: it would end the transaction of "
                "other writes. Write async with transaction() around the statements.",
                code="query-transaction",
            )
        return plan, parameters

    def _is_reading(self, plan: Plan) -> bool:
        return isinstance(self._statement, SelectBase) or bool(_READING.match(plan.sql))

    async def _made(self, channel: Channel, plan: Plan, rows: list[Row]) -> list[R]:
        if not rows:
            return []
        loaded = plan.load(rows)
        if self._into is not None:
            return _make(self._into, plan.columns, loaded)
        # Of a statement that is a mere text, SQLAlchemy does not know the columns.
        names = plan.columns or tuple(f"column_{number}" for number in range(1, len(rows[0]) + 1))
        row_class = _row_class(names)
        return [row_class(*row) for row in loaded]


@lru_cache(maxsize=200)
def _row_class(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names, rename=True)


def _make(into: Callable[..., R], names: tuple[str, ...], rows: list[Row]) -> list[R]:
    """Make objects of rows: of a model by its columns, of anything else by calling it."""
    if not names:
        raise QueryError(
            "into needs the names of the columns, which a text does not tell. Write "
            "text(…).columns(…) with them, such as those of Hero.table.",
            code="query-into",
        )
    table = getattr(into, "__table__", None)
    if isinstance(table, ModelTable):
        return _rows_of(table, names, rows)
    try:
        return [into(**dict(zip(names, row, strict=True))) for row in rows]
    except TypeError as exc:
        name = getattr(into, "__name__", repr(into))
        raise QueryError(
            f"{name} cannot be made of the columns {', '.join(names)}: {exc}. Select what it "
            "wants, by the names that it wants: column.label(…).",
            code="query-into",
        ) from exc


def _rows_of(table: ModelTable, names: tuple[str, ...], rows: list[Row]) -> list[Any]:
    # The statement gives the columns by their names in the database, or by those of the fields.
    named = [field.name if field.name in names else field.column_name for field in table.loaded]
    missing = [name for name in named if name not in names]
    if missing:
        raise QueryError(
            f"A {table.model_name} is always whole, and the statement does not select its "
            f"{', '.join(missing)}. Write select({table.model_name}.table).",
            code="query-into",
        )
    places = [names.index(name) for name in named]
    return table.build([tuple([row[place] for place in places]) for row in rows])


def _refuse_returning(dialect: Dialect, statement: ClauseElement) -> None:
    """Say it before the database does, which calls it an error in the syntax."""
    if not isinstance(statement, UpdateBase) or not statement._returning:
        return
    verb = statement.__visit_name__
    if not getattr(dialect, f"{verb}_returning", True):
        raise QueryError(
            f"{dialect.name} has no {verb.upper()} … RETURNING. Select the rows by their keys, in "
            "one transaction with the change.",
            code="query-returning",
        )
