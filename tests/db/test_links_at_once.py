"""Two that link the same rows at the same moment."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from tests.db.models import Hero, Power, Team
from triode.db import Database, Duplicate, Field, ForeignKey, ManyToMany, Model, repeat_transaction


class Chess(Model):
    name: str


class Booth(Model):
    club: Chess = ForeignKey(on_delete="cascade")
    guest: Guest = ForeignKey(on_delete="cascade")
    number: int | None = Field(None, unique=True)

    class Meta:
        unique_together = [("club", "guest")]


class Guest(Model):
    name: str
    clubs: list[Chess] = ManyToMany(related_name="guests", through=Booth)


@pytest.fixture
def clubs(empty: Database) -> Database:
    empty.create_tables(Chess, Guest, Booth, Team, Hero, Power).run()
    Chess.insert_many([{"name": f"c{number}"} for number in range(5)]).run()
    Guest(name="g").save().run()
    return empty


def test_rows_are_linked_once(clubs: Database) -> None:
    guest, chosen = Guest.get(1).run(), Chess.order_by(Chess.id).run()

    async def work() -> None:
        for number in range(1, 6):
            some = chosen[:number]
            await asyncio.gather(*[guest.add(Guest.clubs, *some) for _ in range(8)])
            assert await Booth.count() == number

    asyncio.run(work())


def test_rows_are_linked_once_in_transactions(clubs: Database) -> None:
    guest, chosen = Guest.get(1).run(), Chess.order_by(Chess.id).run()

    async def link(gate: asyncio.Event) -> None:
        await Guest.count()  # on MariaDB it sees this moment from now on
        await gate.wait()
        await guest.add(Guest.clubs, *chosen)
        await guest.update(name="linked")

    async def work() -> None:
        gate = asyncio.Event()
        # MariaDB may find a deadlock among three that link and then change the same row.
        links = [repeat_transaction(partial(link, gate)) for _ in range(1 if is_sqlite else 3)]
        tasks = [asyncio.ensure_future(each) for each in links]
        await asyncio.sleep(0.1)
        await guest.add(Guest.clubs, *chosen[2:4]) if not is_sqlite else None
        gate.set()
        await asyncio.gather(*tasks)

    is_sqlite = clubs.engine.dialect.name == "sqlite"  # where one waits for the other
    asyncio.run(work())
    assert Booth.order_by(Booth.club_id).column(Booth.club_id).run() == [1, 2, 3, 4, 5]


def test_another_unique_value_is_a_duplicate(clubs: Database) -> None:
    first, second = Chess.order_by(Chess.id).limit(2).run()
    guest = Guest.get(1).run()
    guest.add(Guest.clubs, first, number=1).run()
    with pytest.raises(Duplicate) as caught:
        guest.add(Guest.clubs, second, number=1).run()
    assert caught.value.fields == ("number",)
    assert Booth.count().run() == 1


def test_table_without_a_model_is_safe_too(clubs: Database) -> None:
    Power.insert_many([{"name": f"p{number}"} for number in range(5)]).run()
    hero, powers = Hero(name="h").save().run(), Power.order_by(Power.id).run()

    async def work() -> None:
        for number in range(1, 6):
            some = powers[:number]
            await asyncio.gather(*[hero.add(Hero.powers, *some) for _ in range(8)])

    asyncio.run(work())
    assert len(hero.load(Hero.powers).run().powers) == 5
