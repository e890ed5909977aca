"""No open redirects."""

from __future__ import annotations

import pytest

from triode.auth.redirects import is_safe_path, login_address, safe_path


@pytest.mark.parametrize(
    "target", ["/", "/posts", "/posts?page=2&q=a%20b", "/a//b", "/@me", "/ümlaut", "/a#b", "/a:b"]
)
def test_a_path_on_this_site_is_safe(target: str) -> None:
    assert is_safe_path(target)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "posts",
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        "/\r\nset-cookie: a=b",
        " /posts",
        "/pos ts",
        "/\x00",
        "/\x7f",
        "/\ud800",
        "http://evil.example",
        "https:evil.example",
        "http:///evil.example",
        "//user@evil.example",
        "http://good.example@evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "//[::1",
        "?next=/",
        "#a",
    ],
)
def test_any_other_place_is_not(target: str) -> None:
    assert not is_safe_path(target)


def test_the_fallback_is_taken() -> None:
    assert safe_path("//evil.example", fallback="/home") == "/home"
    assert safe_path(None, fallback="/home") == "/home"
    assert safe_path("/me", fallback="/home") == "/me"


def test_the_login_address_leads_back() -> None:
    assert (
        login_address("/login", "/posts?page=2&q=ü") == "/login?next=/posts%3Fpage%3D2%26q%3D%C3%BC"
    )
    assert login_address("/login", "/") == "/login"
    assert login_address("/login", "//evil.example") == "/login"
