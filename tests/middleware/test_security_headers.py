"""Security headers, and a Content-Security-Policy whose nonce a page can ask for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response, StreamingResponse

from triode.app import App
from triode.errors import ConfigError
from triode.middleware import Middleware
from triode.middleware.csp import NONCE, NONE, SELF, STRICT_DYNAMIC
from triode.middleware.security_headers import SecurityHeadersMiddleware, csp_nonce
from triode.templating import Page, render
from triode.testing import TestClient

PLAIN = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-site",
    "content-security-policy": "default-src 'self'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
}


def said(response: Any) -> dict[str, str]:
    """Return the headers of a response that are not about its body."""
    about_body = {"content-type", "content-length", "date", "server", "transfer-encoding"}
    return {name: value for name, value in response.headers.items() if name not in about_body}


@pytest.mark.parametrize("path", ["/", "/fail", "/nowhere", "/teapot"])
def test_every_answer_has_them(serve: Any, make_app: Any, path: str) -> None:
    assert said(serve(make_app(SecurityHeadersMiddleware)).get(path)) == PLAIN


def test_https_is_insisted_on_over_https_only(make_app: Any) -> None:
    app = make_app(SecurityHeadersMiddleware, hsts=600, hsts_subdomains=True)
    with TestClient(app, base_url="https://testserver") as client:
        found = client.get("/").headers["strict-transport-security"]
    assert found == "max-age=600; includeSubDomains"


def test_https_behind_a_proxy_is_https(serve: Any, make_app: Any) -> None:
    app = make_app(SecurityHeadersMiddleware)
    app.trusted_proxies = 1
    client = serve(app)
    headers = {"X-Forwarded-Proto": "https"}
    assert client.get("/", headers=headers).headers["strict-transport-security"] == (
        "max-age=31536000"
    )
    assert "strict-transport-security" not in client.get("/").headers


def test_what_a_handler_says_stays(serve: Any) -> None:
    app = App()
    app.add_middleware(SecurityHeadersMiddleware, headers={"X-Own": "ours"})
    own = {
        "X-Frame-Options": "SAMEORIGIN",
        "Content-Security-Policy": "default-src *",
        "X-Own": "its",
    }
    app.add_api_route("/plain", lambda: Response("a", headers=own))
    app.add_api_route("/stream", lambda: StreamingResponse(iter("a"), headers=own))
    below = App()
    below.add_api_route("/plain", lambda: Response("a", headers=own))
    app.mount("/below", below)
    client = serve(app)
    for path in ("/plain", "/stream", "/below/plain"):
        assert said(client.get(path)) == {**PLAIN, **{k.lower(): v for k, v in own.items()}}


def test_a_page_may_ask_for_a_nonce(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(
        '<script nonce="{{ csp_nonce }}">a()</script><style nonce="{{ csp_nonce }}"></style>'
    )
    app = App()
    app.directory = tmp_path  # type: ignore[attr-defined]
    policy = {"script-src": [NONCE, STRICT_DYNAMIC], "style-src": [SELF, NONCE]}
    app.add_middleware(SecurityHeadersMiddleware, csp=policy)

    @app.get("/page")
    async def page() -> Page:
        return render("page.html")

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    @app.get("/own")
    async def own() -> str:
        return csp_nonce() if csp_nonce() == csp_nonce() else ""

    client = serve(app)
    nonces = set()
    for _ in range(3):
        response = client.get("/page")
        first, second = re.findall(r'nonce="([\w-]{22})"', response.text)
        assert first == second
        assert response.headers["content-security-policy"] == (
            f"script-src 'nonce-{first}' 'strict-dynamic'; style-src 'self' 'nonce-{first}'"
        )
        nonces.add(first)
    assert len(nonces) == 3
    assert client.get("/plain").headers["content-security-policy"] == (
        "script-src 'strict-dynamic'; style-src 'self'"
    )
    response = client.get("/own")
    assert f"'nonce-{response.json()}'" in response.headers["content-security-policy"]


def test_a_route_may_have_its_own(serve: Any, make_app: Any) -> None:
    app = make_app(SecurityHeadersMiddleware)
    own = Middleware(
        SecurityHeadersMiddleware, csp=None, headers={"X-Frame-Options": None, "X-Own": "yes"}
    )
    app.add_api_route("/embedded", lambda: "in a frame", middleware=[own])
    found = said(serve(app).get("/embedded"))
    kept = {
        name: value
        for name, value in PLAIN.items()
        if name not in ("x-frame-options", "content-security-policy")
    }
    assert found == {**kept, "x-own": "yes"}


def test_a_policy_may_be_tried_first(serve: Any, make_app: Any) -> None:
    tried = {"default-src": NONE, "upgrade-insecure-requests": True, "sandbox": False}
    app = make_app(SecurityHeadersMiddleware, csp=None, csp_report_only=tried)
    found = said(serve(app).get("/"))
    assert found["content-security-policy-report-only"] == (
        "default-src 'none'; upgrade-insecure-requests"
    )
    assert "content-security-policy" not in found


def test_the_documentation_still_works(serve: Any, make_app: Any) -> None:
    client = serve(make_app(SecurityHeadersMiddleware))
    policy = client.get("/docs").headers["content-security-policy"]
    assert policy != PLAIN["content-security-policy"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"csp": {"script-src": ["self"]}}, "csp"),
        ({"csp": {"script-src": ["'self'; sandbox"]}}, "csp"),
        ({"csp": {"script-src": ["a b"]}}, "csp"),
        ({"csp": {"Script Src": [SELF]}}, "csp"),
        ({"csp": {"default-src": ["unsafe-inline"]}}, "csp"),
        ({"hsts": -1}, "hsts"),
        ({"hsts_preload": True}, "hsts"),
        ({"headers": {"X-A": "a\r\nX-B: b"}}, "header"),
        ({"headers": {"X A": "a"}}, "header"),
        ({"headers": {"X-A": "→"}}, "header"),
    ],
)
def test_an_option_that_cannot_work_is_refused(options: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SecurityHeadersMiddleware(**options)
    assert caught.value.code == code
