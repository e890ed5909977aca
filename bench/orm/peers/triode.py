"""Triode's models, on an event loop, as its tutorial writes them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from bench.orm.operations import PAGE, TEAM_PAGE
from bench.orm.peer import Peer
from bench.orm.tables import Row
from triode.db import Database, Field, ForeignKey, Model, transaction


class Small(Model):
    level: int = Field(index=True)
    name: str
    note: str | None = None


class Team(Model):
    name: str


class Hero(Model):
    level: int = Field(index=True)
    name: str
    team: Team = ForeignKey(related_name="heroes")


class Wide(Model):
    level: int = Field(index=True)
    count_1: int
    count_2: int
    count_3: int
    count_4: int
    count_5: int
    count_6: int
    count_7: int | None = None
    text_1: str
    text_2: str
    text_3: str
    text_4: str
    text_5: str
    text_6: str
    text_7: str
    text_8: str | None = None
    ratio_1: float
    ratio_2: float
    ratio_3: float
    ratio_4: float
    flag_1: bool
    flag_2: bool
    flag_3: bool
    flag_4: bool
    moment_1: datetime
    moment_2: datetime
    moment_3: datetime
    day_1: date
    day_2: date
    price: Decimal = Field(max_digits=12, decimal_places=2)
    token: UUID


class TriodePeer(Peer):
    is_async = True
    models = {"small": Small, "team": Team, "hero": Hero, "wide": Wide}

    def __init__(self, database: str, address: str) -> None:
        super().__init__(database, address)
        url = address if database == "postgres" else f"sqlite:///{address}"
        self.connected = Database(url)
        self.columns = {
            model: [getattr(model, field.name) for field in model.__table__.fields]
            for model in self.models.values()
        }

    async def open(self) -> None:
        await self.connected.start()

    async def close(self) -> None:
        await self.connected.stop()

    async def load(self, model: Any, last_key: int) -> Any:
        return await model.where(model.id > last_key).order_by(model.id)

    async def insert_one(self, model: Any, row: Row) -> Any:
        return await model(**row).save()

    async def insert_batch(self, model: Any, rows: list[Row]) -> Any:
        async with transaction():
            for row in rows:
                await model(**row).save()

    async def insert_bulk(self, model: Any, rows: list[Row]) -> Any:
        await model.insert_many(rows)

    async def get(self, model: Any, key: int) -> Any:
        return await model.get(key)

    async def filter_small(self, model: Any, level: int) -> Any:
        return await model.where(model.level == level).order_by(model.id).limit(PAGE)

    async def filter_large(self, model: Any, level: int) -> Any:
        return await model.where(model.level >= level).order_by(model.id)

    async def as_dict(self, model: Any, level: int) -> Any:
        found = model.where(model.level >= level).order_by(model.id)
        return await found.values(*self.columns[model])

    async def as_tuple(self, model: Any, level: int) -> Any:
        found = model.where(model.level >= level).order_by(model.id)
        return await found.tuples(*self.columns[model])

    async def update_whole(self, model: Any, found: Any, row: Row) -> Any:
        await found.update(row)

    async def update_partial(self, model: Any, found: Any, level: int) -> Any:
        await found.update(level=level)

    async def delete(self, model: Any, found: Any) -> Any:
        await found.delete()

    async def parent(self, model: Any, level: int) -> Any:
        heroes = Hero.where(Hero.level == level).order_by(Hero.id).limit(PAGE)
        return await heroes.include(Hero.team)

    async def children(self, model: Any, first: int) -> Any:
        teams = Team.where(Team.id >= first).order_by(Team.id).limit(TEAM_PAGE)
        return await teams.include(Team.heroes)


def make(database: str, address: str) -> Peer:
    return TriodePeer(database, address)
