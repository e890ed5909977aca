"""Foreign keys of several columns, and tables in schemas: made, changed and taken back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from triode.db import (
    Check,
    Field,
    ForeignKey,
    Index,
    ManyToMany,
    MissingParent,
    Model,
    OneToOne,
    model_registry,
)
from triode.db.errors import MigrationError
from triode.db.migrations import Migrations


def define_lines() -> type[Model]:
    class Line(Model):
        number: int
        place: int

        class Meta:
            primary_key = ("number", "place")

    return Line


def agree(migrations: Migrations) -> None:
    assert migrations.check().problems == []
    assert migrations.make("nothing") is None


def test_foreign_key_of_several_columns_goes_round(migrations: Migrations) -> None:
    line = define_lines()

    class Note(Model):
        line: line | None = ForeignKey(on_delete="set null")  # type: ignore[valid-type]

    class Seal(Model):
        line: line = OneToOne(on_delete="cascade")  # type: ignore[valid-type]

    assert migrations.make("lines") is not None
    assert migrations.check().problems[1:] == []
    migrations.upgrade()
    agree(migrations)
    line(number=1, place=2).save().run()
    note = Note(line=(1, 2)).save().run()
    Seal(line=(1, 2)).save().run()
    line.get((1, 2)).run().delete().run()
    assert note.refresh().run().line_place is None
    assert Seal.count().run() == 0
    migrations.downgrade("base")
    migrations.upgrade()
    agree(migrations)


def test_foreign_key_of_several_columns_is_added_and_taken_away(migrations: Migrations) -> None:
    line = define_lines()

    class Note(Model):
        text: str

    migrations.make("lines")
    migrations.upgrade()
    line(number=1, place=2).save().run()
    Note(text="kept").save().run()
    model_registry.remove(model_registry["Note"].__table__)

    class Note(Model):  # type: ignore[no-redef]
        text: str
        line: line | None = ForeignKey(on_delete="cascade")  # type: ignore[valid-type]

    assert migrations.make("notes have a line") is not None
    migrations.upgrade()
    agree(migrations)
    Note.all().update(line=(1, 2)).run()
    with pytest.raises(MissingParent):
        Note(text="x", line=(5, 5)).save().run()
    migrations.downgrade()
    migrations.upgrade()
    line.get((1, 2)).run().delete().run()
    assert [row.text for row in Note.all().run()] == ["kept"]


@pytest.mark.parametrize(
    "engine_name", [pytest.param("postgres", marks=pytest.mark.service("postgres"))]
)
def test_foreign_keys_lead_across_schemas(migrations: Migrations) -> None:
    name = f"{migrations.database.url.rpartition('=')[2]}_b"

    class Country(Model):
        code: str

        class Meta:
            schema = name

    class City(Model):
        country: Country = ForeignKey(on_delete="cascade", related_name="cities")
        twins: list[Country] = ManyToMany()

    class Region(Model):
        city: City | None = ForeignKey(on_delete="set null")
        title: str = ""

        class Meta:
            schema = name

    try:
        assert migrations.make("places") is not None
        migrations.upgrade()
        agree(migrations)
        country = Country(code="de").save().run()
        city = City(country=country).save().run()
        city.add(City.twins, country).run()
        region = Region(city=city).save().run()
        assert City.include(City.country, City.twins).run()[0].twins == [country]
        country.delete().run()
        assert region.refresh().run().city_id is None
        model_registry.remove(Region.__table__)

        class Region(Model):  # type: ignore[no-redef]
            city: City | None = ForeignKey(on_delete="set null")
            title: str = ""
            country: Country | None = ForeignKey(on_delete="cascade")

            class Meta:
                schema = name

        assert migrations.make("regions have a country") is not None
        migrations.upgrade()
        agree(migrations)
        migrations.downgrade("base")
    finally:
        drop_schema(migrations, name)


def drop_schema(migrations: Migrations, name: str) -> Any:
    return migrations.database.fetch(sa.text(f"DROP SCHEMA IF EXISTS {name} CASCADE")).run()


@pytest.mark.parametrize(
    "engine_name", [pytest.param("postgres", marks=pytest.mark.service("postgres"))]
)
def test_tables_in_a_schema_are_renamed_dropped_and_squashed(migrations: Migrations) -> None:
    name = f"{migrations.database.url.rpartition('=')[2]}_b"

    class Place(Model):
        title: str
        size: int = 0

        class Meta:
            schema = name

    class Gone(Model):
        class Meta:
            schema = name

    try:
        # Made before the first migration, and taken over by it.
        migrations.database.create_tables().run()
        assert migrations.make("places") is not None
        agree(migrations)
        Place(title="Ulm").save().run()
        for model in (Place, Gone):
            model_registry.remove(model.__table__)

        class Town(Model):
            name: str = Field(renamed_from="title")

            class Meta:
                schema = name
                renamed_from = "place"

        Town.__table__.options.renamed_from = None
        with pytest.raises(MigrationError) as caught:
            migrations.make("towns")
        assert caught.value.code == "migration-rename"
        Town.__table__.options.renamed_from = "place"
        made = migrations.make("towns")
        assert made is not None
        assert f"steps.rename_table('place', 'town', schema='{name}')" in made.path.read_text()
        migrations.upgrade()
        agree(migrations)
        assert Town.get(name="Ulm").run().id == 1
        squashed = migrations.squash("all").read_text()
        assert squashed.count(f"steps.create_schema('{name}')") == 1
        migrations.downgrade("base")
        migrations.upgrade()
        agree(migrations)
    finally:
        drop_schema(migrations, name)


@pytest.mark.parametrize(
    "engine_name", [pytest.param("postgres", marks=pytest.mark.service("postgres"))]
)
def test_types_and_rules_of_a_table_in_a_schema_are_compared(migrations: Migrations) -> None:
    name = f"{migrations.database.url.rpartition('=')[2]}_b"

    class Place(Model):
        title: str
        size: str = Field("1", server_default="'1'")

        class Meta:
            schema = name
            constraints = (Check("title <> ''", name="place_size"),)
            indexes = (Index("title", where="title <> 'Ulm'", name="place_small"),)

    try:
        assert migrations.make("places") is not None
        migrations.upgrade()
        agree(migrations)
        Place(title="Ulm", size="7").save().run()
        model_registry.remove(Place.__table__)

        class Place(Model):  # type: ignore[no-redef]
            title: str
            size: int = Field(1, server_default=2)

            class Meta:
                schema = name
                constraints = (Check("title <> '?'", name="place_size"),)
                indexes = (Index("title", where="title <> 'Bonn'", name="place_small"),)

        told = [each.partition(": ")[2] for each in migrations.check().problems]
        assert [each.replace(name, "schema") for each in told] == [
            "drop index schema.place.place_small.",
            "drop constraint schema.place.place_size.",
            "change column schema.place.size.",
            "add check constraint schema.place.place_size.",
            "create index schema.place.place_small.",
        ]
        assert migrations.make("sizes are numbers") is not None
        migrations.upgrade()
        agree(migrations)
        assert Place.get(title="Ulm").run().size == 7
        migrations.downgrade()
        migrations.upgrade()
        agree(migrations)
        assert Place.get(title="Ulm").run().size == 7
        # As if something else had made the tables of the first migration.
        migrations.downgrade()
        migrations.database.fetch(sa.text("DELETE FROM alembic_version")).run()
        with pytest.raises(MigrationError) as caught:
            migrations.upgrade()
        assert f"has the table {name}.place already" in caught.value.message
        assert len(migrations.upgrade(is_taken_over=True)) == 2
        agree(migrations)
    finally:
        drop_schema(migrations, name)
