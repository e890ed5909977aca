"""Tables are made and added to without a script, until the first script exists."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from triode.db import Database, Field, ForeignKey, Model, SchemaMismatch, utcnow


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
