"""Bad input: each kind has its own error, its own answer, and leaves the rows as they were."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import client_for
from tests.db.conftest import ENGINES, mariadb_database, postgres_schema, sqlite_file
from tests.isolation import only_models_of
from triode import Create, Patch, Triode
from triode.db import (
    Check,
    CheckFailed,
    ConnectionLost,
    Database,
    DatabaseUnavailable,
    Deadlock,
    Duplicate,
    Field,
    ForeignKey,
    LockTimeout,
    MissingParent,
    MissingValue,
    Model,
    OutOfRange,
    Protected,
    RowRefused,
    SerializationFailure,
    StatementTimeout,
    TooLong,
    ValueRefused,
    transaction,
)
from triode.db.engine import sqlite_connection
from triode.errors import ClientError, ConfigError
from triode.schema import ValidationFailed

HUGE = 2**70


class Dock(Model):
    name: str = Field(primary_key=True, max_length=10)


class Boat(Model):
    name: str = Field(unique=True, max_length=10)
    length: int = Field(default=1, ge=0)
    pin: str | None = Field(default=None, write_only=True)
    mark: str | None = Field(default=None, write_only=True, unique=True, max_length=20)
    code: str | None = Field(default=None, column_type=sa.String(5))
    small: int | None = Field(default=None, column_type=sa.SmallInteger())
    crew: int = Field(default=1, check="crew < 100")
    dock: Dock | None = ForeignKey(on_delete="restrict")

    class Meta:
        constraints = [Check("length <> 13", message="such a length is unlucky", name="lucky")]


@pytest.fixture(scope="module", params=ENGINES)
def harbour(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Database]:
    """Give a database with a dock and two boats, which no test changes."""
    made_by: dict[str, Callable[[], Any]] = {
        "sqlite": lambda: sqlite_file(tmp_path_factory.mktemp("harbour")),
        "postgres": postgres_schema,
        "mariadb": mariadb_database,
    }
    with made_by[request.param]() as made, made.active():
        made.create_tables(Dock, Boat).run()
        Dock(name="north").save().run()
        Boat(name="ada", dock_id="north", mark="hush").save().run()
        Boat(name="bob").save().run()
        yield made


@pytest.fixture(autouse=True)
def unharmed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Look after each test whether the rows are what they were."""
    yield
    if "harbour" in request.fixturenames:
        harbour: Database = request.getfixturevalue("harbour")
        with harbour.active():
            assert [dock.name for dock in Dock.all().run()] == ["north"]
            rows = Boat.order_by(Boat.id).tuples(Boat.name, Boat.length, Boat.mark).run()
            assert rows == [("ada", 1, "hush"), ("bob", 1, None)]


def boat(**values: Any) -> Callable[[], Any]:
    return lambda: Boat(**{"name": "new", **values}).save().run()


def second() -> Boat:
    return Boat.get(name="bob").run()


def many(**values: Any) -> Callable[[], Any]:
    """Return an insert of sixty rows, which PostgreSQL takes another way, and a bad one."""
    rows = [Boat(name=f"n{number}") for number in range(60)]
    return lambda: Boat.insert_many([*rows, Boat(**{"name": "last", **values})]).run()


