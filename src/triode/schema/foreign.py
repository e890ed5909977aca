"""Write the objects that msgspec does not know.

One encoder per process. Optional packages are recognised by what an object has, never imported.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Set
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from pathlib import PurePath
from types import GeneratorType
from typing import Any, Final

import msgspec

_TEXT: Final = (
    IPv4Address, IPv6Address, IPv4Interface, IPv6Interface, IPv4Network, IPv6Network, PurePath,
)  # fmt: skip


def encode_foreign(value: Any) -> Any:
    """Return what stands for `value` in JSON.

    Raises:
        TypeError: nothing does.
    """
    if isinstance(value, _TEXT):
        return str(value)
    if isinstance(value, re.Pattern):
        return value.pattern
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, deque | Set | GeneratorType | range | map | filter | zip):
        return list(value)
    if isinstance(value, str):
        return str.__str__(value)
    return _encode_unknown(value)


def _encode_unknown(value: Any) -> Any:
    cls = type(value)
    if hasattr(cls, "__pydantic_serializer__"):
        return cls.__pydantic_serializer__.to_python(value, mode="json", by_alias=True)
    if hasattr(cls, "get_secret_value"):
        return str(value)
    if cls.__module__.split(".")[0] in ("pydantic", "pydantic_core", "pydantic_extra_types"):
        return str(value)
    if isinstance(value, complex):
        return str(value)
    raise TypeError(
        f"A value of type {cls.__module__}.{cls.__qualname__} cannot be written as JSON. "
        "Return a dict, dataclass, msgspec.Struct, model or a JSON value."
    )


ENCODER: Final = msgspec.json.Encoder(enc_hook=encode_foreign, decimal_format="string")


def encode(value: Any) -> bytes:
    """Return `value` as JSON, by what it is."""
    return ENCODER.encode(value)


def to_builtins(value: Any) -> Any:
    """Return `value` as the builtins that JSON has."""
    return msgspec.to_builtins(value, enc_hook=encode_foreign)
