import sys

import pytest

from triode.cli.discovery import load, locate
from triode.cli.errors import CommandError, ProgramError

APP = "from triode.app import App\napp = App(title='found')\n"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Stand in an empty folder, and forget afterwards what was imported from it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("file", "target", "address"),
    [
        ("app.py", "", "app:app"),
        ("main.py", "", "main:app"),
        ("app.py", "app.py", "app:app"),
        ("app.py", "app", "app:app"),
        ("app.py", "app:app", "app:app"),
        ("app.py", "app.py:app", "app:app"),
        ("shop/app.py", "shop", "app:app"),
        ("shop/app.py", "shop/app.py", "app:app"),
        ("shop/back/office.py", "shop/back/office.py", "office:app"),
    ],
)
def test_application_is_found(write, file, target, address):
    write(file, APP)
    program = load(target)
    assert (program.address, program.app.title) == (address, "found")


@pytest.mark.parametrize(
    ("file", "target", "address"),
    [
        ("store/__init__.py", "store", "store:app"),
        ("store/app.py", "store", "store.app:app"),
        ("store/app.py", "store.app", "store.app:app"),
        ("store/app.py", "store/app.py", "store.app:app"),
        ("store/web/site.py", "store.web.site:app", "store.web.site:app"),
    ],
)
def test_application_is_found_in_a_package(write, tmp_path, file, target, address):
    for package in ("store", "store/web"):
        write(f"{package}/__init__.py", "")
    write(file, APP)
    program = load(target)
    assert (program.address, sys.path[0]) == (address, str(tmp_path))


def test_only_application_is_taken_whatever_its_name(write):
    write("app.py", APP.replace("app =", "site ="))
    assert load().address == "app:site"


def test_app_is_taken_among_several(write):
    write("app.py", APP + "other = App()\n")
    assert load().address == "app:app"


@pytest.mark.parametrize(
    ("files", "target", "message"),
    [
        ({}, "app.py", "there is no file 'app.py' in {here}"),
        ({}, "shop", "there is no file, folder or module 'shop' in {here}"),
        (
            {},
            "",
            "there is no application in {here}: it has no app.py or main.py. "
            "Name the file, for instance: triode dev path/to/app.py",
        ),
        ({"notes.txt": ""}, "notes.txt", "notes.txt is not a Python file"),
        (
            {"my-app.py": APP},
            "my-app.py",
            "my-app.py cannot be imported: 'my-app' is not a name in Python. "
            "Rename it with letters, digits and underscores",
        ),
        (
            {"app.py": ""},
            "",
            "app.py has no application. Add one at its top level: app = Triode()",
        ),
        (
            {"app.py": APP.replace("app =", "one =") + "two = App()\n"},
            "",
            "app.py has several applications: one, two. Name one: app:one",
        ),
        ({"app.py": APP}, "app:shop", "app.py has nothing named 'shop'"),
        (
            {"app.py": "app = 1"},
            "app:app",
            "'app' in app.py is of type int, not a Triode application",
        ),
    ],
)
def test_what_cannot_be_served_is_said(write, tmp_path, files, target, message):
    for name, text in files.items():
        write(name, text)
    with pytest.raises(CommandError) as caught:
        load(target)
    assert str(caught.value) == message.format(here=tmp_path)


def test_file_with_the_name_of_a_module_of_python_is_refused(write):
    write("json.py", APP)
    with pytest.raises(CommandError, match=r"^json\.py cannot be imported as 'json': that name be"):
        load("json.py")


def test_error_in_the_program_names_its_line(write):
    write("models.py", "class User:\n    age: int = missing\n")
    write("app.py", "import models\n" + APP)
    with pytest.raises(ProgramError) as caught:
        load()
    assert str(caught.value) == "models.py:2: NameError: name 'missing' is not defined"
    assert caught.value.detail.splitlines() == [
        "    app.py:1: import models",
        "    models.py:1: class User:",
        "    models.py:2: age: int = missing",
    ]


def test_program_that_ends_itself_is_an_error(write):
    write("app.py", "raise SystemExit(3)\n")
    with pytest.raises(ProgramError, match=r"^app\.py:1: SystemExit: 3$"):
        load()


def test_locating_imports_nothing(write, tmp_path):
    write("app.py", "raise LookupError")
    assert locate().file == tmp_path / "app.py"
