"""Proves, before anything is timed, that a server does the work a row asks for.

The very bytes that wrk will send are sent over one socket; status, content type and the JSON
value must be what the row says.
"""

from __future__ import annotations

import http.client
import itertools
import json
import re
import socket
import time
from html.parser import HTMLParser
from typing import Any

from bench.rows import Check, Row
from bench.wire import request_bytes, with_counter

ADDRESS = re.compile(r"user[0-9]{4}@example\.org")
# Inserts of the checks must not meet those of wrk, nor those of an earlier run.
_numbers = itertools.count(9_000_000_000)


class CheckFailed(Exception):
    """A server did not answer as the row asks."""


def check_row(
    row: Row, port: int, prefix: str, *, vary_headers: bool = False, cookie: str = ""
) -> None:
    """Send every check of a row; `cookie` is that of a session, where one is needed.

    Raises:
        CheckFailed: names the first answer that is not as it must be.
    """
    for check in row.checks:
        sent = "" if check.is_anonymous else cookie
        raw = request_bytes(
            check.request, port, prefix=prefix, vary_headers=vary_headers, cookie=sent
        )
        number = next(_numbers)
        response, body = exchange(with_counter(raw, number), port)
        complaint = judge(check, response, body, number)
        if complaint:
            asked = f"{check.request.method} {prefix}{check.request.path}"
            raise CheckFailed(f"{asked}: {complaint}")


def exchange(raw: bytes, port: int) -> tuple[http.client.HTTPResponse, bytes]:
    deadline = time.monotonic() + 5
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.settimeout(max(0.1, deadline - time.monotonic()))
        connection.sendall(raw)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response, response.read()


def judge(check: Check, response: http.client.HTTPResponse, body: bytes, number: int) -> str | None:
    """Return what is wrong with an answer, or None."""
    if response.status not in check.statuses:
        return f"status {response.status}, wanted {check.statuses}: {body[:300]!r}"
    if response.will_close and response.status < 400:
        return "the connection is not kept alive"
    if check.page:
        return judge_page(check.page, response, body)
    if check.listed:
        return judge_list(check, response, body)
    if check.answer is None:
        return None
    kind = response.headers.get_content_type()
    if kind != "application/json":
        return f"content type {kind}, wanted application/json"
    if encoding := response.headers.get("Content-Encoding"):
        return f"the answer is compressed ({encoding}), others' are not"
    wanted = json.loads(with_counter(json_text(check.answer), number))
    answer = json.loads(body)
    if not is_same(wanted, answer):
        return f"answer {answer!r}, wanted {wanted!r}"
    return None


def judge_page(wanted: str, response: http.client.HTTPResponse, body: bytes) -> str | None:
    """Compare what a browser would show; a script that was not escaped is not shown."""
    kind = response.headers.get_content_type()
    if kind != "text/html":
        return f"content type {kind}, wanted text/html"
    shown = page_text(body)
    return None if shown == wanted else f"the page shows {shown!r}, wanted {wanted!r}"


def judge_list(check: Check, response: http.client.HTTPResponse, body: bytes) -> str | None:
    """Look for rows in a page: these addresses in this order, no others, and the texts."""
    kind = response.headers.get_content_type()
    if kind != "text/html":
        return f"content type {kind}, wanted text/html"
    shown = page_text(body)
    found = tuple(dict.fromkeys(ADDRESS.findall(shown)))
    if found != check.listed:
        first, last = (found[0], found[-1]) if found else ("none", "none")
        return f"the page lists {len(found)} rows, {first} to {last}, wanted {len(check.listed)}"
    absent = next((text for text in check.shown if text not in shown), None)
    return None if absent is None else f"the page does not show {absent!r}"


def page_text(body: bytes) -> str:
    reader = PageText()
    reader.feed(body.decode())
    return " ".join(" ".join(reader.texts).split())


class PageText(HTMLParser):
    """Collects the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in ("script", "title")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "title")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.texts.append(data)


def json_text(value: Any) -> bytes:
    return json.dumps(value, default=lambda _anything: ANYTHING).encode()


ANYTHING = "\N{WHITE SQUARE} anything"


def is_same(wanted: Any, answer: Any) -> bool:
    """Compare JSON values; `1` is not `True`, `58` is `58.0`, and a wanted `...` fits anything."""
    if wanted == ANYTHING:
        return answer is not None
    if isinstance(wanted, dict) and isinstance(answer, dict):
        return wanted.keys() == answer.keys() and all(
            is_same(value, answer[key]) for key, value in wanted.items()
        )
    if isinstance(wanted, list) and isinstance(answer, list):
        return len(wanted) == len(answer) and all(map(is_same, wanted, answer))
    return isinstance(wanted, bool) == isinstance(answer, bool) and bool(wanted == answer)
