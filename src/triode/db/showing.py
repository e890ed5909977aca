"""A value as a client is told of it: as JSON has it, never as Python writes it."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

# SECURITY: an object may have fields that are never sent, so that none is shown.
_SHOWN: Final = (
    str, int, float, bytes, Decimal, UUID, dt.date, dt.time, dt.timedelta, enum.Enum, type(None),
)  # fmt: skip
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def as_json(value: Any) -> Any:
    """Return a value as JSON would have it; None where it cannot be shown."""
    text = _text(value)
    return None if text is None else msgspec.json.decode(text)


def in_words(value: Any) -> str | None:
    """Return a value as it stands in a sentence; None where it cannot be shown."""
    text = _text(value)
    if text is None:
        return None
    found = msgspec.json.decode(text)
    return repr(found) if isinstance(found, str) else text.decode()


def _text(value: Any) -> bytes | None:
    if not _is_shown(value):
        return None
    try:
        text = _ENCODER.encode(value)
        msgspec.json.decode(text)
    except (TypeError, ValueError, OverflowError, RecursionError):
        # A lone surrogate, a Decimal that is no number, a cycle: JSON has nothing for these.
        return None
    return text


def _is_shown(value: Any) -> bool:
    if isinstance(value, enum.Enum):
        return isinstance(value.value, str | int)
    return isinstance(value, _SHOWN)
