"""Queries as docs/queries.md has them."""

from contextlib import aclosing
from datetime import datetime
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from triode import Triode
from triode.db import (
    CursorPage,
    Database,
    Field,
    ForeignKey,
    Model,
    Page,
    any_of,
    avg,
    case,
    col,
    count,
    desc,
    excluded,
    exists,
    lag,
    max_,
    month,
    outer,
    rank,
    related,
    row_number,
    string_agg,
    sum_,
    transaction,
    upper,
    utcnow,
)


class Team(Model):
    name: str = Field(unique=True)


class Hero(Model):
    name: str = Field(unique=True)
    age: int = 30
    bio: str | None = None
    team: Team = ForeignKey(on_delete="cascade", related_name="heroes")
    settings: dict[str, Any] = {}
    created: datetime = Field(default_factory=utcnow)


class Stock(Model):
    article: str = Field(unique=True)
    number: int = 0


class Errand(Model):
    text: str
    is_done: bool = Field(default=False, index=True)


class Line(msgspec.Struct):
    id: int
    shout: str


class Size(msgspec.Struct):
    team: str
    heroes: int


database = Database("sqlite://")
app = Triode(database=database)
heroes_of = Hero.where(related(Hero.team).id == outer(Team.id))


async def first_steps() -> list[str]:
    adults = Hero.where(Hero.age >= 18).order_by("name")  # nothing is asked yet
    heroes = await adults  # a list of Hero
    youngest = await adults.order_by("age").first()  # a Hero, or None
    ann = await adults.get(name="ann")  # exactly one, else RowNotFound or MultipleRows
    number = await adults.count()
    is_there = await adults.where(Hero.age > 60).exists()
    two = await adults.limit(2).offset(1)
    assert youngest is not None
    return [heroes[0].name, youngest.name, ann.name, str(number), str(is_there), two[0].name]


Sorting = Literal["name", "youngest", "eldest", "team"]
SORTINGS: dict[Sorting, tuple[Any, ...]] = {
    "name": (Hero.name,),
    "youngest": (Hero.age, Hero.name),
    "eldest": (desc(Hero.age), Hero.name),
    "team": (related(Hero.team).name, Hero.name),
}


@app.get("/heroes")
async def sorted_heroes(sort: Sorting = "name") -> list[str]:
    return await Hero.order_by(*SORTINGS[sort]).column(Hero.name)


async def conditions() -> list[list[str]]:
    queries = [
        Hero.where(name="ann", age=31),  # equal, and all of them
        Hero.where((Hero.age < 20) | (Hero.age > 40)),
        Hero.where(~col(Hero.name).startswith("a")),
        Hero.where(col(Hero.age).in_([17, 31])),
        Hero.where(col(Hero.bio).is_(None)),
        Hero.where(related(Hero.team).name == "red", Hero.age.between(18, 40)),
    ]
    return [await query.order_by("name").column(Hero.name) for query in queries]


async def shapes() -> tuple[Any, ...]:
    dicts = await Hero.order_by("id").limit(1).values(Hero.id, name=upper(Hero.name))
    tuples = await Hero.order_by("id").limit(1).tuples(Hero.id, Hero.name)
    names = await Hero.order_by("id").column(Hero.name)
    lines = await Hero.where(name="ann").into(Line, Hero.id, shout=upper(Hero.name))
    return dicts, tuples, names, lines


async def groups() -> list[dict[str, Any]]:
    return await (
        Hero.where(Hero.age > 10)
        .group_by(Hero.team_id)
        .having(count() >= 1)
        .order_by(Hero.team_id)
        .values(
            Hero.team_id,
            heroes=count(),
            adults=count().filter(Hero.age >= 18),
            eldest=max_(Hero.age),
            mean=avg(Hero.age),
            names=string_agg(Hero.name, ", "),
        )
    )


async def each_month() -> list[tuple[int]]:
    return await Hero.group_by(month(Hero.created)).tuples(count())


