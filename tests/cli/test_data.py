"""`triode db dump`, `load` and `inspect`."""

import stat

import pytest

from tests.cli.test_database import APP

SECRET = """
class Account(Model):
    name: str
    password: str = Field(write_only=True)
"""
ADD = 'triode.db.Database("sqlite:///app.db")'


@pytest.fixture
def filled(write, triode):
    write("app.py", APP + SECRET)
    rows = "Note(text='it''s').save().run(); Account(name='a', password='b').save().run()"
    done = triode("shell", input=rows.replace("''", "\\'"))
    assert done.returncode == 0, done.stderr


def test_rows_are_dumped_and_loaded(filled, triode, tmp_path):
    done = triode("db", "dump", "rows.jsonl")
    assert done.stderr == (
        "Wrote 2 rows to rows.jsonl.\nThey hold account.password, which the application never "
        "shows. Keep them as you keep the database.\n"
    )
    assert stat.S_IMODE((tmp_path / "rows.jsonl").stat().st_mode) == 0o600
    loaded = triode("db", "load", "rows.jsonl", DATABASE_URL="sqlite:///other.db")
    assert loaded.stderr == "Loaded 2 rows.\n"
    again = triode("db", "load", "rows.jsonl", DATABASE_URL="sqlite:///other.db")
    assert again.returncode == 2
    assert "Line 1 was refused by account: UNIQUE constraint failed: account.id" in again.stderr


def test_dump_of_one_model_goes_to_the_output(filled, triode):
    done = triode("db", "dump", "-", "--model", "Note")
    assert done.stdout == '{"table":"note","row":{"id":1,"text":"it\'s"}}\n'
    assert done.stderr == "Wrote 1 row.\n"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("dump", "-", "--model", "Nope"), "there is no model 'Nope'. There are: Account, Note"),
        (("dump", "no/where.jsonl"), "no/where.jsonl cannot be written: No such file"),
        (("load", "nothing.jsonl"), "nothing.jsonl cannot be read: No such file"),
        (("inspect", "sqlite:///nothing.db"), "there is no database nothing.db"),
        (("inspect", "sqlite:///app.db", "--tables", "x"), "There is no table 'x'. There are: "),
    ],
)
def test_mistake_is_one_line(filled, triode, command, message):
    done = triode("db", *command)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr


def test_models_are_written_for_a_database(filled, triode, tmp_path):
    done = triode("db", "inspect", "sqlite:///app.db", "--tables", "note", "--output", "found.py")
    assert done.stdout == "Wrote 1 model to found.py.\n"
    text = (tmp_path / "found.py").read_text()
    assert "class Note(Model):\n    id: int = Field(primary_key=True)\n    text: str" in text
