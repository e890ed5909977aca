"""Serve in a child process, and start it anew when a file of the program changes.

The parent never imports the program, so nothing in it can bring the parent down. It holds the
listening socket: a browser that asks during a restart waits, and is not refused.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypeAlias

from watchfiles import Change, DefaultFilter, watch
from watchfiles.main import FileChange

from triode.cli.errors import EXIT_CODE
from triode.cli.serving import interrupts_ignored

WATCHED_SUFFIXES = (".py", ".env")
_CHILD_POLL_MILLISECONDS = 300
_STOP_SECONDS = 5

# (target, listener, is_first): serves until a signal ends it
Serve: TypeAlias = Callable[[str, socket.socket, bool], None]


class ProgramFilter(DefaultFilter):
    """Lets through what makes a program behave differently; not caches, environments, versions."""

    def __call__(self, change: Change, path: str) -> bool:
        return path.endswith(WATCHED_SUFFIXES) and super().__call__(change, path)


class Reloader:
    """Keeps one child serving `target` while files under `folder` change."""

    def __init__(self, serve: Serve, target: str, listener: socket.socket, folder: Path) -> None:
        self._serve = serve
        self._target = target
        self._listener = listener
        self._folder = folder
        self._stop = threading.Event()
        self._starts = 0
        self._child: BaseProcess | None = None

    def run(self) -> int:
        """Serve until a signal ends it, and return the exit code."""
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: self._stop.set())
        self._start()
        try:
            for changes in self._changes():
                if self._failed_at_once():
                    return EXIT_CODE
                if changes:
                    self._restart(sorted({path for _, path in changes}))
                else:
                    self._notice_end()
        finally:
            self._end_child()
        return 0

    def _changes(self) -> Iterator[set[FileChange]]:
        return watch(
            self._folder,
            watch_filter=ProgramFilter(),
            stop_event=self._stop,
            rust_timeout=_CHILD_POLL_MILLISECONDS,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )

    def _start(self) -> None:
        with interrupts_ignored():
            arguments = (self._target, self._listener, self._starts == 0)
            self._child = get_context("spawn").Process(target=self._serve, args=arguments)
            self._child.start()
        self._starts += 1

    def _restart(self, paths: list[str]) -> None:
        shown = [_shown(path, self._folder) for path in paths[:3]]
        more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
        print(f"  {', '.join(shown)}{more} changed", flush=True)
        self._end_child()
        self._start()

    def _failed_at_once(self) -> bool:
        return self._starts == 1 and self._child is not None and self._child.exitcode == EXIT_CODE

    def _notice_end(self) -> None:
        """Say once that the child has ended by itself."""
        if self._child is not None and self._child.exitcode is not None:
            code = self._child.exitcode
            print(f"  The server ended with code {code}; it starts again at the next change.")
            self._child = None

    def _end_child(self) -> None:
        if self._child is None:
            return
        self._child.terminate()
        self._child.join(_STOP_SECONDS)
        if self._child.exitcode is None:
            self._child.kill()
            self._child.join()
        self._child = None


def _shown(path: str, folder: Path) -> str:
    file = Path(path)
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else path
