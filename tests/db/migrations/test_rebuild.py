"""SQLite alters a table by making it anew; nothing that hangs on it may be lost."""

from __future__ import annotations

import sqlalchemy as sa

from triode.db import Field, ForeignKey, Model
from triode.db.migrations import Migrations, nothing_renamed


def start(migrations: Migrations) -> None:
    class Author(Model):
        name: str
        born: int | None = None

    class Book(Model):
        title: str
        author: Author = ForeignKey(on_delete="cascade")

    migrations.make("first")
    migrations.upgrade()
    for text in (
        "INSERT INTO author (name) VALUES ('Ann'), ('Bob')",
        "DELETE FROM author WHERE name = 'Bob'",
        "INSERT INTO book (title, author_id) VALUES ('T', 1)",
        "CREATE TABLE log (author TEXT)",
        "CREATE INDEX author_lower ON author (lower(name))",
        "CREATE INDEX author_partial ON author (name) WHERE name > 'A'",
        "CREATE TRIGGER on_author AFTER UPDATE ON author BEGIN "
        "INSERT INTO log VALUES (new.name); END",
        "CREATE TRIGGER on_log AFTER DELETE ON log BEGIN DELETE FROM author; END",
        "CREATE VIEW names AS SELECT name FROM author",
    ):
        execute(migrations, text)


def execute(migrations: Migrations, text: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in migrations.database.fetch(sa.text(text)).run()]


def drop_born(migrations: Migrations) -> type[Model]:
    class Author(Model):
        name: str = Field(unique=True)

    assert migrations.make("no born", choose=nothing_renamed) is not None
    migrations.upgrade()
    return Author


def schema(migrations: Migrations, kind: str) -> set[object]:
    return {
        row[0]
        for row in execute(migrations, f"SELECT name FROM sqlite_schema WHERE type = '{kind}'")
    }


def test_rows_of_children_survive(on_sqlite: Migrations) -> None:
    start(on_sqlite)
    drop_born(on_sqlite)
    assert execute(on_sqlite, "SELECT title, author_id FROM book") == [("T", 1)]
    assert execute(on_sqlite, "PRAGMA foreign_key_check") == []


def test_triggers_views_and_indexes_survive(on_sqlite: Migrations) -> None:
    start(on_sqlite)
    before = [schema(on_sqlite, kind) for kind in ("trigger", "view", "index")]
    drop_born(on_sqlite)
    after = [schema(on_sqlite, kind) for kind in ("trigger", "view", "index")]
    assert [before[0] - after[0], before[1] - after[1]] == [set(), set()]
    assert {"author_lower", "author_partial"} <= after[2]
    execute(on_sqlite, "UPDATE author SET name = 'Eve'")
    assert execute(on_sqlite, "SELECT author FROM log") == [("Eve",)]


def test_key_of_a_deleted_row_is_not_given_again(on_sqlite: Migrations) -> None:
    start(on_sqlite)
    author_model = drop_born(on_sqlite)
    assert author_model(name="Cy").save().run().id == 3


def test_table_stays_strict(on_sqlite: Migrations) -> None:
    start(on_sqlite)
    drop_born(on_sqlite)
    [(text,)] = execute(on_sqlite, "SELECT sql FROM sqlite_schema WHERE name = 'author'")
    assert "STRICT" in str(text)
    assert "AUTOINCREMENT" in str(text)


def test_foreign_indexes_are_left_alone(on_sqlite: Migrations) -> None:
    start(on_sqlite)
    drop_born(on_sqlite)
    assert on_sqlite.make("nothing") is None
