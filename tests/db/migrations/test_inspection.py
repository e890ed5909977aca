"""Models for databases that others made: Django's own applications, and a SQLAlchemy project."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa

from tests.conftest import service_url
from tests.db.conftest import mariadb_database, postgres_schema, sqlite_file
from triode.db import Database
from triode.db.errors import MigrationError
from triode.db.migrations import Migrations
from triode.db.migrations.connection import on_connection
from triode.db.migrations.inspection import inspect_models
from triode.db.migrations.model_text import module_text

pytest.importorskip("django")

POSTGRES = pytest.param("postgres", marks=pytest.mark.service("postgres"))

MARIADB = pytest.param("mariadb", marks=pytest.mark.service("mariadb"))

SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib." + app for app in
                  ("admin", "auth", "contenttypes", "sessions", "messages")]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": {name!r}}}}}
USE_TZ = True
"""

CREATE = """
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0, skip_checks=True)
from django.contrib.auth.models import Group, User
ada = User.objects.create_superuser("ada", "ada@x.org", "secret-word")
ada.groups.add(Group.objects.create(name="editors"))
"""


def written(database: Database, *tables: str) -> str:
    models = on_connection(database, lambda connection: inspect_models(connection, tables))
    return module_text(models, "a database")


def imported(text: str, folder: Path) -> ModuleType:
    path = folder / "existing_models.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("tests.db.migrations.existing_models", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def django(tmp_path: Path) -> Iterator[Database]:
    """Give the database of a Django project with an admin and a user."""
    (tmp_path / "settings.py").write_text(SETTINGS.format(name=str(tmp_path / "app.db")))
    variables = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-c", CREATE], env={**os.environ, **variables}, check=True, timeout=50
    )
    with sqlite_file(tmp_path) as made, made.active():
        yield made


@pytest.mark.slow
def test_django_project_is_read(django: Database, only_new_models: None, tmp_path: Path) -> None:
    text = written(django)
    assert "username: str = Field(max_length=150, unique=True)" in text
    assert 'groups: list[AuthGroup] = ManyToMany(through="AuthUserGroups")' in text
    assert "password: str = Field(max_length=128, write_only=True)" in text
    module = imported(text, tmp_path)
    user = module.AuthUser.where(username="ada").include(module.AuthUser.groups).get().run()
    assert [group.name for group in user.groups] == ["editors"]
    assert (user.is_superuser, user.password[:13]) == (True, "pbkdf2_sha256")
    module.AuthGroup(name="more").save().run()
    assert module.AuthGroup.count().run() == 2


@pytest.mark.slow
def test_django_project_is_taken_over(
    django: Database, only_new_models: None, tmp_path: Path
) -> None:
    module = imported(written(django), tmp_path)
    migrations = Migrations(django, tmp_path / "migrations")
    assert migrations.make("as it was") is not None
    assert [step.is_applied for step in migrations.steps()] == [True]
    changes = {problem.split(": ")[1].split()[0] for problem in migrations.check().problems}
    assert changes <= {"create"}  # indexes that foreign keys of ours have
    migrations.make("indexes")
    migrations.upgrade()
    assert migrations.check() == ([], [])
    assert module.AuthUser.count().run() == 1


PROJECT = """
CREATE TABLE authors (id {serial} PRIMARY KEY, name VARCHAR(80) NOT NULL, class VARCHAR(10),
    born DATE, UNIQUE (name));
CREATE TABLE posts (id {serial} PRIMARY KEY, title VARCHAR(200) NOT NULL,
    body TEXT, published BOOLEAN NOT NULL DEFAULT {false}, rating FLOAT,
    author_id INTEGER NOT NULL REFERENCES authors (id) ON DELETE CASCADE,
    editor_id INTEGER REFERENCES authors (id) ON DELETE SET NULL,
    parent INTEGER REFERENCES posts (id));
CREATE INDEX ix_posts_title ON posts (title);
CREATE INDEX ix_posts_two ON posts (published, title);
CREATE UNIQUE INDEX ux_posts ON posts (author_id, title);
CREATE TABLE tags (slug VARCHAR(40) PRIMARY KEY);
CREATE TABLE post_tags (post_id INTEGER NOT NULL REFERENCES posts (id),
    tag_slug VARCHAR(40) NOT NULL REFERENCES tags (slug), PRIMARY KEY (post_id, tag_slug));
CREATE TABLE nameless (x INTEGER);
"""


