"""What a model's class body may say, and what is refused when it is imported."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from tests.db.models import Hero, User
from triode.db import (
    Check,
    Database,
    Field,
    ForeignKey,
    ManyToMany,
    Model,
    OneToOne,
    Related,
    computed,
    model_registry,
)
from triode.errors import ModelError
from triode.schema import ValidationFailed


def refused(body: str) -> ModelError:
    """Return the error of a class body, given as lines."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    scope: dict[str, Any] = {
        "Model": Model, "Field": Field, "ForeignKey": ForeignKey, "ManyToMany": ManyToMany,
        "Related": Related, "User": User, "Decimal": Decimal, "__name__": "refused_models",
        "Check": Check, "OneToOne": OneToOne, "computed": computed,
    }  # fmt: skip
    with pytest.raises(ModelError) as caught:
        exec(f"class Wrong(Model):\n{lines}\nWrong.table", scope)
    for table in model_registry.tables():
        if table.module == "refused_models":
            model_registry.remove(table)
    return caught.value


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("x: object", "model-field-type", "Wrong.x: no column can hold the type object."),
        ("x: int | str", "model-field-type", "A column holds one type"),
        ("x: Decimal", "model-field-type", "x: Decimal = Field(max_digits=10, decimal_places=2)"),
        ("x: User", "model-field-type", "Refer to a model with x: User = ForeignKey()."),
        ("x: 'Nowhere'", "model-unknown-name", "names 'Nowhere', which is not defined"),
        ("x: 'Nowhere' = ForeignKey()", "model-unknown-target", "leads to 'Nowhere'"),
        ("x: int = ForeignKey()", "model-unknown-target", "leads to 'int', which is not a model"),
        ("x: list[User] = ForeignKey()", "model-relation-annotation", "Other or Other | None"),
        ("x: User = ManyToMany()", "model-relation-annotation", "list[Other]"),
        ("x: User = ForeignKey(on_delete='set null')", "model-on-delete", "Add | None"),
        ("x: User = ForeignKey(on_delete='burn')", "model-on-delete", "on_delete='burn'"),
        ("count: int", "model-reserved-name", "the name belongs to a method of every model"),
        ("x: int\nclass Meta: orderin = 1", "model-unknown-option", "has no option 'orderin'"),
        ("id: int", "model-primary-key", "Wrong.id is not marked as the key"),
        ("a: str | None = Field(primary_key=True)", "model-primary-key", "may be None"),
        ("x: int\nclass Meta: primary_key = ('x', 'y')", "model-unknown-field", "names y, which"),
        ("x: int = 'a'", "model-default", "The default 'a' is not what the field holds"),
        ("x: int = None", "model-default", "Input should be a valid integer"),
        ("x: int = '3'", "model-default", "it would become 3"),
        ("x: str = Field(write_only=True, default=7)", "model-default", "The default is not what"),
        ("x: str = Field(pattern='(')", "model-pattern", "is not a regular expression"),
        ("x: int = Field(defult=1)", "model-unknown-option", "has no option 'defult'"),
        ("x: int = Field(1, default_factory=int)", "model-unknown-option", "not both"),
        ("x: int = Field(choices=[1, 2])", "model-choices", "Give (value, label) pairs"),
        ("x = Field()", "model-no-annotation", "Wrong.x has no annotation"),
        ("x: int = Field(array=True)", "model-field-type", "array=True is for a list of one"),
        ("x: int = Field(column_type=3)", "model-field-type", "column_type takes a ColumnType"),
        (
            "x: int = Field(write_only=True)\nclass Meta: ordering = 'x'",
            "model-unknown-field",
            "ordering names 'x', which is write_only",
        ),
        ("x: int\nclass Meta: ordering = 'y'", "model-unknown-field", "ordering names 'y'"),
        ("x: int\nclass Meta: indexes = [('y',)]", "model-unknown-field", "has no field 'y'"),
        ("x: int\nclass Meta: constraints = ['x']", "model-constraint", "It holds Check objects"),
        (
            "x: int\nclass Meta: constraints = [Check(lambda row: row.y > 1)]",
            "model-constraint",
            "Wrong has no field 'y'",
        ),
        (
            "x: int\nclass Meta: constraints = [Check(lambda row: 3)]",
            "model-constraint",
            "3 is not an expression over its fields",
        ),
        (
            "x: str\nclass Meta: constraints = [Check(lambda row: row.x.contains('a'))]",
            "model-constraint",
            "cannot hold contains",
        ),
        (
            "x: User = ForeignKey()\nclass Meta: constraints = [Check(lambda row: row.x.age > 1)]",
            "model-constraint",
            "it reaches over a relation",
        ),
        ("x: User = OneToOne(on_delete='set default')", "model-on-delete", "needs a default"),
        ("@computed\ndef x(self): return 1", "model-computed", "says no type"),
        (
            "x: User = ForeignKey(related_name='email')",
            "model-related-name",
            "related_name='email' is taken in User",
        ),
        (
            "x: int\nclass Meta: db_table = 'team'",
            "model-table-taken",
            "both want the table 'team'",
        ),
        ("x: list[User] = Related()", "model-related", "no relation of User leads"),
        (
            "id: int = Field(primary_key=True)\nchanges: int = Field(version=True)",
            "model-version",
            "Wrong.changes: a model has one version, a whole number: "
            "version: int = Field(1, version=True).",
        ),
    ],
)
def test_mistake_is_told(database: Database, body: str, code: str, message: str) -> None:
    error = refused(body)
    assert error.code == code
    assert message in error.message
    assert error.where is not None


