"""Values as JSON and back to be compared: each type that JSON has not is told apart by a tag."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

CENT = Decimal("0.01")


def encoded(value: Any) -> Any:
    """Return a value as JSON has it; a moment without a time zone is taken for UTC."""
    if isinstance(value, dict):
        return {name: encoded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [encoded(each) for each in value]
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return {"moment": moment.astimezone(UTC).isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, Decimal):
        return {"decimal": str(value.quantize(CENT))}
    if isinstance(value, uuid.UUID):
        return {"token": str(value)}
    return value


def difference(wanted: Any, found: Any, place: str = "") -> str | None:
    """Return where two encoded values differ, or None; `1`, `1.0` and `true` are three values."""
    if type(wanted) is not type(found):
        return f"{place or 'it'} is {shown(found)}, wanted {shown(wanted)}"
    parts: list[tuple[str, Any, Any]] = []
    if isinstance(wanted, dict):
        if wanted.keys() != found.keys():
            return f"{place or 'it'} has {sorted(found)}, wanted {sorted(wanted)}"
        parts = [(f"{place}.{name}", wanted[name], found[name]) for name in wanted]
    elif isinstance(wanted, list):
        if len(wanted) != len(found):
            return f"{place or 'it'} has {len(found)} entries, wanted {len(wanted)}"
        parts = [(f"{place}[{at}]", wanted[at], found[at]) for at in range(len(wanted))]
    elif wanted != found:
        return f"{place or 'it'} is {shown(found)}, wanted {shown(wanted)}"
    said = (difference(one, other, at) for at, one, other in parts)
    return next((each for each in said if each), None)


def shown(value: Any) -> str:
    return f"{value!r:.200}"
