"""Which control of HTML stands for a field, and what the browser checks by itself.

The choice follows the field's type and constraints. `Field(json_schema_extra={"widget": "…"})`
or a form's `widgets` overrides it.
"""

from __future__ import annotations

import enum
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeAlias

from triode.errors import ConfigError
from triode.schema import FieldDescription, FieldInfo, Registry, take_apart

Choices: TypeAlias = Sequence[tuple[str, str]]

WIDGETS: Final = frozenset({
    "checkbox", "color", "date", "datetime-local", "email", "file", "hidden", "json", "lines",
    "number", "password", "search", "select", "select-multiple", "tel", "text",
    "textarea", "time", "url",
})  # fmt: skip

LONGEST_LINE: Final = 255
# Free text under one of these names is more than a line, if nothing else tells.
LONG_NAMES: Final = frozenset({
    "abstract", "bio", "biography", "body", "comment", "comments", "content", "description",
    "details", "message", "note", "notes", "summary", "text",
})  # fmt: skip
_BY_FORMAT: Final = {"email": "email", "uri": "url", "password": "password", "binary": "file"}
YES_NO: Final = (("true", "Yes"), ("false", "No"))


@dataclass(slots=True)
class Widget:
    """A control: its kind, its HTML attributes, and its choices where it has some.

    `choices` are (value on the wire, text for people). `is_nullable` is whether no value is one.
    """

    kind: str
    attributes: dict[str, str] = field(default_factory=dict)
    choices: Choices | None = None
    is_nullable: bool = False

    @property
    def is_multiple(self) -> bool:
        """Whether several values are sent under one name."""
        return self.kind == "select-multiple"


def widget_of(described: FieldDescription, *, kind: str | None = None) -> Widget:
    """Return the control for a field; `kind` overrides what the type suggests.

    Raises:
        ConfigError: there is no such kind.
    """
    bare, is_nullable = without_none(described.annotation)
    wanted = kind or _said(described.info)
    if wanted is not None and wanted not in WIDGETS:
        raise ConfigError(
            f"The field {described.name!r} wants the widget {wanted!r}. "
            f"There are: {', '.join(sorted(WIDGETS))}.",
            code="form-widget",
        )
    choices = _choices_of(bare, is_nullable)
    kind = wanted or _kind_of(described, bare, is_nullable, choices)
    attributes = _limits(kind, bare, described.info)
    if described.required and not is_nullable and kind != "checkbox":
        attributes["required"] = ""
    return Widget(kind, attributes, choices, is_nullable)


def without_none(annotation: Any) -> tuple[Any, bool]:
    """Return an annotation without metadata and `None`, and whether `None` was in it."""
    bare = take_apart(annotation).bare
    if typing.get_origin(bare) not in (typing.Union, UnionType):
        return bare, False
    members = [member for member in typing.get_args(bare) if member is not NoneType]
    is_nullable = len(members) < len(typing.get_args(bare))
    if len(members) == 1:
        return take_apart(members[0]).bare, is_nullable
    return bare, is_nullable


def _said(info: FieldInfo) -> str | None:
    extra = info.json_schema_extra
    return extra.get("widget") if isinstance(extra, Mapping) else None


def _choices_of(bare: Any, is_nullable: bool) -> Choices | None:
    if typing.get_origin(bare) in (list, set, frozenset, tuple) and typing.get_args(bare):
        return _choices_of(take_apart(typing.get_args(bare)[0]).bare, False)
    if typing.get_origin(bare) is Literal:
        return [(str(value), label_of(str(value))) for value in typing.get_args(bare)]
    if isinstance(bare, type) and issubclass(bare, enum.Enum):
        return [(str(member.value), label_of(member.name)) for member in bare]
    if bare is bool and is_nullable:
        return YES_NO
    return None


def _kind_of(
    described: FieldDescription, bare: Any, is_nullable: bool, choices: Choices | None
) -> str:
    origin = typing.get_origin(bare) or bare
    if choices is not None:
        return "select-multiple" if _is_collection(origin) else "select"
    if _is_collection(origin):
        items = typing.get_args(bare)
        return "lines" if items and take_apart(items[0]).bare in (str, int, float) else "json"
    if isinstance(origin, type):
        for base, kind in _BY_TYPE:
            if issubclass(origin, base):
                return kind
        if issubclass(origin, str):
            return _kind_of_text(described)
        if origin.__name__ == "UploadFile":
            return "file"
        if origin.__module__ == "uuid":
            return "text"
    return _BY_FORMAT.get(_format_of(described)) or _kind_of_schema(described)


