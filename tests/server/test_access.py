"""The access log's lines are those of uvicorn."""

import logging

import pytest
from uvicorn.logging import AccessFormatter as UvicornFormatter

from triode.server.access import MESSAGE, AccessFormatter, log_access

FORMAT = '%(levelprefix)s %(client_addr)s - "%(request_line)s" %(status_code)s'


@pytest.mark.parametrize("use_colors", [False, True])
@pytest.mark.parametrize("status", [200, 404, 999])
def test_line_is_that_of_uvicorn(status: int, use_colors: bool) -> None:
    parts = ("127.0.0.1:5", "GET", "/a?b=%22", "1.0", status)
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, MESSAGE, parts, None)
    ours = AccessFormatter(FORMAT, use_colors=use_colors).format(record)
    assert ours.strip() == UvicornFormatter(FORMAT, use_colors=use_colors).format(record).strip()


def test_level_of_the_logger_counts(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("tests.access")
    for level in (logging.WARNING, logging.INFO):
        logger.setLevel(level)
        log_access(logger, "c", "GET", "/", "1.1", 200)
    assert caplog.messages == ['c - "GET / HTTP/1.1" 200']