SERIALS = {"sqlite": "INTEGER", "postgres": "SERIAL", "mariadb": "INTEGER AUTO_INCREMENT"}


@contextmanager
def project(kind: str, folder: Path) -> Iterator[Database]:
    text = PROJECT.format(serial=SERIALS[kind], false="0" if kind == "sqlite" else "false")
    opened = {
        "sqlite": lambda: sqlite_file(folder),
        "postgres": postgres_schema,
        "mariadb": mariadb_database,
    }[kind]
    with opened() as made, made.active():
        for statement in text.split(";\n"):
            if statement.strip():
                made.fetch(sa.text(statement)).run()
        yield made


@pytest.mark.parametrize("kind", ["sqlite", POSTGRES, MARIADB])
def test_sqlalchemy_project_is_read_and_taken_over(
    kind: str, only_new_models: None, tmp_path: Path
) -> None:
    with project(kind, tmp_path) as database:
        text = written(database)
        assert (
            '    class_: str | None = Field(default=None, max_length=10, db_column="class")\n'
            in text
        )
        assert "# The table nameless has no model: it has no primary key" in text
        assert "name: str = Field(max_length=80, unique=True)" in text
        assert 'author: Authors = ForeignKey(on_delete="cascade", related_name="posts_by' in text
        assert 'db_column="parent"' in text
        assert 'unique_together = (("author", "title"),)' in text
        assert 'primary_key = ("post", "tag_slug")' in text
        module = imported(text, tmp_path)
        ada = module.Authors(name="Ada").save().run()
        module.Posts(title="T", author=ada).save().run()
        [post] = module.Posts.include(module.Posts.author).where(title="T").run()
        assert (post.author.name, post.published, post.editor_id) == ("Ada", False, None)
        migrations = Migrations(database, tmp_path / "migrations")
        made = migrations.make("as it was")
        assert made is not None
        lacking = ["post_tags.post_tags_tag_slug_idx", "posts.posts_author_id_idx"]
        lacking += ["posts.posts_editor_id_idx", "posts.posts_parent_idx"]
        if kind == "mariadb":  # It makes an index for a foreign key itself, where it has none.
            lacking = lacking[1:2]
        assert migrations.check().problems == [
            f"The models differ from the migrations: create index {name}." for name in lacking
        ]
        assert migrations.make("indexes") is not None
        migrations.upgrade()
        assert migrations.check() == ([], [])
        assert "nameless" not in made.path.read_text()


def test_chosen_tables_alone(tmp_path: Path) -> None:
    with project("sqlite", tmp_path) as database:
        text = written(database, "tags")
        assert "class Tags(Model):" in text
        assert "class Posts" not in text
        with pytest.raises(MigrationError, match=r"There is no table 'nothing'\. There are: auth"):
            written(database, "nothing")


def test_foreign_keys_that_are_checked_later_are_taken_over(
    only_new_models: None, tmp_path: Path
) -> None:
    pytest.importorskip("asyncpg")
    if service_url("postgres") is None:
        pytest.skip("no PostgreSQL")
    with postgres_schema() as database, database.active():
        for text in (
            "CREATE TABLE authors (id bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY)",
            "CREATE TABLE posts (id bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "
            "author_id bigint NOT NULL CONSTRAINT posts_author_id_5a_fk REFERENCES authors (id) "
            "DEFERRABLE INITIALLY DEFERRED)",
            "CREATE INDEX posts_author_id_5a ON posts (author_id)",
        ):
            database.fetch(sa.text(text)).run()
        imported(written(database), tmp_path)
        migrations = Migrations(database, tmp_path / "migrations")
        made = migrations.make("as it was")
        assert made is not None
        assert made.is_applied
        assert migrations.check() == ([], [])


