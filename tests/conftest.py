"""Fixtures of every room: above all `serve`, which runs a test on both ways to an application."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from tests.isolation import only_models_of
from triode.http import current_call
from triode.testing import LaneClient, TestClient

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

Client: TypeAlias = TestClient | LaneClient
Serve: TypeAlias = Callable[..., Client]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make check` take one way to an application; `make test` takes both."""
    parser.addoption("--way", choices=["asgi", "lane"], help="reach applications this way only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that go the other way."""
    wanted = config.getoption("--way")
    dropped = [item for item in items if wanted and way_of(item) not in (None, wanted)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in set(dropped)]


def way_of(item: pytest.Item) -> str | None:
    """Return how a test reaches its application, None where it does not use `serve`."""
    parameters = getattr(item, "callspec", None)
    return parameters.params.get("way") if parameters else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose browser or service is missing; with CI=true it fails instead."""
    missing = []
    if item.get_closest_marker("browser") and not browser_programs():
        missing.append("Chromium and chromedriver are not installed")
    for marker in item.iter_markers("service"):
        name = marker.args[0]
        if service_url(name) is None:
            address = f"{SERVICES[name][0]}:{SERVICES[name][1]}"
            variable = f"TRIODE_TEST_{name.upper()}"
            missing.append(f"no {name} answers at {address}, and {variable} names none")
    if missing:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse("; ".join(missing))


SERVICES = {
    # host, port, address of an empty database that tests may use
    "postgres": ("127.0.0.1", 5432, "postgresql://postgres@127.0.0.1:5432/test"),
    "mariadb": ("127.0.0.1", 3306, "mariadb://root@127.0.0.1:3306/test"),
    "redis": ("127.0.0.1", 6379, "redis://127.0.0.1:6379/9"),
}


@cache
def service_url(name: str) -> str | None:
    """Return the address of a service: what TRIODE_TEST_… says, else the local one if it answers.

    None: there is none.
    """
    given = os.environ.get(f"TRIODE_TEST_{name.upper()}")
    if given:
        return given
    host, port, url = SERVICES[name]
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return None
    return url


def browser_programs() -> tuple[str, str] | None:
    """Return the paths of a Chromium and of its driver, None when either is missing."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next((path for name in names if (path := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@pytest.fixture(autouse=True)
def own_models(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a test see the models of Triode, of its own module, and what its room shares."""
    module = request.module.__name__
    room = ".".join(module.split(".")[:2])
    others = {name for name in sys.modules if is_test_module(name) and name != module}
    with only_models_of("triode", room, but=others):
        yield


def is_test_module(name: str) -> bool:
    return name.rpartition(".")[2].startswith("test_")


@pytest.fixture(scope="session")
def one_chromium() -> Iterator[WebDriver]:
    """Return one headless browser for the whole run: starting it takes a second."""
    driver = start_chromium()
    yield driver
    driver.quit()


@pytest.fixture
def chromium(one_chromium: WebDriver) -> WebDriver:
    """Return a headless browser that remembers nothing of earlier tests."""
    one_chromium.delete_all_cookies()
    one_chromium.get("about:blank")
    one_chromium.get_log("browser")  # reading it empties it
    return one_chromium


def start_chromium() -> WebDriver:
    """Start a headless browser; its caller ends it."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    programs = browser_programs()
    assert programs, "mark the test with pytest.mark.browser"
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=Service(programs[1]))


def eventually(read: Callable[[], Any], expected: Any) -> Any:
    """Return what `read` gives once it is what is expected, or after five seconds.

    For what happens after a response: on the lane its client may be faster.
    """
    deadline = time.monotonic() + 5
    while (found := read()) != expected and time.monotonic() < deadline:
        time.sleep(0.005)
    return found


def client_for(app: Any, way: str, **options: Any) -> Client:
    """Return a client of `app`, not yet entered; `way` is "asgi" or "lane"."""
    if way == "lane":
        return LaneClient(app, **options)
    return TestClient(app, raise_server_exceptions=False, **options)


@pytest.fixture(autouse=True)
def no_current_call() -> Iterator[None]:
    """Let no request that an earlier test served on this thread be the current one."""
    token = current_call.set(None)  # type: ignore[arg-type]
    yield
    current_call.reset(token)


@pytest.fixture(params=["asgi", "lane"])
def way(request: pytest.FixtureRequest) -> str:
    """Return how the application is reached: "asgi" in this process, "lane" over a socket."""
    return str(request.param)


@pytest.fixture
def serve(way: str) -> Iterator[Serve]:
    """Start applications and return their clients: `client = serve(app)`.

    A handler's exception is the 500 that a client would get, on both ways. Options are those of
    httpx: `headers`, `cookies`, `follow_redirects`.
    """
    with ExitStack() as stack:

        def start(app: Any, **options: Any) -> Client:
            return stack.enter_context(client_for(app, way, **options))

        yield start
