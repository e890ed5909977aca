"""Trusted hosts, and HTTPS instead of HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocket

from triode.app import App
from triode.errors import ConfigError
from triode.middleware.httpsredirect import HTTPSRedirectMiddleware
from triode.middleware.trustedhost import TrustedHostMiddleware
from triode.testing import TestClient


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("example.org", 200),
        ("EXAMPLE.org:8000", 200),
        ("a.b.example.net", 200),
        ("example.net", 400),
        ("evil.org", 400),
        ("example.org.evil.org", 400),
        ("evil-example.net", 400),
        ("[::1]:8000", 200),
        ("example.org/evil", 400),
        ("", 400),
    ],
)
def test_only_known_hosts_are_served(serve: Any, make_app: Any, host: str, status: int) -> None:
    hosts = ["example.org", "*.example.net", "[::1]"]
    client = serve(make_app(TrustedHostMiddleware, allowed_hosts=hosts))
    response = client.get("/", headers={"Host": host})
    assert response.status_code == status
    assert client.get("/nowhere", headers={"Host": host}).status_code == (
        404 if status == 200 else status
    )


def test_a_host_is_sent_to_its_www(serve: Any, make_app: Any) -> None:
    app = make_app(TrustedHostMiddleware, allowed_hosts=["www.example.org"])
    client = serve(app, follow_redirects=False)
    response = client.get("/large?a=%C3%A9", headers={"Host": "example.org:81"})
    assert response.status_code == 307
    assert response.headers["location"] == "http://www.example.org:81/large?a=%C3%A9"
    assert client.get("/", headers={"Host": "other.org"}).status_code == 400


@pytest.mark.parametrize("hosts", ["example.org", ["*example.org"], ["http://a.org"], ["a.org:1"]])
def test_a_pattern_that_matches_nothing_is_refused(hosts: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        TrustedHostMiddleware(allowed_hosts=hosts)
    assert caught.value.code == "trusted-host"


def test_http_is_sent_to_https(serve: Any, make_app: Any) -> None:
    client = serve(make_app(HTTPSRedirectMiddleware), follow_redirects=False)
    for host in ("example.org", "example.org:80"):
        response = client.get("/a%20b?c=d", headers={"Host": host})
        assert (response.status_code, response.headers["location"]) == (
            307,
            "https://example.org/a%20b?c=d",
        )
    response = client.get("/é%3F?ü=ß", headers={"Host": "example.org"})
    assert response.headers["location"] == "https://example.org/%C3%A9%3F?%C3%BC=%C3%9F"
    assert client.get("/", headers={"Host": "a b"}).status_code == 400


def test_https_is_served(make_app: Any) -> None:
    with TestClient(make_app(HTTPSRedirectMiddleware), base_url="https://testserver") as client:
        assert client.get("/").json() == {"hello": "world"}


def socket_app(middleware: Any, **options: Any) -> App:
    app = App()
    app.add_middleware(middleware, **options)

    @app.websocket("/socket")
    async def greet(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(socket.url.scheme)
        await socket.close()

    return app


@pytest.mark.parametrize(
    ("middleware", "options", "status"),
    [
        (TrustedHostMiddleware, {"allowed_hosts": ["example.org"]}, 400),
        (HTTPSRedirectMiddleware, {}, 403),
    ],
)
def test_a_connection_is_refused(
    serve: Any, middleware: Any, options: dict[str, Any], status: int
) -> None:
    client = serve(socket_app(middleware, **options))
    with pytest.raises(WebSocketDenialResponse) as caught, client.websocket_connect("/socket"):
        pass
    assert caught.value.status_code == status


def test_a_connection_to_a_known_host_is_served(serve: Any) -> None:
    hosts = ["127.0.0.1", "testserver"]
    client = serve(socket_app(TrustedHostMiddleware, allowed_hosts=hosts))
    with client.websocket_connect("/socket") as socket:
        assert socket.receive_text() == "ws"


def test_a_connection_over_tls_is_served() -> None:
    with (
        TestClient(socket_app(HTTPSRedirectMiddleware)) as client,
        client.websocket_connect("wss://testserver/socket") as socket,
    ):
        assert socket.receive_text() == "wss"