def test_mistake_names_file_and_line() -> None:
    with pytest.raises(ModelError) as caught:

        class Wrong(Model):
            good: int
            bad: complex

    line = caught.value.__traceback__
    assert line is not None
    assert caught.value.where == f"{__file__}:{line.tb_lineno + 2}"


def test_model_cannot_inherit_from_a_model() -> None:
    with pytest.raises(ModelError, match="cannot inherit from the model User"):

        class Admin(User):
            level: int


class Stamped(Model):
    created_by: str = ""

    class Meta:
        abstract = True

    def stamp(self) -> str:
        return f"by {self.created_by}"


class Note(Stamped):
    GREETING: ClassVar[str] = "hello"
    text: str
    rank: int = 3
    tags: list[str] = Field(default_factory=list)
    made: str = Field(server_default="'now'")

    class Meta:
        db_table = "notes"
        ordering = "-rank"
        unique_together = ("text", "rank")
        indexes = [("rank", "text")]
        verbose_name = "short note"

    @property
    def loud(self) -> str:
        return self.text.upper()

    def __str__(self) -> str:
        return self.loud


def test_abstract_base_gives_its_fields_and_methods() -> None:
    note = Note(text="a", created_by="me")
    assert (note.stamp(), note.loud, Note.GREETING) == ("by me", "A", "hello")


def test_defaults_are_fresh() -> None:
    first, second = Note(text="a"), Note(text="b")
    first.tags.append("x")
    assert (first.rank, second.tags) == (3, [])


class Ticket(Model):
    state: str = Field(default="new", choices=[("new", "New"), ("done", "Done")])
    weight: int | None = Field(default=None, choices=[(1, "Light"), (2, "Heavy")])


def test_value_must_be_a_choice() -> None:
    with pytest.raises(ValidationFailed) as caught:
        Ticket(state="lost", weight=3)
    assert [(error["loc"], error["msg"]) for error in caught.value.errors] == [
        (("state",), "Input should be 'new' or 'done'"),
        (("weight",), "Input should be 1 or 2"),
    ]
    assert (Ticket().state, Ticket(weight=2).weight) == ("new", 2)


