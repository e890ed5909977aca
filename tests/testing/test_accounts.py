"""`log_in`: be somebody in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from triode.app import App
from triode.auth import Auth, CurrentUser, LoginSession, User
from triode.db import Database
from triode.testing.accounts import log_in


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    database.make_default()
    app = App()
    app.attach(database)
    app.attach(Auth(secret="a-secret-for-tests-a-secret-for-tests"))

    @app.get("/me")
    async def me(user: CurrentUser) -> str:
        return user.email

    @app.post("/me")
    async def change(user: CurrentUser) -> str:
        return user.email

    with database.active():
        database.create_tables().run()
        yield app
    database.close()


def test_a_client_becomes_somebody(serve: Callable[..., Any], app: App) -> None:
    ada = User(email="ada@example.org").save().run()
    client = serve(app)
    assert client.get("/me").status_code == 401
    log_in(client, ada)
    assert client.get("/me").json() == "ada@example.org"
    assert client.post("/me", data={"a": "b"}).json() == "ada@example.org"


def test_logging_out_ends_it(serve: Callable[..., Any], app: App) -> None:
    client = serve(app)
    log_in(client, User(email="ada@example.org").save().run())
    client.post("/logout", follow_redirects=False)
    assert client.get("/me").status_code == 401
    assert LoginSession.where().count().run() == 0
