"""Whom an application believes about its clients."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request
from starlette.websockets import WebSocket

from triode.app import App
from triode.errors import ConfigError
from triode.middleware.proxies import TrustedProxies
from triode.testing import LaneClient, TestClient

PRIVATE = ["127.0.0.1", "10.0.0.0/8"]
EVERYTHING = ("for", "proto", "host", "port", "prefix")


def app_behind(proxies: Any) -> App:
    """Return an application that tells what it takes for client and address."""
    app = App(trusted_proxies=proxies)

    @app.get("/seen", name="seen")
    async def seen(request: Request) -> list[Any]:
        client = request.client.host if request.client else None
        return [client, str(request.url_for("seen"))]

    @app.get("/slash/")
    async def slash() -> None: ...

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json([socket.client.host if socket.client else None, str(socket.url)])

    return app


@pytest.fixture(params=["asgi", "lane"])
def client_of(request: pytest.FixtureRequest) -> Any:
    """Return a function that starts an application whose peer is 127.0.0.1."""
    opened: list[Any] = []

    def start(app: App) -> Any:
        if request.param == "lane":
            client: Any = LaneClient(app, follow_redirects=False)
        else:
            client = TestClient(app, client=("127.0.0.1", 5), follow_redirects=False)
        opened.append(client.__enter__())
        return opened[-1]

    yield start
    for client in opened:
        client.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("proxies", "sent", "client"),
    [
        (None, "1.2.3.4", "127.0.0.1"),
        (["10.0.0.0/8"], "1.2.3.4", "127.0.0.1"),
        (PRIVATE, "1.2.3.4", "1.2.3.4"),
        (PRIVATE, "6.6.6.6, 1.2.3.4, 10.1.1.1", "1.2.3.4"),
        (PRIVATE, "10.9.9.9, 10.1.1.1", "10.9.9.9"),
        (PRIVATE, "6.6.6.6, nonsense, 10.1.1.1", "10.1.1.1"),
        (PRIVATE, "nonsense", "127.0.0.1"),
        (PRIVATE, "2001:db8::1", "2001:db8::1"),
        (PRIVATE, "[2001:db8::1]:443", "2001:db8::1"),
        (PRIVATE, "1.2.3.4:443", "1.2.3.4"),
        (PRIVATE, "", "127.0.0.1"),
        ("127.0.0.1, 10.0.0.0/8", "1.2.3.4", "1.2.3.4"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 5.6.7.8", "1.2.3.4"),
        (3, "1.2.3.4, 5.6.7.8", "1.2.3.4"),
        (["*"], "1.2.3.4, 5.6.7.8", "1.2.3.4"),
    ],
)
def test_who_the_client_is(client_of: Any, proxies: Any, sent: str, client: str) -> None:
    found = client_of(app_behind(proxies))
    assert found.get("/seen", headers={"X-Forwarded-For": sent}).json()[0] == client


def test_lines_are_one_list(client_of: Any) -> None:
    client = client_of(app_behind(PRIVATE))
    headers = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "1.2.3.4")]
    assert client.get("/seen", headers=headers).json()[0] == "1.2.3.4"


FULL = {
    "Host": "inside:9000",
    "X-Forwarded-For": "1.2.3.4",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "shop.example",
    "X-Forwarded-Prefix": "/shop/",
}


@pytest.mark.parametrize(
    ("headers", "added", "address"),
    [
        (EVERYTHING, {}, "https://shop.example/shop/seen"),
        (EVERYTHING, {"X-Forwarded-Port": "8443"}, "https://shop.example:8443/shop/seen"),
        (EVERYTHING, {"X-Forwarded-Port": "443"}, "https://shop.example/shop/seen"),
        (EVERYTHING, {"X-Forwarded-Host": "evil.example/x"}, "https://inside:9000/shop/seen"),
        (EVERYTHING, {"X-Forwarded-Prefix": "//evil.example"}, "https://shop.example/seen"),
        (EVERYTHING, {"X-Forwarded-Proto": "javascript"}, "http://shop.example/shop/seen"),
        (EVERYTHING, {"X-Forwarded-Proto": "http, https"}, "https://shop.example/shop/seen"),
        (("for", "proto"), {}, "https://inside:9000/seen"),
    ],
)
def test_the_address_is_the_clients(
    client_of: Any, headers: Any, added: dict[str, str], address: str
) -> None:
    client = client_of(app_behind(TrustedProxies(PRIVATE, headers=headers)))
    for _ in range(2):  # the second time the lane knows the header block
        response = client.get("/seen", headers={**FULL, **added})
        assert response.json() == ["1.2.3.4", address]


def test_a_slash_redirect_leads_to_the_clients_address(client_of: Any) -> None:
    client = client_of(app_behind(TrustedProxies(PRIVATE, headers=EVERYTHING)))
    response = client.get("/slash", headers=FULL)
    assert response.headers["location"] == "https://shop.example/shop/slash/"


@pytest.mark.parametrize(
    ("header", "seen"),
    [
        (
            'for="[2001:db8::1]:5";proto=https;host="shop.example"',
            ["2001:db8::1", "https://shop.example/seen"],
        ),
        ("for=6.6.6.6, for=1.2.3.4;proto=https", ["1.2.3.4", "https://inside:9000/seen"]),
        ("for=_hidden", ["_hidden", "http://inside:9000/seen"]),
        ("for=unknown, for=10.1.1.1", ["unknown", "http://inside:9000/seen"]),
        ("for=1.2.3.4;;broken", ["127.0.0.1", "http://inside:9000/seen"]),
    ],
)
def test_forwarded(client_of: Any, header: str, seen: list[str]) -> None:
    client = client_of(app_behind(TrustedProxies(PRIVATE, headers=["forwarded"])))
    assert client.get("/seen", headers={**FULL, "Forwarded": header}).json() == seen


def test_forwarded_is_not_read_unasked(client_of: Any) -> None:
    client = client_of(app_behind(PRIVATE))
    assert client.get("/seen", headers={"Forwarded": "for=6.6.6.6"}).json()[0] == "127.0.0.1"


def test_a_connection_has_its_client(client_of: Any) -> None:
    client = client_of(app_behind(PRIVATE))
    sent = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https"}
    with client.websocket_connect("/socket", headers=sent) as socket:
        found, url = socket.receive_json()
    assert (found, url.partition(":")[0]) == ("1.2.3.4", "wss")


def test_a_foreign_middleware_sees_the_client(client_of: Any) -> None:
    seen = []

    def foreign(app: Any) -> Any:
        async def look(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                seen.append((scope["client"], scope["scheme"]))
            await app(scope, receive, send)

        return look

    app = app_behind(PRIVATE)
    app.add_middleware(foreign)
    headers = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https"}
    assert client_of(app).get("/seen", headers=headers).json()[0] == "1.2.3.4"
    assert [(client[0], scheme) for client, scheme in seen] == [("1.2.3.4", "https")]


def test_what_comes_over_a_unix_socket_may_be_trusted() -> None:
    for networks, found in ((["unix"], "1.2.3.4"), (PRIVATE, None)):
        app = app_behind(networks)
        with TestClient(app, client=None) as client:  # type: ignore[arg-type]
            response = client.get("/seen", headers={"X-Forwarded-For": "1.2.3.4"})
        assert response.json()[0] == found


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"networks": ["10.0.0.0/8"], "hops": 1},
        {"hops": 0},
        {"networks": "10.0.0.0/8"},
        {"networks": ["10.0.0.1/8"]},
        {"networks": ["proxy.example"]},
        {"networks": ["*"], "headers": ["for", "server"]},
        {"networks": ["*"], "headers": ["for", "forwarded"]},
    ],
)
def test_what_names_no_proxy_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        TrustedProxies(**options)
    assert caught.value.code == "trusted-proxies"


def test_it_may_be_set_later() -> None:
    app = app_behind(None)
    assert app.trusted_proxies is None
    app.trusted_proxies = ["127.0.0.1"]
    assert app.trusted_proxies == TrustedProxies(("127.0.0.1",))
