"""Read one row by its key: the statement that a program runs most."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

import sqlalchemy as sa

from triode.db.engine import Channel
from triode.db.errors import ValueRefused
from triode.db.sources import HasChannels
from triode.db.sql.plan import Plan, plan_for
from triode.db.statement import Statement
from triode.db.tables.table import ModelTable
from triode.db.writes.writing import not_found

_NO_KEY: Final = object()


class KeyStatement(Statement[Any]):
    """Read one row by its key.

    PERF: one dict lookup, one driver call, one constructor.
    """

    __slots__ = ("_table", "_values")

    def __init__(self, table: ModelTable, key: Any) -> None:
        self._table = table
        kinds = table.key_kinds
        if kinds is not None and not isinstance(key, kinds):
            # No row has it. SQLite would find 7 for "7"; a value that no driver takes finds none.
            key = _NO_KEY
        self._values = table.key_values(key) if table.is_composite else (key,)

    @property
    def database(self) -> HasChannels:
        """Where it goes to."""
        return self._table.find()

    async def execute(self, channel: Channel) -> Any:
        table = self._table
        plan = self._plan(channel)
        try:
            rows = await channel.read(plan.sql, plan.parameters(self._values))
        except ValueRefused:
            raise not_found(table) from None  # No row has a key that cannot be stored.
        if not rows:
            raise not_found(table)
        return table.build(rows, plan)[0]

    def __await__(self) -> Generator[Any, Any, Any]:
        table = self._table
        channel = table.find().channel()
        plan = self._plan(channel)
        try:
            rows = channel.read_now(plan.sql, plan.parameters(self._values))
        except ValueRefused:
            raise not_found(table) from None
        if rows is None:
            return (yield from self.execute(channel).__await__())
        if not rows:
            raise not_found(table)
        return table.build(rows, plan)[0]

    def _plan(self, channel: Channel) -> Plan:
        plan: Plan | None = channel.engine.plans.get(self._table.key)
        if plan is None:
            plan = plan_for(channel.engine, self._table.key, self._select)  # type: ignore[arg-type]
        return plan

    def _select(self) -> tuple[sa.Select[Any], int]:
        table = self._table.table
        columns = [table.c[field.name] for field in self._table.loaded]
        return sa.select(*columns).where(self._table.key_condition(0)), len(self._values)
