"""Ten thousand connections that do nothing."""

from __future__ import annotations

import re
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .corpus import request

PROGRAM = """
import sys, os
from triode.app import App
from triode.server import Limits, ServerOptions, serve
from triode.testing.live import LiveServer

app = App(openapi_url=None)

@app.get("/ping")
async def ping() -> str:
    return "pong"

def main() -> None:
    import resource, threading
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with LiveServer(app, backlog=4096) as server:
        print(server.port, flush=True)
        sys.stdin.read()

main()
"""
WANTED = 10_000
MOST_BYTES = 24 * 1024


@pytest.fixture
def connections() -> Iterator[int]:
    """How many connections this process may open, its limit raised as far as it goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield min(WANTED, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def resident(pid: int) -> int:
    """Return the memory of a process in bytes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
@pytest.mark.parametrize("is_used", [False, True], ids=["new", "after-a-request"])
def test_idle_connections_take_little_memory(
    connections: int, is_used: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    opened: list[socket.socket] = []
    try:
        assert server.stdout
        port = int(server.stdout.readline())
        ask(port, opened, 1)
        before = resident(server.pid)
        ask(port, opened, connections if is_used else 0)
        while len(opened) < connections:
            opened.append(socket.create_connection(("127.0.0.1", port)))
        ask(port, opened, 1)
        each = (resident(server.pid) - before) / connections
        with capsys.disabled():
            print(f"\n{connections} idle connections, {each / 1024:.1f} KiB each")
        assert each < MOST_BYTES
    finally:
        for one in opened:
            one.close()
        server.communicate("", timeout=60)


def ask(port: int, opened: list[socket.socket], number: int) -> None:
    """Open connections and have a request answered on each."""
    for _ in range(number):
        one = socket.create_connection(("127.0.0.1", port), timeout=30)
        opened.append(one)
        one.sendall(request(lines=b"X: " + b"a" * 500 + b"\r\n"))
        assert b"pong" in one.recv(4096)
