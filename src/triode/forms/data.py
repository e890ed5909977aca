"""Between what a browser sends and shows, and values.

A form sends text only, an unchecked box not at all, and an untouched field as "". What that
means depends on the field: null where null is allowed, absent where it is not.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, TypeAlias

import msgspec

from triode.forms.widgets import Widget, without_none
from triode.schema import MISSING, FieldDescription
from triode.schema.foreign import to_builtins

Sent: TypeAlias = Mapping[str, Sequence[Any]]


class Unreadable(ValueError):
    """A text that is not what its widget sends; the message is for the person who wrote it."""


def raw_value(described: FieldDescription, widget: Widget, sent: Sequence[Any] | None) -> Any:
    """Return what to validate for a field, `MISSING` where nothing was sent.

    Raises:
        Unreadable: the text is not JSON, and the field wants JSON.
    """
    if widget.kind == "checkbox":
        return (sent or [""])[-1] not in ("", "false", "0", "off")
    if widget.is_multiple:
        return [value for value in sent or () if value != ""]
    if not sent:
        return MISSING
    value = sent[-1]
    if not isinstance(value, str):
        return _upload(value, widget)
    if widget.kind == "lines":
        return [line.strip() for line in value.splitlines() if line.strip()]
    if value == "":
        return _empty(described, widget)
    if widget.kind == "json":
        return _from_json(value)
    # A browser sends line ends as CR LF, and counts each as one character for `maxlength`.
    return value.replace("\r\n", "\n")


def _upload(value: Any, widget: Widget) -> Any:
    # A file field that was left alone sends a file without name and content.
    if not getattr(value, "filename", None):
        return None if widget.is_nullable else MISSING
    return value


def _empty(described: FieldDescription, widget: Widget) -> Any:
    if widget.is_nullable:
        return None
    bare, _ = without_none(described.annotation)
    is_text = isinstance(bare, type) and issubclass(bare, str) and not widget.choices
    return "" if is_text and not described.required else MISSING


def _from_json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as exc:
        words = str(exc).removeprefix("JSON is malformed: ")
        raise Unreadable(f"This is not JSON: {words}.") from exc
    except UnicodeError as exc:
        raise Unreadable("This is not JSON: it holds half a character.") from exc
    except RecursionError as exc:
        raise Unreadable("This JSON is nested too deeply.") from exc


def shown_value(described: FieldDescription, value: Any, widget: Widget) -> list[str]:
    """Return a value as the texts that its widget shows; empty for none."""
    node = getattr(described.schema, "inner", described.schema)
    if node.kind == "own" and value is not MISSING and value is not None:
        value = node.serialize(value)  # Only its description knows what such a class shows.
    if value is MISSING or value is None or widget.kind in ("password", "file"):
        return []
    if widget.kind == "checkbox":
        return ["true"] if value else []
    if widget.is_multiple:
        return [_text(item) for item in value]
    if widget.kind == "lines":
        return ["\n".join(_text(item) for item in value)]
    if widget.kind == "json":
        return [_as_json(value)]
    return [_text(value, seconds=widget.attributes.get("step") == "1")]


def _text(value: Any, *, seconds: bool = False) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, datetime):
        precision = "seconds" if seconds or value.second else "minutes"
        return value.replace(tzinfo=None).isoformat(timespec=precision)
    if isinstance(value, time):
        return value.isoformat(timespec="seconds" if seconds or value.second else "minutes")
    return str(value)


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=_as_builtins)


def _as_builtins(value: Any) -> Any:
    try:
        return to_builtins(value)
    except TypeError:
        return str(value)
