"""What a function middleware sees of streams and files."""

from collections.abc import AsyncIterable
from pathlib import Path
from typing import Any

from triode.app import App
from triode.http import HTTPException
from triode.responses import FileResponse


def watched(seen: list[Any]) -> App:
    app = App(openapi_url=None)

    @app.middleware("http")
    async def watch(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        seen.append((response.status_code, response.headers.get("content-type")))
        response.headers["X-Seen"] = "yes"
        return response

    return app


def test_stream(serve: Any) -> None:
    seen: list[Any] = []
    app = watched(seen)

    @app.get("/{ok}")
    async def numbers(ok: bool) -> AsyncIterable[int]:
        if not ok:
            raise HTTPException(404)
        yield 1
        yield 2

    client = serve(app)
    response = client.get("/true")
    assert (response.text, response.headers["x-seen"]) == ("1\n2\n", "yes")
    assert client.get("/false").status_code == 404
    assert seen == [(200, "application/jsonl"), (404, "application/json")]


def test_body_of_a_stream_can_be_changed(serve: Any) -> None:
    app = App(openapi_url=None)

    async def shout(parts: Any) -> AsyncIterable[bytes]:
        async for part in parts:
            yield part.upper()

    @app.middleware("http")
    async def change(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.body_iterator = shout(response.body_iterator)
        return response

    @app.get("/")
    async def words() -> AsyncIterable[str]:
        yield "a"
        yield "b"

    assert serve(app).get("/").text == '"A"\n"B"\n'


def test_file(serve: Any, tmp_path: Path) -> None:
    seen: list[Any] = []
    app = watched(seen)
    (tmp_path / "a.txt").write_bytes(b"0123456789" * 100_000)
    app.add_api_route("/", lambda: FileResponse(tmp_path / "a.txt"))
    client = serve(app)
    whole = client.get("/")
    part = client.get("/", headers={"Range": "bytes=1-3"})
    assert (len(whole.content), part.content) == (1_000_000, b"123")
    assert part.headers["x-seen"] == "yes"
    assert [status for status, _ in seen] == [200, 206]
