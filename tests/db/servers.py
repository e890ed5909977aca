"""Servers of the tests' own: a PostgreSQL to restart, a PgBouncer before the usual one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str | None:
    """Return the path of a program; Debian keeps PostgreSQL's out of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if found:
        return str(found[-1])
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def as_postgres(*command: str, folder: Path) -> None:
    """Run a program that refuses to be root."""
    change = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*change, *command], cwd=folder, check=True, capture_output=True, timeout=60)


def reach(folder: Path) -> None:
    """Let the user postgres into a folder of the tests."""
    if os.geteuid() == 0:
        for parent in (folder, *folder.parents[:2]):
            parent.chmod(0o755)
        shutil.chown(folder, "postgres")


class Cluster:
    """A PostgreSQL server in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def control(self, *arguments: str) -> None:
        command = [program("pg_ctl") or "pg_ctl", f"--pgdata={self.folder}/data", "--wait"]
        as_postgres(*command, f"--log={self.folder}/log", *arguments, folder=self.folder)

    def create(self) -> None:
        reach(self.folder)
        flags = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync")
        command = (program("initdb") or "initdb", *flags, f"--pgdata={self.folder}/data")
        as_postgres(*command, folder=self.folder)

    def start(self) -> None:
        sockets = f"-c unix_socket_directories={self.folder}"
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off {sockets}"
        self.control("start", f"--options={options}")

    def stop(self) -> None:
        self.control("stop", "--mode=immediate")


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Give a running server, and end it."""
    made = Cluster(folder)
    made.create()
    made.start()
    try:
        yield made
    finally:
        made.stop()


@contextmanager
def pgbouncer(folder: Path, url: str) -> Iterator[str]:
    """Give the address of a PgBouncer in transaction mode, with two connections to `url`."""
    behind = make_url(url)
    port = free_port()
    reach(folder)
    (folder / "users").write_text(f'"{behind.username}" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={behind.host} port={behind.port or 5432} pool_size=2\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {folder}/users\npool_mode = transaction\n"
    )
    change = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    command = [*change, program("pgbouncer") or "pgbouncer", "-q", f"{folder}/pgbouncer.ini"]
    with subprocess.Popen(command, cwd=folder) as process:
        wait_for(port)
        yield behind.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        process.terminate()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing listens on port {port}")
