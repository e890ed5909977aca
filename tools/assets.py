"""Fetch the files of Swagger UI and ReDoc that the documentation pages need.

`src/triode/openapi/sources.json` names the npm packages, their versions and the digests of the
archives and of each file; what does not match is refused. The files are stored compressed, as
they are served, in `src/triode/openapi/assets/`. Needs `npm` and the network, once.

    python tools/assets.py            fetch what is missing
    python tools/assets.py --force    fetch everything again
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

OPENAPI = Path(__file__).resolve().parent.parent / "src" / "triode" / "openapi"
ASSETS = OPENAPI / "assets"
SOURCES = OPENAPI / "sources.json"


class AssetsError(Exception):
    """The assets cannot be fetched; the message says why and what to do."""


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description="Fetch Swagger UI and ReDoc.")
    parser.add_argument("--force", action="store_true", help="fetch everything again")
    options = parser.parse_args()
    try:
        for line in fetch(force=options.force):
            print(line)
    except AssetsError as exc:
        print(f"assets: {exc}", file=sys.stderr)
        return 1
    return 0


def fetch(*, force: bool = False) -> list[str]:
    """Fetch the packages whose files are missing; return a line for each package.

    Raises:
        AssetsError: npm is missing or fails, or a digest is not the one expected.
    """
    packages: dict[str, dict[str, Any]] = json.loads(SOURCES.read_text(encoding="utf-8"))
    lines: list[str] = []
    for name, package in packages.items():
        label = f"{name} {package['version']}"
        if not force and is_complete(package):
            lines.append(f"assets: {label} is there")
            continue
        with tempfile.TemporaryDirectory() as folder:
            store(name, package, download(name, package, Path(folder)))
        lines.append(f"assets: {label} fetched")
    return lines


def is_complete(package: dict[str, Any]) -> bool:
    """Whether the files of a package are stored, and are of the version that is named."""
    for file, digest in package["files"].items():
        stored = ASSETS / f"{Path(file).name}.gz"
        if not stored.is_file() or digest_of(gzip.decompress(stored.read_bytes())) != digest:
            return False
    return True


def download(name: str, package: dict[str, Any], folder: Path) -> Path:
    """Fetch the archive of a package through npm; return its path."""
    npm = shutil.which("npm")
    if npm is None:
        raise AssetsError("npm was not found. Install Node.js, then run `make assets` again.")
    command = [npm, "pack", f"{name}@{package['version']}", "--silent", "--pack-destination"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words and the names in sources.json
            [*command, str(folder)], cwd=folder, capture_output=True, text=True, timeout=120
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise AssetsError(f"`npm pack {name}@{package['version']}` failed: {exc}") from exc
    archives = list(folder.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        raise AssetsError(f"`npm pack {name}@{package['version']}` failed: {done.stderr.strip()}")
    if digest_of(archives[0].read_bytes(), "sha512") != package["integrity"]:
        raise AssetsError(f"the archive of {name} is not the one that {SOURCES.name} names.")
    return archives[0]


def store(name: str, package: dict[str, Any], archive: Path) -> None:
    """Take the files of a package from its archive and store them compressed."""
    ASSETS.mkdir(exist_ok=True)
    with tarfile.open(archive) as members:
        for file, digest in package["files"].items():
            content = read_member(members, file)
            if digest_of(content) != digest:
                raise AssetsError(f"{file} of {name} is not the one that {SOURCES.name} names.")
            (ASSETS / f"{Path(file).name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
        for file in package["notices"]:
            (ASSETS / f"{name}.{Path(file).name}").write_bytes(read_member(members, file))


def read_member(members: tarfile.TarFile, file: str) -> bytes:
    """Return the content of one file of a package."""
    member = members.extractfile(f"package/{file}")
    if member is None:
        raise AssetsError(f"the archive holds no file {file}.")
    return member.read()


def digest_of(content: bytes, algorithm: str = "sha384") -> str:
    """Return the digest in the form that npm and browsers use for integrity."""
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, content).digest()).decode()}"


if __name__ == "__main__":
    sys.exit(main())
