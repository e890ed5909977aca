"""Relations: conditions over them, loading them, linking rows."""

from __future__ import annotations

import msgspec
import pytest

from tests.db.models import Country, Hero, Power, Subdivision, Team
from triode.db import (
    Database,
    ForeignKey,
    Model,
    NotLoaded,
    QueryError,
    ValueRefused,
    nullif,
    related,
)


class Webpage(Model):
    path: str


class Hit(Model):
    webpage: Webpage = ForeignKey(on_delete="cascade")


@pytest.fixture
def heroes(database: Database) -> Database:
    for name in ("Z", "Y"):
        Team(name=name).save().run()
    Hero.insert_many(
        [
            {"name": "ann", "team_id": 1},
            {"name": "bob", "team_id": 1},
            {"name": "cyl", "team_id": 2},
            {"name": "dora"},
        ]
    ).run()
    flight, fire = (Power(name=name).save().run() for name in ("flight", "fire"))
    Hero.get(1).run().add(Hero.powers, flight, fire).run()
    Hero.get(2).run().add(Hero.powers, flight).run()
    return database


def test_condition_over_a_foreign_key(heroes: Database) -> None:
    found = Hero.where(related(Hero.team).name == "Z").run()
    assert [hero.name for hero in found] == ["ann", "bob"]


def test_condition_on_the_row_itself(heroes: Database) -> None:
    team = Team.get(2).run()
    assert [hero.name for hero in Hero.where(team=team).run()] == ["cyl"]
    assert [hero.name for hero in Hero.where(Hero.team == team).run()] == ["cyl"]
    assert [hero.name for hero in Hero.where(team=None).run()] == ["dora"]
    assert [hero.name for hero in Hero.where(Hero.team.in_([team])).run()] == ["cyl"]


def test_condition_over_the_other_side(heroes: Database) -> None:
    found = Team.where(related(Team.heroes).name == "bob").run()
    assert [team.name for team in found] == ["Z"]


def test_row_is_found_once_however_many_match(heroes: Database) -> None:
    assert Team.where(related(Team.heroes).name != "x").count().run() == 2


def test_condition_over_many_to_many(heroes: Database) -> None:
    found = Hero.where(related(Hero.powers).name == "fire").run()
    assert [hero.name for hero in found] == ["ann"]
    found_powers = Power.where(Power.heroes.name == "bob").run()
    assert [power.name for power in found_powers] == ["flight"]


def test_condition_over_two_steps(heroes: Database) -> None:
    found = Team.where(Team.heroes.powers.name == "fire").run()
    assert [team.name for team in found] == ["Z"]
    found_powers = Power.where(Power.heroes.team.name == "Z").order_by(Power.name).run()
    assert [power.name for power in found_powers] == ["fire", "flight"]


def test_order_over_a_foreign_key(heroes: Database) -> None:
    found = Hero.where(Hero.team != None).order_by("team.name", "-name").run()  # noqa: E711
    assert [hero.name for hero in found] == ["cyl", "bob", "ann"]


def test_include_loads_one(heroes: Database) -> None:
    found = Hero.order_by(Hero.id).include(Hero.team).run()
    assert [hero.team and hero.team.name for hero in found] == ["Z", "Z", "Y", None]
    assert found[0].team is found[1].team


def test_include_loads_several_steps(database: Database) -> None:
    Country(code="DE", name="Germany").save().run()
    for code, parent in (("A", None), ("B", "A"), ("C", "B")):
        Subdivision(code=code, name=code, country_id="DE", parent_id=parent).save().run()
    query = Subdivision.order_by(Subdivision.code).include(Subdivision.parent.parent.country)
    found = query.run()
    assert [row.parent and row.parent.code for row in found] == [None, "A", "B"]
    assert found[2].parent.parent.country.name == "Germany"
    assert found[1].parent.parent is None
    with pytest.raises(NotLoaded):
        _ = found[0].country


