"""Scripts besides the usual: data steps, branches, squashed ones, SQL, and a check for CI."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.db.conftest import postgres_schema
from triode.db import Database, Field, Model
from triode.db.errors import MigrationError
from triode.db.migrations import Migrations, nothing_renamed


def define_note() -> type[Model]:
    class Note(Model):
        text: str

    return Note


def define_more() -> type[Model]:
    class Note(Model):
        text: str
        done: bool = False

    return Note


def make_and_apply(migrations: Migrations, message: str) -> Path:
    made = migrations.make(message, choose=nothing_renamed)
    assert made is not None
    migrations.upgrade()
    return made.path


def columns(database: Database, table: str) -> list[str]:
    result = database.fetch(sa.text(f"SELECT * FROM {table}")).run()
    return list(result[0]._fields) if result else []


STEP = """
    note = steps.table("note")
    steps.run(note.insert(), [{"text": "a"}, {"text": "it's"}])
    for row in steps.run(sa.select(note.c.id).where(note.c.text == "a")):
        steps.run(note.update().where(note.c.id == row.id).values(text="b"))
"""


def write_step(path: Path, step: str = STEP) -> None:
    text = path.read_text()
    path.write_text(
        text.replace("change_rows() -> None:", f"change_rows() -> None:{step}    return")
    )


def test_data_step_reads_and_writes_rows(migrations: Migrations) -> None:
    note_model = define_note()
    make_and_apply(migrations, "first")
    write_step(migrations.make_empty("fill"))
    assert [step.message for step in migrations.upgrade()] == ["fill"]
    assert [note.text for note in note_model.order_by("id").run()] == ["b", "it's"]
    assert [step.message for step in migrations.downgrade()] == ["fill"]


def test_failing_step_undoes_all(migrations: Migrations) -> None:
    note_model = define_note()
    make_and_apply(migrations, "first")
    write_step(migrations.make_empty("fill"), f"{STEP}    steps.table('nowhere')\n")
    with pytest.raises(MigrationError, match="There is no table 'nowhere'"):
        migrations.upgrade()
    assert note_model.count().run() == 0
    assert [step.is_applied for step in migrations.steps()] == [True, False]


def test_refused_statement_is_told(migrations: Migrations) -> None:
    define_note()
    make_and_apply(migrations, "first")
    write_step(migrations.make_empty("bad"), '\n    steps.run("INSERT INTO nowhere VALUES (1)")\n')
    with pytest.raises(
        MigrationError, match=r"(refused|failed): .*nowhere.*INSERT INTO nowhere VALUES"
    ):
        migrations.upgrade()


def branches(migrations: Migrations) -> None:
    define_note()
    make_and_apply(migrations, "first")
    left = migrations.make_empty("left")
    aside = left.rename(left.with_suffix(".aside"))
    migrations.make_empty("right")
    aside.rename(left)
    for path in migrations.directory.glob("*.py"):
        path.write_text(path.read_text().replace("    change_rows()", "    pass"))


def test_branches_are_merged(migrations: Migrations) -> None:
    branches(migrations)
    with pytest.raises(MigrationError, match=r"made side by side: .* triode db merge"):
        migrations.upgrade()
    assert migrations.check().problems[0].startswith("Migrations were made side by side")
    migrations.merge("joined")
    applied = [step.message for step in migrations.upgrade()]
    assert (sorted(applied[:2]), applied[2:]) == (["left", "right"], ["joined"])
    assert migrations.check() == ([], [])
    with pytest.raises(MigrationError, match="nothing to join"):
        migrations.merge("again")


def test_squashed_script_makes_the_same(migrations: Migrations) -> None:
    define_note()
    make_and_apply(migrations, "first")
    define_more()
    make_and_apply(migrations, "more")
    made = migrations.squash("all")
    assert list(migrations.directory.glob("*.py")) == [made]
    assert [(step.message, step.is_applied) for step in migrations.steps()] == [("all", True)]
    assert migrations.check() == ([], [])
    migrations.downgrade("base")
    assert [step.message for step in migrations.upgrade()] == ["all"]
    assert migrations.make("nothing") is None


def test_squash_refuses_to_lose_data_steps(migrations: Migrations) -> None:
    define_note()
    make_and_apply(migrations, "first")
    write_step(migrations.make_empty("fill"))
    migrations.upgrade()
    with pytest.raises(MigrationError, match=r"These change rows.*_fill\.py"):
        migrations.squash("all")
    assert migrations.squash("all", drop_data_steps=True).exists()


def test_database_before_a_squash_is_told(migrations: Migrations) -> None:
    define_note()
    make_and_apply(migrations, "first")
    define_more()
    second = make_and_apply(migrations, "more")
    migrations.downgrade()
    kept = second.read_text()
    migrations.upgrade()
    migrations.squash("all")
    first = migrations.directory / "first.txt"
    first.write_text(kept)
    migrations.database.fetch(
        sa.text("UPDATE alembic_version SET version_num = :old").bindparams(
            old=kept.partition("down_revision = '")[2].partition("'")[0]
        )
    ).run()
    with pytest.raises(MigrationError, match="which was squashed into"):
        migrations.upgrade()


def test_sql_is_what_upgrade_does(migrations: Migrations) -> None:
    define_note()
    make_and_apply(migrations, "first")
    define_more()
    migrations.make("more")
    text = migrations.sql()
    assert "ALTER TABLE note ADD COLUMN done" in text
    assert "UPDATE alembic_version SET version_num=" in text
    assert [step.is_applied for step in migrations.steps()] == [True, False]
    assert "DROP TABLE note" in migrations.sql("base", is_downgrade=True)


def test_sql_of_sqlite_runs_by_itself(on_sqlite: Migrations) -> None:
    import sqlite3

    note_model = define_note()
    make_and_apply(on_sqlite, "first")
    note_model(text="it's?").save().run()

    class Note(Model):
        text: str = Field(unique=True)

    on_sqlite.make("unique")
    write_step(on_sqlite.make_empty("fill"))
    text = on_sqlite.sql()
    on_sqlite.database.close()
    with sqlite3.connect(str(on_sqlite.database.engine.path)) as connection:
        connection.executescript(text)
    connection.close()
    assert [step.is_applied for step in on_sqlite.steps()] == [True, True, True]
    assert [note.text for note in Note.order_by("id").run()] == ["it's?", "b", "it's"]
    assert on_sqlite.make("nothing") is None


def test_check_names_what_is_missing(migrations: Migrations) -> None:
    define_note()
    assert migrations.check().problems == [
        "The models differ from the migrations: create table note."
    ]
    made = migrations.make("first")
    assert made is not None
    revision = made.path.stem.removesuffix("_first")
    assert migrations.check().problems == [f"The database lacks {revision}: first."]
    migrations.upgrade()
    assert migrations.check() == ([], [])
    define_more()
    assert migrations.check().problems == [
        "The models differ from the migrations: add column note.done."
    ]


def test_check_leaves_the_database_as_it_was(migrations: Migrations) -> None:
    define_note()
    migrations.make("first")
    migrations.check()
    assert [step.is_applied for step in migrations.steps()] == [False]


def test_database_that_knows_more_is_refused(migrations: Migrations) -> None:
    define_note()
    path = make_and_apply(migrations, "first")
    path.unlink()
    with pytest.raises(MigrationError, match="there is no script of it"):
        migrations.upgrade()
    assert "of which there is no script" in migrations.check().problems[0]


def test_tables_of_others_are_left_alone(migrations: Migrations) -> None:
    fetch = migrations.database.fetch
    fetch(sa.text("CREATE TABLE django_session (session_key VARCHAR(40))")).run()
    fetch(sa.text("CREATE TABLE legacy (id INTEGER, name TEXT)")).run()

    class Legacy(Model):
        name: str | None = None
        more: int = 0

        class Meta:
            managed = False

    note_model = define_note()
    path = make_and_apply(migrations, "first")
    assert "django_session" not in path.read_text()
    assert "legacy" not in path.read_text()
    assert note_model.count().run() == 0
    assert migrations.check() == ([], [])
    migrations.downgrade("base")
    assert fetch(sa.text("SELECT * FROM django_session")).run() == []
    migrations.upgrade()
    migrations.database.create_tables().run()
    assert fetch(sa.text("SELECT * FROM legacy")).run() == []


def test_table_of_ours_is_dropped(migrations: Migrations) -> None:
    from triode.db import model_registry

    note_model = define_note()
    make_and_apply(migrations, "first")
    model_registry.remove(note_model.__table__)
    path = make_and_apply(migrations, "gone")
    assert "drop_table('note')" in path.read_text()


CONCURRENTLY = """
    with op.get_context().autocommit_block():
        op.create_index("note_text_idx", "note", ["text"], postgresql_concurrently=True)
