"""Starts a server on its own core, waits until it answers, and ends it by its own pid."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bench import data
from bench.environments import Environment
from bench.logins import LoginFailed, log_in
from bench.peers import PASSWORD, Command, Peer
from bench.places import APPS, DATA, LOGS

START_SECONDS = 30
STOP_SECONDS = 8
TICKS = os.sysconf("SC_CLK_TCK")


class NotStarted(Exception):
    """A server ended at once or never listened; the message carries its last lines."""


@dataclass
class Server:
    """A running server. It leads a session of its own, so its workers can be found."""

    peer: Peer
    port: int
    process: subprocess.Popen[bytes]
    database: Path
    cookie: str = ""
    """The session of an administrator, in the setting "admin"."""

    def cpu_seconds(self) -> float:
        """Return the CPU time the server and its workers have used so far."""
        return sum(cpu_of(pid) for pid in self.pids())

    def pids(self) -> list[int]:
        return [pid for pid in all_pids() if session_of(pid) == self.process.pid]

    def memory_kib(self) -> int:
        """Return the proportional set size of the server and its workers, in KiB."""
        return sum(proportional_size(pid) for pid in self.pids())

    def stop(self) -> None:
        """Ask it to end, and end what is left of its session after a while, pid by pid."""
        workers = self.pids()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pid in workers:
            if pid != self.process.pid and session_of(pid) == self.process.pid:
                os.kill(pid, signal.SIGKILL)


def stop_all(servers: list[Server]) -> None:
    """End servers together: all are asked before the first is waited for."""
    for server in servers:
        if server.process.poll() is None:
            server.process.terminate()
    for server in servers:
        server.stop()


def start(peer: Peer, environment: Environment, core: int, setting: str = "") -> Server:
    """Start a peer with a fresh database, in the setting that its rows ask for.

    Raises:
        NotStarted: it did not listen within half a minute.
    """
    DATA.mkdir(parents=True, exist_ok=True)
    database = DATA / f"{peer.name}.db"
    data.create_database(database)
    more = {"BENCH_SETTING": setting}
    if setting == "postgres":
        url = data.postgres_url()
        try:
            data.create_postgres(url)
        except OSError as exc:
            raise NotStarted(f"no PostgreSQL answers at {url}: {exc}") from exc
        more |= {"BENCH_POSTGRES": url, "DATABASE_URL": url}
    if setting == "admin":
        create_account(peer, environment.python, {**environment_of(peer, database), **more})
    server = launch(peer, peer.command, environment.python, database=database, core=core, more=more)
    if setting == "admin":
        try:
            server.cookie = log_in(server.port, peer)
        except LoginFailed as exc:
            server.stop()
            raise NotStarted(str(exc)) from exc
        except BaseException:
            server.stop()
            raise
    return server


def create_account(peer: Peer, python: Path, environment: dict[str, str]) -> None:
    """Run the commands that make a peer's tables and its administrator."""
    if peer.login is None:
        raise NotStarted("nobody can log in")
    for command in peer.login.commands(python):
        done = subprocess.run(
            command,
            cwd=peer.directory,
            env={**environment, **peer.login.environment},
            input=PASSWORD + "\n",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise NotStarted(f"{' '.join(command[1:])}: {done.stdout}{done.stderr}"[-600:])


def launch(
    peer: Peer,
    command: Command,
    python: Path,
    *,
    database: Path,
    core: int,
    more: dict[str, str] | None = None,
) -> Server:
    """Run a peer's command on a free port, pinned to a core, and wait until it listens."""
    port = free_port()
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{peer.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command(python, port)],
            cwd=peer.directory,
            env={**environment_of(peer, database), **(more or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(peer, port, process, database)
    try:
        wait_until_listening(server, log)
    except BaseException:
        server.stop()
        raise
    return server


def environment_of(peer: Peer, database: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(APPS),
        "BENCH_DATABASE": str(database),
        "DATABASE_URL": f"sqlite:///{database}",
        "DJANGO_SETTINGS_MODULE": "bolt_site.settings"
        if peer.name == "django-bolt"
        else "django_site.settings",
        **peer.environment,
    }


def wait_until_listening(server: Server, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    lines = log.read_text(errors="replace").strip().splitlines()[-6:]
    raise NotStarted("\n".join(lines) or "it never listened")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def all_pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def stat_of(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat after the command's name; none if it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def session_of(pid: int) -> int | None:
    fields = stat_of(pid)
    return int(fields[3]) if fields else None


def cpu_of(pid: int) -> float:
    fields = stat_of(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0


def proportional_size(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
