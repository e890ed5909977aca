"""Fetching the viewers' files: what does not match its digest is refused."""

from __future__ import annotations

import gzip
import importlib.util
import io
import shutil
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "assets.py"


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("assets", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ASSETS", tmp_path / "assets")
    return module


def archive_of(folder: Path, **files: bytes) -> Path:
    path = folder / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def package_of(tool: Any, **files: bytes) -> dict[str, Any]:
    digests = {name: tool.digest_of(content) for name, content in files.items()}
    return {"version": "1.0.0", "integrity": "sha512-", "files": digests, "notices": []}


def test_files_are_stored_compressed(tool: Any, tmp_path: Path) -> None:
    package = package_of(tool, script=b"run()")
    assert not tool.is_complete(package)

    tool.store("viewer", package, archive_of(tmp_path, script=b"run()"))

    assert gzip.decompress((tool.ASSETS / "script.gz").read_bytes()) == b"run()"
    assert tool.is_complete(package)


def test_changed_file_is_refused(tool: Any, tmp_path: Path) -> None:
    package = package_of(tool, script=b"run()")

    with pytest.raises(tool.AssetsError, match="script of viewer is not the one"):
        tool.store("viewer", package, archive_of(tmp_path, script=b"steal()"))

    assert not list(tool.ASSETS.iterdir())


def test_missing_npm_says_what_to_do(
    tool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)

    with pytest.raises(tool.AssetsError, match=r"Install Node.js, then run `make assets` again\."):
        tool.download("viewer", package_of(tool), tmp_path)
