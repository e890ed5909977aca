"""Mistakes in what is put around an application, refused where it is added."""

from __future__ import annotations

from typing import Any

from triode.errors import ConfigError


def check_exception_handler(key: Any, handler: Any) -> None:
    """Refuse a handler that no exception can reach.

    Raises:
        ConfigError: the key is no exception class and no status, or the handler not callable.
    """
    is_class = isinstance(key, type) and issubclass(key, Exception)
    if not is_class and (not isinstance(key, int) or not 100 <= key <= 599):
        raise ConfigError(
            f"exception_handler was given {key!r}. "
            "Use a class of exceptions, or a status from 100 to 599.",
            code="app-exception-handler",
        )
    if not callable(handler):
        raise ConfigError(
            f"The exception handler of {key!r} is {handler!r}, which cannot be called.",
            code="app-exception-handler",
        )
