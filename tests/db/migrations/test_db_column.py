"""Columns that have another name than their fields: made, renamed, changed and taken back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from triode.db import Check, Field, ForeignKey, Index, Model
from triode.db.errors import MigrationError
from triode.db.migrations import Migrations


def agree(migrations: Migrations) -> None:
    assert migrations.check().problems == []
    assert migrations.make("nothing") is None


def rows(migrations: Migrations, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in migrations.database.fetch(sa.text(sql)).run()]


def start(migrations: Migrations) -> tuple[type[Any], type[Any]]:
    class Owner(Model):
        key: int = Field(primary_key=True, db_column="no")

    class Animal(Model):
        kind: str = Field(db_column="class", max_length=20, check="class <> 'ghost'")
        size: int = Field(db_column="Size", index=True)
        owner: Owner = ForeignKey(on_delete="cascade", db_column="own")

        class Meta:
            unique_together = (("kind", "owner"),)
            indexes = (Index("kind", "size"),)
            constraints = (Check(lambda it: it.size >= 0, name="sized"),)

    migrations.make("first")
    migrations.upgrade()
    Owner().save().run()
    Animal(kind="cat", size=3, owner=1).save().run()
    return Owner, Animal


def test_columns_with_names_of_their_own_go_round(migrations: Migrations) -> None:
    start(migrations)
    agree(migrations)
    migrations.downgrade("base")
    migrations.upgrade()
    agree(migrations)


def test_a_renamed_field_makes_no_migration(migrations: Migrations) -> None:
    Owner, _ = start(migrations)

    class Animal(Model):
        sort: str = Field(db_column="class", max_length=20, check="class <> 'ghost'")
        length: int = Field(db_column="Size", index=True)
        keeper: Owner = ForeignKey(  # type: ignore[valid-type]
            on_delete="cascade", db_column="own"
        )

        class Meta:
            unique_together = (("sort", "keeper"),)
            indexes = (Index("sort", "length"),)
            constraints = (Check(lambda it: it.length >= 0, name="sized"),)

    agree(migrations)
    [animal] = Animal.include(Animal.keeper).run()
    assert (animal.sort, animal.length, animal.keeper.key) == ("cat", 3, 1)


def test_another_db_column_is_a_rename(migrations: Migrations) -> None:
    class Thing(Model):
        kind: str
        size: int = Field(db_column="large")

    migrations.make("first")
    migrations.upgrade()
    Thing(kind="a", size=1).save().run()

    class Thing(Model):  # type: ignore[no-redef]
        kind: str = Field(db_column="class")
        size: int = Field(db_column="small", renamed_from="large")

    made = migrations.make("second")
    assert made is not None
    assert "drop_column" not in made.path.read_text()
    migrations.upgrade()
    agree(migrations)
    assert rows(migrations, "SELECT small FROM thing") == [(1,)]
    migrations.downgrade()
    assert rows(migrations, "SELECT kind, large FROM thing") == [("a", 1)]


def test_a_guess_is_refused_by_the_names_of_columns(migrations: Migrations) -> None:
    class Thing(Model):
        kind: str = Field(db_column="a")

    migrations.make("first")
    migrations.upgrade()

    class Thing(Model):  # type: ignore[no-redef]  # noqa: F811
        kind: str = Field(db_column="b")

    with pytest.raises(MigrationError) as refused:
        migrations.make("second")
    assert refused.value.message == (
        "In thing the column b is new and a is gone. If it was renamed, write "
        'Field(renamed_from="a"); if nothing was, say --no-renames, and what a holds is dropped.'
    )


def test_columns_with_names_of_their_own_are_changed(migrations: Migrations) -> None:
    Owner, _ = start(migrations)

    class Animal(Model):
        kind: str = Field(db_column="class", max_length=20, check="class <> 'ghost'")
        size: Decimal = Field(db_column="Size", max_digits=8, decimal_places=2)
        note: str = Field("new", db_column="select")
        owner: Owner = ForeignKey(  # type: ignore[valid-type]
            on_delete="restrict", db_column="own"
        )

        class Meta:
            constraints = (Check(lambda it: it.size >= 0, name="sized"),)

    migrations.make("second")
    migrations.upgrade()
    agree(migrations)
    [animal] = Animal.all().run()
    assert (animal.size, animal.note) == (Decimal("3.00"), "new")
    migrations.downgrade()
    assert len(rows(migrations, "SELECT * FROM animal")) == 1
