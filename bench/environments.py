"""Builds a virtual environment per peer, and again when its requirements or its Python change."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.places import BUILT, REQUIREMENTS, ROOT

VERSIONS = """
import importlib.metadata, json, platform, sys
found = {name: importlib.metadata.version(name) for name in sys.argv[1:]}
print(json.dumps({"python": platform.python_version(), **found}))
"""
INSTALL = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]


class Peer(Protocol):
    """What is installed: a server of `bench/peers.py` or an ORM of `bench/orm/contestants.py`."""

    @property
    def name(self) -> str:
        """The folder of its requirements below `bench/peers/`."""

    @property
    def distributions(self) -> tuple[str, ...]:
        """The packages whose versions are reported."""

    @property
    def oldest_python(self) -> tuple[int, ...]:
        """The oldest Python that it takes."""


class NotBuilt(Exception):
    """A peer cannot be installed here; the message says why."""


@dataclass(frozen=True)
class Environment:
    """A peer that is installed: its Python, and the versions of what matters."""

    python: Path
    versions: dict[str, str]


def newest_python() -> Path:
    """Return the newest Python found on PATH or below pyenv, this one if there is none."""
    for minor in (14, 13, 12, 11):
        for candidate in sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")):
            return candidate
        # A pyenv shim is on PATH also for versions that are not chosen, and then fails.
        found = shutil.which(f"python3.{minor}")
        if found and run([found, "-c", "import ensurepip"]).returncode == 0:
            return Path(found)
    return Path(sys.executable)


def suitable(peer: Peer, python: Path) -> Path:
    """Return the Python for a peer: the newest one if it refuses the common one."""
    if tuple(map(int, version_of(python).split("."))) >= peer.oldest_python:
        return python
    other = newest_python()
    if tuple(map(int, version_of(other).split("."))) < peer.oldest_python:
        wanted = ".".join(map(str, peer.oldest_python))
        raise NotBuilt(f"it needs Python {wanted} or newer")
    return other


@functools.cache
def version_of(python: Path) -> str:
    """Return the version of an interpreter, such as "3.13.0"."""
    done = run([str(python), "-c", "import platform; print(platform.python_version())"])
    if done.returncode:
        raise SystemExit(f"{python} is no Python that runs: {done.stderr.strip()}")
    return re.match(r"[0-9.]+[0-9]", done.stdout)[0]  # type: ignore[index]


def build(peer: Peer, python: Path) -> Environment:
    """Return the peer's environment, made first if it is missing or out of date.

    Raises:
        NotBuilt: with the last lines the installer said.
    """
    if peer.name == "nginx":
        return Environment(python, {"nginx": nginx_version()})
    python = suitable(peer, python)
    place = BUILT / f"python{version_of(python)}" / peer.name
    stamp = place / "built.json"
    wanted = fingerprint(peer, python)
    if not stamp.is_file() or json.loads(stamp.read_text()) != wanted:
        install(peer, python, place)
        stamp.write_text(json.dumps(wanted))
    own_python = place / "bin" / "python"
    return Environment(own_python, versions(own_python, peer))


def fingerprint(peer: Peer, python: Path) -> dict[str, str]:
    digest = hashlib.sha256(requirements_of(peer).read_bytes()).hexdigest()
    return {"python": str(python), "requirements": digest}


def requirements_of(peer: Peer) -> Path:
    if peer.name == "triode":
        return ROOT / "pyproject.toml"
    return REQUIREMENTS / peer.name / "requirements.txt"


def install(peer: Peer, python: Path, place: Path) -> None:
    print(f"building the environment of {peer.name} ...", file=sys.stderr, flush=True)
    must_run([str(python), "-m", "venv", "--clear", str(place)])
    if peer.name == "triode":
        what = ["--editable", f"{ROOT}[postgres]"]
    else:
        what = ["--requirement", str(requirements_of(peer))]
    must_run([str(place / "bin" / "python"), *INSTALL, *what])


def must_run(command: list[str]) -> None:
    done = run(command)
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines()]
        # pip and build backends put the reason in such a line and much around it.
        reasons = [line for line in lines if "rror:" in line or line.startswith("ERROR")]
        raise NotBuilt("; ".join((reasons or lines)[-3:]) or f"exit code {done.returncode}")


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def versions(python: Path, peer: Peer) -> dict[str, str]:
    done = run([str(python), "-c", VERSIONS, *peer.distributions])
    if done.returncode:
        raise NotBuilt(done.stderr.strip().splitlines()[-1])
    found: dict[str, str] = json.loads(done.stdout)
    return found


def nginx_version() -> str:
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        raise NotBuilt("nginx is not installed (Debian: nginx-light)")
    return run([program, "-v"]).stderr.rpartition("/")[2].strip()
