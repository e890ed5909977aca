"""The admin in a real browser: with JavaScript and without, on a desk and on a phone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.admin.conftest import PostAdmin
from tests.admin.library import Author, Comment, Post, Tag, make_app

from triode.admin import Inline
from triode.auth import User
from triode.auth.passwords import hash_password
from triode.testing import LiveServer

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

pytestmark = pytest.mark.browser
ENTER, ARROW_DOWN = "\ue007", "\ue015"
PASSWORD = "correct horse battery staple"

# Functions that look at a page: what is too small to tap, what is too faint to read.
AUDIT = Path(__file__).with_name("audit.js").read_text()


class CommentInline(Inline):
    model = Comment


class PostWithComments(PostAdmin):
    inlines = (CommentInline,)


class Browser:
    """A browser at the admin of a running application."""

    def __init__(self, driver: WebDriver, url: str, app: Any) -> None:
        self.driver = driver
        self.url = url
        self.app = app

    def open(self, path: str) -> None:
        """Load a page."""
        self.driver.get(self.url + path)

    def find(self, selector: str) -> Any:
        """Return the first element that a CSS selector matches."""
        return self.driver.find_element("css selector", selector)

    def texts(self, selector: str) -> list[str]:
        """Return the visible text of every element that a CSS selector matches."""
        return [each.text for each in self.driver.find_elements("css selector", selector)]

    def write(self, selector: str, text: str) -> Any:
        """Replace what stands in a field, and return the field."""
        field = self.find(selector)
        field.clear()
        field.send_keys(text)
        return field

    def send(self, selector: str, text: str) -> None:
        """Write into a field and press Enter."""
        self.write(selector, text + ENTER)

    def click(self, text: str) -> None:
        """Click the first visible link or button with a text, once there is one."""
        path = f"//*[self::a or self::button][normalize-space()='{text}']"

        def is_clicked() -> bool:
            found = self.driver.find_elements("xpath", path)
            shown = next((each for each in found if each.is_displayed()), None)
            if shown is not None:
                shown.click()
            return shown is not None

        self.wait(is_clicked)

    def wait(self, is_done: Callable[[], Any]) -> Any:
        """Wait until something is so."""
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.wait import WebDriverWait

        meanwhile = [StaleElementReferenceException]
        return WebDriverWait(self.driver, 5, 0.02, meanwhile).until(lambda _: is_done())

    def shows(self, selector: str, *texts: str) -> None:
        """Wait until these are the texts of all that a CSS selector matches."""
        from selenium.common.exceptions import TimeoutException

        with contextlib.suppress(TimeoutException):
            self.wait(lambda: self.texts(selector) == [*texts])
        assert self.texts(selector) == [*texts]

    def command(self, name: str, **options: Any) -> None:
        """Send a command of the browser's own protocol."""
        self.driver.execute_cdp_cmd(name, options)

    def resize(self, width: int) -> None:
        """Be as wide as a screen, in CSS pixels."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=800, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip


@pytest.fixture
def browser(chromium: WebDriver, tmp_path: Path) -> Iterator[Browser]:
    """Return a browser in which nobody is logged in yet."""
    app, _ = make_app(tmp_path)
    app.admin(Author, Tag, Comment).register(Post, PostWithComments)
    with LiveServer(app) as server, app.database.active():
        secret = asyncio.run(hash_password(PASSWORD))
        User(email="ada@example.org", is_admin=True, password_hash=secret).save().run()
        made = Browser(chromium, server.url, app)
        made.resize(1200)
        chromium.delete_all_cookies()
        yield made
        made.command("Emulation.setScriptExecutionDisabled", value=False)
        made.command("Emulation.setEmulatedMedia", features=[])
        made.open("/admin/_assets/none")


def log_in(browser: Browser, path: str = "/admin/") -> None:
    """Log in, as a person does."""
    browser.open(path)
    browser.write("[name=email]", "ada@example.org")
    browser.send("[name=password]", PASSWORD)
    browser.wait(lambda: browser.driver.current_url == browser.url + path)


def test_everything_works_without_javascript(browser: Browser) -> None:
    browser.command("Emulation.setScriptExecutionDisabled", value=True)
    log_in(browser, "/admin/author")
    browser.click("Add author")
    browser.write("#field-name", "Bo")
    browser.send("#field-email", "wrong")
    browser.shows(".note p", "Nothing was saved: one field needs your attention.")
    assert browser.find("#field-name").get_attribute("value") == "Bo"
    browser.send("#field-email", "bo@example.org")
    browser.shows(".note", "“Bo” was added.")
    Author(name="Cy").save().run()
    browser.open("/admin/author")
    browser.click("Name")
    browser.shows("td.lead", "Bo", "Cy")
    browser.click("Name")
    browser.shows("td.lead", "Cy", "Bo")
    browser.send("[name=q]", "cy")
    browser.shows("td.lead", "Cy")
    browser.click("Cy")
    browser.click("Delete")
    browser.shows("h1", "Delete “Cy”?")
    browser.click("Delete")
    browser.shows(".note", "“Cy” was deleted.")
    browser.find("button[value=dark]").click()
    browser.wait(lambda: browser.find("html").get_attribute("data-theme") == "dark")


def test_a_related_row_is_found_while_typing(browser: Browser) -> None:
    Author.insert_many([{"name": f"Author {number}"} for number in range(150)]).run()
    log_in(browser, "/admin/post/add")
    browser.write("#field-title", "Linked")
    field = browser.find("#field-author_id")
    field.send_keys("author 77")
    browser.shows("[role=option]", "Author 77")
    field.send_keys(ARROW_DOWN + ENTER)
    assert field.get_attribute("value") == "Author 77"
    browser.click("Save")
    browser.shows("td[data-label=Author]", "Author 77")


def test_one_more_row_of_an_inline_is_a_click_away(browser: Browser) -> None:
    log_in(browser, "/admin/post/add")
    browser.write("#field-title", "Discussed")
    browser.write("#field-comment-0-text", "first")
    browser.click("Add another comment")
    browser.write("#field-comment-1-text", "second")
    browser.click("Save")
    browser.shows(".note", "“Discussed” was added.")
    assert [comment.text for comment in Comment.order_by("id").run()] == ["first", "second"]


def test_picked_rows_are_counted_and_deleted(browser: Browser) -> None:
    Author.insert_many([{"name": name} for name in ("Bo", "Cy", "Di")]).run()
    log_in(browser, "/admin/author")
    assert not browser.find(".bulk").is_displayed()
    browser.find("[data-pick-all]").click()
    assert browser.find(".picked").text == "3 selected"
    browser.driver.find_elements("css selector", ".pick")[1].click()
    assert browser.find(".picked").text == "2 selected"
    browser.click("Go")
    assert browser.find("h1").text == "Delete 2 authors?"
    browser.click("Delete 2")
    browser.shows("td.lead", "Cy")


def test_unsaved_text_is_not_lost_without_a_question(browser: Browser) -> None:
    # chromedriver answers the browser's own question by itself, so the event is asked.
    asks = """
        const event = new Event("beforeunload", {cancelable: true});
        window.dispatchEvent(event);
        return event.defaultPrevented;
    """
    log_in(browser, "/admin/author/add")
    assert browser.driver.execute_script(asks) is False
    browser.write("#field-name", "Half")
    assert browser.driver.execute_script(asks) is True
    browser.click("Save")
    browser.shows(".note", "“Half” was added.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_can_be_read(browser: Browser, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.command("Emulation.setEmulatedMedia", features=features)
    author = Author(name="A name that is quite long " * 3).save().run()
    post = Post(title="Title", author=author, rating=3).save().run()
    Comment(post=post, text="text").save().run()
    browser.resize(360)
    browser.open("/login")
    seen = {"/login": problems_of(browser)}
    log_in(browser)
    paths = ["", "post", "post?q=none", "post/add", "post/1/edit", "post/1/delete", "none", "#menu"]
    for path in paths:
        browser.open(f"/admin/{path}")
        seen[path] = problems_of(browser)
    assert seen == dict.fromkeys(seen, ([], [], 360))


def problems_of(browser: Browser) -> tuple[list[str], list[str], int]:
    """Return what is too small to tap, what is too faint to read, and how wide the page is."""
    found = browser.driver.execute_script(
        f"{AUDIT}; return [tooSmall(), tooFaint(), document.documentElement.scrollWidth]"
    )
    return tuple(found)