def test_include_goes_with_conditions_and_limits(heroes: Database) -> None:
    query = Hero.where(related(Hero.team).name == "Z").order_by("-team.name", "-name")
    [hero] = query.include("team", "team.heroes").limit(1).run()
    assert (hero.name, hero.team and hero.team.name) == ("bob", "Z")
    assert [each.name for each in hero.team.heroes] == ["ann", "bob"]
    assert query.include("team").count().run() == 2


def test_include_loads_many(heroes: Database) -> None:
    teams = Team.order_by(Team.id).include(Team.heroes, related(Team.heroes).powers).run()
    assert [[hero.name for hero in team.heroes] for team in teams] == [["ann", "bob"], ["cyl"]]
    assert {power.name for power in teams[0].heroes[0].powers} == {"flight", "fire"}


def test_include_joins_one_and_asks_once_for_many(sqlite: Database) -> None:
    for number in range(3):
        team = Team(name=f"t{number}").save().run()
        hero = Hero(name=f"h{number}", team=team).save().run()
        hero.add(Hero.powers, Power(name=f"p{number}").save().run()).run()
    statements: list[str] = []
    reader = sqlite.engine.borrow()
    reader.connection.set_trace_callback(statements.append)
    sqlite.engine.give_back(reader)
    statements.clear()
    Hero.include(Hero.team, Hero.powers).run()
    assert len(statements) == 3


def test_load_reaches_every_sibling(heroes: Database) -> None:
    found = Hero.order_by(Hero.id).run()
    found[0].load(Hero.team).run()
    assert found[2].team is not None
    assert found[2].team.name == "Y"


def test_loaded_relation_is_part_of_the_json(heroes: Database) -> None:
    [team] = Team.where(id=2).include(Team.heroes).run()
    team.heroes[0].created = "2026-01-01T00:00:00Z"  # type: ignore[assignment]
    assert msgspec.json.decode(msgspec.json.encode(team)) == {
        "id": 2,
        "name": "Y",
        "heroes": [{"id": 3, "name": "cyl", "team_id": 2, "created": "2026-01-01T00:00:00Z"}],
    }


def test_unloaded_many_says_what_to_write(heroes: Database) -> None:
    with pytest.raises(NotLoaded, match=r"await row.load\(Team.heroes\)"):
        _ = Team.get(1).run().heroes


def test_links_are_replaced(heroes: Database) -> None:
    hero = Hero.get(1).run()
    hero.replace(Hero.powers, [2]).run()
    hero.load(Hero.powers).run()
    assert [power.name for power in hero.powers] == ["fire"]
    hero.remove(Hero.powers, 2).run()
    assert hero.load(Hero.powers).run().powers == []


def test_linking_twice_is_linking_once(heroes: Database) -> None:
    hero = Hero.get(1).run()
    hero.add(Hero.powers, 1, 1).run()
    assert len(hero.load(Hero.powers).run().powers) == 2


def test_deleted_row_takes_its_links_along(heroes: Database) -> None:
    Power.get(1).run().delete().run()
    assert [power.name for power in Hero.get(1).run().load(Hero.powers).run().powers] == ["fire"]


def test_set_null_and_cascade(heroes: Database) -> None:
    Team.get(1).run().delete().run()
    assert Hero.get(1).run().team_id is None
    Country(code="DE", name="Germany").save().run()
    Subdivision(code="DE-BY", name="Bavaria", country_id="DE").save().run()
    Country.get("DE").run().delete().run()
    assert Subdivision.count().run() == 0


def test_self_reference(database: Database) -> None:
    Country(code="DE", name="Germany").save().run()
    Subdivision(code="A", name="a", country_id="DE").save().run()
    Subdivision(code="B", name="b", country_id="DE", parent_id="A").save().run()
    [child] = Subdivision.where(Subdivision.parent.name == "a").include("parent").run()
    assert (child.code, child.parent and child.parent.code) == ("B", "A")
    [parent] = Subdivision.where(Subdivision.parts.code == "B").include(Subdivision.parts).run()
    assert parent.parts == [child]


