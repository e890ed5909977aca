"""Starts the process of a peer on its core, talks to it a line at a time, and ends it."""

from __future__ import annotations

import json
import os
import select
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.environments import Environment
from bench.orm.contestants import Contestant
from bench.orm.storage import Storage
from bench.places import LOGS, ROOT

ANSWER_SECONDS = 60


class PeerFailed(Exception):
    """A peer could not do what it was told; the message is its own."""


@dataclass
class Process:
    """A running peer."""

    contestant: Contestant
    storage: Storage
    process: subprocess.Popen[str]
    log: Path

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send a command and return the answer.

        Raises:
            PeerFailed: it raised an error, ended, or said nothing for a minute.
        """
        assert self.process.stdin
        try:
            print(json.dumps(command), file=self.process.stdin, flush=True)
        except BrokenPipeError as exc:
            raise PeerFailed(self.last_words()) from exc
        return self.hear()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], ANSWER_SECONDS)
        if not ready:
            raise PeerFailed(f"no answer in {ANSWER_SECONDS} seconds")
        line = self.process.stdout.readline()
        if not line:
            raise PeerFailed(self.last_words())
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerFailed(answer["error"])
        return answer

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it ended without a word"

    def stop(self) -> None:
        """Let it end by itself, and end it if it does not."""
        assert self.process.stdin
        assert self.process.stdout
        try:
            self.process.stdin.close()
            self.process.wait(8)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def start(
    contestant: Contestant, environment: Environment, storage: Storage, *, database: str, core: int
) -> Process:
    """Start a peer, connected to its database.

    Raises:
        PeerFailed: it did not connect.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"orm-{contestant.key}-{database}.log"
    worker = [str(environment.python), "-m", "bench.orm.worker"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with log.open("w") as errors:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *worker, contestant.module, database, storage.address],
            cwd=ROOT,
            env={**kept, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    running = Process(contestant, storage, process, log)
    try:
        running.hear()
    except BaseException:
        running.stop()
        raise
    return running
