"""Who opens a WebSocket connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocket

from triode.app import App
from triode.auth import Auth, CurrentUser, OptionalUser, User
from triode.testing import TestClient


@pytest.fixture
def way() -> str:
    """Connections are opened in this process."""
    return "asgi"


@pytest.fixture
def app(app: App) -> App:
    @app.websocket("/me")
    async def me(socket: WebSocket, user: CurrentUser) -> None:
        await socket.accept()
        await socket.send_text(user.email)
        await socket.close()

    @app.websocket("/who")
    async def who(socket: WebSocket, user: OptionalUser) -> None:
        await socket.accept()
        await socket.send_text(user.email if user else "nobody")
        await socket.close()

    return app


def hear(client: TestClient, path: str, **headers: str) -> Any:
    with client.websocket_connect(path, headers=headers) as socket:
        return socket.receive_text()


def test_a_connection_knows_its_user(browser: Any, make_user: Callable[..., User]) -> None:
    make_user()
    browser.log_in()
    assert hear(browser.client, "/me") == "ada@example.org"


def test_a_visitor_is_nobody_and_cannot_enter(browser: Any) -> None:
    assert hear(browser.client, "/who") == "nobody"
    with pytest.raises(WebSocketDenialResponse) as caught:
        hear(browser.client, "/me")
    assert caught.value.status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_another_sites_page_cannot_connect(
    browser: Any, make_user: Callable[..., User], origin: str
) -> None:
    make_user()
    browser.log_in()
    with pytest.raises(WebSocketDenialResponse) as caught:
        hear(browser.client, "/me", origin=origin)
    assert caught.value.status_code == 403


def test_without_accounts_nobody_is_logged_in() -> None:
    app = App()

    @app.websocket("/who")
    async def who(socket: WebSocket, user: OptionalUser) -> None:
        await socket.accept()
        await socket.send_text(str(user))
        await socket.close()

    assert hear(TestClient(app), "/who") == "None"
    assert Auth.login_path == "/login"
