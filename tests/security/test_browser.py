"""The Authorize button of Swagger UI, in a real browser: both flows of OAuth2."""

from typing import TYPE_CHECKING, Annotated, Any

import pytest
from selenium.common.exceptions import ElementClickInterceptedException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from starlette.responses import RedirectResponse

from triode.app import App
from triode.binding.markers import Depends, Form
from triode.http import HTTPException
from triode.openapi.bundle import load
from triode.security import (
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
)
from triode.testing import LiveServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver.chrome.webdriver import WebDriver

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(load("swagger-ui.css") is None, reason="run `make assets` first"),
]


@pytest.fixture
def tall(chromium: "WebDriver") -> "Iterator[WebDriver]":
    """Return a browser whose window shows the whole dialog."""
    size = chromium.get_window_size()
    chromium.set_window_size(1200, 1600)
    yield chromium
    chromium.set_window_size(**size)


def wait_for(browser: "WebDriver", selector: str) -> Any:
    return WebDriverWait(browser, 20).until(
        lambda driver: driver.find_element(By.CSS_SELECTOR, selector)
    )


def click(browser: "WebDriver", selector: str) -> None:
    """Click what may lie below the fold of the dialog."""
    found = wait_for(browser, selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    WebDriverWait(browser, 20, ignored_exceptions=[ElementClickInterceptedException]).until(
        lambda _: found.click() or True
    )


def call_me(browser: "WebDriver") -> str:
    """Try the operation out; return the body of its response."""
    click(browser, ".btn-done")
    click(browser, ".try-out__btn")
    click(browser, ".execute")
    body: str = wait_for(browser, ".live-responses-table .highlight-code").text
    return body


def app_with(scheme: Any) -> App:
    app = App()

    @app.get("/me")
    async def me(token: Annotated[str, Depends(scheme)]) -> dict[str, str]:
        return {"token": token}

    return app


def test_password_flow(tall: "WebDriver") -> None:
    app = app_with(OAuth2PasswordBearer("token", scopes={"me": "Read yourself."}))

    @app.post("/token", include_in_schema=False)
    async def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, str]:
        if form.password != "secret":
            raise HTTPException(400, "Incorrect username or password")
        return {"access_token": f"of {form.username}", "token_type": "bearer"}

    with LiveServer(app) as server:
        tall.get(f"{server.url}/docs#/default/me_me_get")
        click(tall, ".auth-wrapper .authorize")
        wait_for(tall, "#oauth_username").send_keys("ann")
        wait_for(tall, "#oauth_password").send_keys("secret")
        click(tall, ".auth-btn-wrapper .authorize")
        wait_for(tall, ".auth-btn-wrapper button[aria-label='Remove authorization']")
        assert '"token": "of ann"' in call_me(tall)


def test_authorization_code_flow(tall: "WebDriver") -> None:
    app = app_with(OAuth2AuthorizationCodeBearer("/authorize", "/token"))

    @app.get("/authorize", include_in_schema=False)
    async def authorize(redirect_uri: str, state: str) -> RedirectResponse:
        return RedirectResponse(f"{redirect_uri}?code=yes&state={state}")

    @app.post("/token", include_in_schema=False)
    async def token(
        code: Annotated[str, Form()], redirect_uri: Annotated[str, Form()]
    ) -> dict[str, str]:
        assert redirect_uri.endswith("/docs/oauth2-redirect")
        return {"access_token": f"for {code}", "token_type": "bearer"}

    with LiveServer(app) as server:
        tall.get(f"{server.url}/docs#/default/me_me_get")
        click(tall, ".auth-wrapper .authorize")
        wait_for(tall, "#client_id_authorizationCode").send_keys("docs")
        click(tall, ".auth-btn-wrapper .authorize")
        wait_for(tall, ".auth-btn-wrapper button[aria-label='Remove authorization']")
        assert len(tall.window_handles) == 1  # the redirect page closed its window
        assert '"token": "for yes"' in call_me(tall)
