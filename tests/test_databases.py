"""Several databases in one program: by the model, by `using`, and never both in one statement."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.db.conftest import ENGINES, mariadb_database, postgres_schema, sqlite_file
from triode.db import (
    Database,
    Field,
    ForeignKey,
    Include,
    ManyToMany,
    Model,
    QueryError,
    current_database,
    exists,
    in_,
    model_registry,
    on_commit,
    repeat_transaction,
    transaction,
)
from triode.db.sources import Source
from triode.errors import ConfigError, ModelError
from triode.testing import count_queries


class Shelf(Model):
    name: str = Field(unique=True)


class Book(Model):
    title: str
    shelf: Shelf | None = ForeignKey(on_delete="set null", related_name="books")


class Visit(Model):
    """A row that lies elsewhere, in a table whose name another database has too."""

    address: str
    book_id: int

    class Meta:
        database = "archive"


class OldBook(Model):
    title: str
    visit: Visit | None = ForeignKey(on_delete="cascade", related_name="books")

    class Meta:
        database = "archive"
        db_table = "book"


MADE_BY = {
    "sqlite": lambda folder: sqlite_file(folder),
    "postgres": lambda folder: postgres_schema(),
    "mariadb": lambda folder: mariadb_database(),
}


@contextmanager
def named(made: Database, name: str) -> Iterator[Database]:
    made.register(name)
    yield made


@pytest.fixture(params=ENGINES)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a second database, beside the one that is active."""
    folder = tmp_path / "archive"
    folder.mkdir()
    make = MADE_BY[request.param]
    with make(tmp_path) as main, main.active(), make(folder) as made, named(made, "archive"):
        main.create_tables(Shelf, Book).run()
        made.create_tables(Visit, OldBook).run()
        yield made


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """Give two SQLite databases in memory, the second by the name "archive"."""
    main, other = Database("sqlite://"), Database("sqlite://", name="archive")
    other.register()
    with main.active():
        main.create_tables(Shelf, Book).run()
        other.create_tables(Visit, OldBook).run()
        yield main, other
    main.close()
    other.close()


def test_rows_go_to_the_database_of_their_model(archive: Database) -> None:
    async def work() -> None:
        book = await Book(title="Emma").save()
        visit = await Visit(address="/", book_id=book.id).save()
        old = await OldBook(title="Ilias", visit=visit).save()
        await visit.update(address="/emma")
        await old.refresh()

        assert (await Book.get(1)).title == "Emma"
        assert (await Visit.get(1)).address == "/emma"
        assert await OldBook.where(OldBook.visit.address == "/emma").include(OldBook.visit) == [old]
        assert await OldBook.order_by("title").column(OldBook.title) == ["Ilias"]
        assert await Visit.insert_many([{"address": "/a", "book_id": 1}]) == 1
        assert await Visit.where(book_id=1).delete() == 2

    asyncio.run(work())


def test_statements_of_each_database_are_counted_there(archive: Database) -> None:
    async def work() -> None:
        with count_queries(database=archive) as there, count_queries() as here:
            await Visit.count()
        assert (len(there), len(here)) == (1, 0)

    asyncio.run(work())


async def undone(done: list[str]) -> None:
    async with transaction("archive"):
        on_commit(lambda: done.append("archive"), "archive")
        await Visit(address="/", book_id=1).save()
        await Shelf(name="A").save()
        raise ZeroDivisionError


def test_transactions_are_those_of_one_database(archive: Database) -> None:
    async def work() -> None:
        done: list[str] = []
        with pytest.raises(ZeroDivisionError):
            await undone(done)
        assert (await Visit.count(), await Shelf.count(), done) == (0, 1, [])

        async with transaction(database="archive"):
            on_commit(lambda: done.append("archive"), "archive")
            await Visit(address="/", book_id=1).save()
        assert (await Visit.count(), done) == (1, ["archive"])

    asyncio.run(work())


def test_transactions_by_name_in_plain_code(two: tuple[Database, Database]) -> None:
    with transaction("archive"):
        Visit(address="/", book_id=1).save().run()
        Visit.all().delete().run()
    made = repeat_transaction(
        lambda: Visit(address="/", book_id=1).save().run(), database="archive"
    ).run()
    assert made.id == 2


def test_default_tables_are_those_without_a_name(two: tuple[Database, Database]) -> None:
    main, archive = two
    shelf, book = Shelf.table, Book.table
    assert {shelf.metadata, book.metadata} == {model_registry.metadata}
    assert OldBook.table.metadata is model_registry.metadata_of("archive")
    assert archive.create_tables().run() == []
    assert "visit" not in main.create_tables(Shelf).run()


def test_using_reads_another_database(two: tuple[Database, Database], tmp_path: Path) -> None:
    with sqlite_file(tmp_path) as other:
        other.create_tables(Shelf, Book).run()
        Shelf(name="there").save().using(other).run()
        Shelf(name="here").save().run()

        assert Shelf.using(other).column(Shelf.name).run() == ["there"]
        assert Shelf.all().column(Shelf.name).run() == ["here"]
        assert Shelf.using(other).count().run() == 1
        assert Shelf.where(name="there").using(other).exists().run()
        assert Shelf.get(1).using(other).run().name == "there"
        assert [each.name for each in Shelf.using(other)] == ["there"]
        assert Shelf.using(other).page().run().items[0].name == "there"
        assert Shelf.using(other).order_by("name").after().run().items[0].name == "there"
        assert Shelf.using(other).where(name="there").update(name="x").run() == 1
        assert Shelf.using(other).limit(1).update(name="y").returning(Shelf.name).run() == [("y",)]
        assert Shelf.all().column(Shelf.name).run() == ["here"]


