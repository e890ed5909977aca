"""Run uvicorn for a command: in this process, or in several that share one socket.

What differs from uvicorn's own command: an error at start-up is one line and exit code 2, and
Ctrl-C ends every process without a traceback, also while they are still importing.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any, cast

import uvicorn
from uvicorn.config import LOGGING_CONFIG, STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from triode.cli.errors import EXIT_CODE, program_error, report
from triode.http import ASGIApp
from triode.server import GracefulServer, ServerOptions, make_config
from triode.server.lifespan import LifespanDriver

_READY_SECONDS = 0.2
LOGGING: dict[str, Any] = {
    **LOGGING_CONFIG,
    "formatters": {
        **LOGGING_CONFIG["formatters"],
        "access": {
            **LOGGING_CONFIG["formatters"]["access"],
            "()": "triode.server.access.AccessFormatter",
        },
    },
    "loggers": {
        **LOGGING_CONFIG["loggers"],
        "triode": {"handlers": ["default"], "level": "INFO", "propagate": False},
    },
}


class ServingConfig(uvicorn.Config):
    """uvicorn's configuration for an application of ours.

    `announcement` is printed when the application has started.
    """

    announcement = ""

    def load(self) -> None:
        super().load()
        self.lifespan_class = ReportingLifespan


class ReportingLifespan(LifespanDriver):
    """Reports what a start-up raised as a command does; uvicorn then ends the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(cast(ASGIApp, config.loaded_app))
        self._serving = config

    async def startup(self) -> None:
        try:
            await super().startup()
        except Exception as exc:
            report(program_error(exc))
            self.should_exit = True
        else:
            leave_program_uncollected()
            end_with_parent()
            if announcement := getattr(self._serving, "announcement", ""):
                print(announcement, flush=True)


def end_with_parent() -> None:
    """Let a worker end, as by a signal, when the process that started it is killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="triode-parent", daemon=True).start()


def leave_program_uncollected() -> None:
    """Keep the garbage collector from looking at what start-up has made, which stays.

    PERF: a body of 1 MB with 8,100 objects took 13.6 ms before and 8.3 ms after, because every
    collection walked over the modules too (CPython 3.11, SQLAlchemy loaded).
    """
    gc.collect()
    gc.freeze()


def config_for(app: Any, options: ServerOptions) -> ServingConfig:
    """Return the configuration to serve `app`, or the application at its address."""
    config = make_config(app, options, kind=ServingConfig, log_config=LOGGING)
    return cast(ServingConfig, config)


def serve(config: uvicorn.Config, listener: socket.socket) -> None:
    """Serve until a signal ends it.

    Raises:
        SystemExit: with exit code 2 when the application did not start.
    """
    try:
        with contextlib.suppress(KeyboardInterrupt):
            GracefulServer(config).run(sockets=[listener])
    except SystemExit as exc:
        sys.exit(EXIT_CODE if exc.code == STARTUP_FAILURE else exc.code)


def serve_with_workers(config: ServingConfig, listener: socket.socket, announcement: str) -> None:
    """Serve with `config.workers` processes until a signal ends them; one that dies is replaced.

    `announcement` is printed when the first one has started.

    Raises:
        SystemExit: with exit code 2 when the application did not start.
    """
    supervisor = _Workers(config, sockets=[listener])
    supervisor.announcement = announcement
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        sys.exit(EXIT_CODE)


class _Workers(Multiprocess):
    """uvicorn's supervisor, which starts the other workers when the first one serves.

    So a start-up that fails is reported once, and tables are created by one process.
    """

    announcement = ""

    def init_processes(self) -> None:
        first = self._start_worker()
        while not self.should_exit.is_set() and not first.is_ready(_READY_SECONDS):
            self.handle_signals()
            if first.exitcode is not None:
                self.should_exit.set()
        if self.should_exit.is_set():
            return
        print(self.announcement, flush=True)
        for _ in range(self.processes_num - 1):
            self._start_worker()

    def _start_worker(self) -> Process:
        with interrupts_ignored():
            worker = _Worker(self.config, self.sockets)
            worker.start()
        self.processes.append(worker)
        return worker


class _Worker(Process):
    """A worker whose server ends as that of one process does."""

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = GracefulServer(self.config)
        return self._server


@contextlib.contextmanager
def interrupts_ignored() -> Iterator[None]:
    """Start child processes that Ctrl-C cannot hit before they have a handler for it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
