"""`Triode`: the database and the admin that an application has when it uses them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # each test is a process of its own

ONE_FILE = """
from triode import Create, Email, Field, Model, Patch, Triode

app = Triode()

class User(Model):
    email: Email = Field(unique=True)
    age: int = Field(ge=0)
    bio: str | None = None
    password: str = Field(write_only=True)

@app.get("/users/{user_id}")
async def get_user(user_id: int) -> User:
    return await User.get(user_id)

@app.post("/users", status_code=201)
async def create_user(user: Create[User]) -> User:
    return await user.save()

@app.patch("/users/{user_id}")
async def update_user(user_id: int, changes: Patch[User]) -> User:
    return await (await User.get(user_id)).update(changes)

app.admin(User)
"""

PROLOGUE = f"import os, sys; sys.path[:0] = {sys.path!r}; os.environ.pop('DATABASE_URL', None)\n"


@pytest.fixture
def run(tmp_path: Path):
    """Run a program in a process of its own, since models are registered once per process."""

    def run_program(program: str, check: str, **variables: str) -> str:
        (tmp_path / "app.py").write_text(program)
        (tmp_path / "check.py").write_text(PROLOGUE + check)
        done = subprocess.run(
            [sys.executable, "check.py"],
            cwd=tmp_path,
            env={"PATH": "", **variables},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run_program


CALL = """
from triode.testing import TestClient
from app import app
with TestClient(app) as client:
    user = {"email": "ada@example.org", "age": 36, "password": "secret"}
    print(client.post("/users", json=user).text)
    print(client.patch("/users/1", json={"bio": "Wrote the first program."}).text)
    print(client.post("/users", json=user).status_code, client.get("/users/7").status_code)
    print(client.get("/admin/", follow_redirects=False).status_code)
"""


def test_one_file_is_an_application(run, tmp_path):
    assert run(ONE_FILE, CALL).splitlines() == [
        '{"id":1,"email":"ada@example.org","age":36,"bio":null}',
        '{"id":1,"email":"ada@example.org","age":36,"bio":"Wrote the first program."}',
        "409 404",
        "303",
    ]
    assert (tmp_path / "app.db").is_file()


def test_database_url_moves_the_database(run, tmp_path):
    check = CALL.replace("from app import app", "os.environ['DATABASE_URL'] = 'sqlite:///other.db'")
    run(ONE_FILE, check.replace("with Test", "from app import app\nwith Test"))
    assert [path.name for path in tmp_path.glob("*.db")] == ["other.db"]


def test_application_without_a_model_opens_no_database(run, tmp_path):
    check = (
        "from triode.testing import TestClient\nfrom app import app\n"
        "with TestClient(app): pass\n"
        "print(any(name.startswith(('sqlalchemy', 'triode.db')) for name in sys.modules))"
    )
    assert run("from triode import Triode\napp = Triode()\n", check) == "False"
    assert list(tmp_path.glob("*.db")) == []


def test_model_that_is_imported_later_gets_its_table(run):
    program = (
        "from triode import Triode\napp = Triode()\nfrom triode import Model\n"
        "class Note(Model):\n    text: str\n"
    )
    check = (
        "from triode.testing import TestClient\nfrom app import Note, app\n"
        "with TestClient(app): print(Note(text='kept').save().run().id)\n"
        "with TestClient(app): print(Note.count().run())"
    )
    assert run(program, check) == "1\n1"


def test_database_may_be_given(run, tmp_path):
    program = "from triode import Triode\napp = Triode(database='sqlite:///given.db')\n"
    check = (
        "from triode.testing import TestClient\nfrom app import app\nwith TestClient(app): pass\n"
        "print(app.database)"
    )
    assert run(program, check) == "Database('sqlite:///given.db')"
    assert (tmp_path / "given.db").is_file()


def test_script_uses_the_models_without_a_server(run):
    program = (
        "from triode import Model, Triode\napp = Triode()\nclass Note(Model):\n    text: str\n"
    )
    check = (
        "from app import Note, app\napp.database.create_tables().run()\n"
        "Note(text='kept').save().run(); print(Note.count().run())"
    )
    assert run(program, check) == "1"


def test_directory_is_that_of_the_file(run, tmp_path):
    assert run(
        "from triode import Triode\napp = Triode()\n", "import app; print(app.app.directory)"
    ) == str(tmp_path)


def test_directory_is_not_that_of_a_subclass(run, tmp_path):
    library = (
        "from triode import Triode\nclass Site(Triode):\n"
        "    def __init__(self, **options): super().__init__(**options)\n"
    )
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "site_kit.py").write_text(library)
    program = "import sys; sys.path.append('library')\nfrom site_kit import Site\napp = Site()\n"
    assert run(program, "import app; print(app.app.directory)") == str(tmp_path)


def test_admin_is_attached_once(run):
    check = "from app import *\nprint(app.admin(User) is app.admin())"
    assert run(ONE_FILE, check) == "True"


@pytest.mark.parametrize(("value", "debug"), [("1", True), ("no", False), ("", False)])
def test_debug_comes_from_the_environment(monkeypatch, value, debug):
    from triode import Triode

    monkeypatch.setenv("TRIODE_DEBUG", value)
    assert Triode().debug is debug
    assert Triode(debug=not debug).debug is not debug
