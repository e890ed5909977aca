"""A transaction for each request, as a dependency."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Serve
from tests.db.models import Team
from triode import Depends, HTTPException
from triode.app import App
from triode.db import Database, on_commit, request_transaction


@pytest.fixture
def app(sqlite: Database) -> App:
    sqlite.make_default()  # the lane serves in a thread of its own
    made = App()
    seen: list[str] = []

    @made.post("/teams", dependencies=[Depends(request_transaction)])
    async def create(name: str) -> list[str]:
        on_commit(lambda: seen.append(name))
        await Team(name=name).save()
        if name == "bad":
            raise HTTPException(400, "no")
        return seen

    @made.post("/plain", dependencies=[Depends(request_transaction)])
    def create_plain(name: str) -> None:
        Team(name=name).save().run()
        if name == "bad":
            raise HTTPException(400, "no")

    @made.get("/seen")
    async def show() -> list[str]:
        return seen

    return made


def names() -> list[str]:
    return [team.name for team in Team.order_by(Team.id).run()]


@pytest.mark.parametrize("path", ["/teams", "/plain"])
def test_request_is_committed_or_undone(serve: Serve, app: Any, path: str) -> None:
    client = serve(app)
    assert client.post(path, params={"name": "a"}).status_code == 200
    assert names() == ["a"]
    assert client.post(path, params={"name": "bad"}).status_code == 400
    assert names() == ["a"]


def test_hooks_of_a_request_run_before_its_response(serve: Serve, app: Any) -> None:
    client = serve(app)
    assert client.post("/teams", params={"name": "a"}).json() == []
    client.post("/teams", params={"name": "bad"})
    assert client.get("/seen").json() == ["a"]


def test_refused_commit_is_told_to_the_client(serve: Serve, app: Any) -> None:
    client = serve(app)
    assert client.post("/teams", params={"name": "a"}).status_code == 200
    assert client.post("/teams", params={"name": "a"}).status_code == 409
    assert names() == ["a"]
