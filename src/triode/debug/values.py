"""Show any value in a few characters, without its secrets and whatever its `repr` does."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from triode.debug.masking import Mask, is_secret
from triode.schema import describe
from triode.schema.objects import ObjectSchema

DEPTH = 4
ITEMS = 20
TEXT = 400
WHOLE = 3000
LONGEST = 50_000  # of what is looked at for secrets
_ABSENT = object()
_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}


def show(value: Any, mask: Mask) -> str:
    """Return a value as text; still to be scrubbed."""
    return cut(_Show(mask).any(value, DEPTH), WHOLE, mask)


class _Show:
    """One value on its way to text."""

    def __init__(self, mask: Mask) -> None:
        self.mask = mask

    def any(self, value: Any, depth: int) -> str:
        try:
            if isinstance(value, str | bytes | bytearray):
                return self.cut(repr(value[:LONGEST]), TEXT, len(value))
            if isinstance(value, dict):
                return self._mapping(value, depth)
            if type(value) in _BRACKETS:
                return self._sequence(value, *_BRACKETS[type(value)], depth)
            fields = _fields_of(value)
            if fields is not None:
                return self._object(value, fields, depth)
            return self.cut(repr(value), TEXT)
        except Exception as exc:
            return f"<{type(value).__name__}, whose repr raises {type(exc).__name__}>"

    def cut(self, text: str, length: int, size: int | None = None) -> str:
        return cut(text, length, self.mask, size)

    def named(self, name: object, value: Any, depth: int) -> str:
        return self.mask.hide(value) if is_secret(name) else self.any(value, depth)

    def _mapping(self, value: dict[Any, Any], depth: int) -> str:
        if not depth:
            return "{…}" if value else "{}"
        pairs = [
            f"{self.cut(repr(key), TEXT)}: {self.named(key, item, depth - 1)}"
            for key, item in itertools.islice(dict.items(value), ITEMS)
        ]
        return "{" + ", ".join([*pairs, *_more(len(value))]) + "}"

    def _sequence(self, value: Any, left: str, right: str, depth: int) -> str:
        if not depth:
            return f"{left}…{right}" if value else f"{left}{right}"
        items = [self.any(item, depth - 1) for item in itertools.islice(value, ITEMS)]
        end = "," if right == ")" and len(value) == 1 else ""
        return left + ", ".join([*items, *_more(len(value))]) + end + right

    def _object(self, value: Any, fields: list[tuple[str, bool]], depth: int) -> str:
        name = type(value).__name__
        if not depth:
            return f"{name}(…)"
        parts = []
        for field, is_hidden in fields[:ITEMS]:
            item = _read(value, field)
            if item is _ABSENT:
                continue
            shown = self.mask.hide(item) if is_hidden else self.named(field, item, depth - 1)
            parts.append(f"{field}={shown}")
        return f"{name}({', '.join([*parts, *_more(len(fields))])})"


def _read(value: Any, field: str) -> Any:
    """Return a field; `_ABSENT` for a relation that was not loaded, or what cannot be read."""
    try:
        return getattr(value, field)
    except Exception:
        return _ABSENT


def _fields_of(value: Any) -> list[tuple[str, bool]] | None:
    """Return the fields of an object and whether each is hidden, None where it is no record."""
    kind = type(value)
    names = _names_of(kind)
    if names is None:
        return None
    return [(name, name in _write_only(kind)) for name in names]


def _names_of(kind: type) -> list[str] | None:
    described = _described(kind)
    if described is not None:
        return [field.name for field in described.fields]
    if dataclasses.is_dataclass(kind):
        return [field.name for field in dataclasses.fields(kind) if field.repr]
    found = getattr(kind, "_fields", None)  # a named tuple
    return list(found) if issubclass(kind, tuple) and found else None


def _write_only(kind: type) -> frozenset[str]:
    described = _described(kind)
    if described is None:
        return frozenset()
    return frozenset(field.name for field in described.fields if field.info.write_only)


def _described(kind: type) -> ObjectSchema | None:
    """Return the description of a class that has fields, None of any other."""
    marks = ("__schema__", "__struct_fields__", "__dataclass_fields__", "__attrs_attrs__")
    if not any(hasattr(kind, mark) for mark in (*marks, "__pydantic_fields__")):
        return None
    try:
        found = describe(kind)
    except Exception:
        return None  # it has fields that no request may have; its own names are shown
    return found if isinstance(found, ObjectSchema) else None


def shown_pairs(pairs: Iterable[tuple[Any, Any]], mask: Mask) -> list[tuple[str, str]]:
    """Return names and values as texts, values hidden by their names."""
    show_value = _Show(mask)
    return [
        (str(name), show_value.cut(show_value.named(name, value, DEPTH), WHOLE))
        for name, value in pairs
    ]


def shown_texts(pairs: Iterable[tuple[str, str]], mask: Mask) -> list[tuple[str, str]]:
    """Return names and values that are texts anyway, without quotes."""
    return [
        (name, mask.hide(value) if is_secret(name) else cut(value, TEXT, mask))
        for name, value in pairs
    ]


def locals_of(variables: Mapping[str, Any], mask: Mask) -> list[tuple[str, str]]:
    """Return the local variables of a frame, those of the interpreter left out."""
    return shown_pairs(
        ((name, value) for name, value in variables.items() if not name.startswith("__")), mask
    )


def cut(text: str, length: int, mask: Mask, size: int | None = None) -> str:
    """Return a text, its end left out where it is long; `size` is the length it had before.

    SECURITY: scrubbed before it is cut, or the first half of a secret would be left.
    """
    if len(text) <= length:
        return text
    count = len(text) if size is None else size
    return f"{mask.scrub(text[:LONGEST])[:length]}… ({count} characters)"


def _more(size: int) -> list[str]:
    return [f"… {size - ITEMS} more"] if size > ITEMS else []
