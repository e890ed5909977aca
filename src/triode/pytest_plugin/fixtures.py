"""Fixtures for the tests of one application, and a runner for its async tests.

Triode's rooms are imported when the first test asks for a fixture, so that a mistake in the
program fails that test and not pytest.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from triode.app import App
    from triode.db import Database
    from triode.testing import AsyncTestClient, Factory, TestClient

_loaded = pytest.StashKey["App"]()
_opened = pytest.StashKey[bool]()


@pytest.fixture
def app(pytestconfig: pytest.Config) -> Iterator[App]:
    """Return the application; what a test puts into `dependency_overrides` is undone after it."""
    application = load_application(pytestconfig)
    before = dict(application.dependency_overrides)
    yield application
    if dict(application.dependency_overrides) != before:
        application.dependency_overrides = before


@pytest.fixture
def client(app: App) -> Iterator[TestClient]:
    """Return a client of the application, started for this test and stopped after it."""
    with import_module("triode.testing").TestClient(app) as opened:
        yield opened


@pytest.fixture
def async_client(app: App) -> AsyncTestClient:
    """Return a client for async tests; the application runs on the event loop of the test."""
    made: AsyncTestClient = import_module("triode.testing").StartingTestClient(app)
    return made


@pytest.fixture
def database(app: App, pytestconfig: pytest.Config) -> Iterator[Database]:
    """Return the application's database; whatever happens in it during the test is undone.

    So it is in its other databases; a read-only one shows what is in this one.
    """
    opened: Database = getattr(app, "database", None) or pytest.fail(
        "triode: the application has no database", pytrace=False
    )
    others: dict[str, Database] = getattr(app, "databases", {})
    for each in (opened, *others.values()):
        if not each.is_read_only:
            each.create_tables().run()
    if _opened not in pytestconfig.stash:
        pytestconfig.stash[_opened] = True
        # It stays open from test to test; one in memory would otherwise be made anew each time.
        for each in (opened, *others.values()):
            pytestconfig.add_cleanup(each.close)
    with import_module("triode.testing.rollback").rolled_back(opened, *others.values()):
        yield opened


@pytest.fixture
def factory() -> Factory:
    """Return a factory of rows that begins anew for each test."""
    made: Factory = import_module("triode.testing.factories").Factory()
    return made


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """List the statements where an assertion on their number fails."""
    statements = getattr(left, "statements", None)
    if not isinstance(left, int) or not isinstance(statements, tuple):
        return None
    lines = import_module("triode.testing.queries").listed(statements).splitlines()
    return [f"{int(left)} {op} {right!r}: these statements ran", *lines]


def load_application(config: pytest.Config) -> App:
    """Return the application that the configuration names, or that stands beside it."""
    if _loaded not in config.stash:
        discovery = import_module("triode.cli.discovery")
        try:
            found = discovery.load(str(config.getini("triode_app")), config.rootpath)
        except discovery.CommandError as exc:
            pytest.fail(f"triode: {exc}\n{exc.detail}", pytrace=False)
        config.stash[_loaded] = found.app
    return config.stash[_loaded]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    """Start and stop the application inside of the test, where its event loop runs."""
    opened: Any = getattr(item, "funcargs", {}).get("async_client")
    if hasattr(opened, "is_started") and inspect.iscoroutinefunction(getattr(item, "obj", None)):
        item.obj = _within(opened, item.obj)  # type: ignore[attr-defined]
    return (yield)


def _within(opened: AsyncTestClient, test: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(test)
    async def run(*args: Any, **arguments: Any) -> None:
        async with opened:
            await test(*args, **arguments)

    return run


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an async test that no other plugin has taken."""
    test = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(test(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True
