"""The script that `triode dev` puts into pages."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import HTMLResponse, StreamingResponse
from starlette.staticfiles import StaticFiles

from triode import HTTPException, Request, Response
from triode.app import App
from triode.cli.browser_reload import SOCKET_PATH, BrowserReload, PageFilter
from triode.testing import LaneClient

BROWSER = {"accept": "text/html,*/*;q=0.8", "accept-encoding": "gzip"}
TAG = re.compile(r'\n<script src="/_triode/reload\.js\?v=[0-9a-f]{8}\.\d+" defer></script>\n$')


def make_app(folder: Path) -> tuple[App, BrowserReload]:
    app = App(debug=True)
    reload = BrowserReload(folder)

    @app.get("/", response_class=HTMLResponse)
    def home(request: Request) -> str:
        return f"<p>{request.headers.get('accept-encoding')}</p>"

    @app.post("/", response_class=HTMLResponse)
    def posted() -> str:
        return "<p>posted</p>"

    @app.get("/data")
    def data() -> dict[str, int]:
        return {"a": 1}

    @app.get("/strict")
    async def strict() -> Response:
        headers = {"content-security-policy": "script-src 'nonce-n0'", "etag": '"1"'}
        return HTMLResponse("<p>strict</p>", headers=headers)

    @app.get("/stream")
    def stream() -> StreamingResponse:
        return StreamingResponse(iter(["<p>", "</p>"]), media_type="text/html")

    @app.get("/refused")
    def refused() -> None:
        raise HTTPException(403)

    app.attach(reload)
    return app, reload


def test_pages_have_the_script(serve: Any, tmp_path: Path) -> None:
    client = serve(make_app(tmp_path)[0])
    answer = client.get("/", headers=BROWSER)
    assert TAG.search(answer.text)
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["cache-control"] == "no-store"
    source = client.get(re.findall('src="(.*?)"', answer.text)[0])
    assert source.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "new WebSocket(address)" in source.text


@pytest.mark.parametrize(
    ("method", "path", "accept"),
    [
        ("GET", "/", "*/*"),
        ("GET", "/", "application/json"),
        ("POST", "/", BROWSER["accept"]),
        ("GET", "/data", BROWSER["accept"]),
        ("GET", "/openapi.json", BROWSER["accept"]),
    ],
)
def test_nothing_else_has_it(
    serve: Any, tmp_path: Path, method: str, path: str, accept: str
) -> None:
    client = serve(make_app(tmp_path)[0])
    answer = client.request(method, path, headers={"accept": accept})
    assert "_triode/reload.js" not in answer.text


def test_page_with_a_nonce_gives_it_to_the_script(serve: Any, tmp_path: Path) -> None:
    answer = serve(make_app(tmp_path)[0]).get("/strict", headers=BROWSER)
    assert answer.text.endswith('defer nonce="n0"></script>\n')
    assert answer.headers["content-security-policy"] == "script-src 'nonce-n0'"
    assert "etag" not in answer.headers


def test_streams_and_static_pages_have_it(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>static</p>")
    app, _ = make_app(tmp_path)
    app.mount("/static", StaticFiles(directory=tmp_path))
    client = serve(app)
    assert TAG.search(client.get("/stream", headers=BROWSER).text)
    for conditions in ({}, {"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}):
        answer = client.get("/static/page.html", headers={**BROWSER, **conditions})
        # On the ASGI way the server's own scope is read, which still has the condition.
        if answer.status_code == 200:
            assert TAG.search(answer.text)
            assert answer.headers["content-length"] == str(len(answer.content))
            assert "last-modified" not in answer.headers


def test_debug_page_has_it(serve: Any, tmp_path: Path) -> None:
    answer = serve(make_app(tmp_path)[0]).get("/nowhere", headers=BROWSER)
    assert TAG.search(answer.text)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'; connect-src 'self'" in policy


def test_open_pages_are_told_of_a_change(serve: Any, tmp_path: Path) -> None:
    app, reload = make_app(tmp_path)
    client = serve(app)
    with client.websocket_connect(SOCKET_PATH) as socket:
        first = socket.receive_text()
        client.call(reload.changed)
        assert socket.receive_text() == first.replace(".0", ".1")
        (tmp_path / "page.html").write_text("new")
        assert socket.receive_text() == first.replace(".0", ".2")


@pytest.mark.parametrize(
    ("path", "is_watched"),
    [("a/home.html", True), ("style.css", True), ("app.py", False), ("app.db", False)],
)
def test_pages_are_made_of_certain_files(path: str, is_watched: bool) -> None:
    assert PageFilter()(1, path) is is_watched  # type: ignore[arg-type]


def test_page_that_leaves_does_not_keep_others_from_being_told(tmp_path: Path) -> None:
    reload = BrowserReload(tmp_path)
    told = []

    class Socket:
        async def send_text(self, text: str) -> None:
            if not told:
                told.append("gone")
                raise RuntimeError("gone")
            told.append(text)

    reload._sockets = {Socket(), Socket()}  # type: ignore[arg-type]
    asyncio.run(reload.changed())
    assert told == ["gone", reload.version]


@pytest.mark.browser
def test_browser_shows_what_has_changed(tmp_path: Path, chromium: Any) -> None:
    word = "first"
    app = App(debug=True)

    @app.get("/")
    async def home() -> HTMLResponse:
        headers = {"content-security-policy": "default-src 'none'"}
        return HTMLResponse(f"<!doctype html><title>{word}</title>", headers=headers)

    reload = app.attach(BrowserReload(tmp_path))
    with LaneClient(app) as client:
        chromium.get(client.server.url)
        wait_until(lambda: len(reload._sockets) == 1)
        word = "second"
        (tmp_path / "style.css").write_text("p { color: red }")
        wait_until(lambda: chromium.title == "second")
        said = [entry["message"] for entry in chromium.get_log("browser")]
    assert [line for line in said if "favicon" not in line] == []


def wait_until(is_true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.02)