REFUSED: dict[str, tuple[Callable[[], Any], type[RowRefused], tuple[str, ...], Any]] = {
    "number too large": (boat(length=HUGE), OutOfRange, ("length",), HUGE),
    "key of a parent too long": (boat(dock_id="x\0"), ValueRefused, ("dock_id",), "x\0"),
    "NUL": (boat(name="a\0"), ValueRefused, ("name",), "a\0"),
    "NUL in a secret": (boat(pin="a\0"), ValueRefused, ("pin",), None),
    "duplicate": (boat(name="ada"), Duplicate, ("name",), "ada"),
    "duplicate secret": (boat(mark="hush"), Duplicate, ("mark",), None),
    "missing parent": (boat(dock_id="south"), MissingParent, ("dock_id",), "south"),
    "check": (boat(length=13), CheckFailed, (), None),
    "check of a field": (boat(crew=100), CheckFailed, ("crew",), 100),
    "duplicate by update": (lambda: second().update(name="ada").run(), Duplicate, ("name",), "ada"),
    "check by update": (lambda: second().update(length=13).run(), CheckFailed, (), None),
    "check of what is computed": (
        lambda: Boat.where(name="bob").update(length=Boat.length + 12).run(),
        CheckFailed,
        (),
        None,
    ),
    "parent by a query": (
        lambda: Boat.where(name="bob").update(dock="south").run(),
        MissingParent,
        ("dock_id",),
        "south",
    ),
    "NULL by a query": (
        lambda: Boat.where(name="bob").update(name=Boat.mark).run(),
        MissingValue,
        ("name",),
        None,
    ),
    "protected": (lambda: Dock.get("north").run().delete().run(), Protected, (), None),
    "protected from a query": (lambda: Dock.where().delete().run(), Protected, (), None),
    "protected key": (
        lambda: Dock.where(name="north").update(name="south").run(),
        Protected,
        ("name",),
        "south",
    ),
    "duplicate of many": (many(name="ada"), Duplicate, ("name",), None),
    "NUL in many": (many(name="\0"), ValueRefused, ("name",), "\0"),
    "number in many": (many(length=HUGE), OutOfRange, ("length",), HUGE),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusal_has_its_kind_model_field_and_value(harbour: Database, case: str) -> None:
    run, kind, fields, value = REFUSED[case]
    with harbour.active(), pytest.raises(RowRefused) as caught:
        run()
    exc = caught.value
    assert (type(exc), exc.model, exc.fields) == (
        kind,
        "Dock" if "rotect" in case else "Boat",
        fields,
    )
    assert exc.value == value
    assert exc.field == (fields[0] if fields else None)
    assert exc.item == (60 if "in many" in case else None)


def test_number_that_grows_too_large_in_the_database(harbour: Database) -> None:
    with harbour.active(), pytest.raises(OutOfRange) as caught:
        Boat.where(name="bob").update(length=Boat.length + (2**63 - 1) + (2**63 - 1)).run()
    assert caught.value.model == "Boat"


@pytest.mark.parametrize(
    ("values", "kind"), [({"code": "longer"}, TooLong), ({"small": 70_000}, OutOfRange)]
)
def test_value_larger_than_its_column(
    harbour: Database, values: dict[str, Any], kind: type[ValueRefused]
) -> None:
    if harbour.engine.dialect.name == "sqlite":
        pytest.skip("SQLite's columns hold texts of any length, and 64 bits")
    with harbour.active(), pytest.raises(kind) as caught:
        boat(**values)()
    assert (caught.value.model, caught.value.fields) == ("Boat", tuple(values))
    assert caught.value.value == next(iter(values.values()))


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"name": "x" * 11}, "name"),
        ({"name": 5}, "name"),
        ({"name": None}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"length": -1}, "length"),
        ({"length": "long"}, "length"),
    ],
)
def test_value_that_the_model_refuses(values: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        boat(**values)()
    assert [error["loc"] for error in caught.value.errors] == [(place,)]


@pytest.mark.parametrize("text", ["a\0", "a\ud800"])
@pytest.mark.parametrize("operator", ["__eq__", "contains", "istartswith"])
def test_text_that_cannot_be_compared(harbour: Database, text: str, operator: str) -> None:
    with harbour.active(), pytest.raises(ValueRefused) as caught:
        Boat.where(getattr(Boat.name, operator)(text)).run()
    what = (
        "a NUL byte, which the database does not store"
        if "\0" in text
        else ("a lone surrogate, which is not a character")
    )
    assert str(caught.value) == f"A text holds {what}. [value-refused]"


def test_refused_condition_has_its_field(harbour: Database) -> None:
    with harbour.active(), pytest.raises(ValueRefused) as caught:
        Boat.where(Boat.length > 0, Boat.name.in_(["fine" * 9, "a\0"])).exists().run()
    assert (caught.value.model, caught.value.field, caught.value.value) == ("Boat", "name", "a\0")


def test_messages_of_the_database_are_not_handed_on(harbour: Database) -> None:
    """They hold the values, and these may be secret."""
    with harbour.active(), pytest.raises(ValueRefused) as caught:
        harbour.fetch(sa.text("SELECT CAST(:word AS DATE)").bindparams(word="s3cret\ud800")).run()
    assert "s3cret" not in str(caught.value)


# --- what a client gets


@pytest.fixture(scope="module", params=["asgi", "lane"])
def client(request: pytest.FixtureRequest, harbour: Database) -> Iterator[Any]:
    app = Triode(database=harbour)

    @app.post("/boats")
    async def add(boat: Create[Boat]) -> Boat:
        return await boat.save()

    @app.post("/pairs")
    async def pair(dock: Create[Dock], boat: Create[Boat]) -> Boat:
        return await boat.save()

    @app.post("/fleet")
    async def fleet(boats: list[Create[Boat]]) -> int:
        return await Boat.insert_many(boats)

    @app.patch("/boats/{name}")
    async def change(name: str, changes: Patch[Boat]) -> Boat:
        return await (await Boat.get(name=name)).update(changes)

    @app.get("/boats/count")
    async def count(pin: str) -> int:
        return await Boat.where(~(Boat.pin == pin) | (Boat.length > 1)).count()

    @app.delete("/boats")
    def clear(length: int) -> int:
        return Boat.where(Boat.length.in_([1000, length])).delete().run()

    @app.get("/boats/{number}")
    def show(number: int) -> Boat:
        return Boat.get(number).run()

    @app.get("/boats")
    async def find(name: str | None = None, length: int | None = None) -> list[Boat]:
        query = Boat.all() if name is None else Boat.where(Boat.name.contains(name))
        return await (query if length is None else query.where(length=length))

    @app.delete("/docks/{name}")
    def remove(name: str) -> None:
        Dock.get(name).run().delete().run()

    # A fixture of the module is made before the one that lets a test see its own models alone.
    own = only_models_of("triode", __name__)
    with own, harbour.active(), client_for(app, request.param) as made:
        yield made


JSON = {"content-type": "application/json"}
PROBLEMS = [
    ("POST", "/boats", '{"name": "elevenchars"}', "string_too_long", ["body", "name"]),
    ("POST", "/boats", '{"name": 5}', "string_type", ["body", "name"]),
    ("POST", "/boats", '{"name": null}', "string_type", ["body", "name"]),
    ("POST", "/boats", '{"name": "a\\u0000"}', "value-refused", ["body", "name"]),
    ("POST", "/boats", '{"name": "c", "length": 1e400}', "finite_number", ["body", "length"]),
    ("POST", "/boats", f'{{"name": "c", "length": {HUGE}}}', "out-of-range", ["body", "length"]),
    ("POST", "/boats", '{"name": "c", "length": 13}', "check-failed", []),
    ("POST", "/boats", '{"name": "c", "crew": 100}', "check-failed", ["body", "crew"]),
    ("PATCH", "/boats/bob", '{"pin": "a\\u0000"}', "value-refused", ["body", "pin"]),
    ("PATCH", "/boats/bob", f'{{"length": {HUGE}}}', "out-of-range", ["body", "length"]),
    (
        "POST",
        "/pairs",
        '{"dock": {"name": "x"}, "boat": {"name": "\\u0000"}}',
        "value-refused",
        ["body", "boat", "name"],
    ),
    (
        "POST",
        "/fleet",
        '[{"name": "c"}, {"name": "\\u0000"}]',
        "value-refused",
        ["body", 1, "name"],
    ),
    ("GET", "/boats?name=%00", "", "value-refused", ["query", "name"]),
    ("GET", f"/boats?length={HUGE}", "", "out-of-range", ["query", "length"]),
    ("GET", "/boats/count?pin=%00", "", "value-refused", ["query", "pin"]),
    ("DELETE", f"/boats?length={HUGE}", "", "out-of-range", ["query", "length"]),
]


@pytest.mark.parametrize(("method", "path", "body", "kind", "place"), PROBLEMS)
def test_problem_has_its_place_in_the_request(
    client: Any, method: str, path: str, body: str, kind: str, place: list[Any]
) -> None:
    answer = client.request(method, path, content=body, headers=JSON)
    assert answer.status_code == 422
    [problem] = answer.json()["detail"]
    assert (problem["type"], problem["loc"]) == (kind, place)


@pytest.mark.parametrize(
    ("path", "body", "given"),
    [
        ("/boats", '{"name": "a\\u0000"}', "a\0"),
        ("/boats", f'{{"name": "c", "length": {HUGE}}}', HUGE),
        ("/boats", '{"name": "c", "crew": 100}', 100),
        ("/boats", '{"name": "c", "mark": "s3cret\\u0000"}', None),
        ("/boats", '{"name": "c", "length": 13}', None),
        ("/pairs", '{"dock": {"name": "x"}, "boat": {"name": "\\u0000"}}', "\0"),
    ],
)
def test_problem_has_the_value_unless_it_is_secret(
    client: Any, path: str, body: str, given: Any
) -> None:
    answer = client.post(path, content=body, headers=JSON)
    [problem] = answer.json()["detail"]
    assert (answer.status_code, problem["input"]) == (422, given)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        ("POST", "/boats", '{"name": "ada"}', 409, "Boat with this name already exists."),
        (
            "POST",
            "/boats",
            '{"name": "c", "mark": "hush"}',
            409,
            "Boat with this mark already exists.",
        ),
        (
            "POST",
            "/boats",
            '{"name": "c", "dock_id": "south"}',
            409,
            "Boat: there is no dock with name 'south'.",
        ),
        ("PATCH", "/boats/bob", '{"name": "ada"}', 409, "Boat with this name already exists."),
        ("DELETE", "/docks/north", "", 409, "Dock cannot be deleted: other rows refer to it."),
        ("GET", f"/boats/{HUGE}", "", 404, "Boat not found"),
        ("DELETE", "/docks/%00", "", 404, "Dock not found"),
    ],
)
def test_conflict_and_missing_row(
    client: Any, method: str, path: str, body: str, status: int, detail: str
) -> None:
    answer = client.request(method, path, content=body, headers=JSON)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/boats", b'{"name": "\\ud800"}'),
        ("POST", "/boats", b'{"name": "\xff"}'),
        ("GET", "/boats?name=%ED%A0%80", b""),
        ("GET", "/boats/1e400", b""),
        ("POST", "/boats", b'{"name": "c", "length": ' + b"9" * 5000 + b"}"),
    ],
)
def test_odd_bytes_are_no_error_of_the_server(
    client: Any, method: str, path: str, body: bytes
) -> None:
    assert client.request(method, path, content=body, headers=JSON).status_code in (
        200,
        400,
        404,
        422,
    )


