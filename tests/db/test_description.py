"""What a model tells the web of itself."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.db.models import Hero, Power, Team, User
from triode.db import Database
from triode.schema import describe, json_decoder, json_encoder
from triode.schema.registry import Registry
from triode.schema.variants import Create, Patch


def properties(annotation: Any, mode: Any) -> list[str]:
    registry = Registry()
    describe(annotation).json_schema(registry, mode)
    [found] = [each for name, each in registry.components().items() if name.startswith("Hero")]
    return list(found["properties"])


def test_answer_has_columns_and_relations() -> None:
    registry = Registry()
    describe(Hero).json_schema(registry, "output")
    hero = registry.components()["Hero"]
    assert list(hero["properties"]) == ["id", "name", "team_id", "created", "team", "powers"]
    assert hero["required"] == ["id", "name", "team_id", "created"]


def test_body_has_what_a_client_may_say() -> None:
    assert properties(Create[Hero], "input") == ["name", "team_id"]
    assert properties(Patch[Hero], "input") == ["name", "team_id"]


def test_secret_is_in_the_body_only() -> None:
    names = [each.name for each in User.__schema__.accepted]
    assert names == ["email", "age", "bio", "password"]
    assert [each.name for each in User.__schema__.sent] == ["id", "email", "age", "bio"]


def test_body_takes_the_key_of_a_relation(database: Database) -> None:
    team = Team(name="Z").save().run()
    hero = json_decoder(Create[Hero])(b'{"name": "A", "team_id": 1}').save().run()
    assert Hero.where(team=team).run() == [hero]


def test_lists_of_rows_are_written_with_what_is_loaded(database: Database) -> None:
    team = Team(name="Z").save().run()
    hero = Hero(name="A", team=team).save().run()
    hero.add(Hero.powers, Power(name="fire").save().run()).run()
    encode = json_encoder(list[Hero])
    [bare] = msgspec.json.decode(encode(Hero.all().run()))
    assert sorted(bare) == ["created", "id", "name", "team_id"]
    [full] = msgspec.json.decode(encode(Hero.include(Hero.team, Hero.powers).run()))
    assert (full["team"], full["powers"]) == (
        {"id": 1, "name": "Z"},
        [{"id": 1, "name": "fire"}],
    )


def test_row_becomes_another_shape(database: Database) -> None:
    class Public(msgspec.Struct):
        name: str

    Team(name="Z").save().run()
    assert json_encoder(list[Public])(Team.all().run()) == b'[{"name":"Z"}]'


def test_schema_says_what_the_database_demands() -> None:
    registry = Registry()
    describe(Create[Team]).json_schema(registry, "input")
    describe(Hero).json_schema(registry, "output")
    components = registry.components()
    accepted = components["TeamCreate"]["properties"]["name"]
    assert accepted["pattern"] == r"^[^\u0000]*$"
    sent = components["Hero"]["properties"]
    assert sent["id"] == {"type": "integer", "format": "int64", "title": "Id"}
    assert "pattern" not in sent["name"]


def test_errors_of_a_call() -> None:
    found = {404: "Hero not found"}
    assert Hero.__responses__("get") == Hero.__responses__("where.limit.get") == found
    assert Hero.__responses__("where.delete") == Hero.__responses__("where") == {}
    assert Team.__responses__("save") == {409: "Team conflicts with another row"}
    # What refers to a team lets it go: on_delete="set null".
    assert Team.__responses__("delete") == {404: "Team not found"}
