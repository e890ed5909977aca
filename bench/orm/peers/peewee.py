"""peewee in plain code, on sqlite3 and psycopg 3, with one open connection.

Its moments have no time zone on SQLite, where it could not read one back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from peewee import (
    BigIntegerField,
    BooleanField,
    DatabaseProxy,
    DateField,
    DateTimeField,
    DecimalField,
    DoubleField,
    ForeignKeyField,
    Model,
    PostgresqlDatabase,
    SqliteDatabase,
    TextField,
    UUIDField,
    chunked,
    prefetch,
)

from bench.orm.operations import PAGE, TEAM_PAGE
from bench.orm.peer import Peer
from bench.orm.tables import Row, Table

PARAMETERS = 32_000
connected = DatabaseProxy()


class Base(Model):
    class Meta:
        database = connected


class Small(Base):
    level = BigIntegerField(index=True)
    name = TextField()
    note = TextField(null=True)


class Team(Base):
    name = TextField()


class Hero(Base):
    level = BigIntegerField(index=True)
    name = TextField()
    team = ForeignKeyField(Team, backref="heroes")


class Wide(Base):
    level = BigIntegerField(index=True)
    count_1 = BigIntegerField()
    count_2 = BigIntegerField()
    count_3 = BigIntegerField()
    count_4 = BigIntegerField()
    count_5 = BigIntegerField()
    count_6 = BigIntegerField()
    count_7 = BigIntegerField(null=True)
    text_1 = TextField()
    text_2 = TextField()
    text_3 = TextField()
    text_4 = TextField()
    text_5 = TextField()
    text_6 = TextField()
    text_7 = TextField()
    text_8 = TextField(null=True)
    ratio_1 = DoubleField()
    ratio_2 = DoubleField()
    ratio_3 = DoubleField()
    ratio_4 = DoubleField()
    flag_1 = BooleanField()
    flag_2 = BooleanField()
    flag_3 = BooleanField()
    flag_4 = BooleanField()
    moment_1 = DateTimeField()
    moment_2 = DateTimeField()
    moment_3 = DateTimeField()
    day_1 = DateField()
    day_2 = DateField()
    price = DecimalField(max_digits=12, decimal_places=2)
    token = UUIDField()


class PeeweePeer(Peer):
    models = {"small": Small, "team": Team, "hero": Hero, "wide": Wide}

    def open(self) -> None:
        if self.database == "postgres":
            place = urlsplit(self.address)
            connected.initialize(
                PostgresqlDatabase(
                    place.path[1:],
                    host=place.hostname,
                    port=place.port or 5432,
                    user=place.username,
                    password=place.password,
                    prefer_psycopg3=True,
                )
            )
        else:
            pragmas = {"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1}
            connected.initialize(SqliteDatabase(self.address, pragmas=pragmas))
        connected.connect()

    def close(self) -> None:
        connected.close()

    def given(self, row: Row) -> Row:
        if self.database == "postgres":
            return row
        return {
            name: value.replace(tzinfo=None) if isinstance(value, datetime) else value
            for name, value in row.items()
        }

    def plain_dict(self, table: Table, found: Any) -> Row:
        return {name: found["team" if name == "team_id" else name] for name in ("id", *table.names)}

    def load(self, model: Any, last_key: int) -> Any:
        return list(model.select().where(model.id > last_key).order_by(model.id))

    def insert_one(self, model: Any, row: Row) -> Any:
        return model.create(**row)

    def insert_batch(self, model: Any, rows: list[Row]) -> Any:
        with connected.atomic():
            for row in rows:
                model.create(**row)

    def insert_bulk(self, model: Any, rows: list[Row]) -> Any:
        with connected.atomic():
            for part in chunked(rows, PARAMETERS // len(rows[0])):
                model.insert_many(part).execute()

    def get(self, model: Any, key: int) -> Any:
        return model.get_by_id(key)

    def filter_small(self, model: Any, level: int) -> Any:
        return list(model.select().where(model.level == level).order_by(model.id).limit(PAGE))

    def filter_large(self, model: Any, level: int) -> Any:
        return list(model.select().where(model.level >= level).order_by(model.id))

    def as_dict(self, model: Any, level: int) -> Any:
        return list(model.select().where(model.level >= level).order_by(model.id).dicts())

    def as_tuple(self, model: Any, level: int) -> Any:
        return list(model.select().where(model.level >= level).order_by(model.id).tuples())

    def update_whole(self, model: Any, found: Any, row: Row) -> Any:
        for name, value in row.items():
            setattr(found, name, value)
        found.save()

    def update_partial(self, model: Any, found: Any, level: int) -> Any:
        found.level = level
        found.save(only=[model.level])

    def delete(self, model: Any, found: Any) -> Any:
        found.delete_instance()

    def parent(self, model: Any, level: int) -> Any:
        heroes = Hero.select(Hero, Team).join(Team).where(Hero.level == level)
        return list(heroes.order_by(Hero.id).limit(PAGE))

    def children(self, model: Any, first: int) -> Any:
        teams = Team.select().where(Team.id >= first).order_by(Team.id).limit(TEAM_PAGE)
        return prefetch(teams, Hero)


def make(database: str, address: str) -> Peer:
    return PeeweePeer(database, address)