# --- what the client cannot mend

UNAVAILABLE = {"detail": "The service cannot be used at the moment."}


@pytest.mark.parametrize(
    ("kind", "retry"),
    [
        (LockTimeout, "1"),
        (Deadlock, "1"),
        (SerializationFailure, "1"),
        (StatementTimeout, "1"),
        (ConnectionLost, "1"),
        (DatabaseUnavailable, None),
    ],
)
def test_server_that_cannot_is_a_503_that_is_logged(
    serve: Any, caplog: pytest.LogCaptureFixture, kind: type[ClientError], retry: str | None
) -> None:
    app = Triode(database="sqlite://")

    @app.get("/boats")
    async def boats() -> None:
        raise kind("what happened")

    with caplog.at_level(logging.WARNING, "triode"):
        answer = serve(app).get("/boats")
    told = UNAVAILABLE if kind is DatabaseUnavailable else {"detail": "what happened"}
    assert (answer.status_code, answer.json()) == (503, told)
    assert answer.headers.get("retry-after") == retry
    assert f"GET /boats: what happened [{kind.default_code}]" in caplog.text


def test_lock_of_another_connection(harbour: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    name = harbour.engine.dialect.name
    if name == "sqlite":
        pytest.skip("a lock of another process: below")
    other = Database(harbour.url)
    wait = (
        "SET LOCAL lock_timeout = '50ms'"
        if name == "postgresql"
        else "SET innodb_lock_wait_timeout = 1"
    )
    lock = sa.text("UPDATE boat SET length = 7 WHERE name = 'bob'")
    with harbour.active(), transaction() as block:
        other_block = transaction(other)
        with other_block:
            other.fetch(lock).run()
            harbour.fetch(sa.text(wait)).run()
            with pytest.raises(LockTimeout):
                Boat.where(name="bob").update(length=8).run()
            other.fetch(sa.text("UPDATE boat SET length = 1 WHERE name = 'bob'")).run()
        assert block is not None
    other.close()


def test_lock_of_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_connection, "BUSY_TIMEOUT", 0.05)
    with sqlite_file(tmp_path) as made, made.active():
        made.create_tables(Dock).run()
        other = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockTimeout):
            Dock(name="a").save().run()
        other.execute("ROLLBACK")
        other.close()
        Dock(name="a").save().run()
        assert Dock.count().run() == 1


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:s3cret@host:port/shop", "postgresql://ada:***@host:port/shop"),
        ("postgres//ada:s3c@ret:s3cret@host", "postgres//ada:***@host"),
    ],
)
def test_address_that_is_none_hides_its_password(url: str, shown: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Database(url)
    assert str(caught.value) == (
        f"{shown!r} is not the address of a database. Write it like sqlite:///app.db or "
        "postgresql://user:password@host/name. [database-url]"
    )
