"""An application with several databases: start-up, requests, the command line, the admin, tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.admin.library import Visitor
from tests.conftest import Serve
from triode import Depends, HTTPException
from triode.auth import Auth, User
from triode.db import Database, Model, model_registry, request_transaction_in
from triode.db.migrations import Migrations
from triode.db.sources import Source
from triode.db.transfer.dumping import dump
from triode.db.transfer.loading import load
from triode.errors import ConfigError
from triode.framework import Triode
from triode.testing import Factory, TestClient, rolled_back


class Parcel(Model):
    number: str


class OldParcel(Model):
    number: str

    class Meta:
        database = "archive"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Triode]:
    made = Triode(
        database=f"sqlite:///{tmp_path / 'app.db'}",
        databases={
            "archive": f"sqlite:///{tmp_path / 'archive.db'}",
            "replica": Database(f"sqlite:///{tmp_path / 'app.db'}", read_only=True),
        },
    )
    made.directory = tmp_path

    @made.post("/old", dependencies=[Depends(request_transaction_in("archive"))])
    async def add_old(number: str) -> int:
        await OldParcel(number=number).save()
        if not number:
            raise HTTPException(400, "no")
        return await OldParcel.count()

    @made.get("/orders")
    async def orders() -> list[str]:
        return await Parcel.using("replica").column(Parcel.number)

    yield made
    for each in (made.database, *made.databases.values()):
        each.close()


def tables_of(path: Path) -> set[str]:
    import sqlite3

    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    connection.close()
    return {name for (name,) in rows if name in ("parcel", "old_parcel")}


def test_each_database_has_its_tables(app: Triode, tmp_path: Path) -> None:
    with TestClient(app):
        assert tables_of(tmp_path / "app.db") == {"parcel"}
        assert tables_of(tmp_path / "archive.db") == {"old_parcel"}
    assert "archive" not in Source.named


def test_request_is_one_transaction_of_a_named_database(serve: Serve, app: Triode) -> None:
    client = serve(app)
    assert client.post("/old", params={"number": "1"}).json() == 1
    assert client.post("/old", params={"number": ""}).status_code == 400
    assert client.post("/old", params={"number": "2"}).json() == 2


def test_model_of_an_unknown_database_is_refused_at_start(tmp_path: Path) -> None:
    app = Triode(database="sqlite://")
    with pytest.raises(ConfigError) as refused, TestClient(app):
        pass
    assert refused.value.message == (
        "OldParcel.Meta names 'archive'. There is no database named 'archive'. None has a name. "
        "Write Triode(databases={'archive': …}), or Database(…, name='archive') in a script."
    )


def test_migrations_of_each_database_are_apart(app: Triode, tmp_path: Path, caplog: Any) -> None:
    main, archive = app.database, app.databases["archive"]
    folder = app.migrations_folder(archive)
    assert folder == tmp_path / "migrations" / "archive"
    made = Migrations(archive, folder).make("old orders")
    assert made is not None
    created = re.compile(r"create_table\(.(\w+)")
    assert created.findall(made.path.read_text()) == ["old_parcel"]
    with TestClient(app):
        pass
    assert [record.getMessage() for record in caplog.records] == [
        f"The database 'archive' lacks a migration, from {made.path.stem[:20]} on. Apply them: "
        "triode db upgrade --database archive"
    ]
    assert tables_of(tmp_path / "app.db") == {"parcel"}
    assert [step.message for step in Migrations(archive, folder).upgrade()] == ["old orders"]
    assert Migrations(archive, folder).check().problems == []
    other = Migrations(main, app.migrations_folder(main)).make("orders")
    assert other is not None
    assert "parcel" in created.findall(other.path.read_text())
    assert "old_parcel" not in created.findall(other.path.read_text())


def test_rows_are_dumped_and_loaded_by_database(app: Triode) -> None:
    lines: list[bytes] = []
    with TestClient(app) as client:
        client.call(Parcel(number="1").save)
        client.call(OldParcel(number="2").save)
        archive = app.databases["archive"]
        client.call(lambda: dump(archive, lines.append, []))
        assert lines == [b'{"table":"old_parcel","row":{"id":1,"number":"2"}}\n']
        client.call(OldParcel.all().delete)
        client.call(lambda: load(archive, lines))
        assert client.call(lambda: OldParcel.all().column(OldParcel.number)) == ["2"]


def test_all_databases_are_rolled_back(app: Triode) -> None:
    archive, replica = app.databases["archive"], app.databases["replica"]
    for each in (app.database, archive):
        each.create_tables().run()
    with rolled_back(app.database, archive, replica), TestClient(app) as client:
        assert client.post("/old", params={"number": "1"}).json() == 1
        Parcel(number="2").save().run()
        assert client.get("/orders").json() == ["2"]
    app.database.register()
    archive.register()
    assert (Parcel.count().run(), OldParcel.count().run()) == (0, 0)


def test_admin_edits_rows_of_a_named_database(app: Triode, serve: Serve) -> None:
    auth = Auth(app)
    app.admin(Parcel, OldParcel)
    client = serve(app)
    with app.database.active():
        user = User(email="ada@example.org", is_admin=True).save().run()
    ada = Visitor(client)
    ada.log_in(auth, user)
    ada.get("/admin/oldparcel/add")
    address = re.findall(r'href="(/admin/[^"/]*old[^"/]*)"', ada.get("/admin").text)[0]
    ada.get(f"{address}/add")
    ada.post(f"{address}/add", {"number": "7", "_save": "list"})
    archive = app.databases["archive"]
    assert OldParcel.all().column(OldParcel.number).using(archive).run() == ["7"]
    ada.post(f"{address}/1/delete", {"_confirm": "yes"})
    assert OldParcel.count().using(archive).run() == 0


def test_models_belong_to_one_database() -> None:
    assert model_registry.tables_in("archive") == [OldParcel.__table__]


def test_factory_and_document_know_the_database(app: Triode) -> None:
    @app.get("/orders/{order_id}")
    async def get_order(order_id: int) -> Parcel:
        return await Parcel.get(order_id).using("replica")

    with TestClient(app) as client:
        made = client.call(lambda: Factory()(OldParcel))
        assert client.call(lambda: OldParcel.get(made.id)) == made
        responses = app.openapi()["paths"]["/orders/{order_id}"]["get"]["responses"]
        assert responses["404"]["description"] == "Parcel not found"
