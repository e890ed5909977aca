"""One column of a database that exists, as the field of a model."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import CompileError

_TYPES: Final[tuple[tuple[Any, str, str | None], ...]] = (
    # SQLAlchemy's type, ours, and the name to import for it; the first that fits is taken.
    (sa.Boolean, "bool", None),
    (sa.SmallInteger, "int", None),
    (sa.Integer, "int", None),
    (sa.Float, "float", None),
    (sa.DateTime, "datetime", "datetime"),
    (sa.Date, "date", "date"),
    (sa.Time, "time", "time"),
    (sa.Interval, "timedelta", "timedelta"),
    (postgresql.INTERVAL, "timedelta", "timedelta"),
    (sa.Uuid, "UUID", "UUID"),
    (sa.LargeBinary, "bytes", None),
    (sa.JSON, "Any", "Any"),
    (postgresql.INET, "IPv4Address | IPv6Address", "IPv4Address, IPv6Address"),
    (postgresql.CIDR, "IPv4Network | IPv6Network", "IPv4Network, IPv6Network"),
    (sa.String, "str", None),
)


_SECRETS: Final = frozenset({"password", "passwd", "password_hash", "hashed_password"})
"""Columns that are never to be part of an answer."""


@dataclass
class FieldText:
    """A field as text: `name: annotation = Field(…)`, or a comment that says why it is none."""

    name: str
    column: str
    annotation: str
    text: str = ""
    options: dict[str, str] = field(default_factory=dict)
    needs: set[str] = field(default_factory=set)
    is_nullable: bool = False
    has_default: bool = False
    is_automatic: bool = False
    is_unique: bool = False
    is_indexed: bool = False
    target: str | None = None
    on_delete: str = "no action"
    related_name: str | None = None
    columns: tuple[str, ...] = ()
    """Those of a foreign key that has several."""
    is_plain: bool = False
    """Whether they are called as Triode would call them."""
    reason: str | None = None
    """Why it is no field; None where it is one."""
    note: str | None = None
    """What the field does not say of the column."""

    @property
    def is_model_field(self) -> bool:
        return self.reason is None

    @property
    def is_needed(self) -> bool:
        """Whether a new row needs a value that no field gives."""
        return self.reason is not None and not self.is_nullable and not self.has_default

    @property
    def needed(self) -> set[str]:
        """The names that the line uses."""
        line = self.line()
        markers = {name for name in ("Field", "ForeignKey", "ManyToMany") if f"{name}(" in line}
        return self.needs | markers

    def line(self) -> str:
        """Return the line of the class body."""
        if self.reason is not None:
            return f"# {self.column}: {self.annotation} is left out: {self.reason}."
        note = f"  # {self.note}" if self.note else ""
        head, options = self.parts()
        given = head if options is None else f"{head}({', '.join(options)})"
        return f"{given}{note}"

    def parts(self) -> tuple[str, list[str] | None]:
        """Return the line up to the bracket, and what stands in it; None where there is none."""
        annotation = f"{self.target or self.annotation}{' | None' if self.is_nullable else ''}"
        start = f"{self.name}: {annotation}"
        if self.text:
            head, _, rest = self.text.partition("(")
            inner = rest.removesuffix(")")
            return f"{start} = {head}", [inner] if inner else []
        options = self._options()
        if self.target is not None:
            return f"{start} = ForeignKey", _listed(options)
        if options:
            return f"{start} = Field", _listed(options)
        return (f"{start} = None" if self.is_nullable else start), None

    def _options(self) -> dict[str, str]:
        options = dict(self.options)
        if self.is_unique:
            options["unique"] = "True"
        elif self.is_indexed and self.target is None:
            options["index"] = "True"
        if self.target is not None:
            options = {"on_delete": quoted(self.on_delete), **options}
            if self.related_name is not None:
                options["related_name"] = quoted(self.related_name)
        if self.columns and not self.is_plain:
            options["db_column"] = f"({', '.join(map(quoted, self.columns))})"
        elif not self.columns and self.column != self._usual_column:
            options["db_column"] = quoted(self.column)
        is_empty = self.is_nullable and "server_default" not in options and self.target is None
        return {"default": "None", **options} if options and is_empty else options

    @property
    def _usual_column(self) -> str:
        return self.name if self.target is None else f"{self.name}_id"


def quoted(text: str) -> str:
    """Return a text as Python has it, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def _listed(options: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in options.items()]


def field_of(column: Any, dialect: str, *, is_key: bool) -> FieldText:
    """Return the field for a column as SQLAlchemy reflects it."""
    name, kind = str(column["name"]), column["type"]
    made = FieldText(name, name, str(kind), is_nullable=bool(column["nullable"]) and not is_key)
    made.has_default = column.get("default") is not None
    found = _annotation(kind, dialect, made)
    if found is None:
        made.reason = f"no field holds the type {_shown(kind)}"
        return made
    made.annotation, needed = found
    made.needs = set(needed.split(", ")) if needed else set()
    if name in _SECRETS:
        made.options["write_only"] = "True"
    if is_key:
        made.options["primary_key"] = "True"
        made.is_automatic = made.annotation == "int"
    elif made.has_default:
        _add_default(made, str(column["default"]))
    return made


def _annotation(kind: Any, dialect: str, made: FieldText) -> tuple[str, str | None] | None:
    """Return the type of the field and what to import for it, None where there is none."""
    if isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float):
        return _decimal(kind, dialect, made)
    if isinstance(kind, sa.Enum):
        return "str", None
    if dialect == "sqlite" and isinstance(kind, sa.Uuid | sa.Interval):
        return None
    is_local = isinstance(kind, sa.DateTime) and not getattr(kind, "timezone", False)
    if is_local:
        made.options["timezone"] = "False"
    if isinstance(kind, sa.String) and kind.length is not None:
        made.options["max_length"] = str(kind.length)
    return next(((name, needs) for each, name, needs in _TYPES if isinstance(kind, each)), None)


def _decimal(kind: Any, dialect: str, made: FieldText) -> tuple[str, str | None] | None:
    if dialect == "sqlite":
        made.note = f"kept as a number with a fraction: {_shown(kind)}"
        return "float", None
    if kind.scale is None:
        return None
    made.options["max_digits"] = str(kind.precision or 18)
    made.options["decimal_places"] = str(kind.scale)
    return "Decimal", "Decimal"


def _add_default(made: FieldText, text: str) -> None:
    """Leave the default to the database, but where PostgreSQL counts by it."""
    text = text.replace("\\:", ":")  # as our reflection of SQLite escapes it
    if "nextval(" not in text:
        is_plain = not set(text) & {'"', "\\", "\n"}
        made.options["server_default"] = f'"{text}"' if is_plain else repr(text)


def _shown(kind: Any) -> str:
    try:
        return str(kind)
    except CompileError:
        return type(kind).__name__
