"""Columns that have another name than their fields."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from triode.db import (
    Check,
    Database,
    Duplicate,
    Field,
    ForeignKey,
    Include,
    Index,
    ManyToMany,
    Model,
    Search,
    model_registry,
    search,
)
from triode.db.errors import CheckFailed, MissingParent
from triode.db.transfer.dumping import dump
from triode.db.transfer.loading import load
from triode.errors import ModelError


class Owner(Model):
    key: int = Field(primary_key=True, db_column="Owner Id")
    name: str = Field(db_column="def", unique=True)

    class Meta:
        db_table = "column_owner"


class Part(Model):
    number: int = Field(db_column="no")
    place: int = Field(db_column="at")

    class Meta:
        db_table = "column_part"
        primary_key = ("number", "place")


class Animal(Model):
    kind: str = Field(db_column="class", max_length=20)
    size: int = Field(0, db_column="Größe", check=lambda it: it.size >= 0)
    version: int = Field(1, version=True, db_column="v#")
    note: str | None = Field(None, db_column="select")
    owner: Owner | None = ForeignKey(on_delete="cascade", related_name="animals", db_column="owner")
    part: Part | None = ForeignKey(db_column=("part no", "part at"))

    class Meta:
        db_table = "column_animal"
        unique_together = (("kind", "note"),)
        indexes = (Index("-size", "kind"),)
        constraints = (Check(lambda it: it.kind != "ghost", name="no_ghosts"),)


class Keeper(Model):
    name: str
    owners: list[Owner] = ManyToMany(through="Link", related_name="keepers")

    class Meta:
        db_table = "column_keeper"


class Link(Model):
    keeper: Keeper = ForeignKey(on_delete="cascade", db_column="k")
    owner: Owner = ForeignKey(on_delete="cascade", db_column="o")

    class Meta:
        db_table = "column_link"
        unique_together = (("keeper", "owner"),)


MODELS = [Owner, Part, Animal, Keeper, Link]


@pytest.fixture
def database(empty: Database) -> Database:
    empty.create_tables(*MODELS).run()
    return empty


def fill() -> Animal:
    owner = Owner(name="Ann").save().run()
    Part(number=1, place=2).save().run()
    return Animal(kind="cat", size=3, owner=owner, part=(1, 2)).save().run()


def test_the_columns_have_their_own_names() -> None:
    names = [(column.name, column.key) for column in Animal.table.columns]
    assert names == [
        ("id", "id"),
        ("class", "kind"),
        ("Größe", "size"),
        ("v#", "version"),
        ("select", "note"),
        ("owner", "owner_id"),
        ("part no", "part_number"),
        ("part at", "part_place"),
    ]


def test_rows_are_written_read_and_sent_by_the_names_of_fields(database: Database) -> None:
    animal = fill()
    assert msgspec.json.encode(Animal.get(animal.id).run()) == (
        b'{"id":1,"kind":"cat","size":3,"version":1,"note":null,"owner_id":1,"part_number":1,'
        b'"part_place":2}'
    )
    animal.kind = "dog"
    animal.save().run()
    animal.update(size=Animal.size + 1).run()
    [animal] = Animal.where(Animal.kind == "dog", Animal.owner.name == "Ann").run()
    assert (animal.size, animal.version, animal.part_place) == (4, 3, 2)
    rows = Animal.where(Animal.size > 1).order_by("-kind").values("kind", "owner_id").run()
    assert rows == [{"kind": "dog", "owner_id": 1}]
    Animal.where(Animal.kind == "dog").limit(1).update(note="x").run()
    assert Animal.where(Animal.note == "x").delete().run() == 1


def test_relations_follow_the_columns(database: Database) -> None:
    fill()
    [animal] = Animal.all().include(Animal.owner, Animal.part).run()
    assert (animal.owner.name, animal.part.place) == ("Ann", 2)
    [owner] = Owner.all().include(Include(Owner.animals, Animal.order_by("size").limit(1))).run()
    assert [each.kind for each in owner.animals] == ["cat"]
    keeper = Keeper(name="K").save().run()
    keeper.add(Keeper.owners, owner).run()
    keeper.add(Keeper.owners, owner).run()
    [keeper] = Keeper.where(Keeper.owners.name == "Ann").include(Keeper.owners).run()
    assert [each.key for each in keeper.owners] == [1]
    keeper.remove(Keeper.owners, owner).run()
    assert Link.count().run() == 0


def test_many_rows_at_once(database: Database) -> None:
    Owner.insert_many([Owner(name="A"), Owner(name="B")]).run()
    assert Owner.upsert([Owner(name="A")], on="name", update=["name"]).run() == 1
    animals = [Animal(kind=kind, note="n") for kind in ("a", "b")]
    Animal.insert_many(animals).run()
    rows = Animal.order_by("kind").run()
    for row in rows:
        row.size = 9
    Animal.update_many(rows, "size").run()
    assert Animal.order_by("kind").tuples(Animal.kind, Animal.size).run() == [("a", 9), ("b", 9)]
    made, is_new = Owner.get_or_create(name="C").run()
    assert (made.name, is_new) == ("C", True)


def test_a_refusal_names_the_fields(database: Database) -> None:
    fill()
    told: dict[type, tuple[str, ...]] = {}
    wrong: list[tuple[type[Exception], Any]] = [
        (Duplicate, Owner(name="Ann")),
        (CheckFailed, Animal(kind="a", size=-1)),
        (MissingParent, Animal(kind="a", owner_id=77)),
    ]
    for kind, row in wrong:
        with pytest.raises(kind) as found:
            row.save().run()
        told[kind] = found.value.fields  # type: ignore[attr-defined]
    assert told == {Duplicate: ("name",), CheckFailed: ("size",), MissingParent: ("owner_id",)}
    Animal(kind="cat", note="n").save().run()
    with pytest.raises(Duplicate) as twice:
        Animal(kind="cat", note="n").save().run()
    assert twice.value.fields == ("kind", "note")


def test_rows_of_sqlalchemy_statements(database: Database) -> None:
    fill()
    [animal] = database.fetch(sa.select(Animal.table), into=Animal).run()
    assert (animal.kind, animal.owner_id) == ("cat", 1)
    [row] = database.fetch(sa.select(Animal.table.c.kind)).run()
    assert tuple(row) == ("cat",)


def test_dump_and_load(database: Database) -> None:
    fill()
    lines: list[bytes] = []
    asyncio.run(dump(database, lines.append, MODELS))
    assert lines[0] == b'{"table":"column_owner","row":{"key":1,"name":"Ann"}}\n'
    for model in (Animal, Owner, Part):
        model.all().delete().run()
    assert asyncio.run(load(database, lines)) == 3
    assert Animal.where(Animal.owner.name == "Ann").count().run() == 1
    Owner(name="next").save().run()
    assert Owner.order_by("key").column(Owner.key).run() == [1, 2]


@pytest.mark.parametrize("engine_name", ["sqlite", "postgres"], indirect=True)
def test_what_is_searched_has_another_name(empty: Database) -> None:
    class Page(Model):
        number: int = Field(primary_key=True, db_column="n")
        title: str = Field(db_column="from")

        class Meta:
            db_table = "column_page"
            search = Search("title")

    try:
        empty.create_tables(Page).run()
        Page(title="a red fox").save().run()
        [page] = Page.where(found := search(Page, "fox")).order_by(-found.relevance).run()
        assert page.title == "a red fox"
    finally:
        model_registry.remove(Page.__table__)


def refused(make: Any) -> str:
    try:
        with pytest.raises(ModelError) as caught:
            make().table  # noqa: B018
        assert caught.value.code == "model-db-column"
        return caught.value.message
    finally:
        for each in model_registry.tables():
            if each.model_name == "Wrong":
                model_registry.remove(each)


def test_two_fields_cannot_have_one_column() -> None:
    def make() -> type[Model]:
        class Wrong(Model):
            a: int
            b: int = Field(db_column="a")

        return Wrong

    assert refused(make) == (
        "Wrong.a and b both want the column 'a'. Give one of them another: Field(db_column=…)."
    )


def test_a_key_of_two_columns_wants_two_names() -> None:
    def make() -> type[Model]:
        class Wrong(Model):
            part: Part = ForeignKey(db_column="p")

        return Wrong

    assert refused(make) == (
        "Wrong.part: db_column='p'. Its key wants a tuple of 2 names, one for each column."
    )