def test_rows_know_the_database_they_are_from(
    two: tuple[Database, Database], tmp_path: Path
) -> None:
    with sqlite_file(tmp_path) as other:
        other.create_tables(Shelf, Book).run()
        here = Shelf(name="here").save().run()
        there = Shelf(name="there").save().using(other).run()
        Book(title="Emma", shelf=there).save().using(other).run()
        assert here.id == there.id

        [book] = Book.using(other).include(Book.shelf).run()
        assert book.shelf is not None
        book.shelf.name = "changed"
        book.shelf.save().run()
        [shelf] = Shelf.using(other).include(Shelf.books).run()
        shelf.books[0].update(title="Persuasion").run()  # type: ignore[attr-defined]
        loaded = Book.using(other).get().run().load(Book.shelf).run()
        assert loaded.shelf is not None
        loaded.shelf.refresh().run()

        assert loaded.shelf.name == "changed"
        assert Book.using(other).column(Book.title).run() == ["Persuasion"]
        assert Shelf.get(1).run().name == "here"
        for row in (Book.using(other).first().run(), loaded.shelf):
            assert row is not None
            row.delete().run()
        assert (Shelf.count().run(), Shelf.using(other).count().run()) == (1, 0)


def test_rows_of_a_named_database_can_be_pickled(two: tuple[Database, Database]) -> None:
    two[1].create_tables(Shelf).run()
    row = Shelf(name="there").save().using("archive").run()
    again = pickle.loads(pickle.dumps(row))
    again.update(name="x").run()
    assert Shelf.using("archive").column(Shelf.name).run() == ["x"]


def test_read_only_database_refuses_writes(two: tuple[Database, Database], tmp_path: Path) -> None:
    with sqlite_file(tmp_path) as writer:
        writer.create_tables(Shelf, Book).run()
        Shelf(name="there").save().using(writer).run()
        replica = Database(writer.url, name="replica", read_only=True)
        message = (
            f"{replica!r} is read-only: it is a copy that another database writes. Write there, "
            "without .using(…)."
        )
        row = Shelf.using("replica").get().run()
        assert row.name == "there"
        for statement in (
            Shelf(name="b").save().using("replica"),
            Shelf.using("replica").delete(),
            Shelf.insert_many([{"name": "b"}] * 2).using(replica),
            replica.create_tables(Visit),
        ):
            with pytest.raises(QueryError) as refused:
                statement.run()  # type: ignore[attr-defined]
            assert (refused.value.message, refused.value.code) == (message, "database-read-only")
        with transaction("replica"):
            assert Shelf.using("replica").count().run() == 1
        # What is read from a copy is changed where the model lies.
        Shelf(name="here").save().run()
        row.update(name="changed").run()
        assert Shelf.get(1).run().name == "changed"
        assert Shelf.using("replica").get().run().name == "there"
        replica.close()


def test_unknown_name_says_which_there_are(two: tuple[Database, Database]) -> None:
    with pytest.raises(ConfigError) as refused:
        Shelf.using("nope").count().run()
    assert refused.value.message == (
        "There is no database named 'nope'. There are: archive. Write "
        "Triode(databases={'nope': …}), or Database(…, name='nope') in a script."
    )
    assert refused.value.code == "database-unknown"


def test_name_must_be_one() -> None:
    with pytest.raises(ConfigError) as refused:
        Database("sqlite://", name="../x")
    assert refused.value.code == "database-name"
    made = Database("sqlite://", name="one")
    with pytest.raises(ConfigError) as refused:
        made.register("other")
    assert refused.value.message == "A database cannot have two names: 'one' and 'other'."
    made.close()
    assert "one" not in Source.named


def test_current_database_by_name(two: tuple[Database, Database]) -> None:
    main, archive = two
    assert (current_database(), current_database("archive")) == (main, archive)
    with archive.active():
        assert (current_database(), current_database("archive")) == (archive, archive)


def test_relations_to_another_database_are_refused() -> None:
    with pytest.raises(ModelError) as refused:

        class Note(Model):
            visit: Visit = ForeignKey()

    assert refused.value.message == (
        "Note.visit leads to another database: Note lies in the default database, Visit in the "
        "database 'archive'. No database can hold such a reference. Keep the key in a field of its "
        "own (visit_id: int), and ask for the rows by it."
    )
    assert refused.value.code == "model-other-database"
    model_registry.remove(model_registry["Note"].__table__)
    with pytest.raises(ModelError, match="leads to another database"):

        class Tag(Model):
            books: list[Book] = ManyToMany()

            class Meta:
                database = "archive"

    model_registry.remove(model_registry["Tag"].__table__)


def test_statements_across_databases_are_refused(two: tuple[Database, Database]) -> None:
    message = (
        "Book lies in the default database, and Visit in the database 'archive': no statement "
        "reaches both. Ask for the values first, then write in_(field, values)."
    )
    for query in (
        Book.where(in_(Book.id, Visit.where(address="/").column(Visit.book_id))),
        Book.where(exists(Visit.all())),
        Book.all().column(Book.id).union(Visit.all().column(Visit.id)),
    ):
        with pytest.raises(QueryError) as refused:
            query.sql()
        assert (refused.value.message, refused.value.code) == (message, "query-other-database")


def test_using_within_a_statement_is_refused(two: tuple[Database, Database]) -> None:
    inner = Shelf.using("archive")
    for make in (
        lambda: Book.where(in_(Book.shelf, inner)),
        lambda: Book.where(exists(inner)),
        lambda: Shelf.all().union(inner),
        lambda: Include(Shelf.books, Book.using("archive")),
    ):
        with pytest.raises(QueryError, match="goes to the database of that one") as refused:
            make()
        assert refused.value.code == "query-other-database"
