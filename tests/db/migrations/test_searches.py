"""Searches in migrations: made, filled, changed, dropped; and what a rename or a rebuild leaves."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from triode.db import Database, Field, Model, SchemaMismatch, Search, search, uuid7
from triode.db.engine import Write
from triode.db.migrations import Migrations, nothing_renamed
from triode.db.statement import drive


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.service("postgres"))])
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def plain_page() -> type[Model]:
    class Page(Model):
        title: str
        body: str = ""

    return Page


TITLE = Search("title")


def searched_page(declared: Search = TITLE) -> type[Model]:
    class Page(Model):
        title: str
        body: str = ""

        class Meta:
            search = declared

    return Page


def script_of(migrations: Migrations, message: str) -> str:
    """Make a migration, apply it, and return its text."""
    made = migrations.make(message, choose=nothing_renamed)
    assert made is not None
    migrations.upgrade()
    assert migrations.make("nothing", choose=nothing_renamed) is None
    assert migrations.check().problems == []
    return made.path.read_text(encoding="utf-8")


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if "_search(" in line]


def found(model: type[Model], text: str) -> int:
    return model.where(search(model, text)).count().run()


def leftovers(database: Database) -> list[str]:
    """Return what of a search is in the database."""
    sql = "SELECT name FROM sqlite_schema WHERE name LIKE '%fts%' AND name NOT LIKE 'sqlite%'"
    if database.engine.dialect.name == "postgresql":
        sql = (
            "SELECT attname FROM pg_attribute WHERE attname = 'search_vector' "
            "AND NOT attisdropped AND attrelid IN "
            "(SELECT oid FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = current_schema::regnamespace)"
        )
    return [str(row[0]) for row in database.fetch(sa.text(sql)).run()]


def test_search_of_a_new_table(migrations: Migrations) -> None:
    page = searched_page(Search("title", "body", weights={"title": 2}, language="english"))
    text = script_of(migrations, "first")
    assert lines_of(text) == [
        "steps.create_search('page', {'title': 'A', 'body': 'B'}, language='english')",
        "steps.drop_search('page')",
    ]
    page(title="walking").save().run()
    assert found(page, "walks") == 1
    migrations.downgrade("base")
    assert leftovers(migrations.database) == []
    migrations.upgrade()
    assert found(page, "walks") == 0


def test_search_of_a_table_with_rows(migrations: Migrations) -> None:
    old = plain_page()
    script_of(migrations, "first")
    old(title="oak", body="acorn").save().run()
    page = searched_page()
    script_of(migrations, "searched")
    assert (found(page, "oak"), found(page, "acorn")) == (1, 0)
    page = searched_page(Search("title", "body"))
    assert lines_of(script_of(migrations, "more")) == [
        "steps.drop_search('page')",
        "steps.create_search('page', {'title': 'A', 'body': 'A'})",
        "steps.drop_search('page')",
        "steps.create_search('page', {'title': 'A'})",
    ]
    assert (found(page, "oak"), found(page, "acorn")) == (1, 1)
    migrations.downgrade("-1")
    page = searched_page()
    assert (found(page, "oak"), found(page, "acorn")) == (1, 0)
    migrations.downgrade("-1")
    assert leftovers(migrations.database) == []
    plain_page()(title="still written").save().run()


def test_search_that_is_no_more(migrations: Migrations) -> None:
    page = searched_page()
    script_of(migrations, "first")
    page(title="oak").save().run()
    plain_page()
    assert lines_of(script_of(migrations, "plain"))[0] == "steps.drop_search('page')"
    assert leftovers(migrations.database) == []
    migrations.downgrade("-1")
    assert found(searched_page(), "oak") == 1


def test_numbers_of_weights_are_no_change(migrations: Migrations) -> None:
    searched_page(Search("title", "body", weights={"title": 2}))
    script_of(migrations, "first")
    searched_page(Search("title", "body", weights={"title": 5}))
    assert migrations.make("none") is None


def test_table_that_goes_takes_its_search_along(migrations: Migrations) -> None:
    page = searched_page()
    script_of(migrations, "first")
    page(title="oak").save().run()
    from triode.db import model_registry

    model_registry.remove(page.__table__)
    text = script_of(migrations, "gone")
    assert "drop_table" in text
    assert leftovers(migrations.database) == []
    migrations.downgrade("-1")
    page = searched_page()
    page(title="elm").save().run()
    assert found(page, "elm") == 1


def test_searched_column_that_goes(migrations: Migrations) -> None:
    page = searched_page(Search("title", "body"))
    script_of(migrations, "first")
    page(title="oak", body="acorn").save().run()

    class Page(Model):
        title: str

        class Meta:
            search = Search("title")

    script_of(migrations, "shorter")
    assert (found(Page, "oak"), found(Page, "acorn")) == (1, 0)
    Page(title="elm").save().run()
    assert found(Page, "elm") == 1
    migrations.downgrade("-1")
    page = searched_page(Search("title", "body"))
    page(title="x", body="birch").save().run()
    assert found(page, "birch") == 1


def test_renamed_field(migrations: Migrations) -> None:
    page = searched_page(Search("title", "body"))
    script_of(migrations, "first")
    page(title="oak", body="acorn").save().run()

    class Page(Model):
        heading: str = Field(renamed_from="title")
        body: str = ""

        class Meta:
            search = Search("heading", "body")

    assert lines_of(script_of(migrations, "renamed")) == []
    Page(heading="elm").save().run()
    assert (found(Page, "oak"), found(Page, "elm")) == (1, 1)
    migrations.downgrade("-1")
    page = searched_page(Search("title", "body"))
    page(title="birch").save().run()
    assert (found(page, "oak"), found(page, "birch")) == (1, 1)
    condition = search(page, "oak")
    assert page.where(condition).column(condition.highlight("title")).run() == ["<mark>oak</mark>"]


def test_renamed_table(migrations: Migrations) -> None:
    from triode.db import model_registry

    page = searched_page()
    script_of(migrations, "first")
    page(title="oak").save().run()
    model_registry.remove(page.__table__)

    class Sheet(Model):
        title: str
        body: str = ""

        class Meta:
            search = Search("title")
            renamed_from = "page"

    assert lines_of(script_of(migrations, "renamed")) == []
    Sheet(title="elm").save().run()
    assert (found(Sheet, "oak"), found(Sheet, "elm")) == (1, 1)
    migrations.downgrade("-1")
    page = searched_page()
    page(title="ash").save().run()
    assert (found(page, "oak"), found(page, "ash")) == (1, 1)


def test_table_made_anew_keeps_its_search(migrations: Migrations) -> None:
    page = searched_page()
    script_of(migrations, "first")
    page.insert_many([page(title="birch"), page(title="oak"), page(title="elm")]).run()
    page.where(page.title == "birch").delete().run()

    class Page(Model):
        title: str = Field(unique=True)
        age: float = 0.5

        class Meta:
            search = Search("title")

    assert lines_of(script_of(migrations, "changed")) == []
    assert Page.where(search(Page, "oak")).column(Page.id).run() == [2]
    Page.where(Page.title == "oak").update(title="ash").run()
    Page(title="fir").save().run()
    assert [found(Page, name) for name in ("oak", "elm", "ash", "fir")] == [0, 1, 1, 1]


def test_table_made_anew_keeps_its_search_by_keys(migrations: Migrations) -> None:
    class Page(Model):
        id: UUID = Field(primary_key=True, default_factory=uuid7)
        title: str

        class Meta:
            search = Search("title")

    script_of(migrations, "first")
    rows = [Page(title=name).save().run() for name in ("birch", "oak", "elm")]
    rows[0].delete().run()

    class Page(Model):  # type: ignore[no-redef]
        id: UUID = Field(primary_key=True, default_factory=uuid7)
        title: str = Field(unique=True)

        class Meta:
            search = Search("title")

    assert lines_of(script_of(migrations, "changed")) == []
    assert Page.where(search(Page, "oak")).column(Page.id).run() == [rows[1].id]
    Page.where(Page.title == "oak").update(title="ash").run()
    Page(title="fir").save().run()
    assert [found(Page, name) for name in ("oak", "elm", "ash", "fir")] == [0, 1, 1, 1]


def test_database_of_development_becomes_versioned(migrations: Migrations) -> None:
    page = searched_page()
    migrations.database.create_tables().run()
    page(title="oak").save().run()
    assert migrations.make("first") is not None
    assert migrations.make("none") is None
    assert found(page, "oak") == 1


def test_search_that_development_has_not_made(migrations: Migrations) -> None:
    plain_page()
    migrations.database.create_tables().run()
    page = searched_page()
    assert migrations.make("first") is not None
    script_of(migrations, "second")
    page(title="oak").save().run()
    assert found(page, "oak") == 1


def test_versioned_database_that_lacks_a_search(migrations: Migrations) -> None:
    plain_page()
    script_of(migrations, "first")
    searched_page()
    with pytest.raises(SchemaMismatch, match="what is searched in it is not what the models of"):
        migrations.database.create_tables().run()


def test_squashed_migrations(migrations: Migrations) -> None:
    plain_page()
    script_of(migrations, "first")
    page = searched_page()
    script_of(migrations, "second")
    text = migrations.squash("all").read_text(encoding="utf-8")
    assert lines_of(text)[0] == "steps.create_search('page', {'title': 'A'})"
    page(title="oak").save().run()
    assert found(page, "oak") == 1


def test_sql_of_a_search(migrations: Migrations) -> None:
    searched_page()
    migrations.make("first")
    text = migrations.sql()
    migrations.database.fetch(sa.text("SELECT 1")).run()
    if migrations.dialect == "postgresql":
        assert "ALTER TABLE page ADD COLUMN IF NOT EXISTS search_vector tsvector GENERATED" in text
        assert "CREATE INDEX IF NOT EXISTS page_fts ON page USING gin (search_vector);" in text
    else:
        assert "CREATE VIRTUAL TABLE IF NOT EXISTS page_fts USING fts5(title" in text
        assert "CREATE TRIGGER IF NOT EXISTS page_fts_insert AFTER INSERT ON page BEGIN" in text


def test_dangers_of_searches(migrations: Migrations) -> None:
    plain_page()
    script_of(migrations, "first")
    searched_page()
    made = migrations.make("searched")
    assert made is not None
    told = [danger.what for danger in made.dangers]
    wanted = "makes page searched: every row is written anew, and nobody reads or writes meanwhile."
    assert told == ([wanted] if migrations.dialect == "postgresql" else [])
    migrations.upgrade()
    plain_page()
    made = migrations.make("plain", choose=nothing_renamed)
    assert made is not None
    assert [danger.what for danger in made.dangers] == [
        "drops the search of page: the version of the program that still runs fails where it "
        "searches."
    ]


@pytest.mark.parametrize(
    "engine_name", [pytest.param("postgres", marks=pytest.mark.service("postgres"))], indirect=True
)
def test_type_of_a_searched_column(migrations: Migrations) -> None:
    page = searched_page()
    script_of(migrations, "first")
    page(title="oak").save().run()
    # PostgreSQL changes no type of a column of which it computes another.
    for text in (
        "ALTER TABLE page DROP COLUMN search_vector",
        "ALTER TABLE page ALTER COLUMN title TYPE bytea USING title::bytea",
        "ALTER TABLE page ADD COLUMN search_vector tsvector GENERATED ALWAYS AS "
        "(to_tsvector('simple'::regconfig, encode(title, 'escape'))) STORED",
        "CREATE INDEX page_fts ON page USING gin (search_vector)",
        "COMMENT ON COLUMN page.search_vector IS "
        '\'triode search: {"language": null, "fields": {"title": "A"}}\'',
    ):
        drive(migrations.database.engine.blocking.write([Write(text)]))
    made = migrations.make("mended", choose=nothing_renamed)
    assert made is not None
    assert lines_of(made.path.read_text(encoding="utf-8"))[:2] == [
        "steps.drop_search('page')",
        "steps.create_search('page', {'title': 'A'})",
    ]
