"""Builds a virtual environment per peer, and again when its requirements or its Python change."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.peers import Peer
from bench.places import BUILT, REQUIREMENTS, ROOT

VERSIONS = """
import importlib.metadata, json, platform, sys
found = {name: importlib.metadata.version(name) for name in sys.argv[1:]}
print(json.dumps({"python": platform.python_version(), **found}))
"""
INSTALL = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]


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
        if (found := shutil.which(f"python3.{minor}")) and is_working(Path(found)):
            return Path(found)
        for candidate in sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")):
            return candidate
    return Path(sys.executable)


def is_working(python: Path) -> bool:
    """A pyenv shim is on PATH also for versions that are not chosen, and then fails."""
    return run([str(python), "-c", "import venv"]).returncode == 0


def build(peer: Peer, python: Path) -> Environment:
    """Return the peer's environment, made first if it is missing or out of date.

    Raises:
        NotBuilt: with the last lines the installer said.
    """
    if peer.name == "nginx":
        return Environment(python, {"nginx": nginx_version()})
    place = BUILT / peer.name
    stamp = place / "built.json"
    wanted = fingerprint(peer, python)
    if not stamp.is_file() or json.loads(stamp.read_text()) != wanted:
        install(peer, python, place)
        stamp.write_text(json.dumps(wanted))
    own_python = place / "bin" / "python"
    return Environment(own_python, versions(own_python, peer))


def fingerprint(peer: Peer, python: Path) -> dict[str, str]:
    digest = hashlib.sha256(requirements_of(peer).read_bytes()).hexdigest()
    return {"python": str(python.resolve()), "requirements": digest}


def requirements_of(peer: Peer) -> Path:
    if peer.name == "triode":
        return ROOT / "pyproject.toml"
    return REQUIREMENTS / peer.name / "requirements.txt"


def install(peer: Peer, python: Path, place: Path) -> None:
    print(f"building the environment of {peer.name} ...", file=sys.stderr, flush=True)
    must_run([str(python), "-m", "venv", "--clear", str(place)])
    if peer.name == "triode":
        what = ["--editable", str(ROOT)]
    else:
        what = ["--requirement", str(requirements_of(peer))]
    must_run([str(place / "bin" / "python"), *INSTALL, *what])


def must_run(command: list[str]) -> None:
    done = run(command)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "WARNING" not in line]
        raise NotBuilt("; ".join(lines[-3:]) or f"exit code {done.returncode}")


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
