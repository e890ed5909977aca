"""What of a search is different in the two databases: how the index is kept, and what it holds."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.db.conftest import postgres_schema
from triode.db import Database, Field, ForeignKey, Model, Search, desc, search, uuid7
from triode.db.transfer.backups import back_up, restore


class Card(Model):
    title: str = Field(unique=True)
    body: str = ""
    views: int = 0

    class Meta:
        search = Search("title", "body", weights={"title": 2})


class Tag(Model):
    id: UUID = Field(primary_key=True, default_factory=uuid7)
    name: str = Field(unique=True)

    class Meta:
        search = Search("name")


class Mark(Model):
    card: Card = ForeignKey(on_delete="cascade")
    text: str

    class Meta:
        search = Search("text")


class Far(Model):
    text: str

    class Meta:
        search = Search("text")
        schema = "triode_search_test"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cards.db"


@pytest.fixture
def cards(file: Path) -> Database:
    made = Database(f"sqlite:///{file}")
    made.create_tables(Card, Tag, Mark).run()
    return made


def found(model: type[Model], text: str) -> int:
    return model.where(search(model, text)).count().run()


def test_rows_replaced_by_another_program(cards: Database, file: Path) -> None:
    with cards.active():
        Card(title="oak", body="old").save().run()
        Tag(name="oak").save().run()
        with sqlite3.connect(file) as other:
            # SQLite tells no trigger of the row that goes.
            other.execute("INSERT OR REPLACE INTO card VALUES (1, 'oak', 'new', 0)")
            other.execute("INSERT OR REPLACE INTO card VALUES (2, 'oak', 'newer', 0)")
            other.execute("INSERT OR REPLACE INTO tag VALUES ('x', 'oak')")
            other.execute("INSERT OR IGNORE INTO card VALUES (2, 'elm', 'ignored', 0)")
        other.close()
        words = ("oak", "old", "new", "newer", "ignored")
        assert [found(Card, word) for word in words] == [1, 0, 0, 1, 0]
        assert found(Tag, "oak") == 1
        check = "INSERT INTO card_fts (card_fts) VALUES ('integrity-check')"
        cards.fetch(sa.text(check)).run()
    cards.close()


def test_rows_are_found_after_a_vacuum(cards: Database, file: Path) -> None:
    with cards.active():
        tags = [Tag(name=f"name{number}") for number in range(9)]
        Tag.insert_many(tags).run()
        tags[0].delete().run()
        tags[1].delete().run()
    cards.close()
    with sqlite3.connect(file) as other:
        other.execute("VACUUM")
    other.close()
    again = Database(f"sqlite:///{file}")
    with again.active():
        assert Tag.where(search(Tag, "name7")).column(Tag.name).run() == ["name7"]
        tags[7].update(name="other").run()
        assert (found(Tag, "name7"), found(Tag, "other"), found(Tag, "name1")) == (0, 1, 0)
    again.close()


def test_what_is_not_searched_may_change_often(cards: Database) -> None:
    with cards.active():
        card = Card(title="oak").save().run()
        count = "SELECT sum(length(block)) FROM card_fts_data"
        before = cards.fetch(sa.text(count)).run()
        for number in range(20):
            card.update(views=number + 1).run()
            Card.where(Card.id == card.id).update(title="oak").run()
        assert cards.fetch(sa.text(count)).run() == before
    cards.close()


def test_keys_of_new_rows_are_right(cards: Database) -> None:
    with cards.active():
        assert [Card(title=f"t{number}").save().run().id for number in range(3)] == [1, 2, 3]
        Card.insert_many([Card(title="x"), Card(title="y")]).run()
        assert Card.where(search(Card, "y")).column(Card.id).run() == [5]
        assert Card.where(Card.id > 3).delete().run() == 2
    cards.close()


def test_rows_that_go_with_another(cards: Database) -> None:
    with cards.active():
        card = Card(title="oak").save().run()
        Mark(card=card, text="carved").save().run()
        card.delete().run()
        assert cards.fetch(sa.text("SELECT count(*) FROM mark_fts")).run()[0][0] == 0
    cards.close()


def test_best_of_many_are_found_at_once(cards: Database) -> None:
    with cards.active():
        Card.insert_many(Card(title=f"oak {n}", body="acorn " * (n % 9)) for n in range(3000)).run()
        acorn = search(Card, "oak acorn")
        query = Card.where(acorn, acorn.relevance > 0).order_by(desc(acorn.relevance)).limit(3)
        shown = query.values(fits=acorn.relevance, part=acorn.snippet(Card.body, 2))
        plan = str(shown.explain().run())
        rows = shown.run()
    assert [row["part"] for row in rows] == ["<mark>acorn</mark> <mark>acorn</mark> …"] * 3
    assert plan.count("USING AUTOMATIC COVERING INDEX (key=?)") == 3
    assert "SCAN anon" not in plan
    cards.close()


def test_backup_holds_the_search(cards: Database, file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with cards.active():
        Card(title="oak").save().run()
    back_up(cards, copy)
    cards.close()
    other = Database(f"sqlite:///{copy}")
    with other.active():
        assert found(Card, "oak") == 1
    other.close()
    again = Database(f"sqlite:///{file}")
    restore(again, copy, overwrite=True)
    with again.active():
        assert found(Card, "oak") == 1
    again.close()


@pytest.mark.service("postgres")
def test_texts_longer_than_postgres_indexes() -> None:
    with postgres_schema() as made, made.active():
        made.create_tables(Card).run()
        words = " ".join(f"word{number}" for number in range(300_000))
        card = Card(title="oak", body=f"{words} last").save().run()
        assert [found(Card, word) for word in ("oak", "word7", "last")] == [1, 1, 0]
        condition = search(Card, "word7")
        [part] = Card.where(condition).column(condition.snippet(Card.body, 3)).run()
        assert part == "… word6 <mark>word7</mark> word8 …"
        strange = "\u0958" * 200_000
        letters = " ".join(chr(0x20000 + number) * 3 for number in range(42_000))
        card.update(body=strange).run()
        card.update(body=letters).run()


@pytest.mark.service("postgres")
def test_postgres_uses_the_index() -> None:
    with postgres_schema() as made, made.active():
        made.create_tables(Card).run()
        Card.insert_many(Card(title=f"tree{number}") for number in range(3000)).run()
        made.fetch(sa.text("ANALYZE card")).run()
        plan = Card.where(search(Card, "tree77")).explain().run()
        assert "Bitmap Index Scan on card_fts" in str(plan)


@pytest.mark.service("postgres")
def test_table_in_a_schema() -> None:
    with postgres_schema() as made, made.active():
        try:
            made.create_tables(Far).run()
            made.create_tables(Far).run()
            Far(text="oak").save().run()
            condition = search(Far, "oak")
            query = Far.where(condition).order_by(desc(condition.relevance))
            assert query.column(condition.highlight(Far.text)).run() == ["<mark>oak</mark>"]
        finally:
            made.fetch(sa.text("DROP SCHEMA triode_search_test CASCADE")).run()
