"""No ORM: SQL by hand on sqlite3 or asyncpg, the floor. Rows stay the tuples that a driver gives.

An "object" is a row of the driver, so on SQLite moments, days, decimals and tokens stay text.
"""

from __future__ import annotations

import sqlite3
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from bench.orm.operations import PAGE, TEAM_PAGE
from bench.orm.peer import Peer
from bench.orm.tables import HERO, TABLES, TEAM, Row, Table

READ = {
    "flag": bool,
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
    "decimal": lambda value: Decimal(str(value)),
    "token": UUID,
}
STORED = {datetime: str, date: str, Decimal: str, UUID: str}


class Statements:
    """The SQL for one table; `mark` makes the place of a parameter."""

    def __init__(self, table: Table, mark: Any) -> None:
        self.table = table
        name, columns = table.name, ", ".join(("id", *table.names))
        marks = [mark(number) for number in range(1, len(table.names) + 2)]
        sets = ", ".join(
            f"{column} = {at}" for column, at in zip(table.names, marks[1:], strict=True)
        )
        self.insert = (
            f"INSERT INTO {name} ({', '.join(table.names)}) VALUES ({', '.join(marks[:-1])})"
        )
        self.insert_one = f"{self.insert} RETURNING id"
        self.get = f"SELECT {columns} FROM {name} WHERE id = {marks[0]}"
        self.after = f"SELECT {columns} FROM {name} WHERE id > {marks[0]} ORDER BY id"
        self.small = (
            f"SELECT {columns} FROM {name} WHERE level = {marks[0]} ORDER BY id LIMIT {PAGE}"
        )
        self.large = f"SELECT {columns} FROM {name} WHERE level >= {marks[0]} ORDER BY id"
        self.whole = f"UPDATE {name} SET {sets} WHERE id = {marks[0]}"
        self.partial = f"UPDATE {name} SET level = {marks[1]} WHERE id = {marks[0]}"
        self.delete = f"DELETE FROM {name} WHERE id = {marks[0]}"


def hero_statements(mark: Any) -> tuple[str, str, str]:
    columns = ", ".join(f"hero.{name}" for name in ("id", *HERO.names))
    parent = (
        f"SELECT {columns}, team.id, team.name FROM hero JOIN team ON team.id = hero.team_id "
        f"WHERE hero.level = {mark(1)} ORDER BY hero.id LIMIT {PAGE}"
    )
    teams = f"SELECT id, name FROM team WHERE id >= {mark(1)} ORDER BY id LIMIT {TEAM_PAGE}"
    children = (
        f"SELECT {columns} FROM hero WHERE team_id BETWEEN {mark(1)} AND {mark(2)} ORDER BY id"
    )
    return parent, teams, children


def grouped(teams: list[Any], heroes: list[Any]) -> list[tuple[Any, list[Any]]]:
    of_team: dict[int, list[Any]] = {team[0]: [] for team in teams}
    for hero in heroes:
        of_team[hero[3]].append(hero)
    return [(team, of_team[team[0]]) for team in teams]


class Plain(Peer):
    """Rows of the driver as dicts, for the checks."""

    def plain(self, table: Table, found: Any) -> Row:
        if table is TEAM and isinstance(found[0], tuple | asyncpg.Record):
            found = found[0]
        if isinstance(found, int):
            return {"id": found}
        kinds = ("integer", *(column.kind for column in table.columns))
        names = ("id", *table.names)
        return {
            name: self.read(kind, value)
            for name, kind, value in zip(names, kinds, found, strict=False)
        }

    def plain_dict(self, table: Table, found: Any) -> Row:
        return self.plain(table, tuple(found.values()))

    def plain_tuple(self, table: Table, found: Any) -> list[Any]:
        return list(self.plain(table, found).values())

    def read(self, kind: str, value: Any) -> Any:
        if value is None or self.database == "postgres" or kind not in READ:
            return value
        return READ[kind](value)

    def parent_of(self, hero: Any) -> Any:
        return hero[len(HERO.names) + 1 :]

    def children_of(self, team: Any) -> Any:
        return team[1]