_BY_TYPE: Final[Sequence[tuple[type | tuple[type, ...], str]]] = (
    (bool, "checkbox"),
    ((int, float, Decimal), "number"),
    (datetime, "datetime-local"),
    (date, "date"),
    (time, "time"),
    (bytes, "file"),
    (dict, "json"),
)


def _kind_of_text(described: FieldDescription) -> str:
    kind = _BY_FORMAT.get(_format_of(described))
    if kind is not None:
        return kind
    if described.info.write_only or "password" in described.name:
        return "password"
    longest = described.info.max_length
    if (longest or 0) > LONGEST_LINE or (longest is None and described.name in LONG_NAMES):
        return "textarea"
    return "text"


def _format_of(described: FieldDescription) -> str:
    schema = described.schema.json_schema(Registry(), "input")
    for part in [schema, *schema.get("anyOf", ())]:
        if "format" in part:
            return str(part["format"])
    return ""


def _kind_of_schema(described: FieldDescription) -> str:
    """Return the control for a class that only its description knows."""
    schema = described.schema.json_schema(Registry(), "input")
    parts = [schema, *schema.get("anyOf", ())]
    types = {part.get("type") for part in parts} - {None, "null"}
    if types & {"object", "array"} or any("$ref" in part for part in parts) or not types:
        return "json"
    return "number" if types <= {"number", "integer"} else "text"


def _is_collection(origin: Any) -> bool:
    return origin in (list, set, frozenset, tuple)


def _limits(kind: str, bare: Any, info: FieldInfo) -> dict[str, str]:
    if kind == "number":
        return _number_limits(bare, info)
    if kind in ("date", "datetime-local", "time"):
        limits = {"min": info.ge or info.gt, "max": info.le or info.lt}
        return {name: limit.isoformat() for name, limit in limits.items() if limit is not None}
    if kind in ("text", "textarea", "email", "url", "password", "tel"):
        return _text_limits(kind, info)
    return {}


def _number_limits(bare: Any, info: FieldInfo) -> dict[str, str]:
    is_int = isinstance(bare, type) and issubclass(bare, int)
    found: dict[str, str] = {}
    if info.ge is not None:
        found["min"] = str(info.ge)
    elif info.gt is not None:
        found["min"] = str(info.gt + 1 if is_int else info.gt)
    if info.le is not None:
        found["max"] = str(info.le)
    elif info.lt is not None:
        found["max"] = str(info.lt - 1 if is_int else info.lt)
    if info.multiple_of is not None:
        found["step"] = str(info.multiple_of)
    elif not is_int:
        found["step"] = (
            "any" if info.decimal_places is None else str(Decimal(1).scaleb(-info.decimal_places))
        )
    return found


def _text_limits(kind: str, info: FieldInfo) -> dict[str, str]:
    found: dict[str, str] = {}
    if info.min_length:
        found["minlength"] = str(info.min_length)
    if info.max_length is not None:
        found["maxlength"] = str(info.max_length)
    if info.pattern is not None and kind != "textarea" and (pattern := _browser_pattern(info)):
        found["pattern"] = pattern
    return found


def _browser_pattern(info: FieldInfo) -> str:
    """Return the pattern as HTML takes it, which always matches the whole value.

    Empty where it uses what browsers do not know; the server checks it all the same.
    """
    pattern = info.pattern or ""
    if "(?" in pattern.replace("(?:", "") or any(mark in pattern for mark in (r"\A", r"\Z")):
        return ""
    start = "" if pattern.startswith("^") else ".*"
    end = "" if pattern.endswith("$") and not pattern.endswith(r"\$") else ".*"
    return f"{start}(?:{pattern.removeprefix('^').removesuffix('$' if not end else '')}){end}"


def label_of(name: str) -> str:
    """Return a name as a person would write it: `team_id` is "Team", `first_name` "First name"."""
    words = name.removesuffix("_id").replace("_", " ").replace("-", " ").strip() or name
    if words.isupper() and len(words) > 3:
        words = words.lower()
    return words[:1].upper() + words[1:]
