"""WebSockets on a connection of the lane: what a client may not do, and what it cannot cause."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
from starlette.websockets import WebSocket

from triode.app import App
from triode.server import Limits

from .corpus import request

UPGRADE = (
    b"Connection: upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)

app = App(openapi_url=None)


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


@app.websocket("/headers")
async def headers(websocket: WebSocket, value: str) -> None:
    await websocket.accept(headers=[(b"x-value", value.encode())])
    await websocket.close()


def masked(opcode: int, data: bytes) -> bytes:
    """Return a frame of a client, with a mask of zeros."""
    assert len(data) < 65536
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return bytes([0x80 | opcode]) + size + b"\0\0\0\0" + data


@pytest.mark.parametrize(
    "lines",
    [b"X: " + b"a" * 9000 + b"\r\n", b"X: a\r\n" * 125],
    ids=["long", "many"],
)
def test_handshake_that_the_library_would_not_read_is_refused(lines: bytes, start: Any) -> None:
    client = start(app, limits=Limits(max_headers=200))(request(b"/echo", lines + UPGRADE))
    assert client.answer().status == 431
    assert client.rest() == b""


def test_message_larger_than_the_limit_closes_the_connection(start: Any) -> None:
    client = start(app, ws_max_size=1000)(request(b"/echo", UPGRADE))
    assert client.answer(head_only=True).status == 101
    client.send(masked(1, b"x" * 1001))
    assert client.rest()[2:4] == (1009).to_bytes(2, "big")


@pytest.mark.parametrize("value", [b"a%0d%0aX-Evil:%20b", b"a%0aX-Evil:%20b", b"a%00"])
def test_header_of_the_acceptance_cannot_be_injected(
    value: bytes, start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = start(app)(request(b"/headers?value=" + value, UPGRADE))
    answer = client.answer()
    assert (answer.status, "x-evil" in answer.headers) == (500, False)


@pytest.mark.parametrize(
    "frame",
    [b"\x8f\x80abcd", b"\x81\x01a", b"\xf1\x80abcd", masked(1, b"\xff"), b"\x81"],
    ids=["opcode", "unmasked", "reserved", "not-utf8", "cut-off"],
)
def test_malformed_frame_ends_the_connection_alone(
    frame: bytes, start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    connect = start(app)
    client = connect(request(b"/echo", UPGRADE))
    assert client.answer(head_only=True).status == 101
    client.send(frame)
    time.sleep(0.02)
    client.close()
    assert connect(request(b"/nowhere")).answer().status == 404
    assert [one for one in caplog.records if one.levelno > logging.ERROR] == []
