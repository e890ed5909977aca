"""Sums and counts beside joins that would repeat their rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.db.models import Hero, Power, Team
from triode.db import Database, QueryError, count, max_, min_, outer, related, sum_


@pytest.fixture
def heroes(database: Database) -> Database:
    red, blue = Team(name="red").save().run(), Team(name="blue").save().run()
    fly, burn = Power(name="fly").save().run(), Power(name="burn").save().run()
    for name, team, powers in (("ann", red, [fly, burn]), ("bob", red, [fly]), ("cyl", blue, [])):
        hero = Hero(name=name, team=team).save().run()
        if powers:
            hero.add(Hero.powers, *powers).run()
    return database


by_hero: Any = Hero.group_by(Hero.id).order_by(Hero.name)
powers: Any = related(Hero.powers).id
mates: Any = related(Hero.team).heroes.id


def test_counts_over_two_relations_are_refused(heroes: Database) -> None:
    with pytest.raises(QueryError) as caught:
        by_hero.tuples(Hero.name, count(powers), count(mates)).run()
    assert str(caught.value) == (
        "count(powers.id) of Hero would be multiplied: the query joins 'team.heroes' too, and "
        "repeats the other rows for each row of it. Write count(…, distinct=True) where different "
        "values are meant, else a query of its own: "
        "Hero.where(related(Hero.team).id == outer(Team.id)).column(count()). [query-multiplied]"
    )


@pytest.mark.parametrize(
    "query",
    [
        lambda: by_hero.having(count(powers) > 1).column(count(mates)),
        lambda: Hero.group_by(Hero.id).order_by(count(powers)).column(count(mates)),
        lambda: by_hero.tuples(sum_(Hero.id), count(powers)),
        lambda: by_hero.tuples(count(), count(powers)),
        lambda: Team.group_by(Team.id).tuples(
            count(related(Team.heroes).id), count(related(Team.heroes).powers.id)
        ),
    ],
)
def test_what_another_join_would_repeat_is_refused(
    heroes: Database, query: Callable[[], Any]
) -> None:
    with pytest.raises(QueryError, match="query-multiplied"):
        query().run()


def test_what_repetition_does_not_change_is_allowed(heroes: Database) -> None:
    counts = by_hero.tuples(Hero.name, count(powers, distinct=True), count(mates, distinct=True))
    assert counts.run() == [("ann", 2, 2), ("bob", 1, 2), ("cyl", 0, 1)]
    ends = by_hero.column(max_(powers) - min_(mates)).run()
    assert [end is None for end in ends] == [False, False, True]


def test_aggregates_along_one_path_are_allowed(heroes: Database) -> None:
    of_teams = Team.group_by(Team.id).order_by(Team.name)
    found: Any = related(Team.heroes)
    rows = of_teams.tuples(Team.name, count(found.id), count(found.name), count(found.team.id))
    assert rows.run() == [("blue", 1, 1, 1), ("red", 2, 2, 2)]
    deep = of_teams.tuples(Team.name, count(found.powers.id), count(found.id, distinct=True))
    assert deep.run() == [("blue", 0, 1), ("red", 3, 2)]


def test_groups_over_a_relation_have_the_rows_that_belong_to_each(heroes: Database) -> None:
    power: Any = related(Hero.powers).name
    rows = Hero.group_by(power).order_by(power).where(power != "")
    assert rows.tuples(power, count(), count(Hero.id)).run() == [("burn", 1, 1), ("fly", 2, 2)]
    assert rows.tuples(power, count(mates)).run() == [("burn", 2), ("fly", 4)]


def test_queries_of_their_own_are_right(heroes: Database) -> None:
    found: Any = related(Hero.powers)
    of_power = Hero.where(found.id == outer(Power.id))
    number, total = of_power.column(count()), of_power.column(sum_(Hero.id))
    assert Power.order_by("name").tuples(Power.name, number, total).run() == [
        ("burn", 1, 1),
        ("fly", 2, 3),
    ]


def test_condition_of_an_aggregate_is_about_its_rows(heroes: Database) -> None:
    found: Any = related(Team.heroes)
    of_teams = Team.group_by(Team.id).order_by(Team.name)
    number: Any = count(found.id)
    rows = of_teams.tuples(Team.name, number.filter(found.name == "ann"), number)
    assert rows.run() == [("blue", 0, 1), ("red", 1, 2)]
    assert of_teams.column(number.filter(~(found.name == "ann"))).run() == [1, 1]
    with pytest.raises(QueryError, match="query-multiplied"):
        of_teams.column(number.filter(found.powers.name != "")).run()
    burning = count(found.id, distinct=True).filter(found.powers.name != "")
    assert of_teams.column(burning).run() == [0, 2]
    assert Team.all().column(count().filter(found.name != "")).run() == [2]