async def windows() -> list[tuple[Any, ...]]:
    return await Hero.order_by("name").tuples(
        Hero.name,
        rank().over(partition_by=Hero.team, order_by=desc(Hero.age)),  # 1: the eldest of the team
        lag(Hero.name).over(order_by=Hero.name),  # the row before
        sum_(Hero.age).over(order_by=Hero.name, rows=(None, 0)),  # a running total
        row_number().over(order_by=desc(Hero.age)),
    )


async def nested() -> tuple[Any, ...]:
    sizes = await Team.order_by(Team.id).tuples(Team.name, heroes_of.column(count()))
    idle = await Team.where(~exists(heroes_of)).column(Team.name)
    old = await Team.where(any_of(Team.heroes, Hero.age > 40)).column(Team.name)
    either = await Hero.where(age=17).union(Hero.where(name="ann")).order_by("name")
    return sizes, idle, old, [hero.name for hero in either]


async def documents() -> list[str]:
    dark = Hero.where(Hero.settings["theme"] == "dark", Hero.settings["sizes"][0] > 3)
    return await dark.column(Hero.name)


async def choices() -> list[tuple[str, str]]:
    kind = case((Hero.age < 18, "child"), (Hero.age < 60, "adult"), default="senior")
    return await Hero.order_by("name").tuples(Hero.name, kind)


async def numbered_page(number: int = 1) -> Page[Hero]:
    return await Hero.order_by("name").page(number, size=2)


async def cursor_page(cursor: str | None = None) -> CursorPage[Hero]:
    return await Hero.order_by("name").after(cursor, size=2)


async def export() -> int:
    total = 0
    async for hero in Hero.order_by("id"):
        total += hero.age
    async for name, age in Hero.order_by("id").tuples(Hero.name, Hero.age):
        total += age if name != "ann" else 0
    return total


async def first_adult() -> str:
    async with aclosing(aiter(Hero.order_by("id"))) as heroes:
        async for hero in heroes:
            if hero.age >= 18:
                return hero.name
    return ""


async def write() -> tuple[Any, ...]:
    blue = await Team.get(name="blue")
    inserted = await Hero.insert_many({"name": f"new {n}", "team": blue} for n in range(3))
    changed = await Hero.where(Hero.team == blue).update(age=Hero.age + 1)
    older = await Hero.where(name="new 1").update(age=60).returning()
    deleted = await Hero.where(col(Hero.name).startswith("new")).delete()
    return inserted, changed, [hero.age for hero in older], deleted


async def deliver(delivery: list[dict[str, Any]]) -> list[tuple[str, int]]:
    number = Stock.number + excluded(Stock.number)  # what is there, and what comes
    await Stock.upsert(delivery, on=Stock.article, update={"number": number})
    return await Stock.order_by("article").tuples(Stock.article, Stock.number)


async def green_team() -> tuple[str, bool]:
    team, is_new = await Team.get_or_create(name="green")
    return team.name, is_new


async def do_next() -> str | None:
    async with transaction():
        waiting = Errand.where(is_done=False).order_by(Errand.id)
        errand = await waiting.for_update(skip_locked=True).first()
        if errand is None:
            return None
        await errand.update(is_done=True)
        return errand.text


async def plain_sql() -> tuple[Any, ...]:
    hero, team = Hero.table, Team.table
    sizes = (
        sa.select(team.c.name.label("team"), sa.func.count(hero.c.id).label("heroes"))
        .join_from(team, hero, isouter=True)
        .group_by(team.c.id)
        .order_by(team.c.id)
    )
    named = await database.fetch(sizes)  # named tuples
    structs = await database.fetch(sizes, into=Size)
    eldest = await database.fetch(sa.select(hero).order_by(hero.c.age.desc()).limit(1), into=Hero)
    text = sa.text("SELECT name FROM hero WHERE age < :age").bindparams(age=18)
    young = await database.fetch(
        text.columns(Hero.table.c.name)
    )  # a text does not know its columns
    return named[0].heroes, structs, eldest[0].name, young[0].name
