"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import environment
from tests.db.conftest import postgres_schema

pytestmark = pytest.mark.slow  # each starts a process

APP = """
from triode import Depends, Model, Triode

app = Triode()
app.state.events = []

@app.on_event("startup")
def start() -> None:
    app.state.events.append("start")

@app.on_event("shutdown")
def stop() -> None:
    app.state.events.append("stop")

class Note(Model):
    text: str

def who() -> str:
    return "nobody"

@app.get("/who")
def name(name: str = Depends(who)) -> str:
    return name

@app.post("/notes")
async def add(text: str) -> int:
    await Note(text=text).save()
    return await Note.where().count()
"""


def run_pytest(folder: Path, files: dict[str, str], *options: str, **variables: str) -> Any:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    # The plugin comes as it does for users whether or not this environment knows its entry point.
    plugin = ("-p", "triode.pytest_plugin", "-p", "no:cacheprovider", "-W", "error")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugin, *options],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
    )


def passes(done: Any, count: int) -> None:
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} passed" in done.stdout


def test_client_calls_the_application_beside(tmp_path: Path) -> None:
    tests = """
        def test_it(client, app):
            assert client.get("/who").json() == "nobody"
            assert app.state.events == ["start"]

        def test_it_was_stopped(app):
            assert app.state.events == ["start", "stop"]
    """
    passes(run_pytest(tmp_path, {"app.py": APP, "tests/test_it.py": tests}), 2)


def test_database_is_in_memory_and_empty_for_every_test(tmp_path: Path) -> None:
    tests = """
        import pytest

        @pytest.mark.parametrize("turn", [1, 2])
        def test_it(client, turn):
            assert client.post("/notes?text=a").json() == 1
    """
    passes(run_pytest(tmp_path, {"app.py": APP, "test_it.py": tests}), 2)
    assert not list(tmp_path.glob("*.db"))


def test_database_may_be_said(tmp_path: Path) -> None:
    ini = "[pytest]\ntriode_database = sqlite:///mine.db\n"
    tests = """
        def test_it(client):
            assert client.post("/notes?text=a").json() == 1
    """
    passes(run_pytest(tmp_path, {"app.py": APP, "test_it.py": tests, "pytest.ini": ini}), 1)
    assert (tmp_path / "mine.db").is_file()


def test_overrides_are_undone(tmp_path: Path) -> None:
    tests = """
        from app import who

        def test_override(app, client):
            app.dependency_overrides[who] = lambda: "ada"
            assert client.get("/who").json() == "ada"

        def test_undone(client):
            assert client.get("/who").json() == "nobody"

        def test_replaced_as_a_whole(app, client):
            app.dependency_overrides = {who: lambda: "ada"}
            assert client.get("/who").json() == "ada"

        def test_undone_again(app, client):
            assert client.get("/who").json() == "nobody"
            assert app.dependency_overrides == {}
    """
    passes(run_pytest(tmp_path, {"app.py": APP, "test_it.py": tests}), 4)


ASYNC_TESTS = """
    import asyncio

    {mark}
    async def test_it(async_client, app):
        answers = await asyncio.gather(*(async_client.get("/who") for _ in range(3)))
        assert [answer.json() for answer in answers] == ["nobody"] * 3
        assert app.state.events == ["start"]

    {mark}
    async def test_stopped(app):
        assert app.state.events == ["start", "stop"]

    class TestClass:
        {mark}
        async def test_method(self, async_client):
            assert (await async_client.post("/notes?text=a")).json() == 1

    def test_plain(async_client):
        assert async_client.is_started is False
"""


def async_tests(imported: str = "", mark: str = "") -> str:
    text = textwrap.dedent(ASYNC_TESTS).format(mark=mark)
    return f"{imported}\n{text}"


def test_async_tests_need_no_other_plugin(tmp_path: Path) -> None:
    passes(run_pytest(tmp_path, {"app.py": APP, "test_it.py": async_tests()}), 4)


def test_async_tests_of_anyio(tmp_path: Path) -> None:
    imported = "import pytest\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
    tests = async_tests(imported, "@pytest.mark.anyio")
    passes(run_pytest(tmp_path, {"app.py": APP, "test_it.py": tests}), 4)


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_async_tests_of_pytest_asyncio(tmp_path: Path, mode: str) -> None:
    pytest.importorskip("pytest_asyncio")
    mark = "@pytest.mark.asyncio" if mode == "strict" else ""
    fixture = """
import pytest, pytest_asyncio

@pytest_asyncio.fixture
async def name(async_client):
    return (await async_client.get("/who")).json()

@pytest.mark.asyncio
async def test_fixture(name, async_client):
    assert name == "nobody"
    assert (await async_client.get("/who")).json() == name
"""
    tests = async_tests(fixture, mark).replace('["start"]', '["start", "stop", "start"]')
    tests = tests.replace('== ["start", "stop"]\n', '== ["start", "stop"] * 2\n')
    files = {"app.py": APP, "test_it.py": tests}
    scope = "asyncio_default_fixture_loop_scope=function"
    passes(run_pytest(tmp_path, files, "-o", f"asyncio_mode={mode}", "-o", scope), 5)


