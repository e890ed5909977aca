from __future__ import annotations

from typing import Annotated

from triode import Create, Field, ForeignKey, Model, Query, Related, Triode, count, desc
from triode.db import Page, icontains

app = Triode()


class Team(Model):
    name: str = Field(unique=True, max_length=80)
    heroes: list[Hero] = Related()


class Hero(Model):
    name: str = Field(index=True, max_length=80)
    strength: int = Field(10, ge=0, le=100)
    team: Team | None = ForeignKey(None, on_delete="set null", related_name="heroes")


@app.post("/teams", status_code=201)
async def create_team(team: Create[Team]) -> Team:
    return await team.save()


@app.post("/heroes", status_code=201)
async def create_hero(hero: Create[Hero]) -> Hero:
    return await hero.save()


@app.get("/heroes")
async def list_heroes(search: str = "", page: Annotated[int, Query(ge=1)] = 1) -> Page[Hero]:
    found = Hero.where(icontains(Hero.name, search)).order_by(desc(Hero.strength))
    return await found.include(Hero.team).page(page, 20)


@app.get("/teams/{team_id}")
async def get_team(team_id: int) -> Team:
    return await Team.where(id=team_id).include(Team.heroes).get()


@app.get("/sizes")
async def team_sizes() -> list[dict[str, object]]:
    return await Hero.group_by(Hero.team).values(Hero.team, heroes=count())
