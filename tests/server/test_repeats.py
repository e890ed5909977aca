"""A request that repeats the last one's headers is answered as if it had come first.

Two connections get the same bytes: one answers by the repeated block where it can, the other is
made to forget the block, so that the parser reads everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState

from triode.app import App
from triode.dispatch import RouteTable
from triode.http import Call
from triode.server import LaneProtocol, ServerOptions, make_config
from triode.server.repeats import MAX_LINE, MAX_LINES, RepeatedBlock

from .fuzz import Forgetful, Pipe

app = App(openapi_url=None, max_body_size=40)


@app.get("/")
@app.post("/")
@app.get("/{rest:path}")
@app.post("/{rest:path}")
async def show(call: Call, rest: str = "") -> list[Any]:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in call.head.raw]
    body = (call.body or b"").decode("latin-1")
    return [call.method, call.path, call.target.decode("latin-1"), call.query, headers, body]


def play(reads: Sequence[bytes], block: RepeatedBlock) -> tuple[bytes, bool]:
    """Return what a connection answers to some reads, and whether it closed."""
    loop = asyncio.new_event_loop()
    try:
        config: uvicorn.Config = make_config(app, ServerOptions(), log_config=None)
        config.load()
        state = ServerState()
        state.default_headers = []
        protocol = LaneProtocol(config, state, {}, loop)
        protocol.block = block
        pipe = Pipe()
        protocol.connection_made(pipe)
        for data in reads:
            if not pipe.is_closed:
                protocol.data_received(data)
        return pipe.written, pipe.is_closed
    finally:
        loop.close()


def assert_alike(reads: Sequence[bytes]) -> None:
    answer = play(reads, RepeatedBlock())
    assert answer == play(reads, Forgetful())
    assert answer[0] or answer == (b"", False)


METHODS = [b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"get", b"FOO", b"CONNECT", b"PRI", b""]
TARGETS = [
    *(b"/", b"/a", b"/a?b=c", b"/a%20b", b"/%ff", b"/a#b", b"/a?b#c", b"//a", b"//a/b?c", b"*"),
    *(b"a", b"http://b/c", b"/a b", b"/\xff", b"/\x00", b"/\t", b"/?", b"??", b"/a:b@c", b"/\x7f"),
    *(b"///", b"/..", b"/" + b"x" * 17000, b"a:80", b"", b'/"<>\\^`{|}', b"/%", b"/?%zz"),
]
VERSIONS = [b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.1 ", b" HTTP/1.1", b"http/1.1", b""]
BLOCKS = [
    b"\r\nHost: a\r\n\r\n",
    b"\r\nHost: a\r\nCookie: x=y\r\nAccept: */*\r\n\r\n",
    b"\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    b"\r\nHost: a\r\nContent-Length: 4\r\n\r\n\r\n\r\n",
    b"\r\nHost: a\r\nContent-Length: 50\r\n\r\n" + b"x" * 50,
    b"\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
    b"\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n",
    b"\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
    b"\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
    b"\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    b"\nHost: a\r\n\r\n",
    b"\r\nX: y\r\n\r\n",
    b"\r\n\r\n",
]

requests = st.builds(
    lambda method, target, version, block: method + b" " + target + b" " + version + block,
    st.sampled_from(METHODS[:2] + METHODS),
    st.sampled_from(TARGETS[:5] + TARGETS) | st.binary(max_size=6).map(lambda tail: b"/" + tail),
    st.sampled_from(VERSIONS[:1] * 5 + VERSIONS),
    st.sampled_from(BLOCKS[:4] * 2 + BLOCKS),
)


@st.composite
def repeated_requests(draw: st.DrawFn) -> list[bytes]:
    """Reads whose first is a request, and whose others have the same headers or nearly so."""
    first = draw(requests)
    head, line_end, block = first.partition(b"\r\n")
    reads = [first]
    for _ in range(draw(st.integers(1, 3))):
        line = draw(requests).partition(b"\r\n")[0] if draw(st.booleans()) else head
        reads.append(mutated(draw, line + line_end + block))
    return reads


def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    kind = draw(
        st.sampled_from(["none", "none", "replace", "insert", "delete", "append", "prepend"])
    )
    place = draw(st.integers(0, max(0, len(data) - 1)))
    piece = draw(
        st.sampled_from([b" ", b"\r\n", b"\n", b"\r", b"\x00", b":", b"x", b"\xff", b"GET / "])
    )
    return {
        "none": data,
        "replace": data[:place] + piece + data[place + 1 :],
        "insert": data[:place] + piece + data[place:],
        "delete": data[:place] + data[place + 1 :],
        "append": data + piece,
        "prepend": piece + data,
    }[kind]


@st.composite
def cut_requests(draw: st.DrawFn) -> list[bytes]:
    """The same requests, cut into reads anywhere."""
    data = b"".join(draw(repeated_requests()))
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=4)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@settings(max_examples=300, deadline=None)
@given(repeated_requests())
def test_repeated_headers_change_no_answer(reads: list[bytes]) -> None:
    assert_alike(reads)


@settings(max_examples=300, deadline=None)
@given(cut_requests())
def test_repeated_headers_change_no_answer_however_they_are_cut(reads: list[bytes]) -> None:
    assert_alike([data for data in reads if data])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("method", [b"GET", b"POST", b"HEAD"])
def test_every_target_is_answered_alike(method: bytes, target: bytes) -> None:
    block = b" HTTP/1.1\r\nHost: a\r\n\r\n"
    assert_alike([b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", method + b" " + target + block])


def test_head_that_came_in_two_reads_is_not_taken_for_a_block() -> None:
    first, second = b"GET / HTTP/1.1\r\nHost: a\r\nCookie: secret=1\r\n", b"X: y\r\n\r\n"
    assert_alike([first, second, b"GET / HTTP/1.1\r\n\r\n"])
    assert_alike([first, second + b"\r\n", b"GET / HTTP/1.1\r\n\r\n"])
    assert_alike([first, b"X: y\r\nZ: z\r\n\r\n", b"GET / HTTP/1.1\r\nZ: z\r\n\r\n"])


def test_block_is_used_at_all() -> None:
    data = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    block = RepeatedBlock()
    written, is_closed = play([data], block)
    assert (written.count(b"200 OK"), is_closed) == (1, False)
    aim = block.match(data.replace(b"/a", b"/b?c"), app.table)
    assert aim is not None
    assert (aim.method, aim.path, aim.query, aim.params) == ("GET", "/b", "c", {"rest": "b"})


def test_lines_that_are_kept_are_bounded() -> None:
    table = fresh_table()
    block = kept_block()
    for number in range(MAX_LINES + 10):
        assert block.match(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number, table)
    assert len(table.lines) == 10


def test_long_line_is_not_kept() -> None:
    table = fresh_table()
    line = b"GET /" + b"a" * MAX_LINE + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    assert kept_block().match(line, table) is not None
    assert table.lines == {}


def kept_block() -> RepeatedBlock:
    block = RepeatedBlock()
    play([b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"], block)
    return block


def fresh_table() -> RouteTable:
    return App(openapi_url=None).table