def test_application_may_be_elsewhere(tmp_path: Path) -> None:
    ini = "[pytest]\ntriode_app = shop.web:site\n"
    app = APP.replace("app = Triode()", "app = site = Triode()")
    tests = """
        def test_it(client):
            assert client.get("/who").json() == "nobody"
    """
    files = {"shop/__init__.py": "", "shop/web.py": app, "test_it.py": tests, "pytest.ini": ini}
    passes(run_pytest(tmp_path, files), 1)


def test_source_folder_is_found(tmp_path: Path) -> None:
    ini = "[pytest]\ntriode_app = shop:app\n"
    tests = """
        def test_it(client):
            assert client.get("/who").json() == "nobody"
    """
    files = {"src/shop/__init__.py": APP, "tests/test_it.py": tests, "pytest.ini": ini}
    passes(run_pytest(tmp_path, files, "tests"), 1)


def test_missing_application_is_said(tmp_path: Path) -> None:
    ini = "[pytest]\ntriode_app = shop:app\n"
    done = run_pytest(tmp_path, {"test_it.py": "def test_it(client): pass", "pytest.ini": ini})
    assert done.returncode == 1
    assert f"triode: there is no file, folder or module 'shop' in {tmp_path}" in done.stdout


def test_broken_application_names_the_line(tmp_path: Path) -> None:
    app = "from triode import Triode\nraise RuntimeError('no')\n"
    done = run_pytest(tmp_path, {"app.py": app, "test_it.py": "def test_it(client): pass"})
    assert "triode: app.py:2: RuntimeError: no" in done.stdout


def test_own_fixture_goes_first(tmp_path: Path) -> None:
    conftest = """
        import pytest

        @pytest.fixture
        def client():
            return "mine"
    """
    files = {
        "app.py": APP,
        "conftest.py": conftest,
        "test_it.py": "def test_it(client): assert client == 'mine'",
    }
    passes(run_pytest(tmp_path, files), 1)


FOREIGN_TESTS = """
    import os, sys
    import pytest

    def test_nothing_is_loaded(request):
        loaded = [name for name in sys.modules if name.startswith("triode")]
        assert sorted(loaded) == ["triode", "triode.pytest_plugin"]
        assert os.environ.get("DATABASE_URL") == "mine"
        for name in ("app", "client", "async_client"):
            with pytest.raises(pytest.FixtureLookupError):
                request.getfixturevalue(name)
"""


def test_other_projects_notice_nothing(tmp_path: Path) -> None:
    files = {"app.py": "app = 'flask'\n", "test_it.py": FOREIGN_TESTS}
    passes(run_pytest(tmp_path, files, DATABASE_URL="mine"), 1)


def test_naming_the_plugin_loads_it_once(tmp_path: Path) -> None:
    conftest = 'pytest_plugins = ["triode.pytest_plugin"]\n'
    tests = """
        def test_it(client, request):
            assert client.get("/who").json() == "nobody"
            plugins = request.config.pluginmanager.get_plugins()
            names = [str(getattr(found, "__name__", "")) for found in plugins]
            assert len([name for name in names if name.startswith("triode.")]) == 2
    """
    files = {"app.py": APP, "conftest.py": conftest, "test_it.py": tests}
    passes(run_pytest(tmp_path, files), 1)


ROWS = """
    import asyncio
    from app import Note
    from triode.testing import count_queries

    def test_first(database, client, factory):
        assert factory(Note).run().text == "text 1"
        assert client.post("/notes?text=a").json() == 2

    def test_second(database, client):
        assert Note.count().run() == 0
        assert client.post("/notes?text=a").json() == 1

    async def test_third(database, async_client, factory):
        assert (await factory(Note)).text == "text 1"
        assert (await async_client.post("/notes?text=a")).json() == 2

    def test_fourth(database):
        with count_queries() as queries:
            assert Note.count().run() == 0
        assert queries.count == 1
"""


@pytest.mark.parametrize(
    "url", ["sqlite://", pytest.param("postgres", marks=pytest.mark.service("postgres"))]
)
def test_database_is_as_before_after_each_test(tmp_path: Path, url: str) -> None:
    address = postgres_schema() if url == "postgres" else nullcontext(url)
    with address as found:
        given = found if isinstance(found, str) else found.url
        ini = f"[pytest]\ntriode_database = {given}\n"
        files = {"app.py": APP, "tests/test_it.py": ROWS, "pytest.ini": ini}
        passes(run_pytest(tmp_path, files), 4)


def test_failed_count_lists_the_statements(tmp_path: Path) -> None:
    tests = """
        from app import Note
        from triode.testing import count_queries

        def test_it(database):
            with count_queries() as queries:
                Note.count().run()
            assert queries.count == 2
    """
    done = run_pytest(tmp_path, {"app.py": APP, "tests/test_it.py": tests})
    assert "assert 1 == 2: these statements ran" in done.stdout
    assert "1. SELECT count(*)" in done.stdout
