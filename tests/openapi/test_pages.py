"""The pages: settings as data, no inline script, a policy that holds."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest

from triode.openapi import bundle
from triode.openapi.pages import (
    get_redoc_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
)


def text_of(response: Any) -> str:
    return bytes(response.body).decode()


def data_of(response: Any, name: str) -> Any:
    found = re.search(f'data-{name}="([^"]*)"', text_of(response))
    assert found is not None
    return json.loads(unescape(found[1]))


def policy_of(response: Any) -> dict[str, list[str]]:
    directives = [part.split() for part in response.headers["content-security-policy"].split(";")]
    return {name: values for name, *values in directives}


def test_swagger_settings_are_data() -> None:
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Shop",
        oauth2_redirect_url="/docs/oauth2-redirect",
        swagger_ui_parameters={"deepLinking": False},
    )

    assert data_of(page, "settings") == {
        "dom_id": "#swagger-ui",
        "layout": "BaseLayout",
        "deepLinking": False,
        "showExtensions": True,
        "showCommonExtensions": True,
        "url": "/openapi.json",
        "oauth2RedirectUrl": "/docs/oauth2-redirect",
    }


def test_swagger_oauth_settings() -> None:
    page = get_swagger_ui_html(openapi_url="/o", title="Shop", init_oauth={"clientId": "web"})

    assert data_of(page, "oauth") == {"clientId": "web"}


@pytest.mark.parametrize(
    "page",
    [
        get_swagger_ui_html(openapi_url="/o", title="Shop"),
        get_redoc_html(openapi_url="/o", title="Shop"),
        get_swagger_ui_oauth2_redirect_html(),
    ],
    ids=["swagger", "redoc", "redirect"],
)
def test_no_page_has_an_inline_script(page: Any) -> None:
    scripts = re.findall(r"<script([^>]*)>([^<]*)</script>", text_of(page))

    assert scripts
    assert [(content, "src=" in attributes) for attributes, content in scripts] == [
        ("", True) for _ in scripts
    ]
    assert "'unsafe-inline'" not in policy_of(page)["script-src"]


def test_title_and_settings_are_escaped() -> None:
    page = get_swagger_ui_html(
        openapi_url='/"><script>', title="</title><script>", init_oauth={"x": '"><script>'}
    )

    assert "<script>" not in text_of(page)


def test_own_addresses_are_allowed_by_the_policy() -> None:
    page = get_swagger_ui_html(
        openapi_url="https://api.example.org/openapi.json",
        title="Shop",
        swagger_js_url="https://files.example.org/a.js",
        connect_origins=["https://api.example.org/v1", "/relative"],
    )

    assert "https://files.example.org" in policy_of(page)["script-src"]
    assert policy_of(page)["connect-src"] == ["'self'", "https://api.example.org"]


def test_redoc_fonts_are_loaded_only_when_asked_for() -> None:
    plain = get_redoc_html(openapi_url="/o", title="Shop")
    asked = get_redoc_html(openapi_url="/o", title="Shop", with_google_fonts=True)

    assert "fonts.googleapis.com" not in text_of(plain)
    assert "https://fonts.gstatic.com" in policy_of(asked)["font-src"]


def test_cdn_with_digest_where_the_files_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = bundle.load
    monkeypatch.setattr(bundle, "load", lambda name: None if "swagger-ui" in name else found(name))

    page = get_swagger_ui_html(openapi_url="/o", title="Shop")

    digest = re.search(
        r'src="https://cdn.jsdelivr.net/npm/swagger-ui-dist@[0-9.]+/swagger-ui-bundle.js" '
        r'integrity="sha384-[^"]+" crossorigin="anonymous"',
        text_of(page),
    )
    assert digest is not None
    assert policy_of(page)["script-src"] == ["'self'", "https://cdn.jsdelivr.net"]
