"""Migrations: made from the models, applied, taken back."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from triode.db import Field, ForeignKey, Model, SchemaMismatch
from triode.db.errors import MigrationError
from triode.db.migrations import Migrations, nothing_renamed
from triode.db.migrations.folder import new_revision


def define_first() -> type[Model]:
    class Author(Model):
        name: str = Field(unique=True)

    class Book(Model):
        title: str = Field(index=True)
        author: Author = ForeignKey(on_delete="cascade")
        pages: int | None = None

    return Book


def define_second() -> type[Model]:
    class Author(Model):
        name: str = Field(unique=True)

    class Book(Model):
        title: str = Field(unique=True)
        author: Author = ForeignKey(on_delete="cascade")
        price: Decimal = Field(max_digits=6, decimal_places=2, default=Decimal("1.50"))
        note: str = "it's new"
        sold: bool = True

    return Book


def make_and_apply(migrations: Migrations, message: str) -> None:
    assert migrations.make(message, choose=nothing_renamed) is not None
    assert [step.message for step in migrations.upgrade()] == [message]


def add_a_book(migrations: Migrations) -> None:
    database = migrations.database
    database.fetch(sa.text("INSERT INTO author (name) VALUES ('Ann')")).run()
    database.fetch(sa.text("INSERT INTO book (title, author_id) VALUES ('T', 1)")).run()


def test_first_migration_makes_the_tables(migrations: Migrations) -> None:
    define_first()
    make_and_apply(migrations, "first")
    add_a_book(migrations)
    assert migrations.make("nothing") is None


def test_rows_that_exist_get_the_defaults(migrations: Migrations) -> None:
    define_first()
    make_and_apply(migrations, "first")
    add_a_book(migrations)
    book_model = define_second()
    make_and_apply(migrations, "second")
    [book] = book_model.all().run()
    assert (book.title, book.author_id) == ("T", 1)
    assert (book.price, book.note, book.sold) == (Decimal("1.50"), "it's new", True)
    assert migrations.make("nothing") is None


def test_migration_is_taken_back(migrations: Migrations) -> None:
    book_model = define_first()
    make_and_apply(migrations, "first")
    add_a_book(migrations)
    define_second()
    make_and_apply(migrations, "second")
    assert [step.message for step in migrations.downgrade()] == ["second"]
    assert [(step.message, step.is_applied) for step in migrations.steps()] == [
        ("first", True),
        ("second", False),
    ]
    del book_model
    rows = migrations.database.fetch(sa.text("SELECT title FROM book")).run()
    assert [row[0] for row in rows] == ["T"]


def test_new_column_needs_a_default(migrations: Migrations) -> None:
    define_first()
    make_and_apply(migrations, "first")

    class Author(Model):
        name: str = Field(unique=True)
        born: int

    with pytest.raises(MigrationError, match=r"author\.born is new and may not be empty"):
        migrations.make("second")


def test_migration_waits_for_the_one_before(migrations: Migrations) -> None:
    define_first()
    migrations.make("first")
    define_second()
    with pytest.raises(MigrationError, match="Apply them first"):
        migrations.make("second")


def test_unknown_migration_is_refused(migrations: Migrations) -> None:
    define_first()
    migrations.make("first")
    with pytest.raises(MigrationError, match="'nowhere' cannot be reached"):
        migrations.upgrade("nowhere")


def test_migrated_database_is_left_to_migrations(migrations: Migrations) -> None:
    define_first()
    make_and_apply(migrations, "first")

    class Shelf(Model):
        name: str

    with pytest.raises(SchemaMismatch, match="versioned by migrations and lacks shelf"):
        migrations.database.create_tables().run()


def test_tables_that_exist_are_taken_over(migrations: Migrations) -> None:
    book_model = define_first()
    migrations.database.create_tables().run()
    add_a_book(migrations)
    assert migrations.make("first") is not None
    assert [(step.message, step.is_applied) for step in migrations.steps()] == [("first", True)]
    assert book_model.count().run() == 1
    define_second()
    make_and_apply(migrations, "second")


def test_tables_that_differ_are_not_taken_over(migrations: Migrations) -> None:
    define_first()
    migrations.database.create_tables().run()
    define_second()
    with pytest.raises(MigrationError, match="differ from the models"):
        migrations.make("first")


def test_renamed_field_is_no_reason_to_ask_for_a_default(migrations: Migrations) -> None:
    define_first()
    migrations.database.create_tables().run()

    class Book(Model):
        heading: str = Field(renamed_from="title")

    with pytest.raises(MigrationError, match="Make the first migration with the models they were"):
        migrations.make("first")


def test_names_made_in_one_second_differ() -> None:
    assert len({new_revision() for _ in range(200)}) > 190
