"""The pytest plugin: `app`, `client` and `async_client` where the project is Triode's.

pytest loads this module in every project of an environment that has Triode, so it imports nothing
and defines no fixture: those are in `fixtures`, registered where an application is found.
"""

from __future__ import annotations

import os
import re
from importlib import import_module
from pathlib import Path

import pytest

FILES = ("app.py", "main.py")
IMPORT = re.compile(r"^\s*(?:from|import)\s+triode\b", re.MULTILINE)
FIXTURES = "triode.pytest_plugin.fixtures"
VARIABLE = "DATABASE_URL"
IN_MEMORY = "sqlite://"

_before = pytest.StashKey["str | None"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the configuration may say."""
    parser.addini(
        "triode_app", "The application: a file, package or module:attribute. Default: app.py."
    )
    parser.addini(
        "triode_database",
        "DATABASE_URL while the tests run; empty leaves it as it is. Default: in memory.",
        default=IN_MEMORY,
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Keep tests away from the database one works with; a conftest.py may still decide."""
    url = str(early_config.getini("triode_database"))
    if url and is_project(early_config):
        early_config.stash[_before] = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = url


def pytest_configure(config: pytest.Config) -> None:
    """Register the fixtures, once."""
    if is_project(config) and not config.pluginmanager.has_plugin(FIXTURES):
        config.pluginmanager.register(import_module(FIXTURES), FIXTURES)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the environment as it was."""
    if _before not in config.stash:
        return
    before = config.stash[_before]
    if before is None:
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = before


def is_project(config: pytest.Config) -> bool:
    """Return whether these are the tests of an application made with Triode."""
    return bool(config.getini("triode_app")) or any(
        _imports_triode(config.rootpath / name) for name in FILES
    )


def _imports_triode(file: Path) -> bool:
    try:
        return IMPORT.search(file.read_text(encoding="utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False
