"""Accounts over PostgreSQL: the same as over SQLite."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import anyio
import pytest
import sqlalchemy as sa
from starlette.requests import Request

from triode.app import App
from triode.auth import Group, LoginSession, User, auth_of, login_required
from triode.db import Database
from triode.signing import BadToken

pytestmark = pytest.mark.service("postgres")
URL = os.environ.get("TRIODE_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")


@pytest.fixture
def database() -> Iterator[Database]:
    schema = f"triode_{uuid4().hex}"
    admin = Database(URL)
    admin.fetch(sa.text(f"CREATE SCHEMA {schema}")).run()
    made = Database(f"{URL}?search_path={schema}")
    made.make_default()
    with made.active():
        made.create_tables(User, Group, LoginSession).run()
        yield made
    made.close()
    admin.fetch(sa.text(f"DROP SCHEMA {schema} CASCADE")).run()
    admin.close()


@pytest.fixture
def way() -> str:
    return "lane"


def test_a_login_its_data_and_its_end(
    app: App, browser: Any, make_user: Callable[..., User]
) -> None:
    @app.get("/count")
    @login_required(permission="post.add")
    async def count(request: Request) -> int:
        request.session["seen"] = request.session.get("seen", 0) + 1
        return int(request.session["seen"])

    user = make_user()
    editors = Group(name="Editors", permissions=["post.add"]).save().run()
    user.add(User.groups, editors).run()
    assert browser.log_in().status_code == 303
    assert [browser.get("/count").json() for _ in range(3)] == [1, 2, 3]
    reply = browser.submit(
        "/password",
        current_password="correct horse battery",
        new_password="staple of another kind",
        repeat_password="staple of another kind",
    )
    assert reply.status_code == 303
    assert browser.get("/count").json() == 4
    browser.submit("/logout")
    assert LoginSession.where().count().run() == 0


def test_a_link_is_used_once(app: App, make_user: Callable[..., User]) -> None:
    links = auth_of(app).links
    token = links.make(make_user())

    async def use_twice() -> str:
        await links.use(token)
        try:
            await links.use(token)
        except BadToken as exc:
            return exc.message
        return ""

    assert anyio.run(use_twice) == "This link has been used, or the account has changed."