def test_meta_becomes_the_table() -> None:
    table = Note.table
    assert table.name == "notes"
    assert {index.name for index in table.indexes} == {"notes_rank_text_idx"}
    uniques = [
        [column.name for column in each.columns]
        for each in table.constraints
        if isinstance(each, sa.UniqueConstraint)
    ]
    assert uniques == [["text", "rank"]]
    assert Note.__table__.verbose_name_plural == "short notes"


def test_database_fills_what_was_left_out(database: Database) -> None:
    database.create_tables(Note).run()
    note = Note(text="a").save().run()
    assert note.made == "now"
    assert Note(text="b", made="then").save().run().made == "then"
    database.drop_tables(Note).run()


def test_key_of_a_deleted_row_is_not_given_again(database: Database) -> None:
    first = User(email="a@x.org", age=3, password="p").save().run()
    first.delete().run()
    assert User(email="b@x.org", age=3, password="p").save().run().id == first.id + 1


def test_key_comes_first() -> None:
    assert [field.name for field in User.__table__.fields] == [
        "id", "email", "age", "bio", "password",
    ]  # fmt: skip


def test_model_is_known_by_name() -> None:
    assert model_registry["Hero"] is Hero


def test_copy_and_pickle_keep_everything(database: Database) -> None:
    user = User(email="a@x.org", age=3, password="p").save().run()
    for twin in (copy.copy(user), copy.deepcopy(user), pickle.loads(pickle.dumps(user))):
        assert (twin, twin.password, twin.age) == (user, "p", 3)
    new = copy.copy(User(email="b@x.org", age=3, password="p"))
    assert new.save().run().id == 2


def test_forgotten_await_is_told() -> None:
    statement = User(email="a@x.org", age=3, password="p").save()
    with pytest.warns(RuntimeWarning, match="User.save"):
        del statement


class Egg(Model):
    bird: Bird | None = ForeignKey(on_delete="set null", related_name="eggs")


class Bird(Model):
    egg: Egg | None = ForeignKey(on_delete="set null")


def test_tables_may_refer_to_each_other(database: Database) -> None:
    assert set(database.create_tables(Egg, Bird).run()) == {"egg", "bird"}
    egg = Egg().save().run()
    bird = Bird(egg=egg).save().run()
    egg.update(bird=bird).run()
    assert Egg.where(Egg.bird.egg == egg).count().run() == 1
    database.drop_tables(Egg, Bird).run()


def define_twice() -> type[Model]:
    class Badge(Model):
        user: User = ForeignKey(on_delete="cascade", related_name="badges")
        text: str = ""

    return Badge


def test_model_defined_again_takes_the_place_of_the_older(database: Database) -> None:
    define_twice()
    badge = define_twice()
    assert User.__table__.relations["badges"].target.model is badge
    model_registry.remove(badge.__table__)


class Membership(Model):
    user: User = ForeignKey(on_delete="cascade", related_name="memberships")
    club: Club = ForeignKey(on_delete="cascade")
    role: str = "member"


class Club(Model):
    name: str
    users: list[User] = ManyToMany(related_name="clubs", through="Membership")


def test_through_model_links(database: Database) -> None:
    database.create_tables(Club, Membership).run()
    user = User(email="a@x.org", age=3, password="p").save().run()
    club = Club(name="Chess").save().run()
    Membership(user=user, club=club, role="chair").save().run()
    assert [each.email for each in club.load(Club.users).run().users] == ["a@x.org"]
    assert Club.where(Club.users == user).count().run() == 1
    assert User.where(User.clubs.name == "Chess").count().run() == 1
    database.drop_tables(Membership, Club).run()


def test_a_model_that_is_forgotten_takes_its_link_tables_along() -> None:
    class Label(Model):
        name: str

    class Parcel(Model):
        labels: list[Label] = ManyToMany(related_name="parcels")

    link = Parcel.__table__.relations["labels"].link_table()
    assert link is not None
    model_registry.remove(Parcel.__table__)
    assert link.name not in model_registry.metadata.tables
