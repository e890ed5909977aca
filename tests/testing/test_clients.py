"""The options of the clients are those of Starlette's, and mean the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import httpx2
import pytest
from starlette.testclient import WebSocketDenialResponse

from triode import Depends, HTTPException, Request, Triode, WebSocket, WebSocketDisconnect
from triode.testclient import TestClient
from triode.testing import AsyncTestClient, LaneClient

language: ContextVar[str] = ContextVar("language", default="none")


def who() -> str:
    return "nobody"


def make_app() -> Triode:
    @asynccontextmanager
    async def life(app: Triode) -> AsyncIterator[dict[str, str]]:
        app.state.events = ["start"]
        yield {"given": "by lifespan"}
        app.state.events.append("stop")

    app = Triode(lifespan=life)

    @app.get("/seen")
    def seen(request: Request, name: str = Depends(who)) -> dict[str, Any]:
        return {
            "url": str(request.url),
            "root": request.scope.get("root_path"),
            "client": list(request.client or ()),
            "agent": request.headers["user-agent"],
            "extra": request.headers.get("x-extra"),
            "cookie": request.cookies.get("taste"),
            "state": getattr(request.state, "given", None),
            "who": name,
        }

    @app.get("/away")
    def away() -> Any:
        from triode.responses import RedirectResponse

        return RedirectResponse("/seen")

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("broken")

    @app.websocket("/echo")
    async def echo(websocket: WebSocket, word: str = "") -> None:
        if word == "no":
            raise HTTPException(403, "No")
        await websocket.accept(subprotocol="chat" if websocket.scope["subprotocols"] else None)
        while True:
            text = await websocket.receive_text()
            if text == "bye":
                await websocket.close(4000, "bye")
                return
            if text == "break":
                raise RuntimeError("broken socket")
            await websocket.send_json({"said": text, "word": word})

    return app


OPTIONS: dict[str, Any] = {
    "base_url": "https://shop.example",
    "root_path": "/api",
    "client": ("10.0.0.9", 4711),
    "headers": {"x-extra": "1"},
    "cookies": {"taste": "sweet"},
}
SEEN = {
    "url": "https://shop.example/seen",
    "root": "/api",
    "client": ["10.0.0.9", 4711],
    "agent": "testclient",
    "extra": "1",
    "cookie": "sweet",
    "state": "by lifespan",
    "who": "nobody",
}


def test_plain_client_takes_starlettes_options() -> None:
    with TestClient(make_app(), **OPTIONS) as client:
        assert client.get("/seen").json() == SEEN


def test_async_client_takes_starlettes_options() -> None:
    async def check() -> None:
        async with AsyncTestClient(make_app(), **OPTIONS) as client:
            assert (await client.get("/seen")).json() == SEEN

    asyncio.run(check())


def test_redirects_are_followed_unless_told_otherwise() -> None:
    app = make_app()
    with TestClient(app) as client:
        assert client.get("/away").status_code == 200
        assert client.get("/away", follow_redirects=False).status_code == 307
    with TestClient(app, follow_redirects=False) as client:
        assert client.get("/away").status_code == 307


def test_exceptions_are_raised_unless_told_otherwise() -> None:
    app = make_app()
    with TestClient(app) as client, pytest.raises(RuntimeError, match="broken"):
        client.get("/broken")
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/broken").status_code == 500


def test_async_exceptions_are_raised_unless_told_otherwise() -> None:
    async def check() -> None:
        async with AsyncTestClient(make_app()) as client:
            with pytest.raises(RuntimeError, match="broken"):
                await client.get("/broken")
        async with AsyncTestClient(make_app(), raise_server_exceptions=False) as client:
            assert (await client.get("/broken")).status_code == 500

    asyncio.run(check())


def test_lifespan_runs_with_the_context_only() -> None:
    app = make_app()
    assert TestClient(app).get("/seen").json()["state"] is None
    assert not hasattr(app.state, "events")
    with TestClient(app):
        assert app.state.events == ["start"]
    assert app.state.events == ["start", "stop"]


def test_httpx_transport_as_in_fastapis_page() -> None:
    async def check() -> None:
        transport = httpx2.ASGITransport(app=make_app())
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            assert (await client.get("/seen")).json()["url"] == "http://test/seen"

    asyncio.run(check())


def test_overrides_count_for_a_client_that_is_open() -> None:
    app = make_app()
    with TestClient(app) as client:
        app.dependency_overrides[who] = lambda: "ada"
        assert client.get("/seen").json()["who"] == "ada"
        app.dependency_overrides.clear()
        assert client.get("/seen").json()["who"] == "nobody"
        app.dependency_overrides = None
        assert app.dependency_overrides == {}


def test_async_websocket_speaks_both_ways() -> None:
    async def check() -> None:
        async with AsyncTestClient(make_app()) as client:
            session = client.websocket_connect("/echo", ["chat"], params={"word": "hi"})
            async with session:
                assert session.accepted_subprotocol == "chat"
                await session.send_text("one")
                assert await session.receive_json() == {"said": "one", "word": "hi"}
                await session.send_text("bye")
                with pytest.raises(WebSocketDisconnect) as caught:
                    await session.receive_text()
                assert (caught.value.code, caught.value.reason) == (4000, "bye")

    asyncio.run(check())


def test_async_websocket_that_is_refused_says_why() -> None:
    async def check() -> None:
        async with AsyncTestClient(make_app()) as client:
            with pytest.raises(WebSocketDenialResponse) as caught:
                await client.websocket_connect("/echo?word=no").__aenter__()
            assert caught.value.status_code == 403
            with pytest.raises(WebSocketDisconnect):
                await client.websocket_connect("/nowhere").__aenter__()

    asyncio.run(check())


def test_async_websocket_raises_what_the_handler_raised() -> None:
    async def check() -> None:
        async with (
            AsyncTestClient(make_app()) as client,
            client.websocket_connect("/echo") as session,
        ):
            await session.send_text("break")
            await session.receive_text()

    with pytest.raises(RuntimeError, match="broken socket"):
        asyncio.run(check())


@pytest.mark.parametrize("client_class", [TestClient, LaneClient])
def test_context_variables_reach_plain_handlers(client_class: Any) -> None:
    app = Triode()

    async def choose(lang: str) -> None:
        language.set(lang)

    def generate(lang: str) -> Any:
        token = language.set(f"{lang}!")
        yield language.get()
        assert language.get() == f"{lang}!"
        language.reset(token)

    @app.get("/chosen", dependencies=[Depends(choose)])
    def chosen() -> str:
        return language.get()

    @app.get("/generated")
    def generated(given: str = Depends(generate)) -> list[str]:
        return [given, language.get()]

    @app.get("/set-inside")
    def set_inside() -> str:
        before = language.get()
        language.set("left behind")
        return before

    with client_class(app) as client:
        assert client.get("/chosen?lang=fr").json() == "fr"
        assert client.get("/generated?lang=de").json() == ["de!", "de!"]
        assert [client.get("/set-inside").json() for _ in range(2)] == ["none", "none"]