@pytest.mark.slow
def test_written_module_is_formatted(django: Database, tmp_path: Path) -> None:
    path = tmp_path / "existing.py"
    path.write_text(written(django))
    for command in (["format", "--check", "--diff"], ["check", "--select", "E,F,I,RUF,UP"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", str(path)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_models_pass_a_type_checker(django: Database, tmp_path: Path) -> None:
    path = tmp_path / "existing.py"
    path.write_text(written(django))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), str(path)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "Success: no issues found in 1 source file\n"


STRANGE = """
CREATE TABLE "sheet" ("page no" INTEGER NOT NULL, "from" INTEGER NOT NULL,
    PRIMARY KEY ("page no", "from"));
CREATE TABLE "line" ("id" {serial} PRIMARY KEY, "class" VARCHAR(10), "_secret" INTEGER,
    "save" TEXT DEFAULT 'a, b', "owner" INTEGER, "owner_id" INTEGER REFERENCES "line" ("id"),
    "a" INTEGER, "b" INTEGER, "2nd" INTEGER, "2nd_" INTEGER, "Meta" INTEGER,
    FOREIGN KEY ("a", "b") REFERENCES "sheet" ("page no", "from"));
CREATE TABLE "word" ("line" INTEGER NOT NULL PRIMARY KEY REFERENCES "line" ("id"));
"""


@pytest.mark.parametrize("kind", ["sqlite", POSTGRES])
def test_columns_with_names_that_python_refuses(
    kind: str, only_new_models: None, tmp_path: Path
) -> None:
    opened = sqlite_file(tmp_path) if kind == "sqlite" else postgres_schema()
    with opened as database, database.active():
        for statement in STRANGE.format(serial=SERIALS[kind]).split(";\n"):
            if statement.strip():
                database.fetch(sa.text(statement)).run()
        text = written(database)
        body = text[text.index("class ") :]
        assert body.replace("::text", "") == STRANGE_MODEL
        module = imported(text, tmp_path)
        sheet = module.Sheet(page_no=1, from_=2).save().run()
        line = module.Line(class_="c", sheet=sheet, owner=4).save().run()
        module.Word(line=line).save().run()
        [word] = module.Word.include(module.Word.line, module.Word.line.sheet).run()
        assert (word.line.sheet.from_, word.line.save_) == (2, "a, b")
        migrations = Migrations(database, tmp_path / "migrations")
        assert migrations.make("as it was") is not None
        told = {each.split(": ", 1)[1] for each in migrations.check().problems}
        assert told <= {
            "create index line.line_a_b_idx.",
            "create index line.line_owner_id_idx.",
        }


STRANGE_MODEL = """\
class Sheet(Model):
    page_no: int = Field(db_column="page no")
    from_: int = Field(db_column="from")

    class Meta:
        db_table = "sheet"
        primary_key = ("page_no", "from_")


class Line(Model):
    id: int = Field(primary_key=True)
    class_: str | None = Field(default=None, max_length=10, db_column="class")
    secret: int | None = Field(default=None, db_column="_secret")
    save_: str | None = Field(server_default="'a, b'", db_column="save")
    owner: int | None = None
    owner_row: Line | None = ForeignKey(
        on_delete="no action",
        related_name="line",
        db_column="owner_id",
    )
    sheet: Sheet | None = ForeignKey(
        on_delete="no action",
        related_name="line",
        db_column=("a", "b"),
    )
    field_2nd: int | None = Field(default=None, db_column="2nd")
    field_2nd_: int | None = Field(default=None, db_column="2nd_")
    Meta_: int | None = Field(default=None, db_column="Meta")

    class Meta:
        db_table = "line"


class Word(Model):
    line: Line = ForeignKey(
        on_delete="no action",
        primary_key=True,
        related_name="word",
        db_column="line",
    )

    class Meta:
        db_table = "word"
"""


def test_addresses_of_either_kind(only_new_models: None, tmp_path: Path) -> None:
    pytest.importorskip("asyncpg")
    if service_url("postgres") is None:
        pytest.skip("no PostgreSQL")
    with postgres_schema() as database, database.active():
        sql = "CREATE TABLE visit (id serial PRIMARY KEY, seen_from inet NOT NULL, net cidr)"
        database.fetch(sa.text(sql)).run()
        module = imported(written(database), tmp_path)
        for address in ("10.0.0.1", "::1"):
            module.Visit(seen_from=address, net="10.0.0.0/8").save().run()
        found = [str(each.seen_from) for each in module.Visit.order_by("id").run()]
        assert found == ["10.0.0.1", "::1"]
        migrations = Migrations(database, tmp_path / "migrations")
        assert migrations.make("as it was") is not None
        assert migrations.check() == ([], [])
