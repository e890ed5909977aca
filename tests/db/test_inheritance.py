"""Abstract models and mix-ins: what a model takes over, what it may change, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Generic, Self, TypeVar

import pytest

from triode.db import (
    Database,
    Field,
    ForeignKey,
    Index,
    ManyToMany,
    Model,
    model_registry,
    utcnow,
)
from triode.errors import ModelError
from triode.schema import ValidationFailed

T = TypeVar("T")
Owner = TypeVar("Owner")


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Forget the models of a test."""
    before = set(model_registry.tables())
    yield
    for table in set(model_registry.tables()) - before:
        model_registry.remove(table)


def fields_of(model: Any) -> list[str]:
    return list(model.__table__.by_name)


class Stamped:
    created: datetime = Field(default_factory=utcnow, read_only=True)


class Titled:
    title: str = ""
    created: int = 0


class Base(Model):
    name: str = Field(max_length=5)

    class Meta:
        abstract = True
        ordering = ["name"]
        verbose_name = "thing"


def test_fields_come_in_the_order_of_the_bases() -> None:
    class One(Stamped, Titled, Base):
        extra: int = 0

    assert fields_of(One) == ["id", "created", "title", "name", "extra"]
    assert One.__table__.by_name["created"].annotation is datetime
    assert One.__table__.options.ordering == ("name",)


def test_field_is_declared_anew_in_its_place() -> None:
    class Two(Base, Titled):
        name: int = 3  # type: ignore[assignment]

    assert fields_of(Two) == ["id", "name", "title", "created"]
    assert (Two().name, Two.__table__.by_name["name"].info.max_length) == (3, None)


def test_nearer_class_counts_of_two_bases_with_one_base() -> None:
    class Left(Base):
        left: int = 0

        class Meta:
            abstract = True

    class Right(Base):
        name: int = 0  # type: ignore[assignment]

        class Meta:
            abstract = True

    class Both(Left, Right):  # type: ignore[misc]
        pass

    assert fields_of(Both) == ["id", "name", "left"]
    assert Both.__table__.by_name["name"].annotation is int


def test_meta_is_taken_over_but_for_what_the_class_says() -> None:
    class Sorted:
        rank: int = 0

        class Meta:
            ordering = ["-rank"]
            verbose_name_plural = "ranks"

    class Three(Sorted, Base):
        class Meta(Base.Meta):
            verbose_name = "three"

    options = Three.__table__.options
    assert (options.ordering, options.verbose_name, options.abstract) == (("name",), "three", False)
    assert options.verbose_name_plural == "ranks"

    class Four(Sorted, Base):
        pass

    assert Four.__table__.options.ordering == ("-rank",)


def test_generic_base_gets_its_types() -> None:
    class Boxed(Model, Generic[T]):
        value: T
        maybe: T | None = None
        many: list[T] = []

        class Meta:
            abstract = True

    class Number(Boxed[Annotated[int, Field(ge=1)]]):
        pass

    class Word(Boxed[str]):
        value: str = Field(max_length=3)

    number = Number(value=1, many=[2])
    assert (number.value, number.maybe, number.many) == (1, None, [2])
    for value in (0, "a"):
        with pytest.raises(ValidationFailed):
            Number(value=value)
    with pytest.raises(ValidationFailed):
        Word(value="long")
    with pytest.raises(ModelError) as caught:

        class Unsaid(Boxed):  # type: ignore[type-arg]
            pass

    assert "no column can hold the type" in caught.value.message
    assert "Say what it is: class Unsaid(Base[int])." in caught.value.message


def test_generic_mixin_and_relation_get_their_types(empty: Database) -> None:
    class Person(Model):
        name: str

    class Valued(Generic[T]):
        value: T

    class Owned(Valued[T], Generic[T, Owner]):
        owner: Owner = ForeignKey(on_delete="cascade", related_name="{model}s")

    class Boat(Owned[int, Person], Model):
        pass

    class Car(Owned[str, Person], Model):
        pass

    empty.create_tables(Person, Boat, Car).run()
    ann = Person(name="ann").save().run()
    Boat(owner=ann, value=3).save().run()
    Car(owner=ann, value="fast").save().run()
    [found] = Person.include(Person.boats, Person.cars).run()  # type: ignore[attr-defined]
    assert [boat.value for boat in found.boats] == [3]  # type: ignore[attr-defined]
    assert [car.value for car in found.cars] == ["fast"]  # type: ignore[attr-defined]
    empty.drop_tables(Boat, Car, Person).run()


def test_self_stands_for_the_model() -> None:
    class Tree(Model):
        parent: Self | None = ForeignKey(related_name="children")
        friends: list[Tree] = ManyToMany()

        class Meta:
            abstract = True

    class Node(Tree):
        name: str

    class Leaf(Tree):
        pass

    for model in (Node, Leaf):
        relations = model.__table__.relations
        assert {name: each.target.model for name, each in relations.items()} == {
            "parent": model, "friends": model, "children": model,
        }  # fmt: skip
    assert Node.__table__.relations["friends"].link_table().name == "node_friends"


def test_field_of_a_base_cannot_be_hidden() -> None:
    for annotation in (None, "ClassVar[int]"):
        namespace: dict[str, Any] = {"__module__": __name__, "__qualname__": "Five", "name": 3}
        namespace["__annotations__"] = {} if annotation is None else {"name": annotation}
        with pytest.raises(ModelError) as caught:
            type(Base)("Five", (Base,), namespace)
        assert caught.value.message == (
            "Five.name is a field of a base. Repeat its annotation to change it: name: int = …."
        )


def test_related_name_of_a_base_needs_the_model_in_it() -> None:
    class Person(Model):
        name: str

    class Owned(Model):
        owner: Person = ForeignKey(related_name="things")

        class Meta:
            abstract = True

    class Boat(Owned):
        pass

    with pytest.raises(ModelError) as caught:

        class Car(Owned):
            pass

    assert caught.value.message == (
        "Car.owner: related_name='things' is taken in Person. Give it another; in an abstract base "
        'write "{model}" in it for the name of each model.'
    )


def test_abstract_model_is_no_model() -> None:
    message = "Base is abstract, so it has no __table__: there is no table. Use a model that "
    for use in (lambda: Base(name="a"), lambda: Base.where(), lambda: Base.get(1)):
        with pytest.raises(AttributeError) as caught:
            use()
        assert str(caught.value) == f"{message}derives from it."


def test_index_with_a_name_is_that_of_one_table() -> None:
    class Named(Model):
        size: int = 0

        class Meta:
            abstract = True
            indexes = [Index("size", name="by_size")]

    class Boat(Named):
        pass

    class Car(Named):
        pass

    assert [index.name for index in Boat.table.indexes] == ["by_size"]
    with pytest.raises(ModelError) as caught:
        _ = Car.table
    assert caught.value.message == (
        "Car.Meta: the index 'by_size' has the name of one of boat, and a database has each name "
        "once. Leave the name of an index in an abstract base out, so that every model makes its "
        "own."
    )