"""


@pytest.mark.service("postgres")
def test_index_is_made_without_a_lock(only_new_models: None, tmp_path: Path) -> None:
    with postgres_schema() as database, database.active():
        migrations = Migrations(database, tmp_path / "migrations")
        note_model = define_note()
        make_and_apply(migrations, "first")
        path = migrations.make_empty("index")
        path.write_text(path.read_text().replace("\n    change_rows()\n", CONCURRENTLY))
        assert [step.message for step in migrations.upgrade()] == ["index"]
        found = sa.text("SELECT indexname FROM pg_indexes WHERE indexname = 'note_text_idx'")
        assert len(database.fetch(found).run()) == 1
        assert [step.is_applied for step in migrations.steps()] == [True, True]
        assert note_model.count().run() == 0


DEPLOYER = """
import sys
from pathlib import Path
from triode.db import Database
from triode.db.migrations import Migrations
steps = Migrations(Database(sys.argv[1]), Path(sys.argv[2])).upgrade()
print(*[step.message for step in steps])
"""


@pytest.mark.slow
def test_two_deployers_do_it_once(migrations: Migrations) -> None:
    define_note()
    made = migrations.make("first")
    assert made is not None
    slow = made.path.read_text().replace(
        "def upgrade() -> None:\n", "def upgrade() -> None:\n    import time; time.sleep(0.5)\n"
    )
    made.path.write_text(slow)
    command = [sys.executable, "-c", DEPLOYER, migrations.database.url, str(migrations.directory)]
    deployers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = [deployer.communicate(timeout=50) for deployer in deployers]
    assert sorted(out for out, _ in told) == ["\n", "\n", "first\n"], told
