"""Statements in a loop are told of while debugging, once for each line and request."""

from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import environment
from tests.conftest import eventually, service_url
from triode import ForeignKey, Model, Page, Triode, render
from triode.db import Database
from triode.db.loops import LoopWatch, shape_of
from triode.testing import TestClient, no_loops

BROWSER = {"accept": "text/html"}
ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.service("postgres"))]


class Crew(Model):
    name: str


class Sailor(Model):
    name: str
    crew: Crew = ForeignKey(related_name="sailors")


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_postgres = request.param == "postgres"
    url = service_url("postgres") or "" if is_postgres else f"sqlite:///{tmp_path / 'ship.db'}"
    made = Database(url)
    with made.active():
        made.create_tables(Crew, Sailor).run()
        for number in range(4):
            crew = Crew(name=f"crew {number}").save().run()
            Sailor(name=f"sailor {number}", crew=crew).save().run()
        yield made
        made.drop_tables(Sailor, Crew).run()
    made.close()


def make_app(database: Database, folder: Path, *, debug: bool = True) -> Triode:
    app = Triode(database=database, debug=debug)
    app.directory = folder

    @app.get("/loads")
    async def loads() -> int:
        found = [await Sailor.get(number) for number in range(1, 5)]
        for sailor in found:
            await sailor.load(Sailor.crew)
        return len(found)

    @app.get("/plain")
    def plain() -> list[str]:
        return [Crew.get(sailor.crew_id).run().name for sailor in Sailor.all().run()]

    @app.get("/included")
    async def included() -> list[str]:
        return [sailor.crew.name for sailor in await Sailor.all().include(Sailor.crew)]

    @app.get("/gathered")
    async def gathered() -> int:
        return len(await asyncio.gather(*[Crew.get(number) for number in range(1, 5)]))

    @app.get("/broken")
    async def broken() -> None:
        for number in range(300):
            await Crew.where(Crew.id.in_(range(number % 3 + 1))).count()
        raise RuntimeError("after the loop")

    @app.get("/page")
    def page() -> Page:
        return render("crews.html", crews=Crew.all().run(), Sailor=Sailor)

    @app.get("/unloaded")
    def unloaded() -> Page:
        return render("sailors.html", sailors=Sailor.all().run())

    return app


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.WARNING, "triode.db")
    return caplog


def line_of(text: str, path: str = __file__) -> int:
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def told(log: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in log.records if record.name == "triode.db"]
    return [re.sub(r"\d+\.\d ms", "… ms", text) for text in found]


def test_each_line_is_told_once_with_what_to_write(
    serve: Any, database: Database, tmp_path: Path, warnings: pytest.LogCaptureFixture
) -> None:
    assert serve(make_app(database, tmp_path)).get("/loads").json() == 4
    assert eventually(lambda: len(told(warnings)), 2) == 2
    getting, loading = told(warnings)
    asked = line_of("await Sailor.get(number) for")
    assert getting.startswith(
        f"GET /loads: tests/debug/test_loops.py:{asked} ran the same statement 4 times, … ms in "
        "all. Ask for all rows of sailor before the loop: include(…) loads a relation with its "
        "rows, in_(Model.id, keys) finds many by their keys, group_by counts and sums. "
        "[query-loop] SELECT sailor.id, "
    )
    assert loading.startswith(
        f"GET /loads: tests/debug/test_loops.py:{line_of('await sailor.load(')} ran the same "
        "statement 4 times, … ms in all. Load it with the rows: "
        "Sailor.where(…).include(Sailor.crew). Or load once before the loop: it counts for all "
        "rows of the query. [query-loop] SELECT crew.id, crew.name"
    )


def test_plain_handler_and_tasks_of_their_own(
    serve: Any, database: Database, tmp_path: Path, warnings: pytest.LogCaptureFixture
) -> None:
    client = serve(make_app(database, tmp_path))
    assert len(client.get("/plain").json()) == 4
    assert client.get("/gathered").json() == 4
    assert eventually(lambda: len(told(warnings)), 2) == 2
    plain, gathered = told(warnings)
    assert f"test_loops.py:{line_of('return [Crew.get(sailor.crew_id)')} ran " in plain
    assert f"GET /gathered: tests/debug/test_loops.py:{line_of(chr(34) + '/gathered')} " in gathered


def test_included_relation_is_no_loop(
    serve: Any, database: Database, tmp_path: Path, warnings: pytest.LogCaptureFixture
) -> None:
    client = serve(make_app(database, tmp_path))
    for _ in range(5):
        assert client.get("/included").json()[0] == "crew 0"
    assert told(warnings) == []


def test_nobody_is_told_without_debug(
    serve: Any, database: Database, tmp_path: Path, warnings: pytest.LogCaptureFixture
) -> None:
    app = make_app(database, tmp_path, debug=False)
    assert serve(app).get("/loads").json() == 4
    assert told(warnings) == []
    assert "channel" not in vars(database)


