"""Take the README's pictures: the admin's list and the documentation of the Atlas.

Needs what `make demo` needs, and Chromium with its driver; a font with flags shows the flags of
countries (Debian: fonts-noto-color-emoji). Run it from the root of the checkout:

    python -m tools.pictures
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.admin.test_browser import Browser
from tests.conftest import browser_programs, start_chromium
from tests.examples.demo import Demo, running

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
WIDTH, HEIGHT = 1280, 800
LARGEST_BYTES = 200_000


def main() -> int:
    """Take both pictures; return the exit code."""
    if browser_programs() is None:
        print("pictures: Chromium and chromedriver are not installed", file=sys.stderr)
        return 2
    FOLDER.mkdir(exist_ok=True)
    driver = start_chromium()
    try:
        with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "app.db") as demo:
            browser = Browser(driver, demo.url, app=None)
            browser.command(
                "Emulation.setDeviceMetricsOverride",
                width=WIDTH, height=HEIGHT, deviceScaleFactor=1, mobile=False,
            )  # fmt: skip
            browser.command("Emulation.setScrollbarsHidden", hidden=True)
            take_admin(browser, demo)
            take_docs(browser)
    finally:
        driver.quit()
    return 0


def take_admin(browser: Browser, demo: Demo) -> None:
    """Log in, and take the list of a country's subdivisions."""
    browser.driver.get(demo.address("Admin"))
    browser.find("form button").click()
    browser.wait(lambda: browser.driver.current_url == f"{demo.url}/admin/")
    browser.open("/admin/subdivision?country=France")
    save(browser.driver, "admin.png")


def take_docs(browser: Browser) -> None:
    """Take the documentation of the API."""
    browser.open("/docs")
    browser.wait(lambda: browser.texts(".opblock"))
    save(browser.driver, "docs.png")


def save(driver: WebDriver, name: str) -> None:
    """Write what the browser shows.

    Raises:
        SystemExit: the picture is too heavy for a README.
    """
    answer = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    picture = base64.b64decode(answer["data"])
    if len(picture) > LARGEST_BYTES:
        sys.exit(f"pictures: {name} has {len(picture):,} bytes, more than {LARGEST_BYTES:,}")
    (FOLDER / name).write_bytes(picture)
    print(f"pictures: {FOLDER / name} ({len(picture):,} bytes)")


if __name__ == "__main__":
    sys.exit(main())
