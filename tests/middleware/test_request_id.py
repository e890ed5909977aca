"""Identifiers of requests: in responses, in handlers and in the log."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from starlette.websockets import WebSocket

from triode.app import App
from triode.concurrency import run_in_threadpool
from triode.errors import ConfigError
from triode.http import Call
from triode.middleware.request_id import (
    RequestIdFilter,
    RequestIdMiddleware,
    current_request_id,
)


def app_with(**options: Any) -> App:
    app = App()
    app.add_middleware(RequestIdMiddleware, **options)

    @app.get("/")
    async def home() -> list[str | None]:
        return [current_request_id(), await run_in_threadpool(current_request_id)]

    @app.get("/fail")
    async def fail(call: Call) -> None:
        raise LookupError("lost")

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(str(current_request_id()))

    return app


def test_each_request_has_one(serve: Any) -> None:
    client = serve(app_with())
    seen = set()
    for path in ("/", "/", "/fail", "/nowhere"):
        response = client.get(path)
        found = response.headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{32}", found)
        seen.add(found)
        if path == "/":
            assert response.json() == [found, found]
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("sent", "is_kept"),
    [
        ("abc-123_x.y~z+/=:@", True),
        ("a" * 128, True),
        ("a" * 129, False),
        ("two words", False),
        ("a\tb", False),
        ("", False),
        ("${jndi:ldap}", False),
    ],
)
def test_what_is_sent_is_kept_if_it_is_harmless(serve: Any, sent: str, is_kept: bool) -> None:
    response = serve(app_with()).get("/", headers={"X-Request-ID": sent})
    assert (response.headers["x-request-id"] == sent) is is_kept


def test_nothing_that_is_sent_need_be_kept(serve: Any) -> None:
    numbers = iter(range(5))
    app = app_with(header="X-Trace", trust_incoming=False, make=lambda: f"n{next(numbers)}")
    response = serve(app).get("/", headers={"X-Trace": "sent"})
    assert response.headers["x-trace"] == "n0"


def test_records_of_the_log_have_it(serve: Any) -> None:
    records: list[tuple[str, str]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append((record.getMessage(), record.request_id))  # type: ignore[attr-defined]

    handler = Keep()
    handler.addFilter(RequestIdFilter())
    names = ("triode", "uvicorn.error", "app")
    loggers = [logging.getLogger(name) for name in names]
    app = app_with()

    @app.get("/said")
    async def said() -> None:
        logging.getLogger("app").warning("said")

    for logger in loggers:
        logger.addHandler(handler)
    try:
        client = serve(app)
        for path in ("/said", "/fail"):
            client.get(path, headers={"X-Request-ID": f"of{path[1:]}"})
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
    logging.getLogger("app").handlers.clear()
    assert ("said", "ofsaid") in records
    # The test client raises an error where a server logs it.
    assert all(found == "offail" for text, found in records if "Exception in" in text)


def test_outside_of_a_request_there_is_none() -> None:
    record = logging.LogRecord("app", logging.INFO, "", 0, "hello", None, None)
    assert RequestIdFilter().filter(record)
    assert (current_request_id(), record.request_id) == (None, "-")  # type: ignore[attr-defined]


def test_a_connection_has_one(serve: Any) -> None:
    client = serve(app_with())
    with client.websocket_connect("/socket", headers={"X-Request-ID": "mine"}) as socket:
        assert socket.receive_text() == "mine"


def test_a_name_that_is_no_header_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        RequestIdMiddleware(header="X Request")
    assert caught.value.code == "request-id-header"
