APP = """
from triode import Field, Model, Triode
app = Triode()
class Note(Model):
    text: str = Field(index=True)
"""
MORE = """
    done: bool = False
"""
EMPTY = """
from triode import Triode
app = Triode()
"""


def test_migration_is_made_and_applied(write, triode):
    write("app.py", APP)
    made = triode("db", "migrate", "notes")
    assert made.stdout.startswith("Wrote ")
    assert made.stdout.endswith("_notes.py. Read it, then: triode db upgrade\n")
    assert triode("db", "upgrade").stdout.endswith(": notes\n")
    assert triode("db", "history").stdout.startswith("applied  ")
    assert triode("db", "migrate", "again").stdout == "Nothing differs.\n"
    assert triode("db", "upgrade").stdout == "There was nothing to do.\n"


def test_migration_is_taken_back(write, triode):
    write("app.py", APP)
    triode("db", "migrate", "notes")
    triode("db", "upgrade")
    write("app.py", APP + MORE)
    assert triode("db", "migrate", "done").returncode == 0
    assert triode("db", "upgrade").stdout.endswith(": done\n")
    assert triode("db", "downgrade").stdout.endswith(": done\n")
    lines = triode("db", "history").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["applied", "waiting"]


def test_wrong_migration_is_one_line(write, triode):
    write("app.py", APP)
    done = triode("db", "upgrade", "--to", "nowhere")
    assert done.returncode == 2
    assert "'nowhere' cannot be reached" in done.stderr


def test_program_without_models_has_nothing_to_migrate(write, triode):
    write("app.py", EMPTY)
    assert triode("db", "migrate", "nothing").stdout == "Nothing differs.\n"


def test_check_fails_until_all_agree(write, triode):
    write("app.py", APP)
    done = triode("db", "check")
    assert done.returncode == 1
    assert (
        done.stdout.splitlines()[0] == "The models differ from the migrations: create table note."
    )
    triode("db", "migrate", "notes")
    triode("db", "upgrade")
    done = triode("db", "check")
    assert done.returncode == 0
    assert done.stdout == "The models, the migrations and the database agree.\n"


def test_renames_are_asked_about(write, triode):
    write("app.py", APP)
    triode("db", "migrate", "notes")
    triode("db", "upgrade")
    write("app.py", APP.replace("text:", "body:"))
    done = triode("db", "migrate", "body")
    assert done.returncode == 2
    assert 'write Field(renamed_from="text"); if nothing was, say --no-renames' in done.stderr
    done = triode("db", "migrate", "body", "--no-renames")
    assert done.returncode == 2
    assert "note.body is new and may not be empty" in done.stderr
    write("app.py", APP.replace("text: str = Field(", 'body: str = Field(renamed_from="text", '))
    done = triode("db", "migrate", "body")
    assert "rename_column" in next((write.folder / "migrations").glob("*_body.py")).read_text()
    assert "renames note.text: the version of the program that still runs" in done.stdout
    assert triode("db", "upgrade").stdout.endswith(": body\n")


def test_sql_is_printed_and_not_run(write, triode):
    write("app.py", APP)
    triode("db", "migrate", "notes")
    assert "CREATE TABLE note" in triode("db", "upgrade", "--sql").stdout
    assert triode("db", "history").stdout.startswith("waiting")


def test_steps_are_merged_and_squashed(write, triode):
    write("app.py", APP)
    triode("db", "migrate", "notes")
    triode("db", "upgrade")
    made = triode("db", "migrate", "step", "--empty").stdout
    assert made.endswith("_step.py. Write your step into it.\n")
    triode("db", "upgrade")
    assert triode("db", "merge", "one").returncode == 2
    done = triode("db", "squash", "all", "--drop-data-steps")
    assert done.stdout.endswith(
        "in the place of all others. Databases that have them need nothing.\n"
    )
    assert len(triode("db", "history").stdout.splitlines()) == 1


def test_database_that_is_behind_is_told_at_start(write, triode):
    write("app.py", APP)
    triode("db", "migrate", "notes")
    done = triode("shell", input="print('started')")
    assert "The database lacks a migration, from " in done.stderr
    assert done.stdout == "started\n"
    triode("db", "upgrade")
    assert "lacks" not in triode("shell", input="print('started')").stderr
    for path in (write.folder / "migrations").glob("*.py"):
        path.write_text(path.read_text().replace("revision = '2", "revision = '3"))
    done = triode("shell", input="print('started')")
    assert "the program is older than the database" in done.stderr
