"""An application with accounts over a database of its own, reached on both ways."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from argon2 import PasswordHasher

from triode.app import App
from triode.auth import Auth, User, create_user, passwords
from triode.db import Database

SECRET = "a-secret-for-tests-a-secret-for-tests"
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _quick_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with small parameters where the test is not about hashing."""
    passwords._dummy_hash.cache_clear()
    if request.module.__name__.rpartition(".")[2] != "test_passwords":
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        monkeypatch.setattr(passwords, "_hasher", lambda: quick)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database with the tables of accounts, and the one that models use."""
    made = Database(f"sqlite:///{tmp_path / 'test.db'}")

    made.make_default()
    with made.active():
        made.create_tables().run()
        yield made
    anyio.run(made.stop)


@pytest.fixture
def app(database: Database) -> App:
    """An application with accounts and a user, ada@example.org."""
    made = App(title="Test & Co", debug=True)
    made.attach(database)
    made.attach(Auth(secret=SECRET))
    return made


@pytest.fixture
def make_user(database: Database) -> Callable[..., User]:
    """Make users: `make_user("ada@example.org", is_admin=True)`."""

    def make(email: str = "ada@example.org", password: str | None = PASSWORD, **more: Any) -> User:
        async def create() -> User:
            return await create_user(email, password, **more)

        return anyio.run(create)

    return make


def token_in(text: str) -> str:
    """Return the CSRF token of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert found, text
    return found[1]


class Browser:
    """A client that fills in forms as a browser does."""

    def __init__(self, client: Any) -> None:
        self.client = client
        origin = str(client.base_url).rstrip("/")
        client.headers.update({"accept": "text/html", "origin": origin})

    def get(self, path: str) -> Any:
        return self.client.get(path, follow_redirects=False)

    def submit(self, path: str, page: str | None = None, **fields: str) -> Any:
        """Load a page, and send its form with these fields."""
        token = token_in(self.get(page or path).text)
        return self.post(path, csrf_token=token, **fields)

    def post(self, path: str, **fields: str) -> Any:
        return self.client.post(path, data=fields, follow_redirects=False)

    def log_in(
        self, email: str = "ada@example.org", password: str = PASSWORD, next: str = ""
    ) -> Any:
        path = "/login" + (f"?next={next}" if next else "")
        return self.submit(path, email=email, password=password)


@pytest.fixture
def browser(serve: Callable[..., Any], app: App) -> Browser:
    """A browser on the application."""
    return Browser(serve(app))
