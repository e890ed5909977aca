"""Piccolo. It has no rows as tuples, and no way from a parent to its children but two queries."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from piccolo.columns import (
    UUID,
    BigInt,
    BigSerial,
    Boolean,
    Date,
    DoublePrecision,
    ForeignKey,
    Numeric,
    Text,
    Timestamptz,
)
from piccolo.engine.postgres import PostgresEngine
from piccolo.engine.sqlite import SQLiteEngine, TransactionType
from piccolo.table import Table

from bench.orm.operations import PAGE, TEAM_PAGE
from bench.orm.peer import Peer
from bench.orm.tables import Row

# Both databases take some 32,000 parameters in a statement.
PARAMETERS = 32_000


class Small(Table, tablename="small"):
    id = BigSerial(primary_key=True)
    level = BigInt(index=True)
    name = Text()
    note = Text(null=True, default=None)


class Team(Table, tablename="team"):
    id = BigSerial(primary_key=True)
    name = Text()


class Hero(Table, tablename="hero"):
    id = BigSerial(primary_key=True)
    level = BigInt(index=True)
    name = Text()
    team = ForeignKey(Team, null=False, db_column_name="team_id")


class Wide(Table, tablename="wide"):
    id = BigSerial(primary_key=True)
    level = BigInt(index=True)
    count_1 = BigInt()
    count_2 = BigInt()
    count_3 = BigInt()
    count_4 = BigInt()
    count_5 = BigInt()
    count_6 = BigInt()
    count_7 = BigInt(null=True, default=None)
    text_1 = Text()
    text_2 = Text()
    text_3 = Text()
    text_4 = Text()
    text_5 = Text()
    text_6 = Text()
    text_7 = Text()
    text_8 = Text(null=True, default=None)
    ratio_1 = DoublePrecision()
    ratio_2 = DoublePrecision()
    ratio_3 = DoublePrecision()
    ratio_4 = DoublePrecision()
    flag_1 = Boolean()
    flag_2 = Boolean()
    flag_3 = Boolean()
    flag_4 = Boolean()
    moment_1 = Timestamptz()
    moment_2 = Timestamptz()
    moment_3 = Timestamptz()
    day_1 = Date()
    day_2 = Date()
    price = Numeric((12, 2))
    token = UUID()


class PiccoloPeer(Peer):
    is_async = True
    attributes = {"team_id": "team"}
    models = {"small": Small, "team": Team, "hero": Hero, "wide": Wide}

    def __init__(self, database: str, address: str) -> None:
        super().__init__(database, address)
        place = urlsplit(address)
        self.engine: Any = SQLiteEngine(address, timeout=30)
        if database == "postgres":
            self.engine = PostgresEngine(
                {
                    "host": place.hostname,
                    "port": place.port or 5432,
                    "user": place.username,
                    "password": place.password,
                    "database": place.path[1:],
                }
            )
        for model in self.models.values():
            model._meta.db = self.engine

    async def open(self) -> None:
        if self.database == "postgres":
            await self.engine.start_connection_pool()

    async def close(self) -> None:
        if self.database == "postgres":
            await self.engine.close_connection_pool()

    def transaction(self) -> Any:
        if self.database == "postgres":
            return self.engine.transaction()
        return self.engine.transaction(transaction_type=TransactionType.immediate)

    def plain(self, table: Any, found: Any) -> Row:
        row = super().plain(table, found[0] if isinstance(found, tuple) else found)
        if isinstance(row.get("team_id"), Team):
            row["team_id"] = row["team_id"].id
        return row

    def plain_dict(self, table: Any, found: Any) -> Row:
        return dict(found)

    def children_of(self, team: Any) -> Any:
        return team[1]

    async def load(self, model: Any, last_key: int) -> Any:
        return await model.objects().where(model.id > last_key).order_by(model.id)

    async def insert_one(self, model: Any, row: Row) -> Any:
        created = model(**row)
        await created.save()
        return created

    async def insert_batch(self, model: Any, rows: list[Row]) -> Any:
        async with self.transaction():
            for row in rows:
                await model(**row).save()

    async def insert_bulk(self, model: Any, rows: list[Row]) -> Any:
        most = PARAMETERS // (len(rows[0]) + 1)
        if len(rows) <= most:
            await model.insert(*[model(**row) for row in rows])
            return
        async with self.transaction():
            for start in range(0, len(rows), most):
                await model.insert(*[model(**row) for row in rows[start : start + most]])

    async def get(self, model: Any, key: int) -> Any:
        return await model.objects().get(model.id == key)

    async def filter_small(self, model: Any, level: int) -> Any:
        return await model.objects().where(model.level == level).order_by(model.id).limit(PAGE)

    async def filter_large(self, model: Any, level: int) -> Any:
        return await model.objects().where(model.level >= level).order_by(model.id)

    async def as_dict(self, model: Any, level: int) -> Any:
        return await model.select().where(model.level >= level).order_by(model.id)

    async def update_whole(self, model: Any, found: Any, row: Row) -> Any:
        for name, value in row.items():
            setattr(found, name, value)
        await found.save()

    async def update_partial(self, model: Any, found: Any, level: int) -> Any:
        found.level = level
        await found.save(columns=[model.level])

    async def delete(self, model: Any, found: Any) -> Any:
        await found.remove()

    async def parent(self, model: Any, level: int) -> Any:
        heroes = Hero.objects(Hero.team).where(Hero.level == level)
        return await heroes.order_by(Hero.id).limit(PAGE)

    async def children(self, model: Any, first: int) -> Any:
        teams = await Team.objects().where(Team.id >= first).order_by(Team.id).limit(TEAM_PAGE)
        of_team: dict[int, list[Any]] = {team.id: [] for team in teams}
        for hero in await Hero.objects().where(Hero.team.is_in(list(of_team))):
            of_team[hero.team].append(hero)
        return [(team, of_team[team.id]) for team in teams]


def make(database: str, address: str) -> Peer:
    return PiccoloPeer(database, address)
