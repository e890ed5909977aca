"""Migrations as people live with them: a project from its first model on, at a terminal."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli.conftest import COMMAND, environment
from tests.db.conftest import postgres_schema
from triode.db import Database

HEAD = """
from triode import Field, ForeignKey, Model, Triode

app = Triode()

"""
FIRST = f"{HEAD}class Note(Model):\n    text: str\n    size: str = '1'\n"
SECOND = f"{HEAD}class Note(Model):\n    body: str\n    size: str = '1'\n"
THIRD = f"{HEAD}class Note(Model):\n    body: str\n    size: int = 1\n    kind: str"
FOURTH = (
    f"{HEAD}class Note(Model):\n    title: str = Field(renamed_from='body')\n    size: int = 1\n"
    "    kind: str = 'old'\n"
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.service("postgres"))])
def address(request: pytest.FixtureRequest, tmp_path: Path):
    """Give the address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'live.db'}"
        return
    with postgres_schema() as made:
        yield made.url


def rows(address: str, sql: str) -> list[tuple[object, ...]]:
    database = Database(address)
    try:
        return [tuple(row) for row in database.fetch(sa.text(sql)).run()]
    finally:
        database.close()


def at_a_terminal(folder: Path, answers: str, *arguments: str, **changes: str) -> str:
    """Run a command whose input and output are a terminal; return what it showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(**changes),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, answers.encode())
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # The other side is closed.
            break
        if not part:
            break
        shown += part
    process.wait(timeout=30)
    os.close(ours)
    return shown.decode()


@pytest.mark.timeout(400)
def test_project_from_its_first_model_on(write, triode, tmp_path, address):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return triode("db", *arguments, DATABASE_URL=address)

    write("app.py", FIRST)
    assert run("migrate", "notes").returncode == 0
    assert run("upgrade").stdout.endswith(": notes\n")
    rows(address, "INSERT INTO note (text, size) VALUES ('a', '7')")

    write("app.py", SECOND)
    shown = at_a_terminal(tmp_path, "9\n2\n", "db", "migrate", "body", DATABASE_URL=address)
    assert "Answer with a number from 1 to 2." in shown
    assert "renames note.text" in shown
    assert run("upgrade").stdout.endswith(": body\n")

    write("app.py", THIRD)
    refused = run("migrate", "kind")
    assert "note.kind is new and may not be empty, and the field has no default" in refused.stderr
    write("app.py", FOURTH)
    made = run("migrate", "kind")
    assert "changes the type of note.size" in made.stdout
    assert run("check").returncode == 1
    assert "kind" in run("upgrade", "--sql").stdout
    assert run("upgrade").stdout.endswith(": kind\n")
    assert rows(address, "SELECT title, size, kind FROM note") == [("a", 7, "old")]
    assert run("check").stdout == "The models, the migrations and the database agree.\n"

    assert run("migrate", "shout", "--empty").returncode == 0
    [script] = (tmp_path / "migrations").glob("*_shout.py")
    step = 'note = steps.table("note")\n    steps.run(note.update().values(title="A"))\n    return'
    script.write_text(
        script.read_text().replace('None:\n    """Change', f'None:\n    {step}\n    """Change')
    )
    assert run("upgrade").stdout.endswith(": shout\n")
    assert rows(address, "SELECT title FROM note") == [("A",)]
    assert "These change rows" in run("squash", "all").stderr
    assert run("squash", "all", "--drop-data-steps").returncode == 0
    assert run("check").returncode == 0
    assert run("upgrade").stdout == "There was nothing to do.\n"

    # Two branches, each with a migration.
    assert run("migrate", "left", "--empty").returncode == 0
    [left] = (tmp_path / "migrations").glob("*_left.py")
    aside = left.rename(left.with_suffix(".aside"))
    assert run("migrate", "right", "--empty").returncode == 0
    aside.rename(left)
    assert "made side by side" in run("upgrade").stderr
    assert run("merge", "joined").returncode == 0
    assert run("upgrade").stdout.endswith(": joined\n")
    assert run("downgrade", "--to", "base").stdout.endswith(": all\n")
    assert run("upgrade").returncode == 0
    assert run("check").returncode == 0


@pytest.mark.timeout(200)
def test_tables_made_before_are_taken_over(write, triode, address):
    write("app.py", FIRST)
    assert triode("shell", input="Note.count().run()", DATABASE_URL=address).returncode == 0
    made = triode("db", "migrate", "notes", DATABASE_URL=address)
    assert made.stdout.endswith("This database has its tables already: it is applied.\n")
    assert triode("db", "upgrade", DATABASE_URL=address).stdout == "There was nothing to do.\n"
    rows(address, "DELETE FROM alembic_version")
    refused = triode("db", "upgrade", DATABASE_URL=address)
    assert "The database has the table note already, which " in refused.stderr
    taken = triode("db", "upgrade", "--taken-over", DATABASE_URL=address)
    assert taken.stdout.endswith(": notes\n")
    assert triode("db", "check", DATABASE_URL=address).returncode == 0


def test_database_without_the_tables_is_not_taken_over(write, triode):
    write("app.py", FIRST)
    triode("db", "migrate", "notes")
    refused = triode("db", "upgrade", "--taken-over")
    assert "as it made it: it lacks the table note" not in refused.stderr
    assert "it lacks the table note" in refused.stderr


def test_upgrade_without_scripts_leaves_the_database_alone(write, triode, tmp_path):
    write("app.py", FIRST)
    assert triode("db", "upgrade").stdout == "There was nothing to do.\n"
    assert triode("db", "upgrade", "--sql").stdout == "-- There is nothing to do.\n"
    assert not (tmp_path / "migrations").exists()
    assert triode("shell", input="print(Note.count().run())").stdout == "0\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("def x(:", "is no Python: "),
        ("1 / 0", "failed: ZeroDivisionError: division by zero. Mend it"),
        ("import nothing_here", "failed: ModuleNotFoundError: No module named 'nothing_here'."),
    ],
)
def test_broken_script_is_named(write, triode, tmp_path, line, said):
    write("app.py", FIRST)
    triode("db", "migrate", "notes")
    [script] = (tmp_path / "migrations").glob("*.py")
    script.write_text(f"{script.read_text()}\n{line}\n")
    for command in ("upgrade", "check"):
        done = triode("db", command)
        assert (done.returncode, said in done.stderr, script.name in done.stderr) == (2, True, True)


@pytest.mark.timeout(200)
def test_failing_step_names_its_line(write, triode, tmp_path, address):
    write("app.py", FIRST)
    triode("db", "migrate", "notes", DATABASE_URL=address)
    [script] = (tmp_path / "migrations").glob("*.py")
    text = script.read_text()
    script.write_text(text.replace("def downgrade", "    None.wrong()\n\n\ndef downgrade"))
    done = triode("db", "upgrade", DATABASE_URL=address)
    assert f"{script.name}:" in done.stderr
    assert "AttributeError: 'NoneType' object has no attribute 'wrong'" in done.stderr
    script.write_text(text)
    assert triode("db", "upgrade", DATABASE_URL=address).stdout.endswith(": notes\n")


def test_folder_that_cannot_be_written_is_named(write, triode):
    write("app.py", FIRST)
    write("migrations", "a file in the place of the folder")
    done = triode("db", "migrate", "notes")
    assert (done.returncode, "No migration can be written to" in done.stderr) == (2, True)


@pytest.mark.timeout(200)
def test_killed_deployer_leaves_all_or_nothing(write, triode, tmp_path, address):
    write("app.py", FIRST)
    triode("db", "migrate", "notes", DATABASE_URL=address)
    [script] = (tmp_path / "migrations").glob("*.py")
    text = script.read_text()
    slow = "    import pathlib, time\n    pathlib.Path('reached').touch(); time.sleep(20)\n\n\n"
    script.write_text(text.replace("def downgrade", f"{slow}def downgrade"))
    process = subprocess.Popen(
        [*COMMAND, "db", "upgrade"], cwd=tmp_path, env=environment(DATABASE_URL=address)
    )
    deadline = time.monotonic() + 20
    while not (tmp_path / "reached").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
    script.write_text(text)
    waiting = triode("db", "history", DATABASE_URL=address)
    assert waiting.stdout.startswith("waiting  ")
    assert triode("db", "upgrade", DATABASE_URL=address).stdout.endswith(": notes\n")
    assert triode("db", "check", DATABASE_URL=address).returncode == 0


def test_older_program_says_that_the_database_is_newer(write, triode, tmp_path):
    write("app.py", FIRST)
    triode("db", "migrate", "notes")
    triode("db", "upgrade")
    [script] = (tmp_path / "migrations").glob("*.py")
    script.unlink()
    done = triode("db", "upgrade")
    assert "and there is no script of it in " in done.stderr
    assert "Is the program older than the database?" in done.stderr
