"""Tortoise ORM, on aiosqlite and asyncpg."""

from __future__ import annotations

from typing import Any

from tortoise import Tortoise, fields
from tortoise.models import Model
from tortoise.transactions import in_transaction

from bench.orm.operations import PAGE, TEAM_PAGE
from bench.orm.peer import Peer
from bench.orm.tables import Row


class Small(Model):
    id = fields.BigIntField(primary_key=True)
    level = fields.BigIntField(db_index=True)
    name = fields.TextField()
    note = fields.TextField(null=True)

    class Meta:
        table = "small"


class Team(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.TextField()

    class Meta:
        table = "team"


class Hero(Model):
    id = fields.BigIntField(primary_key=True)
    level = fields.BigIntField(db_index=True)
    name = fields.TextField()
    team = fields.ForeignKeyField("models.Team", related_name="heroes")

    class Meta:
        table = "hero"


class Wide(Model):
    id = fields.BigIntField(primary_key=True)
    level = fields.BigIntField(db_index=True)
    count_1 = fields.BigIntField()
    count_2 = fields.BigIntField()
    count_3 = fields.BigIntField()
    count_4 = fields.BigIntField()
    count_5 = fields.BigIntField()
    count_6 = fields.BigIntField()
    count_7 = fields.BigIntField(null=True)
    text_1 = fields.TextField()
    text_2 = fields.TextField()
    text_3 = fields.TextField()
    text_4 = fields.TextField()
    text_5 = fields.TextField()
    text_6 = fields.TextField()
    text_7 = fields.TextField()
    text_8 = fields.TextField(null=True)
    ratio_1 = fields.FloatField()
    ratio_2 = fields.FloatField()
    ratio_3 = fields.FloatField()
    ratio_4 = fields.FloatField()
    flag_1 = fields.BooleanField()
    flag_2 = fields.BooleanField()
    flag_3 = fields.BooleanField()
    flag_4 = fields.BooleanField()
    moment_1 = fields.DatetimeField()
    moment_2 = fields.DatetimeField()
    moment_3 = fields.DatetimeField()
    day_1 = fields.DateField()
    day_2 = fields.DateField()
    price = fields.DecimalField(max_digits=12, decimal_places=2)
    token = fields.UUIDField()

    class Meta:
        table = "wide"


class TortoisePeer(Peer):
    is_async = True
    models = {"small": Small, "team": Team, "hero": Hero, "wide": Wide}

    async def open(self) -> None:
        url = f"sqlite://{self.address}?journal_mode=WAL&synchronous=FULL"
        if self.database == "postgres":
            url = self.address.replace("postgresql://", "asyncpg://")
        await Tortoise.init(db_url=url, modules={"models": [__name__]})

    async def close(self) -> None:
        await Tortoise.close_connections()

    async def load(self, model: Any, last_key: int) -> Any:
        return await model.filter(id__gt=last_key).order_by("id")

    async def insert_one(self, model: Any, row: Row) -> Any:
        return await model.create(**row)

    async def insert_batch(self, model: Any, rows: list[Row]) -> Any:
        async with in_transaction():
            for row in rows:
                await model.create(**row)

    async def insert_bulk(self, model: Any, rows: list[Row]) -> Any:
        await model.bulk_create([model(**row) for row in rows])

    async def get(self, model: Any, key: int) -> Any:
        return await model.get(id=key)

    async def filter_small(self, model: Any, level: int) -> Any:
        return await model.filter(level=level).order_by("id").limit(PAGE)

    async def filter_large(self, model: Any, level: int) -> Any:
        return await model.filter(level__gte=level).order_by("id")

    async def as_dict(self, model: Any, level: int) -> Any:
        return await model.filter(level__gte=level).order_by("id").values()

    async def as_tuple(self, model: Any, level: int) -> Any:
        return await model.filter(level__gte=level).order_by("id").values_list()

    async def update_whole(self, model: Any, found: Any, row: Row) -> Any:
        await found.update_from_dict(row).save()

    async def update_partial(self, model: Any, found: Any, level: int) -> Any:
        found.level = level
        await found.save(update_fields=["level"])

    async def delete(self, model: Any, found: Any) -> Any:
        await found.delete()

    async def parent(self, model: Any, level: int) -> Any:
        heroes = Hero.filter(level=level).order_by("id").limit(PAGE)
        return await heroes.select_related("team")

    async def children(self, model: Any, first: int) -> Any:
        teams = Team.filter(id__gte=first).order_by("id").limit(TEAM_PAGE)
        return await teams.prefetch_related("heroes")


def make(database: str, address: str) -> Peer:
    return TortoisePeer(database, address)