def test_assigning_a_row_sets_the_key(heroes: Database) -> None:
    hero = Hero.get(4).run()
    hero.team = Team.get(2).run()
    assert hero.team_id == 2
    hero.team_id = 1
    with pytest.raises(NotLoaded):
        _ = hero.team


def test_row_of_another_model_is_refused(heroes: Database) -> None:
    with pytest.raises(QueryError, match="A Power was given where a Team is meant"):
        Hero.where(team=Power.get(1).run())


def test_tuple_in_the_place_of_a_row_is_refused(heroes: Database) -> None:
    made = Power.get_or_create(name="flight").run()
    with pytest.raises(QueryError, match="where a Power or its key is meant") as caught:
        Hero.get(3).run().add(Hero.powers, made).run()
    assert caught.value.code == "query-wrong-model"


def test_unsaved_row_is_refused(database: Database) -> None:
    with pytest.raises(QueryError, match="save it first"):
        Hero(name="x", team=Team(name="new"))


def test_relation_is_compared(heroes: Database) -> None:
    first = Team.get(1).run()
    assert Hero.where(Hero.team != first, Hero.team.is_not(None)).count().run() == 1
    assert Hero.where(Hero.team.is_(None)).count().run() == 1
    assert Hero.where(Hero.powers == 2).count().run() == 1
    assert Hero.where(Hero.team.in_([1, 2])).count().run() == 3


def test_wrong_relations_are_told(heroes: Database) -> None:
    with pytest.raises(AttributeError, match="Team has no field 'nam'"):
        _ = Hero.team.nam
    with pytest.raises(QueryError, match="is not a relation of Hero"):
        Hero.include(Hero.name)
    with pytest.raises(QueryError, match="cannot be assigned this way"):
        Hero(name="x", powers=[1])
    with pytest.raises(QueryError, match="is not a relation of Hero"):
        Hero.get(1).run().load(Hero.name).run()
    with pytest.raises(QueryError, match="is not a many-to-many relation"):
        Hero.get(1).run().add(Hero.team, 1)
    with pytest.raises(QueryError, match="is a relation of the model"):
        Hero.team = None
    assert repr(Hero.team.heroes) == "Hero.team.heroes"


def test_relation_to_many_that_leads_nowhere(heroes: Database) -> None:
    lonely = Team(name="lonely").save().run()
    assert Team.where(Team.heroes == None).run() == [lonely]  # noqa: E711
    assert Team.where(related(Team.heroes).is_(None)).run() == [lonely]
    assert lonely not in Team.where(Team.heroes != None).run()  # noqa: E711
    powerless = {hero.name for hero in Hero.where(Hero.powers == None).run()}  # noqa: E711
    assert powerless == {hero.name for hero in Hero.include("powers").run() if not hero.powers}


def test_update_over_a_relation(heroes: Database) -> None:
    assert Hero.where(related(Hero.team).name == "Z").update(name="same").run() == 2
    hero = Hero.get(3).run()
    hero.update(team=Team.get(1).run()).run()
    assert hero.team is not None
    assert (hero.team.name, Hero.get(3).run().team_id) == ("Z", 1)
    hero.update(team=None).run()
    assert hero.team is None


def test_empty_value_is_refused_by_the_database(heroes: Database) -> None:
    other = Hero.get(4).run()
    with pytest.raises(ValueRefused, match="Hero: name must have a value"):
        Hero.where(id=other.id).update(name=nullif(Hero.name, Hero.name)).run()


def test_field_of_another_model_may_be_called_path(empty: Database) -> None:
    empty.create_tables(Webpage, Hit).run()
    for path in ("/", "/about"):
        Hit(webpage=Webpage(path=path).save().run()).save().run()
    [hit] = Hit.where(Hit.webpage.path == "/about").include(Hit.webpage).run()
    assert hit.webpage.path == "/about"
