"""A bad request never becomes a 500."""

from __future__ import annotations

from typing import Any

from .conftest import token_in

FORM = "application/x-www-form-urlencoded"
BODIES = [
    b"",
    b"email",
    b"email=%ff&password=%00",
    b"email=\xff",
    b"email=a@b.org&password=" + b"x" * 5000,
    b"email=%ED%A0%80@b.org&password=%ED%A0%80",
    b"email=" + b"a" * 100_000 + b"@b.org&password=x",
    b"email=a@b.org%00&password=x",
    b"email=a@b.org&password=x&password=y&email[]=1",
    b"&&&===%%%",
    b"{}",
]
MEDIA = [FORM, "multipart/form-data", "multipart/form-data; boundary=x", "application/json", "x"]
QUERIES = [
    "?next=%00",
    "?next=%ff",
    "?next=%ED%A0%80",
    "?next",
    "?next=&next=//x",
    "?" + "a" * 5000,
]


def test_a_login_with_any_body_is_answered(browser: Any) -> None:
    token = token_in(browser.get("/login").text)
    for media in MEDIA:
        for body in BODIES:
            headers = {"content-type": media, "x-csrf-token": token}
            reply = browser.client.post(
                "/login", content=body, headers=headers, follow_redirects=False
            )
            assert reply.status_code in (400, 401, 413, 422, 429), (media, body[:40])


def test_a_login_page_with_any_query_is_answered(browser: Any) -> None:
    for query in QUERIES:
        assert browser.client.get("/login" + query).status_code == 200


def test_any_cookie_and_header_is_answered(browser: Any) -> None:
    values = [b"session=\xff\xfe", b"session=" + b"a" * 6000, b"session=a.b", b"=;;=", b"session"]
    for value in values:
        for name in (b"cookie", b"authorization", b"origin", b"sec-fetch-site", b"x-csrf-token"):
            headers = [(name, value), (b"content-type", FORM.encode())]
            page = browser.client.get("/login", headers=headers)
            assert page.status_code == 200, (name, value[:40])
            reply = browser.client.post("/logout", headers=headers, follow_redirects=False)
            assert reply.status_code < 500, (name, value[:40])


def test_any_link_is_answered(browser: Any) -> None:
    for token in ("%00", "%ff", "%ED%A0%80", "a" * 5000, "W10.a.b"):
        assert browser.get(f"/login/link/{token}").status_code in (404, 410)