def test_debug_page_shows_the_loop(serve: Any, database: Database, tmp_path: Path) -> None:
    client = serve(make_app(database, tmp_path))
    page = client.get("/broken", headers=BROWSER).text
    place = f"tests/debug/test_loops.py:{line_of('range(number % 3 + 1)')}"
    looped = f'<b>In a loop:</b> <span class="place">{place}</span> ran one statement 300 times'
    assert looped in page
    assert "the first 200 of them" in page
    [loop] = client.get("/broken", headers={"accept": "application/json"}).json()["debug"]["loops"]
    assert (loop["place"], loop["count"]) == (place, 300)
    assert f"SQL in a loop: 300 times  {loop['sql']}  ({place})" in client.get("/broken").text


def test_loop_in_a_template_has_the_line_of_the_template(
    serve: Any, database: Database, tmp_path: Path, warnings: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "templates").mkdir()
    template = tmp_path / "templates" / "crews.html"
    template.write_text(
        "<ul>\n\n{% for crew in crews %}\n<li>{{ crew.name }}:\n"
        "{{ Sailor.where(crew=crew).count().run() }}\n{% endfor %}\n</ul>"
    )
    assert serve(make_app(database, tmp_path)).get("/page").status_code == 200
    assert eventually(lambda: len(told(warnings)), 1) == 1
    assert f"GET /page: {template}:5 ran the same statement 4 times" in told(warnings)[0]


def test_unloaded_relation_in_a_template_says_what_to_write(
    serve: Any, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "templates").mkdir()
    template = tmp_path / "templates" / "sailors.html"
    template.write_text("{% for each in sailors %}\n{{ each.crew.name }}\n{% endfor %}")
    client = serve(make_app(database, tmp_path))
    answer = client.get("/unloaded", headers={"accept": "application/json"})
    [failure] = answer.json()["debug"]["failures"]
    assert answer.status_code == 500
    assert failure["kind"] == "triode.db.errors.NotLoaded"
    assert failure["message"] == (
        "Sailor.crew was not loaded. Write Sailor.where(…).include(Sailor.crew) to load it with "
        "the query, or await row.load(Sailor.crew) to load it for all rows of the query that gave "
        "this one. [not-loaded]"
    )
    last = [frame for frame in failure["frames"] if frame["is_own"]][-1]
    assert (last["file"], last["line"], last["is_open"]) == (str(template), 2, True)
    assert last["function"] == "top-level template code"
    assert [name for name, _ in last["variables"]] == ["sailors", "each"]


def test_no_loops_fails_with_the_line(database: Database, tmp_path: Path) -> None:
    with TestClient(make_app(database, tmp_path)) as client:
        with no_loops():
            client.get("/included")
            client.get("/included")
        with no_loops(4):
            client.get("/plain")
        with pytest.raises(AssertionError) as caught, no_loops(3):
            client.get("/plain")
    place = f"tests/debug/test_loops.py:{line_of('return [Crew.get(sailor.crew_id)')}"
    assert str(caught.value).startswith(
        f"Statements ran in a loop:\n  {place} ran the same statement 4 times, "
    )


SCRIPT = """
    import sys
    from triode.db import Database, Model
    class Crew(Model):
        name: str
    database = Database(sys.argv[1])
    database.create_tables().run()
    for number in range(30):
        Crew(name=str(number)).save().run()
    for crew in Crew.all():
        Crew.get(crew.id).run()
    database.close()
"""


@pytest.mark.parametrize("debug", ["1", "0"])
def test_script_under_debug(tmp_path: Path, debug: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    done = subprocess.run(
        [sys.executable, str(script), f"sqlite:///{tmp_path / 'crew.db'}"],
        env={**environment(), "TRIODE_DEBUG": debug},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [re.sub(r"\d+\.\d ms", "… ms", line) for line in done.stderr.splitlines()]
    if debug == "0":
        assert lines == []
        return
    inserting, reading = lines
    assert inserting == (
        "script.py:9 ran the same statement 10 times, … ms in all. Insert them at once: "
        "Model.insert_many(rows). [query-loop] INSERT INTO crew (name) VALUES (…) RETURNING id"
    )
    assert reading.startswith("script.py:11 ran the same statement 10 times, ")


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        ("SELECT a FROM b\nWHERE b.id IN (?, ?, ?)", "SELECT a FROM b WHERE b.id IN (…)"),
        ("SELECT a WHERE c IN ($2::BIGINT, $3::BIGINT)", "SELECT a WHERE c IN (…)"),
        ("a = $1::NUMERIC(10, 2) AND b = $22", "a = ? AND b = ?"),
        ("a = $1::TIMESTAMP WITH TIME ZONE AND b = %s", "a = ? AND b = ?"),
        ("INSERT INTO a (b, c) VALUES (%s, %s)", "INSERT INTO a (b, c) VALUES (…)"),
    ],
)
def test_shape_of_a_statement(sql: str, shape: str) -> None:
    assert shape_of(sql) == shape


def test_line_of_several_statements_is_told_once(warnings: pytest.LogCaptureFixture) -> None:
    watch = LoopWatch()
    for _ in range(3):
        watch.note("SELECT 1", 0.001, ("/a.py", 4))
        watch.note("SELECT 2", 0.001, ("/a.py", 4))
    watch.tell("GET /")
    watch.tell("GET /")
    [message] = told(warnings)
    assert message.startswith("GET /: /a.py:4 ran the same statement 3 times, … ms in all. ")
    assert message.endswith("[query-loop] SELECT 1 (and 1 more from this line)")
