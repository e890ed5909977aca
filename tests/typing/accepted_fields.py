"""A program with every kind of field, key and relation, which both type checkers must accept."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Address
from typing import assert_type
from uuid import UUID

from triode.db import (
    Check,
    ColumnType,
    Field,
    ForeignKey,
    Include,
    Index,
    ManyToMany,
    Model,
    OneToOne,
    Related,
    all_of,
    any_of,
    computed,
    lower,
    none_of,
    related,
    utcnow,
    uuid7,
)


class Money:
    cents: int = 0


class MoneyColumn(ColumnType[Money]):
    base = int

    def write(self, value: Money) -> int:
        return value.cents

    def read(self, value: int) -> Money:
        return Money()


class Stamped:
    created: datetime = Field(default_factory=utcnow, read_only=True)


class Owned(Stamped, Model):
    id: UUID = Field(primary_key=True, default_factory=uuid7)
    owner: str

    class Meta:
        abstract = True


class Team(Owned):
    name: str = Field(check=lambda team: team.name != "")
    players: list[Player] = Related()


class Player(Model):
    name: str
    age: int = 0
    seen_from: IPv4Address | None = None
    worth: Money = Field(default_factory=Money, column_type=MoneyColumn)
    ratings: list[int] = Field(default_factory=list, array=True)
    opens: datetime | None = Field(default=None, timezone=False)
    team: Team | None = ForeignKey(None, on_delete="set null", related_name="players")
    tunes: list[Tune] = ManyToMany(through="Part")
    seat: Seat | None = Related()

    class Meta:
        indexes = [Index(lambda player: lower(player.name), unique=True), Index("-age")]
        constraints = [Check("age >= 0", name="player_age", message="Nobody is younger.")]

    @computed
    def label(self) -> str:
        return self.name.title()


class Seat(Model):
    player: Player = OneToOne(on_delete="cascade", related_name="seat")


class Tune(Model):
    title: str


class Part(Model):
    player: Player = ForeignKey(on_delete="cascade")
    tune: Tune = ForeignKey(on_delete="cascade")
    voice: str

    class Meta:
        primary_key = ("player", "tune")


async def rows() -> None:
    team = await Team(owner="ann", name="one").save()
    player = await Player(name="ann", team=team).save()
    assert_type(player.label, str)
    assert_type(player.seat, Seat | None)
    assert_type(player.worth, Money)
    assert_type(await Part.get((1, 2)), Part)
    await Seat(player=player).save()
    await player.add(Player.tunes, Tune(title="air"), voice="alto")
    old = Team.where(any_of(Team.players, Player.age > 60, name="ann"))
    assert_type(await old, list[Team])
    await Team.where(all_of(Team.players, Player.age > 60), none_of(Team.players))
    await Team.include(Include(Team.players, Player.order_by("-age").limit(2)))
    await Team.include(Include(related(Team.players).tunes, Tune.all()))
