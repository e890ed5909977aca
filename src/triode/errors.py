"""The error tree.

    TriodeError                     every error of ours
    ├── ConfigError                 a setting, path or address that cannot be used
    │   └── MissingExtraError       an optional package is not installed
    ├── SchemaError                 a type that Triode cannot describe
    ├── BindingError                a handler whose parameters cannot be bound
    ├── RouteError                  a path or route table that makes no sense
    ├── ModelError                  a model that cannot become a table
    └── ClientError                 what a client can mend; answered with `status_code`

A developer's mistake is raised at import or start-up. A `ClientError` is raised while a
request is served, and every room may define its own: the web answers it without knowing it.
Each error has a stable `code`; `docs/errors.md` explains every one.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar


class TriodeError(Exception):
    """What is wrong, the value, where, and the mend.

    `code` is stable and names the entry in `docs/errors.md`. `where` is "file:line" of the
    developer's code, or None where the error has no place there.
    """

    default_code: ClassVar[str] = "triode"

    def __init__(self, message: str, *, code: str | None = None, where: str | None = None) -> None:
        self.message = message
        self.code = code or self.default_code
        self.where = where
        super().__init__(message)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message} [{self.code}]"


class ConfigError(TriodeError):
    """A setting, path or address that cannot be used."""

    default_code = "config"


class MissingExtraError(ConfigError):
    """An optional package is needed and not installed; names the extra to install."""

    default_code = "missing-extra"

    def __init__(self, package: str, *, extra: str, feature: str) -> None:
        super().__init__(
            f"{feature} needs the package {package!r}, which is not installed. "
            f'Install it with: pip install "triode[{extra}]"'
        )
        self.package = package
        self.extra = extra


class SchemaError(TriodeError):
    """A type that Triode cannot describe."""

    default_code = "schema"


class BindingError(TriodeError):
    """A handler or dependency whose parameters cannot be bound."""

    default_code = "binding"


class RouteError(TriodeError):
    """A path or a route table that makes no sense."""

    default_code = "route"


class ModelError(TriodeError):
    """A model that cannot become a table."""

    default_code = "model"


class ClientError(TriodeError):
    """An error that the client of a request can mend.

    The web layer answers it with `status_code`, `headers` and `{"detail": detail}`; outside a
    request it is an ordinary exception. `detail` must not contain secrets.
    """

    default_code = "client"
    status_code: ClassVar[int] = 400
    headers: Mapping[str, str] | None = None
    field: str | None = None
    """The name of the one value that is wrong, where it is known."""
    model: str | None = None
    """The name of the class that has the field, where it is known."""
    item: int | None = None
    """The number of the object that has it, where many were given."""
    place: tuple[int | str, ...] | None = None
    """Where the request has that value; the web layer finds it by `field`."""

    @property
    def detail(self) -> Any:
        """What the client is told; JSON-serializable."""
        return self.message


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the question after a misspelt name, nothing where none is like it."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def place_of(function: Callable[..., Any]) -> str | None:
    """Return "file:line" of a function or class body, None where it has no Python source."""
    code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
    if code is None:
        return None
    return f"{code.co_filename}:{code.co_firstlineno}"
