"""Calls with dependencies that are left after the reply, on the lane."""

import socket
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Annotated, Any
from urllib.parse import urlsplit

import anyio
from starlette.responses import FileResponse, PlainTextResponse, StreamingResponse

from tests.conftest import eventually
from triode.app import App
from triode.binding.markers import Depends
from triode.testing import LiveServer


def test_pipelined_requests_are_answered_in_order_and_see_nothing_of_each_other() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="")
    left: list[str] = []

    async def naming(name: str) -> AsyncIterator[str]:
        before = variable.get()
        variable.set(name)
        await anyio.sleep(0.01)
        yield before + name
        left.append(variable.get())

    app = App(openapi_url=None)

    @app.get("/{name}")
    async def handler(name: str, found: Annotated[str, Depends(naming)]) -> Any:
        if name == "stream":
            return StreamingResponse(iter([found]))
        return PlainTextResponse(found)

    names = ["a", "stream", "b", "stream", "c"]
    with LiveServer(app) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), timeout=5) as client:
            for name in names[:-1]:
                client.sendall(f"GET /{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            client.sendall(b"GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            received = b"".join(iter(lambda: client.recv(65536), b""))
        bodies = [part.split(b"\r\n\r\n", 1)[1] for part in received.split(b"HTTP/1.1 200 OK")[1:]]
        framed = b"6\r\nstream\r\n0\r\n\r\n"
        assert bodies == [b"a", framed, b"b", framed, b"c"]
        assert eventually(lambda: left, names) == names


def test_file_is_sent_before_the_clean_up(serve: Any, tmp_path: Any) -> None:
    path = tmp_path / "note.txt"

    async def note() -> AsyncIterator[None]:
        path.write_text("still here")
        yield
        path.unlink()

    app = App(openapi_url=None)

    @app.get("/", dependencies=[Depends(note)])
    async def handler() -> FileResponse:
        return FileResponse(path)

    assert serve(app).get("/").text == "still here"
    assert eventually(path.exists, False) is False
