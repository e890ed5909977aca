"""`make demo`: the Atlas as a newcomer meets it, with its admin in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.admin.test_browser import Browser
from tests.examples.demo import Demo, running

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

pytestmark = pytest.mark.slow


@pytest.fixture
def demo(loaded: Path, database: Path) -> Iterator[Demo]:
    """Return a running demo over the whole Atlas."""
    shutil.copy(loaded, database)
    with running(database) as started:
        yield started


@pytest.fixture
def browser(chromium: WebDriver, demo: Demo) -> Browser:
    """Return a browser whose user followed the link of the demo."""
    chromium.delete_all_cookies()
    made = Browser(chromium, demo.url, app=None)
    made.resize(1280)
    chromium.get(demo.address("Admin"))
    made.find("form button").click()
    made.wait(lambda: chromium.current_url == f"{demo.url}/admin/")
    return made


def test_every_address_answers_and_ctrl_c_ends_it(demo: Demo) -> None:
    for label in ("Page", "API", "Docs", "Admin"):
        assert httpx2.get(demo.address(label), timeout=10).status_code == 200
    code, printed, errors = demo.end()
    assert (code, printed.strip(), errors) == (0, "The Atlas has ended.", "")


def test_a_file_that_is_no_database_is_told_in_one_line(database: Path) -> None:
    database.write_bytes(b"no database " * 100)
    with running(database) as demo:
        _, errors = demo.process.communicate(timeout=20)
    assert demo.process.returncode == 2
    assert errors.startswith(f"demo: error: The database {str(database)!r} cannot be used: ")
    assert errors.count("\n") == 1


def test_a_second_demo_takes_the_next_port(demo: Demo, database: Path) -> None:
    with running(database) as second:
        assert second.url != demo.url
        assert httpx2.get(f"{second.url}/countries/CH", timeout=10).status_code == 200
        assert second.end()[0] == 0


@pytest.mark.browser
def test_the_link_logs_in_once(browser: Browser, demo: Demo) -> None:
    assert browser.find("h1").text == "Overview"
    browser.driver.delete_all_cookies()
    browser.driver.get(demo.address("Admin"))
    assert browser.find("h1").text == "This link does not work any more"


@pytest.mark.browser
def test_a_list_is_searched_sorted_and_turned(browser: Browser) -> None:
    browser.open("/admin/subdivision")
    first = browser.texts("td.lead")
    browser.find("[rel=next]").click()
    browser.wait(lambda: browser.texts("td.lead")[0] not in first)
    browser.write("[name=q]", "luxembourg").submit()
    browser.wait(lambda: "Capellen" in browser.texts("td.lead"))
    names = browser.texts("td.lead")
    browser.click("Code")
    browser.wait(lambda: browser.texts("td[data-label=Code]")[0] == "BE-WLX")
    assert sorted(names) == sorted(browser.texts("td.lead"))


@pytest.mark.browser
def test_a_wrong_value_is_told_beside_its_field(browser: Browser) -> None:
    browser.open("/admin/currency/CHF/edit")
    browser.write("#field-numeric", "12").submit()
    browser.shows(".note p", "Nothing was saved: one field needs your attention.")
    assert browser.find("#field-numeric").get_attribute("value") == "12"
    browser.write("#field-numeric", "978").submit()
    browser.wait(lambda: "already" in browser.find("#errors-numeric").text)
    browser.write("#field-numeric", "756").submit()
    browser.shows(".note", "“Swiss Franc” was saved.")


@pytest.mark.browser
def test_a_foreign_key_is_chosen_by_typing(browser: Browser) -> None:
    browser.open("/admin/currency/EUR/edit")
    browser.find("#field-country_id").send_keys("switzer")
    browser.shows("[role=option]", "🇨🇭 Switzerland")
    browser.find("[role=option]").click()
    browser.click("Save")
    browser.wait(lambda: browser.find(".note"))
    browser.write("[name=q]", "euro").submit()
    browser.wait(lambda: "🇨🇭 Switzerland" in browser.texts("td[data-label=Country]"))


@pytest.mark.browser
def test_deleting_asks_and_counts_what_goes_along(browser: Browser) -> None:
    browser.open("/admin/country/CY/delete")
    assert "Deleted with it\nSubdivisions\n6\n" in browser.find("main").text
    browser.click("Delete")
    browser.shows(".note", "“🇨🇾 Cyprus” was deleted.")
    browser.open("/admin/subdivision?q=CY-04")
    assert browser.texts("td.lead") == []
