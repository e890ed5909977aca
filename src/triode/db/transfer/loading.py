"""Read rows from lines of JSON, all or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from triode.db.database import Database
from triode.db.engine import Channel, Write
from triode.db.errors import ConstraintViolation, DataError
from triode.db.sql.plan import plan_for
from triode.db.sql.storage import is_mysql
from triode.db.tables.sequences import after_key
from triode.db.transactions import transaction
from triode.db.transfer.records import Record, records_of
from triode.errors import ClientError

BATCH: Final = 1000


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    table: str
    row: dict[str, Any]


async def load(database: Database, lines: Iterable[bytes]) -> int:
    """Insert the rows of `lines`, keys included; give their number.

    Raises:
        DataError: a line is no row of a table that there is, or the database refuses it; says
            which line. Nothing is inserted then.
    """
    records = {record.name: record for record in records_of([], database.name)}
    count = 0
    async with transaction(database):
        channel = database.channel()
        keys = _ForeignKeys(channel)
        await keys.open()
        used: dict[str, Record] = {}
        for batch in _batches(lines, records):
            await keys.reach(batch.record.table)
            await _insert(channel, batch)
            used[batch.record.name] = batch.record
            count += len(batch.rows)
        await keys.close()
        for record in used.values():
            await _continue_keys(channel, record)
    return count


class _Batch:
    """Lines that follow each other, of one table and with the same columns."""

    def __init__(self, record: Record, names: tuple[str, ...], first: int) -> None:
        self.record = record
        self.names = names
        self.first = first
        self.rows: list[list[Any]] = []


def _batches(lines: Iterable[bytes], records: dict[str, Record]) -> Iterator[_Batch]:
    batch: _Batch | None = None
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        record, names, values = _read(text, number, records)
        is_next = batch is not None and batch.record is record and batch.names == names
        if batch is None or not is_next or len(batch.rows) == BATCH:
            if batch is not None:
                yield batch
            batch = _Batch(record, names, number)
        batch.rows.append(values)
    if batch is not None:
        yield batch


def _read(
    text: bytes, number: int, records: dict[str, Record]
) -> tuple[Record, tuple[str, ...], list[Any]]:
    try:
        line = msgspec.json.decode(text, type=_Line)
    except msgspec.DecodeError as exc:
        raise DataError(f"Line {number} is no row: {exc}.") from exc
    record = records.get(line.table)
    if record is None:
        raise DataError(
            f"Line {number} is of the table {line.table!r}, which no model has. There are: "
            f"{', '.join(records)}."
        )
    try:
        return record, *record.values(line.row)
    except DataError as exc:
        raise DataError(f"Line {number}: {exc.message}") from exc


async def _insert(channel: Channel, batch: _Batch) -> None:
    table = batch.record.table

    def make() -> tuple[sa.Insert, int]:
        values = {
            name: sa.bindparam(f"_p{number}", type_=table.c[name].type)
            for number, name in enumerate(batch.names)
        }
        return sa.insert(table).values(values).inline(), len(values)

    plan = plan_for(channel.engine, ("load", batch.record.name, batch.names), make)
    try:
        parameters = plan.parameters_of_all(batch.rows)
        await channel.write([Write(plan.sql, parameters, many=True)])
    except (ConstraintViolation, ClientError) as exc:
        last = batch.first + len(batch.rows) - 1
        where = f"Line {last}" if last == batch.first else f"One of lines {batch.first} to {last}"
        raise DataError(f"{where} was refused by {table.name}: {exc.message}.") from exc


class _ForeignKeys:
    """Foreign keys, checked at the end and not for each row: the order of the lines is free."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._dialect = channel.engine.dialect
        self._reached: list[sa.Table] = []

    async def open(self) -> None:
        if self._dialect.name == "sqlite":
            await self._run("PRAGMA defer_foreign_keys=ON")
        elif is_mysql(self._dialect):
            await self._run("SET FOREIGN_KEY_CHECKS = 0")

    async def reach(self, table: sa.Table) -> None:
        """Prepare a table before the first of its rows comes."""
        if table not in self._reached:
            self._reached.append(table)
            if self._dialect.name == "postgresql":
                await self._alter(table, "DEFERRABLE INITIALLY DEFERRED")

    async def close(self) -> None:
        """Check them.

        Raises:
            DataError: a row refers to one that is not there.
        """
        if is_mysql(self._dialect):
            await self._run("SET FOREIGN_KEY_CHECKS = 1")
        for table in self._reached:
            for key in table.foreign_key_constraints:
                await self._check(key)
        if self._dialect.name == "postgresql":
            await self._run("SET CONSTRAINTS ALL IMMEDIATE")
            for table in self._reached:
                await self._alter(table, "NOT DEFERRABLE")

    async def _alter(self, table: sa.Table, what: str) -> None:
        quote = self._dialect.identifier_preparer
        for key in table.foreign_key_constraints:
            name = quote.quote(str(key.name))
            await self._run(
                f"ALTER TABLE {quote.format_table(table)} ALTER CONSTRAINT {name} {what}"
            )

    async def _run(self, text: str) -> None:
        await self._channel.write([Write(text)])

    async def _check(self, key: sa.ForeignKeyConstraint) -> None:
        plan = plan_for(
            self._channel.engine, ("lost", key.table.name, str(key.name)), lambda: (_lost(key), 0)
        )
        rows = plan.load(await self._channel.read(plan.sql, ()))
        if rows:
            names = ", ".join(str(column.key) for column in key.columns)
            shown = ", ".join(repr(value) for value in rows[0])
            raise DataError(
                f"A row of {key.table.name} has {names} {shown}, and there is no such row of "
                f"{key.referred_table.name}."
            )


def _lost(key: sa.ForeignKeyConstraint) -> sa.Select[Any]:
    """Select what a row refers to that is not there."""
    child, parent = key.table.alias(), key.referred_table.alias()
    pairs = [(child.c[each.parent.key], parent.c[each.column.key]) for each in key.elements]
    found = sa.exists().where(*(one == other for one, other in pairs))
    one_row: Any = sa.literal_column("1")
    from_start: Any = sa.literal_column("0")
    return (
        sa.select(*(one for one, _ in pairs))
        .where(*(one.is_not(None) for one, _ in pairs), ~found)
        .limit(one_row)
        .offset(from_start)
    )


async def _continue_keys(channel: Channel, record: Record) -> None:
    """Let PostgreSQL give keys after the highest that was loaded; the others do by themselves."""
    model = record.model
    dialect = channel.engine.dialect
    if model is None or not model.key_fields[0].is_automatic or dialect.name != "postgresql":
        return
    quote = dialect.identifier_preparer
    table, key = quote.format_table(record.table), quote.quote(model.key_fields[0].column_name)
    [[highest]] = await channel.read(f"SELECT max({key}) FROM {table}", ())  # noqa: S608
    await channel.write(after_key(dialect, model, highest))
