"""Write the objects that msgspec does not know.

One encoder per process. Optional packages are recognised by what an object has, never imported.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Set, ValuesView
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from pathlib import PurePath
from types import FunctionType, GeneratorType, ModuleType
from typing import Any, Final
from uuid import UUID

import msgspec

_TEXT: Final = (
    IPv4Address, IPv6Address, IPv4Interface, IPv6Interface, IPv4Network, IPv6Network, PurePath,
)  # fmt: skip
_OWN: Final = ("triode", "starlette")
_UNKNOWN: Final = object()

# SECURITY: what is inside an object that msgspec does not know passes these, which leave out what
# its classes say is never sent. `undeclared`, which knows the classes, adds the one there is.
openers: Final[list[Callable[[Any], Any]]] = []


def encode_foreign(value: Any) -> Any:
    """Return what stands for `value` in JSON; the attributes of an object that says nothing else.

    Raises:
        TypeError: nothing does.
    """
    found = _known(value)
    if found is not _UNKNOWN:
        return found
    attributes = attributes_of(value)
    if not attributes:
        raise _unknown(value)
    return {name: _opened(item) for name, item in attributes.items()}


def encode_known(value: Any) -> Any:
    """Return what stands for a value of a type that is known.

    Raises:
        TypeError: it is of another.
    """
    found = _known(value)
    if found is _UNKNOWN:
        raise _unknown(value)
    return found


def _known(value: Any) -> Any:
    if isinstance(value, _TEXT):
        return str(value)
    if isinstance(value, re.Pattern):
        return value.pattern
    if isinstance(value, Mapping):
        return {key: _opened(item) for key, item in value.items()}
    if isinstance(value, deque | Set | GeneratorType | range | map | filter | zip | ValuesView):
        return [_opened(item) for item in value]
    if isinstance(value, str):
        return str.__str__(value)
    return _known_elsewhere(value)


def _known_elsewhere(value: Any) -> Any:
    cls = type(value)
    if hasattr(cls, "__pydantic_serializer__"):
        return cls.__pydantic_serializer__.to_python(value, mode="json", by_alias=True)
    if hasattr(cls, "get_secret_value"):
        return str(value)
    if cls.__module__.split(".")[0] in ("pydantic", "pydantic_core", "pydantic_extra_types"):
        return str(value)
    return str(value) if isinstance(value, complex | UUID) else _UNKNOWN


def _unknown(value: Any) -> TypeError:
    cls = type(value)
    return TypeError(
        f"A value of type {cls.__module__}.{cls.__qualname__} cannot be written as JSON. "
        "Return a dict, dataclass, msgspec.Struct, model or a JSON value."
    )


def attributes_of(value: Any) -> dict[str, Any]:
    """Return what an object of an unknown class shows, as FastAPI does; empty if it may not.

    The keys of a row (`sqlite3.Row`, asyncpg's `Record`), or else the attributes, without what
    SQLAlchemy keeps in its objects.
    """
    cls = type(value)
    if isinstance(value, type | ModuleType | FunctionType | BaseException):
        return {}
    # SECURITY: requests, sessions and login forms are no answers, nor is what derives from them.
    if any(base.__module__.split(".")[0] in _OWN for base in cls.__mro__):
        return {}
    if hasattr(cls, "keys") and hasattr(cls, "__getitem__"):
        return {key: value[key] for key in value.keys()}  # noqa: SIM118 (a row is no mapping)
    found = getattr(value, "__dict__", None) or {}
    return {name: item for name, item in found.items() if not name.startswith("_sa_")}


def _opened(value: Any) -> Any:
    for opener in openers:
        value = opener(value)
    return value


ENCODER: Final = msgspec.json.Encoder(enc_hook=encode_foreign, decimal_format="string")


def encode(value: Any) -> bytes:
    """Return `value` as JSON, by what it is."""
    return ENCODER.encode(value)


def to_builtins(value: Any) -> Any:
    """Return `value` as the builtins that JSON has."""
    return msgspec.to_builtins(value, enc_hook=encode_foreign)


def known_to_builtins(value: Any) -> Any:
    """Return `value` as builtins.

    Raises:
        TypeError: it is, or holds, an object of an unknown class.
    """
    return msgspec.to_builtins(value, enc_hook=encode_known)
