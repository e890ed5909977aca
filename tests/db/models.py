"""Models that the tests of this room share."""

from __future__ import annotations

from datetime import datetime

from triode.db import Field, ForeignKey, ManyToMany, Model, Related, utcnow
from triode.schema import Email


class User(Model):
    email: Email = Field(unique=True)
    age: int = Field(ge=0)
    bio: str | None = None
    password: str = Field(write_only=True)


class Team(Model):
    name: str = Field(unique=True, max_length=80)
    heroes: list[Hero] = Related()


class Power(Model):
    name: str = Field(unique=True)


class Hero(Model):
    name: str = Field(index=True)
    team: Team | None = ForeignKey(on_delete="set null", related_name="heroes")
    powers: list[Power] = ManyToMany(related_name="heroes")
    created: datetime = Field(default_factory=utcnow, read_only=True)

    class Meta:
        ordering = ["name"]


class Country(Model):
    code: str = Field(primary_key=True, min_length=2, max_length=2)
    name: str = Field(index=True)


class Subdivision(Model):
    code: str = Field(primary_key=True)
    name: str
    country: Country = ForeignKey(on_delete="cascade", related_name="subdivisions")
    parent: Subdivision | None = ForeignKey(on_delete="restrict", related_name="parts")


ALL = [User, Team, Power, Hero, Country, Subdivision]
