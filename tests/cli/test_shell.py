APP = """
from triode import Model, Triode
app = Triode()

class Note(Model):
    text: str
"""


def test_models_are_there_and_await_works(write, triode):
    write("app.py", APP)
    program = "note = await Note(text='kept').save()\nprint(note.id, await Note.count(), app.title)"
    done = triode("shell", input=program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 1 Triode\n", "")


def test_plain_code_may_run_statements(write, triode):
    write("app.py", APP)
    done = triode("shell", input="Note(text='kept').save().run(); print(Note.count().run())")
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_names_of_triode_are_there(write, triode):
    write("app.py", APP)
    assert triode("shell", input="print(desc.__name__)").stdout == "desc\n"


def test_error_shows_the_users_lines_only(write, triode):
    write("app.py", APP)
    done = triode("shell", input="async def fail(): raise LookupError('lost')\nawait fail()")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Traceback (most recent call last):",
        '  File "<stdin>", line 2, in <module>',
        '  File "<stdin>", line 1, in fail',
        "LookupError: lost",
    ]


def test_syntax_error_is_said(write, triode):
    write("app.py", APP)
    done = triode("shell", input="x = (\n")
    assert done.returncode == 1
    assert "SyntaxError: '(' was never closed" in done.stderr


def test_program_wins_over_a_model_of_the_same_name(write, triode):
    write(
        "app.py", APP + "\nfrom triode import Auth\nclass User(Model):\n    nick: str\nAuth(app)\n"
    )
    assert triode("shell", input="print(User.__module__)").stdout == "app\n"


def test_rooms_that_the_program_does_not_use_stay_away(write, triode):
    write("app.py", APP)
    program = "import sys; print('triode.auth' in sys.modules, await app.database.create_tables())"
    assert triode("shell", input=program).stdout == "False []\n"
