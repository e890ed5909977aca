"""Queries as docs/queries.md has them."""

from datetime import datetime

import msgspec

from triode.db import (
    Database,
    Field,
    ForeignKey,
    Model,
    count,
    desc,
    exists,
    month,
    outer,
    rank,
    related,
    upper,
    utcnow,
)


class Team(Model):
    name: str = Field(unique=True)


class Hero(Model):
    name: str
    team: Team = ForeignKey(on_delete="cascade", related_name="heroes")
    created: datetime = Field(default_factory=utcnow)


class Line(msgspec.Struct):
    id: int
    shout: str


database = Database("sqlite://")
database.create_tables(Team, Hero).run()
red = Team(name="red").save().run()
Team(name="blue").save().run()
Hero.insert_many({"name": name, "team": red} for name in "abc").run()

heroes_of = Hero.where(related(Hero.team).id == outer(Team.id))
sizes = Team.order_by(Team.id).tuples(Team.name, heroes_of.column(count())).run()
places = Hero.all().tuples(Hero.name, rank().over(order_by=desc(Hero.name))).run()
lines = Hero.where(name="a").into(Line, Hero.id, shout=upper(Hero.name)).run()
idle = Team.where(~exists(heroes_of)).column(Team.name).run()
months = Hero.group_by(month(Hero.created)).tuples(count()).run()
first = Hero.order_by(Hero.name).after(size=2).run()
rest = Hero.order_by(Hero.name).after(first.next, size=2).run()
