"""The same application on other servers, behind other protocols, and how the lane is set up."""

from typing import Any

import httpx2
import pytest
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import StreamingResponse

from triode.app import App
from triode.server import ServerOptions, make_config
from triode.testing import LiveServer


def make_app(**options: Any) -> App:
    app = App(openapi_url=None, **options)

    @app.get("/")
    async def read(request: Request, q: int = 1) -> list[Any]:
        return [q, request.url.path, request.scope["root_path"]]

    @app.post("/")
    async def write(a: dict[str, int]) -> dict[str, int]:
        return a

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(iter("abc"))

    @app.get("/broken")
    async def broken() -> None:
        raise LookupError("lost")

    return app


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"http": "h11"},
        {"http": "httptools"},
        {"loop": "asyncio"},
        {"loop": "asyncio", "http": "h11"},
    ],
    ids=str,
)
def test_other_protocols_and_loops_answer_alike(options: dict[str, Any]) -> None:
    app = make_app()
    with LiveServer(app, **options) as server, httpx2.Client(base_url=server.url) as client:
        assert client.get("/?q=2").json() == [2, "/", ""]
        assert client.post("/", json={"a": 1}).json() == {"a": 1}
        assert client.post("/", content=b"{").status_code == 422
        assert client.get("/stream").text == "abc"
        assert client.get("/nowhere").json() == {"detail": "Not Found"}
        assert client.get("/broken").text == "Internal Server Error"


def test_root_path_of_the_application() -> None:
    with (
        LiveServer(make_app(root_path="/api")) as server,
        httpx2.Client(base_url=server.url) as client,
    ):
        assert client.get("/").json() == [1, "/", "/api"]
        assert client.get("/api/").json() == [1, "/api/", "/api"]


def test_root_path_of_the_server() -> None:
    with (
        LiveServer(make_app(), root_path="/api") as server,
        httpx2.Client(base_url=server.url) as client,
    ):
        assert client.get("/?q=3").json() == [3, "/api/", "/api"]


def test_foreign_middleware_on_the_lane() -> None:
    app = make_app()
    app.add_middleware(CORSMiddleware, allow_origins=["https://x.example"])
    headers = {"Origin": "https://x.example"}
    with LiveServer(app) as server, httpx2.Client(base_url=server.url) as client:
        response = client.get("/", headers=headers)
    assert response.headers["access-control-allow-origin"] == "https://x.example"


def test_config_is_safe_by_default() -> None:
    config = make_config(make_app(), ServerOptions())
    assert (config.host, config.proxy_headers, config.server_header) == ("127.0.0.1", False, False)
