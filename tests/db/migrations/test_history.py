"""Migrations: made from the models, applied, taken back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from triode.db import Database, Field, ForeignKey, Model, SchemaMismatch
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


def test_a_database_with_a_name_is_taken_over(only_new_models: None, tmp_path: Path) -> None:
    class Old(Model):
        name: str

        class Meta:
            database = "archive"

    opened = []
    try:
        for file in ("here.db", "there.db"):
            made = Database(f"sqlite:///{tmp_path / file}", name="archive")
            opened.append(made)
            made.create_tables().run()
        here, there = (Migrations(each, tmp_path / "migrations") for each in opened)
        first = here.make("first")
        assert first is not None
        assert first.is_applied
        revision = first.path.stem.rpartition("_")[0]
        with pytest.raises(MigrationError) as refused:
            there.upgrade()
        assert refused.value.message == (
            f"The database has the table old already, which {revision} makes. If its tables are "
            "as that migration makes them, say so: triode db upgrade --taken-over "
            "--database archive. If nothing in it is worth keeping, delete the database."
        )
        assert [step.message for step in there.upgrade(is_taken_over=True)] == ["first"]
        assert there.check() == ([], [])
        there.make_empty("more")
        with pytest.raises(MigrationError) as behind:
            there.make("again")
        assert behind.value.message == (
            "The database does not have every migration yet. Apply them first: "
            "triode db upgrade --database archive."
        )
    finally:
        for each in opened:
            each.close()


def test_mariadb_says_that_it_keeps_what_a_failed_script_did(
    migrations: Migrations, engine_name: str
) -> None:
    if engine_name != "mariadb":
        pytest.skip("the others take it back")
    path = migrations.make_empty("half")
    body = "steps.run('CREATE TABLE half (x int)')\n    steps.run('SELECT nothing')"
    path.write_text(path.read_text().replace("    change_rows()", f"    {body}"))
    for said in ("Unknown column 'nothing'", "Table 'half' already exists"):
        with pytest.raises(MigrationError) as failed:
            migrations.upgrade()
        assert said in failed.value.message
        assert failed.value.message.endswith(
            "MySQL and MariaDB keep what the script did before that, and do not count it as "
            "applied: undo it by hand, or take those lines out, then try again."
        )
    assert [step.is_applied for step in migrations.steps()] == [False]
    migrations.database.fetch(sa.text("DROP TABLE half")).run()