class Sqlite(Plain):
    """sqlite3 as it is, without its own transactions."""

    def __init__(self, database: str, address: str) -> None:
        super().__init__(database, address)
        self.models = {table.name: Statements(table, "?{}".format) for table in TABLES}
        self.sql_parent, self.sql_teams, self.sql_children = hero_statements("?{}".format)

    def open(self) -> None:
        self.connection = sqlite3.connect(self.address, isolation_level=None)
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.run = self.connection.execute

    def close(self) -> None:
        self.connection.close()

    def given(self, row: Row) -> Any:
        """Return the tuple that is stored; made beforehand, as all arguments are."""
        return tuple(STORED.get(type(value), lambda same: same)(value) for value in row.values())

    def load(self, model: Any, last_key: int) -> Any:
        return self.run(model.after, (last_key,)).fetchall()

    def insert_one(self, model: Any, row: Any) -> Any:
        return self.run(model.insert_one, row).fetchone()[0]

    def insert_batch(self, model: Any, rows: Any) -> Any:
        with self.connection:
            self.run("BEGIN IMMEDIATE")
            for row in rows:
                self.run(model.insert_one, row).fetchone()

    def insert_bulk(self, model: Any, rows: Any) -> Any:
        with self.connection:
            self.run("BEGIN IMMEDIATE")
            self.connection.executemany(model.insert, rows)

    def get(self, model: Any, key: int) -> Any:
        return self.run(model.get, (key,)).fetchone()

    def filter_small(self, model: Any, level: int) -> Any:
        return self.run(model.small, (level,)).fetchall()

    def filter_large(self, model: Any, level: int) -> Any:
        return self.run(model.large, (level,)).fetchall()

    def as_dict(self, model: Any, level: int) -> Any:
        names = ("id", *model.table.names)
        return [dict(zip(names, row, strict=True)) for row in self.run(model.large, (level,))]

    as_tuple = filter_large

    def update_whole(self, model: Any, found: Any, row: Any) -> Any:
        self.run(model.whole, (found[0], *row))

    def update_partial(self, model: Any, found: Any, level: int) -> Any:
        self.run(model.partial, (found[0], level))

    def delete(self, model: Any, found: Any) -> Any:
        self.run(model.delete, (found[0],))

    def parent(self, model: Any, level: int) -> Any:
        return self.run(self.sql_parent, (level,)).fetchall()

    def children(self, model: Any, first: int) -> Any:
        teams = self.run(self.sql_teams, (first,)).fetchall()
        heroes = self.run(self.sql_children, (teams[0][0], teams[-1][0])).fetchall()
        return grouped(teams, heroes)


class Asyncpg(Plain):
    """asyncpg's pool, on uvloop."""

    is_async = True

    def __init__(self, database: str, address: str) -> None:
        super().__init__(database, address)
        self.models = {table.name: Statements(table, "${}".format) for table in TABLES}
        self.sql_parent, self.sql_teams, self.sql_children = hero_statements("${}".format)

    async def open(self) -> None:
        self.pool = await asyncpg.create_pool(self.address, min_size=1, max_size=1)

    async def close(self) -> None:
        await self.pool.close()

    def given(self, row: Row) -> Any:
        return tuple(row.values())

    async def load(self, model: Any, last_key: int) -> Any:
        return await self.pool.fetch(model.after, last_key)

    async def insert_one(self, model: Any, row: Any) -> Any:
        return await self.pool.fetchval(model.insert_one, *row)

    async def insert_batch(self, model: Any, rows: Any) -> Any:
        async with self.pool.acquire() as connection, connection.transaction():
            for row in rows:
                await connection.fetchval(model.insert_one, *row)

    async def insert_bulk(self, model: Any, rows: Any) -> Any:
        table = model.table
        await self.pool.copy_records_to_table(table.name, records=rows, columns=table.names)

    async def get(self, model: Any, key: int) -> Any:
        return await self.pool.fetchrow(model.get, key)

    async def filter_small(self, model: Any, level: int) -> Any:
        return await self.pool.fetch(model.small, level)

    async def filter_large(self, model: Any, level: int) -> Any:
        return await self.pool.fetch(model.large, level)

    async def as_dict(self, model: Any, level: int) -> Any:
        return [dict(row) for row in await self.pool.fetch(model.large, level)]

    async def as_tuple(self, model: Any, level: int) -> Any:
        return [tuple(row) for row in await self.pool.fetch(model.large, level)]

    async def update_whole(self, model: Any, found: Any, row: Any) -> Any:
        await self.pool.execute(model.whole, found[0], *row)

    async def update_partial(self, model: Any, found: Any, level: int) -> Any:
        await self.pool.execute(model.partial, found[0], level)

    async def delete(self, model: Any, found: Any) -> Any:
        await self.pool.execute(model.delete, found[0])

    async def parent(self, model: Any, level: int) -> Any:
        return await self.pool.fetch(self.sql_parent, level)

    async def children(self, model: Any, first: int) -> Any:
        teams = await self.pool.fetch(self.sql_teams, first)
        heroes = await self.pool.fetch(self.sql_children, teams[0][0], teams[-1][0])
        return grouped(teams, heroes)


def make(database: str, address: str) -> Peer:
    return Asyncpg(database, address) if database == "postgres" else Sqlite(database, address)
