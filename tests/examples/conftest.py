"""The Atlas with its data, loaded once for all tests; each gets a copy of the file."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import pytest

from tests.conftest import Client, Serve
from tests.isolation import only_models_of
from triode.testing import TestClient

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
SECRET = "a-secret-for-tests-only-0123456789"

Start: TypeAlias = Callable[..., Client]


def environment_for(database: Path) -> dict[str, str]:
    """Return what a process of the Atlas needs to run on a file."""
    return {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{database}",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(EXAMPLES)]),
        "PYTHONUNBUFFERED": "1",
        "TRIODE_SECRET_KEY": SECRET,
    }


def import_atlas(patch: pytest.MonkeyPatch, database: Path) -> ModuleType:
    """Import the Atlas anew, to run on a file."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "atlas"]:
        del sys.modules[name]
    patch.syspath_prepend(EXAMPLES)
    patch.setenv("TRIODE_SECRET_KEY", SECRET)
    patch.setenv("DATABASE_URL", f"sqlite:///{database}")
    return importlib.import_module("atlas.app")


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the whole Atlas in it, which no test may change."""
    database = tmp_path_factory.mktemp("atlas") / "app.db"
    with pytest.MonkeyPatch.context() as patch, only_models_of("triode"):
        client = TestClient(import_atlas(patch, database).app)
        with client:
            pass
    return database


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return where the test's database is, or will be."""
    return tmp_path / "app.db"


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, database: Path) -> ModuleType:
    """Return the Atlas's module `app`, on an empty database."""
    return import_atlas(monkeypatch, database)


@pytest.fixture
def atlas(loaded: Path, database: Path, program: ModuleType, serve: Serve) -> Client:
    """Return a client of the loaded Atlas, on both ways to it."""
    shutil.copy(loaded, database)
    return serve(program.app)


@pytest.fixture
def client(loaded: Path, database: Path, program: ModuleType) -> Any:
    """Return a client of the loaded Atlas in this process."""
    shutil.copy(loaded, database)
    with TestClient(program.app) as opened:
        yield opened
