"""Renamed columns and tables: asked about, never dropped and added in silence."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from triode.db import Duplicate, Field, ForeignKey, ManyToMany, Model
from triode.db.errors import MigrationError
from triode.db.migrations import Migrations, Question


def define_book() -> type[Model]:
    class Author(Model):
        name: str = Field(unique=True)

    class Book(Model):
        title: str = Field(index=True)
        author: Author = ForeignKey(on_delete="cascade")

    return Book


def start(migrations: Migrations) -> None:
    define_book()
    migrations.make("first")
    migrations.upgrade()
    fetch = migrations.database.fetch
    fetch(sa.text("INSERT INTO author (name) VALUES ('Ann')")).run()
    fetch(sa.text("INSERT INTO book (title, author_id) VALUES ('T', 1)")).run()


def test_renamed_from_keeps_the_rows(migrations: Migrations) -> None:
    start(migrations)

    class Author(Model):
        full_name: str = Field(unique=True, renamed_from="name")

    class Book(Model):
        heading: str = Field(index=True, renamed_from="title")
        writer: Author = ForeignKey(on_delete="cascade", renamed_from="author")

    made = migrations.make("renamed")
    assert made is not None
    assert "steps.rename_column('book', 'title', 'heading')" in made.path.read_text()
    assert "drop_column" not in made.path.read_text()
    migrations.upgrade()
    [book] = Book.include(Book.writer).run()
    assert (book.heading, book.writer.full_name) == ("T", "Ann")
    assert migrations.make("nothing") is None
    migrations.downgrade()
    [row] = migrations.database.fetch(sa.text("SELECT title, author_id FROM book")).run()
    assert tuple(row) == ("T", 1)


def test_renamed_table_takes_its_links_along(migrations: Migrations) -> None:
    class Power(Model):
        name: str

    class Hero(Model):
        name: str
        powers: list[Power] = ManyToMany()

    migrations.make("first")
    migrations.upgrade()
    hero = Hero(name="Z").save().run()
    hero.add(Hero.powers, Power(name="flight").save().run()).run()
    forget(Hero)

    class Champion(Model):
        name: str
        powers: list[Power] = ManyToMany()

        class Meta:
            renamed_from = "hero"

    migrations.make("champions")
    migrations.upgrade()
    [found] = Champion.include(Champion.powers).run()
    assert (found.name, [power.name for power in found.powers]) == ("Z", ["flight"])
    assert migrations.make("nothing") is None
    assert [step.message for step in migrations.downgrade()] == ["champions"]


def forget(model: type[Model]) -> None:
    from triode.db import model_registry

    model_registry.remove(model.__table__)


def test_a_person_is_asked(migrations: Migrations) -> None:
    start(migrations)
    asked: list[Question] = []

    def choose(question: Question) -> str | None:
        asked.append(question)
        return "name"

    class Author(Model):
        full_name: str = Field(unique=True)

    migrations.make("renamed", choose=choose)
    assert asked == [Question("author", "full_name", ("name",))]
    migrations.upgrade()
    assert [author.full_name for author in Author.all().run()] == ["Ann"]


def test_nobody_to_ask_is_an_error_that_says_both_ways(migrations: Migrations) -> None:
    start(migrations)

    class Author(Model):
        full_name: str = Field(unique=True)

    with pytest.raises(MigrationError) as caught:
        migrations.make("renamed")
    assert caught.value.code == "migration-rename"
    assert caught.value.message == (
        "In author the column full_name is new and name is gone. If it was renamed, write "
        'Field(renamed_from="name"); if nothing was, say --no-renames, and what name holds is '
        "dropped."
    )
    assert [author.path.name for author in migrations.steps()] != []


def test_renamed_from_may_stay(migrations: Migrations) -> None:
    class Author(Model):
        full_name: str = Field(unique=True, renamed_from="name")

    migrations.make("first")
    migrations.upgrade()
    assert migrations.make("nothing") is None


def test_a_new_table_may_have_the_name_that_a_renamed_one_had(migrations: Migrations) -> None:
    class Author(Model):
        name: str = Field(unique=True, check="name <> ''")

    class Page(Model):
        title: str = Field(unique=True, index=True, max_length=9)
        number: int = Field(index=True)
        author: Author = ForeignKey()

    migrations.make("first")
    migrations.upgrade()
    ann = Author(name="Ann").save().run()
    Page(title="T", number=1, author=ann).save().run()
    forget(Page)

    class Sheet(Model):
        title: str = Field(unique=True, index=True, max_length=9)
        number: int = Field(index=True)
        author: Author = ForeignKey()

        class Meta:
            renamed_from = "page"

    migrations.make("second")
    migrations.upgrade()

    class Page(Model):  # type: ignore[no-redef]
        title: str = Field(unique=True, index=True, max_length=9)
        number: int = Field(index=True)
        author: Author = ForeignKey()

    made = migrations.make("third")
    assert made is not None
    migrations.upgrade()
    assert migrations.check().problems == []
    Page(title="T", number=1, author=ann).save().run()
    with pytest.raises(Duplicate) as refused:
        Page(title="T", number=2, author=ann).save().run()
    assert refused.value.fields == ("title",)
    migrations.downgrade("base")
    migrations.upgrade()
    assert migrations.check().problems == []


def test_a_unique_constraint_is_dropped_after_its_table_was_renamed(
    migrations: Migrations,
) -> None:
    class Page(Model):
        title: str = Field(unique=True, max_length=9)

    migrations.make("first")
    migrations.upgrade()
    forget(Page)

    class Sheet(Model):
        title: str = Field(max_length=9)

        class Meta:
            renamed_from = "page"

    migrations.make("second")
    migrations.upgrade()
    assert migrations.check().problems == []
    Sheet(title="T").save().run()
    Sheet(title="T").save().run()
