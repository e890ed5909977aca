"""Import time and memory of hello world: what a program costs before its first user comes.

Times are CPU time of a fresh Python, less that of a Python that does nothing, so that a busy
machine changes them little. Memory is the proportional set size after a hundred requests.
"""

from __future__ import annotations

import os
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.checks import exchange
from bench.environments import Environment
from bench.peers import Command, Peer, gunicorn, uvicorn
from bench.places import APPS, DATA
from bench.rows import Request
from bench.servers import launch
from bench.wire import request_bytes

RUNS = 10
REQUESTS = 100


@dataclass(frozen=True)
class Program:
    """What is imported, the module that says hello, and how it is served."""

    statement: str
    module: str
    command: Command


def triode(python: Path, port: int) -> list[str]:
    program = str(APPS / "startup" / "hello_triode.py")
    start = [str(python), "-m", "triode", "run", program]
    return [*start, "--workers", "1", "--port", str(port)]


PROGRAMS = {
    "triode": Program("from triode import Triode", "startup.hello_triode", triode),
    "fastapi": Program(
        "from fastapi import FastAPI", "startup.hello_fastapi", uvicorn("startup.hello_fastapi:app")
    ),
    "litestar": Program(
        "from litestar import Litestar, get",
        "startup.hello_litestar",
        uvicorn("startup.hello_litestar:app"),
    ),
    "flask": Program(
        "from flask import Flask", "startup.hello_flask", gunicorn("startup.hello_flask:app", 4)
    ),
    "django": Program(
        "import django.conf, django.http, django.urls, django.core.wsgi",
        "startup.hello_django",
        gunicorn("startup.hello_django:app", 4),
    ),
}


def table(built: dict[str, tuple[Peer, Environment]], core: int) -> str:
    """Measure every program whose peer is built, and return the lines to print."""
    lines = [
        "start-up (CPU time above a bare Python, median of "
        f"{RUNS}; memory of the served hello world)",
        f"  {'':<32}{'import ms':>10}{'program ms':>12}{'memory MiB':>12}",
    ]
    for name, program in PROGRAMS.items():
        if name in built:
            peer, environment = built[name]
            lines.append(line(peer, environment.python, program, core))
    return "\n".join(lines)


def line(peer: Peer, python: Path, program: Program, core: int) -> str:
    bare = cpu_milliseconds(python, "pass", core)
    imported = cpu_milliseconds(python, program.statement, core) - bare
    loaded = cpu_milliseconds(python, f"import {program.module}", core) - bare
    memory = served_memory(peer, python, program, core)
    return f"  {peer.title:<32}{imported:>10.0f}{loaded:>12.0f}{memory:>12.1f}"


def cpu_milliseconds(python: Path, code: str, core: int) -> float:
    runs = [run_once(python, code, core) for _ in range(RUNS + 1)]
    return statistics.median(runs[1:])  # the first one writes the .pyc files


def run_once(python: Path, code: str, core: int) -> float:
    command = ["taskset", "-c", str(core), str(python), "-c", code]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(APPS)}
    process = subprocess.Popen(command, env=environment, cwd=APPS)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{code!r} failed under {python}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def served_memory(peer: Peer, python: Path, program: Program, core: int) -> float:
    """Return the memory of the served program in MiB, its master and workers together."""
    DATA.mkdir(parents=True, exist_ok=True)
    database = DATA / f"{peer.name}-hello.db"
    server = launch(peer, program.command, python, database=database, core=core)
    try:
        for _ in range(REQUESTS):
            exchange(request_bytes(Request("/hello"), server.port), server.port)
        return server.memory_kib() / 1024
    finally:
        server.stop()
