"""Logs in as a browser would: reads the form, sends it with its hidden fields, keeps cookies."""

from __future__ import annotations

import http.client
from html.parser import HTMLParser
from urllib.parse import urlencode

from bench.peers import ADMIN, PASSWORD, Peer


class LoginFailed(Exception):
    """A server did not let the administrator in."""


class Form(HTMLParser):
    """Collects the hidden fields of a page's forms."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self.hidden[str(given["name"])] = given.get("value") or ""


def log_in(port: int, peer: Peer) -> str:
    """Return the value of the Cookie header that a logged-in browser sends.

    Raises:
        LoginFailed: there is no form, or the server does not redirect after it.
    """
    if peer.login is None:
        raise LoginFailed(f"{peer.title} has no login")
    cookies: dict[str, str] = {}
    page = send(port, "GET", peer.login.path, cookies)
    form = Form()
    form.feed(page.decode())
    fields = {**form.hidden, peer.login.name_field: ADMIN, "password": PASSWORD}
    send(port, "POST", peer.login.path, cookies, urlencode(fields))
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def send(port: int, method: str, path: str, cookies: dict[str, str], body: str = "") -> bytes:
    """Send a request, keep the cookies that come back, and return the body."""
    address = f"http://127.0.0.1:{port}"
    headers = {"Origin": address, "Referer": f"{address}{path}"}
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    wanted = (200,) if method == "GET" else (302, 303)
    if response.status not in wanted:
        raise LoginFailed(f"{method} {path} gave {response.status}, wanted {wanted}")
    for line in response.headers.get_all("Set-Cookie", []):
        name, _, value = line.partition(";")[0].partition("=")
        cookies[name] = value
    return content
