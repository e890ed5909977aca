"""Tables are made and added to without a script, until the first script exists."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from triode.db import Database, Duplicate, Field, ForeignKey, Model, SchemaMismatch, utcnow


def start(database: Database) -> None:
    class Shelf(Model):
        name: str

    class Item(Model):
        name: str

    database.create_tables(Shelf, Item).run()
    Item(name="old").save().run()


def test_columns_with_a_default_are_added(empty: Database) -> None:
    start(empty)

    class Shelf(Model):
        name: str

    class Item(Model):
        name: str = Field(index=True)
        note: str | None = None
        price: Decimal = Field(max_digits=6, decimal_places=2, default=Decimal("1.50"))
        made: datetime = Field(default_factory=utcnow)
        state: str = Field(server_default="'new'")
        shelf: Shelf | None = ForeignKey(on_delete="set null")

    assert empty.create_tables(Shelf, Item).run() == []
    [item] = Item.all().run()
    assert (item.name, item.note, item.price, item.state) == ("old", None, Decimal("1.50"), "new")
    assert item.made.tzinfo is not None
    shelf = Shelf(name="S").save().run()
    item.update(shelf=shelf).run()
    shelf.delete().run()
    assert Item.get(item.id).run().shelf_id is None
    indexes = empty_indexes(empty)
    assert {"item_name_idx", "item_shelf_id_idx"} <= indexes
    assert empty.create_tables(Shelf, Item).run() == []


def empty_indexes(database: Database) -> set[str]:
    from triode.db.statement import Operation
    from triode.db.tables.creation import indexes_in_database

    return Operation(indexes_in_database, lambda: database).run()


def test_column_that_needs_a_value_is_refused(empty: Database) -> None:
    start(empty)

    class Item(Model):
        name: str
        number: int

    with pytest.raises(SchemaMismatch, match="'item' in the database has no column number"):
        empty.create_tables(Item).run()


def test_table_of_somebody_else_is_left_alone(empty: Database) -> None:
    empty.fetch(sa.text("CREATE TABLE legacy (id INTEGER)")).run()

    class Legacy(Model):
        name: str | None = None

        class Meta:
            managed = False

    assert empty.create_tables(Legacy).run() == []
    assert empty.fetch(sa.text("SELECT * FROM legacy")).run() == []
    empty.drop_tables(Legacy).run()
    assert empty.fetch(sa.text("SELECT * FROM legacy")).run() == []


def test_what_is_unique_is_added_on_sqlite(empty: Database) -> None:
    if empty.engine.dialect.name != "sqlite":
        pytest.skip("left to migrations elsewhere")
    start(empty)

    class Item(Model):
        name: str = Field(unique=True)
        code: int | None = Field(None, unique=True)
        shelf: str = ""

        class Meta:
            unique_together = (("name", "shelf"),)

    empty.create_tables(Item).run()
    assert {"item_name_key", "item_code_key", "item_name_shelf_key"} <= empty_indexes(empty)
    Item(name="new", code=1).save().run()
    with pytest.raises(Duplicate) as refused:
        Item(name="newer", code=1).save().run()
    assert refused.value.fields == ("code",)
    assert Item.upsert([Item(name="new", code=2)], on="name", update="code").run() == 1
    assert empty.create_tables(Item).run() == []


def test_rows_that_are_the_same_keep_what_is_unique_from_being_added(empty: Database) -> None:
    if empty.engine.dialect.name != "sqlite":
        pytest.skip("left to migrations elsewhere")
    start(empty)

    class Item(Model):
        name: str

    Item(name="old").save().run()

    class Item(Model):  # type: ignore[no-redef]
        name: str = Field(unique=True)

    with pytest.raises(SchemaMismatch) as same:
        empty.create_tables(Item).run()
    assert same.value.message == (
        "name of the table 'item' is to be unique, and there are rows with the same values. "
        "Change or delete rows, take the uniqueness away, or delete the database, if nothing in "
        "it is worth keeping: it is made again."
    )

    class Item(Model):  # type: ignore[no-redef]
        name: str
        code: int = Field(7, unique=True)

    with pytest.raises(SchemaMismatch, match="and the new code would be the same in all of them"):
        empty.create_tables(Item).run()
    assert len(Item.where(Item.name == "old").column(Item.name).run()) == 2
