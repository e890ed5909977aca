"""Settings of an engine, in the address of the database or beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from math import inf
from typing import Any, Final

from sqlalchemy.engine import URL

from triode.errors import ConfigError


@dataclass(frozen=True)
class EngineOptions:
    """What may be said of an engine; None leaves it to the engine.

    `pool_size` is how many connections (on SQLite: reading threads) a process has at most,
    `statement_timeout` the seconds that one statement may take, and without
    `prepared_statements` a connection pooler may give each transaction another connection.
    `slow_query` is the database's own: the seconds from which on it logs a statement.
    """

    pool_size: int | None = None
    statement_timeout: float | None = None
    prepared_statements: bool | None = None
    slow_query: float | None = None


_WORDS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _positive(kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        number = kind(value)
        if not 0 < number < 1_000_000:
            raise ValueError
        return number

    return read


def _not_negative(value: Any) -> float:
    number = float(value)
    if not 0 <= number < inf:
        raise ValueError
    return number


def _flag(value: Any) -> bool:
    return _WORDS[str(value).lower()]


_READERS: Final[Mapping[str, tuple[Callable[[Any], Any], str]]] = {
    "pool_size": (_positive(int), "a number of connections, such as 10"),
    "statement_timeout": (_positive(float), "a number of seconds, such as 2.5"),
    "prepared_statements": (_flag, "true or false"),
    "slow_query": (_not_negative, "a number of seconds, such as 0.1"),
}


def take_options(url: URL, given: EngineOptions) -> tuple[URL, EngineOptions]:
    """Return the address without the options in it, and all options; `given` come first.

    Raises:
        ConfigError: one makes no sense.
    """
    found: dict[str, Any] = {}
    for field in fields(EngineOptions):
        value = getattr(given, field.name)
        if value is None:
            value = url.query.get(field.name)
        if value is not None:
            found[field.name] = _read(field.name, value)
    return url.difference_update_query(list(_READERS)), EngineOptions(**found)


def _read(name: str, value: Any) -> Any:
    read, expected = _READERS[name]
    try:
        return read(value)
    except (TypeError, ValueError, KeyError):
        raise ConfigError(
            f"{name}={value!r} of the database makes no sense. Write {expected}.",
            code="database-option",
        ) from None
