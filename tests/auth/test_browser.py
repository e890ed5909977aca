"""The account pages in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

from triode.app import App
from triode.auth import User

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "correct horse battery"
BY_CSS = "css selector"

SIZES = [(1280, 800), (390, 844)]
SCHEMES = ["light", "dark"]


@pytest.fixture
def way() -> str:
    """A browser needs a socket."""
    return "lane"


@pytest.fixture
def address(serve: Callable[..., Any], app: App, make_user: Callable[..., User]) -> str:
    make_user()
    return str(serve(app).base_url).rstrip("/")


@pytest.fixture
def driver(chromium: WebDriver) -> Iterator[WebDriver]:
    chromium.delete_all_cookies()
    yield chromium
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def show_as(driver: WebDriver, size: tuple[int, int], scheme: str) -> None:
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def type_and_send(driver: WebDriver, **fields: str) -> None:
    for name, value in fields.items():
        field = driver.find_element("name", name)
        field.clear()
        field.send_keys(value)
    press(driver)


def press(driver: WebDriver) -> None:
    """Press the page's main button, and wait for the page that comes of it."""
    page = driver.find_element(BY_CSS, "html")
    driver.find_element(BY_CSS, "button.primary").click()
    # Between two pages Chromium may know neither of them, and says so.
    wait = WebDriverWait(driver, 20, ignored_exceptions=[WebDriverException])
    wait.until(staleness_of(page))
    wait.until(lambda each: each.execute_script("return document.readyState") == "complete")


def complaints(driver: WebDriver) -> list[str]:
    """Return what the browser complains about, missing files aside."""
    log = driver.get_log("browser")  # type: ignore[no-untyped-call]
    return [entry["message"] for entry in log if "favicon" not in entry["message"]]


def test_a_person_logs_in_changes_the_password_and_logs_out(
    driver: WebDriver, address: str
) -> None:
    driver.get(f"{address}/password")
    assert driver.current_url == f"{address}/login?next=/password"
    type_and_send(driver, email="ada@example.org", password=PASSWORD)
    assert driver.current_url == f"{address}/password"
    new = "staple of another kind"
    type_and_send(driver, current_password=PASSWORD, new_password=new, repeat_password=new)
    driver.get(f"{address}/logout")
    assert "ada@example.org" in driver.find_element(BY_CSS, "main").text
    press(driver)
    assert driver.find_element(BY_CSS, ".note.success").text == "You are logged out."
    type_and_send(driver, email="ada@example.org", password=new)
    assert driver.find_element(BY_CSS, "h1").text == "You are logged in"


def test_a_wrong_password_keeps_the_address_and_waits_for_the_password(
    driver: WebDriver, address: str
) -> None:
    driver.get(f"{address}/login")
    assert driver.switch_to.active_element.get_attribute("name") == "email"
    type_and_send(driver, email="ada@example.org", password="wrong guess")
    assert driver.find_element(BY_CSS, ".form-errors").text == "Email or password is wrong."
    assert driver.find_element("name", "email").get_attribute("value") == "ada@example.org"
    assert driver.find_element("name", "password").get_attribute("value") == ""
    assert driver.switch_to.active_element.get_attribute("name") == "password"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_pages_fit_every_screen(
    driver: WebDriver, address: str, size: tuple[int, int], scheme: str
) -> None:
    show_as(driver, size, scheme)
    for path in ("/login", "/login/link/x"):
        driver.get(address + path)
        width = driver.execute_script("return document.documentElement.scrollWidth")
        assert width <= size[0], path
        card = driver.find_element(BY_CSS, ".card").rect
        assert card["x"] >= 0
        assert card["x"] + card["width"] <= size[0]
        paper = driver.execute_script(
            "return getComputedStyle(document.documentElement).backgroundColor"
        )
        is_dark = (
            sum(int(part) for part in paper.removeprefix("rgb(").removesuffix(")").split(",")) < 384
        )
        assert is_dark == (scheme == "dark")


def test_the_browser_has_nothing_to_complain_about(driver: WebDriver, address: str) -> None:
    complaints(driver)
    driver.get(f"{address}/login")
    type_and_send(driver, email="ada@example.org", password=PASSWORD)
    driver.get(f"{address}/password")
    assert [entry for entry in complaints(driver) if "404" not in entry] == []


def test_every_control_has_a_label_and_a_large_target(driver: WebDriver, address: str) -> None:
    show_as(driver, (390, 844), "light")
    driver.get(f"{address}/login")
    for control in driver.find_elements(BY_CSS, "input:not([type=hidden]), button"):
        assert control.rect["height"] >= 44
        assert control.accessible_name
