"""Fuzz the lane's parser: the same bytes, cut in every way, must be answered alike.

Runs for a moment in `test_fuzz.py`, and as long as one likes by hand:

    python -m tests.server.fuzz --seconds 60

Requests are those of the corpus, put together and mutated at random. Each input is played whole, in
single bytes, cut at random, and by a connection that never takes the shortcut for repeated headers.
What is written must be the same, whole responses, and nothing may be logged as an error.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import re
import time
from collections.abc import Sequence
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from triode.app import App
from triode.http import Call, Head
from triode.server import LaneProtocol, Limits, ServerOptions, make_config
from triode.server.bodies import CONTINUE
from triode.server.repeats import RepeatedBlock

from .corpus import REFUSED, SERVED, chunked, post, request

# What is wrong in two ways may be refused for either, whichever is seen first.
REFUSAL = re.compile(rb"HTTP/1.1 [45]\d\d [^\r]*\r\n[^{]*connection: close\r\n\r\n[^{]*{[^}]*}$")
LIMITS = Limits(max_target=300, max_headers=20)
METHODS = [b"GET", b"HEAD", b"OPTIONS", b"CONNECT", b"PUT", b"PRI", b"get", b"GETT"]
TOKENS = [
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b"\x00",
        b":",
        b"\r\n\r\n",
        b"0\r\n\r\n",
        b"\xff",
        b"\x0b",
    ),
    *(b"Content-Length: 3\r\n", b"Content-Length: 4\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"Host: b\r\n", b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"HTTP/1.0"),
    *(
        b"Expect: 100-continue\r\n",
        b"Connection: upgrade\r\nUpgrade: h2c\r\n",
        b"0",
        b"3",
        b"a",
        b";",
    ),
    *(
        b"GET / HTTP/1.1\r\n",
        b"http://b/",
        b"/",
        b"?",
        b"#",
        b"%",
        b"*",
        b",",
        b"-",
        b"+",
        b"_",
        b"x" * 400,
    ),
]

app = App(openapi_url=None, max_body_size=40)


@app.get("/loose")
@app.post("/loose")
async def loose() -> str:
    """Answer without the body, which may be malformed: how far it came makes a difference."""
    return "loose"


@app.route("/{rest:path}", methods=["GET", "POST", "PUT", "OPTIONS"])
async def show(call: Call, rest: str) -> list[Any]:
    """Say what was understood."""
    body = await call.read()
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in call.head.raw]
    return [call.method, call.target.decode(), call.query, headers, body.decode("latin-1")]


async def mounted(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request by the ASGI way, with the size of its body."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"%2d" % size})


app.mount("/mounted", mounted)


class Pipe(asyncio.Transport):
    """A transport in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_closed = False

    def write(self, data: Any) -> None:
        assert not self.is_closed, "written after the end"
        self.written += data

    def close(self) -> None:
        self.is_closed = True

    abort = write_eof = close

    def can_write_eof(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return self.is_closed

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Forgetful(RepeatedBlock):
    """Keeps nothing, so that the parser reads everything."""

    def remember(self, data: bytes, head: Head, body_size: int) -> None: ...


class Player:
    """Plays reads to new connections of one server, on a loop of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.config: uvicorn.Config = make_config(
            app, ServerOptions(limits=LIMITS), log_config=None
        )
        self.config.load()

    def play(self, reads: Sequence[bytes], *, forgets: bool = False) -> tuple[bytes, bool]:
        """Return what a connection answers to some reads, and whether it ended."""
        state = ServerState()
        state.default_headers = []
        protocol = LaneProtocol(self.config, state, {}, self.loop)
        if forgets:
            protocol.block = Forgetful(LIMITS)
        pipe = Pipe()
        protocol.connection_made(pipe)
        for data in reads:
            if pipe.is_closed:
                break
            protocol.data_received(data)
            for _ in range(1000):
                self._settle(state)
                if not protocol.unread or pipe.is_closed:
                    break
                self.loop.run_until_complete(asyncio.sleep(0))
        protocol.connection_lost(None)
        self._settle(state)
        self.loop.run_until_complete(asyncio.sleep(0))
        return REFUSAL.sub(b"refused", pipe.written.replace(CONTINUE, b"")), pipe.is_closed

    def _settle(self, state: ServerState) -> None:
        """Let every handler run as far as it can."""
        for _ in range(6 if state.tasks else 0):
            self.loop.run_until_complete(asyncio.sleep(0))

    def close(self) -> None:
        self.loop.close()


def random_requests(choose: random.Random) -> list[bytes]:
    """Return some requests, some of them malformed."""
    pool = [case.data for case in (*REFUSED.values(), *SERVED.values())]
    plain = [
        request(),
        post(b"/loose", b"abc"),
        request(b"/a?b=c"),
        post(b"/a", b"abc"),
        chunked(b"/a", b"3\r\nabc\r\n0\r\n\r\n"),
    ]
    found = []
    for _ in range(choose.randint(1, 4)):
        data = choose.choice(plain if choose.random() < 0.6 else pool)[:3000]
        for _ in range(choose.choice((0, 0, 1, 1, 2, 4))):
            data = _mutated(choose, data)
        found += [data] * choose.choice((1, 1, 1, 2))
    return found


def _mutated(choose: random.Random, data: bytes) -> bytes:
    place = choose.randrange(len(data) + 1)
    end = min(len(data), place + choose.choice((0, 1, 1, 2, 10)))
    kind = choose.randrange(5)
    if kind == 0:  # replace, insert
        return data[:place] + choose.choice(TOKENS) + data[end:]
    if kind == 1:  # delete
        return data[:place] + data[end:]
    if kind == 2:  # any byte
        return data[:place] + bytes([choose.randrange(256)]) + data[end:]
    if kind == 3 and choose.random() < 0.5:  # another method
        return choose.choice(METHODS) + data[data.find(b" ") :]
    if kind == 3:  # repeat
        return data[:end] + data[place:]
    line = data.find(b"\r\n") + 2  # a header line
    return data[:line] + choose.choice(TOKENS) + data[line:]


def cut(choose: random.Random, data: bytes) -> list[bytes]:
    """Return data cut into reads anywhere."""
    cuts = sorted(choose.randrange(len(data) + 1) for _ in range(choose.randint(1, 6)))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    return [piece for piece in pieces if piece]


def differences(player: Player, choose: random.Random) -> list[list[bytes]]:
    """Play one random input in every way; return the two reads that were answered differently."""
    requests = random_requests(choose)
    data = b"".join(requests)
    answer = player.play([data])
    ways = [requests, [data[at : at + 1] for at in range(len(data))], cut(choose, data)]
    for reads in ways:
        for forgets in (False, True):
            if player.play(reads, forgets=forgets) != answer and b"/loose" not in data:
                return [[data], reads]
    return []


class Errors(logging.Handler):
    """Turns what the lane logs into a failure: no client may cause an entry."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def main() -> None:
    """Fuzz until the time is over or something is found."""
    parser = argparse.ArgumentParser(description="Fuzz the lane's parser.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--rounds", type=int, default=0, help="0: as many as there is time for")
    options = parser.parse_args()
    errors = Errors()
    for name in ("triode", "uvicorn.error"):
        logging.getLogger(name).addHandler(errors)
        logging.getLogger(name).propagate = False
    player = Player()
    end = time.monotonic() + options.seconds
    rounds = 0
    while time.monotonic() < end and not (options.rounds and rounds >= options.rounds):
        seed = options.seed + rounds
        found = differences(player, random.Random(seed))
        if found or errors.records:
            for record in errors.records:
                print(record.getMessage(), record.exc_info)
            for reads in found:
                print(str(reads)[:2000], "->", player.play(reads))
            raise SystemExit(f"found: python -m tests.server.fuzz --seed {seed} --rounds 1")
        rounds += 1
    player.close()
    print(f"{rounds} inputs from seed {options.seed} on, each in seven ways: nothing found")


if __name__ == "__main__":
    main()
