"""`triode run` and `triode dev` as processes, reached and ended as users do."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.cli.conftest import COMMAND, environment

APP = """
import os
from triode.app import App

app = App(title="Served")


@app.get("/")
async def where() -> dict[str, int]:
    return {"process": os.getpid()}
"""
PROXIED = """
from triode import Request, Triode

app = Triode()


@app.get("/")
async def seen(request: Request) -> list[str]:
    return [request.client.host, request.url.scheme]
"""
PATIENCE = 15


class Running:
    """A command that serves, and what it has printed so far."""

    def __init__(self, process: subprocess.Popen[str], output: Path) -> None:
        self.process = process
        self.output = output

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the command has printed something, and return the match."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if match := re.search(pattern, self.output.read_text()):
                return match
            time.sleep(0.02)
        raise AssertionError(f"{pattern!r} was not printed:\n{self.output.read_text()}")

    def stop(self, number: int) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start `triode …` in `tmp_path`; it is killed at the end if it still runs."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **changes: str) -> Running:
        output = tmp_path / "output.txt"
        with output.open("w") as file:
            process = subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=tmp_path,
                env=environment(**changes),
                stdout=file,
                stderr=subprocess.STDOUT,
                text=True,
            )
        started.append(process)
        return Running(process, output)

    yield run
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


def address_in(running: Running) -> str:
    return running.wait_for(r"http://127\.0\.0\.1:\d+")[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_serves_and_ends_by_a_signal(write, start, number):
    write("app.py", APP)
    running = start("run", "--port", "0")
    answer = httpx2.get(address_in(running))
    assert answer.json() == {"process": running.process.pid}
    assert running.stop(number) in (0, -number)
    assert "Traceback" not in running.output.read_text()


def test_collector_passes_over_what_start_up_made(write, start):
    write("app.py", APP.replace("os.getpid()", "gc.get_freeze_count()").replace("os\n", "gc\n", 1))
    running = start("run", "--port", "0")
    assert httpx2.get(address_in(running)).json()["process"] > 1000


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_workers_serve_and_end_by_a_signal(write, start, number):
    write("app.py", APP)
    running = start("run", "--port", "0", "--workers", "2")
    url = address_in(running)
    answer = httpx2.get(url)
    assert answer.json()["process"] != running.process.pid
    assert running.stop(number) == 0
    assert "Traceback" not in running.output.read_text()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)


@pytest.mark.slow
def test_workers_end_when_their_supervisor_is_killed(write, start):
    write("app.py", APP)
    running = start("run", "--port", "0", "--workers", "2")
    url = address_in(running)
    httpx2.get(url)
    running.stop(signal.SIGKILL)
    time.sleep(2)
    with pytest.raises(httpx2.TransportError):
        httpx2.get(url)


@pytest.mark.slow
def test_workers_end_while_they_start(write, start):
    write("app.py", "import time; time.sleep(0.3)\n" + APP)
    running = start("run", "--port", "0", "--workers", "2")
    address_in(running)
    time.sleep(0.2)
    assert running.stop(signal.SIGINT) == 0
    assert "Traceback" not in running.output.read_text()


def test_run_listens_on_a_unix_socket(write, start, tmp_path):
    write("app.py", APP)
    path = tmp_path / "app.sock"
    running = start("run", "--uds", str(path))
    running.wait_for("serving app:app on unix:")
    with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(path))) as client:
        assert client.get("http://app/").status_code == 200
    assert running.stop(signal.SIGINT) == 0
    assert not path.exists()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_error_at_start_up_is_one_line_and_exit_code_2(write, start, workers):
    write("app.py", APP + "\n@app.on_event('startup')\ndef open(): raise LookupError('no disk')\n")
    running = start("run", "--port", "0", "--workers", workers)
    assert running.process.wait(PATIENCE) == 2
    output = running.output.read_text()
    assert output.count("triode: error: app.py:13: LookupError: no disk\n") == 1
    assert "Traceback" not in output


def test_port_in_use_is_said(write, triode):
    write("app.py", APP)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = triode("run", "--port", str(port))
    assert done.returncode == 2
    assert done.stderr.startswith(f"triode: error: port {port} on 127.0.0.1 is in use. Choose")


def test_run_warns_of_debug_pages(write, start):
    write("app.py", "from triode import Triode\napp = Triode()\n")
    running = start("run", "--port", "0", TRIODE_DEBUG="1")
    running.wait_for(r"triode: warning: debug pages are on\. Unset TRIODE_DEBUG\n")
    address_in(running)
    assert running.stop(signal.SIGINT) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("option", ["--trusted-proxies", "--forwarded-allow-ips"])
def test_run_names_the_proxies(write, start, workers, option):
    write("app.py", PROXIED)
    arguments = (
        "--port",
        "0",
        "--workers",
        workers,
        "--access-log",
        option,
        "127.0.0.1,10.0.0.0/8",
    )
    running = start("run", *arguments)
    address = running.wait_for(r"http://[\d.:]+")[0]
    headers = {"X-Forwarded-For": "6.6.6.6, 1.2.3.4, 10.1.1.1", "X-Forwarded-Proto": "https"}
    assert httpx2.get(address, headers=headers).json() == ["1.2.3.4", "https"]
    running.wait_for(r"1\.2\.3\.4:0 - \"GET / HTTP/1\.1\" 200")


def test_a_proxy_that_is_none_is_an_error_and_exit_code_2(write, triode):
    write("app.py", PROXIED)
    done = triode("run", "--trusted-proxies", "nonsense")
    assert done.returncode == 2
    assert done.stderr.startswith("triode: error: app.py:4: The trusted proxy 'nonsense'")


def test_access_log_has_a_line_for_each_request(write, start):
    write("app.py", APP)
    running = start("run", "--port", "0", "--access-log")
    httpx2.get(address_in(running) + "/?q=1")
    running.wait_for(r'127\.0\.0\.1:\d+ - "GET /\?q=1 HTTP/1\.1" 200')
    assert running.stop(signal.SIGINT) == 0


@pytest.mark.slow
def test_dev_reloads_breaks_and_recovers(write, start):
    write("app.py", APP)
    running = start("dev", "--port", "0")
    url = address_in(running)
    first = httpx2.get(url).json()["process"]
    running.wait_for("Ctrl-C stops it")
    time.sleep(0.5)  # the watcher begins after the first child was started

    write("app.py", APP + "broken = (\n")
    running.wait_for(r"triode: error: app\.py:11: SyntaxError: '\(' was never closed")
    answer = httpx2.get(url)
    assert (answer.status_code, answer.headers["refresh"]) == (500, "1")
    assert answer.text.startswith("triode: error: app.py:11: SyntaxError")

    write("app.py", APP)
    running.wait_for("Reloaded")
    assert httpx2.get(url).json()["process"] != first
    assert running.stop(signal.SIGINT) == 0
    assert "Traceback" not in running.output.read_text()


def test_dev_ends_at_once_when_the_program_cannot_start(write, triode):
    write("app.py", "import missing_module\n")
    done = triode("dev", "--port", "0")
    assert done.returncode == 2
    expected = "app.py:1: ModuleNotFoundError: No module named 'missing_module'"
    assert done.stderr.splitlines()[0] == f"triode: error: {expected}"


def test_dev_says_how_to_make_the_first_admin(write, start, triode):
    write("app.py", "from triode import Triode\napp = Triode()\napp.admin()\n")
    running = start("dev", "app.py", "--port", "0", "--no-reload")
    hint = "Nobody can enter the admin yet: triode user create app.py --admin"
    running.wait_for(hint)
    assert running.stop(signal.SIGINT) == 0
    triode(
        *["user", "create", "--admin", "--email", "a@example.org", "--password"], "a long password"
    )
    running = start("dev", "--port", "0", "--no-reload")
    running.wait_for("Ctrl-C stops it")
    assert running.stop(signal.SIGINT) == 0
    assert "Nobody" not in running.output.read_text()


def test_dev_turns_debug_pages_on(write, start):
    write("app.py", "from triode.framework import Triode\napp = Triode()\n" + FAILING)
    running = start("dev", "--port", "0", "--no-reload")
    assert "return 1 // 0" in httpx2.get(address_in(running)).text
    assert running.stop(signal.SIGINT) == 0


FAILING = """
@app.get("/")
async def fail() -> int:
    return 1 // 0
"""
