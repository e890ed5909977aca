"""`Sessions`: an application without accounts, and without a database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from triode.app import App
from triode.auth import Auth
from triode.errors import ConfigError
from triode.middleware.visitors import Sessions
from triode.templating import csrf_token, flash, get_flashed_messages

SECRET = "a-secret-for-tests-a-secret-for-tests"
Serve = Callable[..., Any]


@pytest.fixture
def app() -> App:
    app = App()
    Sessions(app, secret=SECRET)

    @app.get("/")
    async def home(request: Request) -> list[Any]:
        request.session["seen"] = request.session.get("seen", 0) + 1
        return [request.session["seen"], get_flashed_messages()]

    @app.get("/token")
    async def token() -> str:
        return csrf_token()

    @app.post("/say")
    async def say(words: str) -> None:
        flash(words)

    return app


def test_a_visitor_is_remembered(serve: Serve, app: App) -> None:
    client = serve(app)
    client.post("/say", params={"words": "Hello."})
    assert client.get("/").json() == [1, ["Hello."]]
    assert client.get("/").json() == [2, []]


def test_a_form_needs_its_token(serve: Serve, app: App) -> None:
    client = serve(app)
    token = client.get("/token").json()
    assert client.post("/say", params={"words": "a"}).status_code == 403
    assert client.post("/say", params={"words": "a"}, data={"csrf_token": token}).is_success


def test_a_refusal_is_a_page_for_a_browser(serve: Serve, app: App) -> None:
    client = serve(app)
    client.get("/token")
    reply = client.post("/say", params={"words": "a"}, headers={"accept": "text/html"})
    assert reply.status_code == 403
    assert "<h1>This form could not be sent</h1>" in reply.text
    assert client.post("/say", params={"words": "a"}).json()["detail"].startswith("The request")


def test_the_secret_is_kept_beside_the_application(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TRIODE_SECRET_KEY", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    app = App()
    app.directory = tmp_path  # type: ignore[attr-defined]
    app.attach(Sessions())
    assert not (tmp_path / ".triode").exists()

    @app.get("/")
    async def home(request: Request) -> None:
        request.session["a"] = 1

    serve(app).get("/")
    assert (tmp_path / ".triode" / "secret").exists()


def test_accounts_bring_sessions_along(app: App) -> None:
    with pytest.raises(ConfigError, match="sessions-twice"):
        Auth(app, secret=SECRET)


def test_no_database_is_loaded() -> None:
    code = (
        "import sys; from triode.app import App; from triode.middleware.visitors import Sessions; "
        f"Sessions(App(), secret={SECRET!r}); print('sqlalchemy' in sys.modules)"
    )
    path = f"import sys; sys.path[:0] = {sys.path!r}\n"
    done = subprocess.run([sys.executable, "-c", path + code], check=True, capture_output=True)
    assert done.stdout.strip() == b"False"


def test_a_function_around_the_sessions_leaves_them_to_the_handler(serve: Serve, app: App) -> None:
    @app.middleware("http")
    async def around(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["X-Seen"] = str(request.session["seen"])
        return response

    response = serve(app).get("/")
    assert (response.json(), response.headers["x-seen"]) == ([1, []], "1")
