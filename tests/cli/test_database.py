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
