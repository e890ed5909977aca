"""The pages in a real browser: they draw, offline, under the policy that they are sent with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from starlette.datastructures import UploadFile

from tests.openapi.shop import app
from triode.app import App
from triode.openapi.bundle import load
from triode.testing import LiveServer

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(load("redoc.standalone.js") is None, reason="run `make assets` first"),
]


def wait_for(browser: WebDriver, selector: str) -> Any:
    return WebDriverWait(browser, 20).until(
        lambda driver: driver.find_element(By.CSS_SELECTOR, selector)
    )


def complaints(browser: WebDriver) -> list[str]:
    """Return what the browser complains about, but for Swagger UI's word on its own links."""
    messages = [entry["message"] for entry in browser.get_log("browser")]
    return [text for text in messages if "Deprecated: escaping deep link" not in text]


def test_swagger_ui_draws_every_operation(chromium: WebDriver) -> None:
    with LiveServer(app) as server:
        chromium.get(f"{server.url}/docs")
        wait_for(chromium, ".opblock")

        assert len(chromium.find_elements(By.CSS_SELECTOR, ".opblock")) == 12
        assert complaints(chromium) == []


def test_try_it_out_calls_the_application(chromium: WebDriver) -> None:
    small = App()

    @small.get("/double/{number}")
    async def double(number: int) -> dict[str, int]:
        return {"double": number * 2}

    with LiveServer(small) as server:
        chromium.get(f"{server.url}/docs#/default/double_double__number__get")
        wait_for(chromium, ".try-out__btn").click()
        wait_for(chromium, ".parameters input").send_keys("21")
        wait_for(chromium, ".btn.execute").click()

        assert '"double": 42' in wait_for(chromium, ".live-responses-table pre").text
        assert complaints(chromium) == []


def try_out(browser: WebDriver, url: str) -> None:
    browser.get(url)
    browser.execute_script("arguments[0].click()", wait_for(browser, ".try-out__btn"))


def answer(browser: WebDriver) -> str:
    browser.execute_script("arguments[0].click()", wait_for(browser, ".btn.execute"))
    return str(wait_for(browser, ".live-responses-table").text)


def test_try_it_out_sends_a_file(chromium: WebDriver, tmp_path: Path) -> None:
    app = App()

    @app.post("/upload")
    async def upload(file: UploadFile) -> dict[str, Any]:
        return {"name": file.filename, "text": (await file.read()).decode()}

    sent = tmp_path / "note.txt"
    sent.write_text("from a file")
    with LiveServer(app) as server:
        try_out(chromium, f"{server.url}/docs#/default/upload_upload_post")
        wait_for(chromium, "input[type=file]").send_keys(str(sent))

        assert '"text": "from a file"' in answer(chromium)
        assert complaints(chromium) == []


def test_try_it_out_shows_what_is_sent_in_pieces(chromium: WebDriver) -> None:
    app = App()

    @app.get("/lines")
    async def lines() -> AsyncIterator[dict[str, int]]:
        for number in range(2):
            yield {"number": number}

    with LiveServer(app) as server:
        try_out(chromium, f"{server.url}/docs#/default/lines_lines_get")

        assert '{"number":0}\n{"number":1}' in answer(chromium)
        assert complaints(chromium) == []


def test_redoc_draws_every_operation(chromium: WebDriver) -> None:
    with LiveServer(app) as server:
        chromium.get(f"{server.url}/redoc")
        wait_for(chromium, "#redoc h1")

        assert chromium.find_element(By.CSS_SELECTOR, "#redoc h1").text == "Shop (1.2.0)"
        assert "Sold out" in chromium.page_source
        assert not chromium.find_elements(By.CSS_SELECTOR, "img[alt='redocly logo']")
        assert complaints(chromium) == []
