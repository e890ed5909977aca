"""How a model declares its fields: `Field`, `ForeignKey`, `ManyToMany`, `Related`.

Each is a marker of the schema room's, with what only a database needs added.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeVar, Unpack

from triode.db.fields.constraints import Rule
from triode.errors import ModelError
from triode.schema.fields import MISSING, FieldInfo, FieldOptions

OnDelete = Literal["cascade", "set null", "restrict", "protect", "set default", "no action"]

ON_DELETE: Final = ("cascade", "set null", "restrict", "protect", "set default", "no action")


class ColumnOptions(FieldOptions, total=False):
    """The options of a column."""

    unique: bool
    index: bool
    primary_key: bool
    server_default: Any
    version: bool
    choices: list[tuple[Any, str]] | None
    help_text: str | None
    check: Rule | None
    timezone: bool
    array: bool
    column_type: Any
    renamed_from: str | None
    db_column: str | tuple[str, ...] | None


class ColumnInfo(FieldInfo):
    """What a model says of one column."""

    unique: bool = False
    index: bool = False
    primary_key: bool = False
    server_default: Any = None
    version: bool = False
    choices: list[tuple[Any, str]] | None = None
    help_text: str | None = None
    check: Rule | None = None
    timezone: bool = True
    array: bool = False
    column_type: Any = None
    renamed_from: str | None = None
    db_column: str | tuple[str, ...] | None = None


class ForeignKeyInfo(ColumnInfo):
    """A column that names a row of another table; a unique one makes the other side one row."""

    on_delete: OnDelete = "restrict"
    related_name: str | None = None
    is_one_to_one: bool = False


Info = TypeVar("Info", bound=ColumnInfo)


class ManyToManyInfo(FieldInfo):
    """Rows of another table, by way of a table between the two."""

    related_name: str | None = None
    through: Any = None


class RelatedInfo(FieldInfo):
    """The other side of a foreign key or of a many-to-many relation; `by` is its name there."""

    by: str | None = None


def utcnow() -> datetime:
    """Return this moment, aware, in UTC."""
    return datetime.now(UTC)


def Field(
    default: Any = MISSING,
    *,
    default_factory: Callable[[], Any] | None = None,
    **options: Unpack[ColumnOptions],
) -> Any:
    """Describe a field: its default, constraints, documentation, and its column.

    `unique`, `index` and `primary_key` are the database's. `server_default` is what
    the database writes where no value is given: SQL as a text, or a value; `Value("new")` is a text
    that is one. `read_only` values are never accepted from a client, `write_only`
    ones never sent. `choices` are (value, label) pairs; no other value is accepted. `help_text`
    stands beside the input of a form, and is the description where none is given. A `version`
    counts the changes of a row: a change that does not know the last one is a `StaleRow`.
    `renamed_from` is the name the field had before: a migration then renames the column.
    `db_column` is the name of the column where it is not that of the field.

    `check` is a condition that the database holds: SQL, or a function of the model. `timezone` is
    False for a datetime in no zone; `array` makes a list an array on PostgreSQL (JSON elsewhere);
    `column_type` is a `ColumnType` or a type of SQLAlchemy's, where the annotation does not tell.

    Raises:
        ModelError: an option is unknown, or both kinds of defaults are given.
    """
    info = _made(ColumnInfo, default, {"default_factory": default_factory, **options})
    if info.help_text and info.description is None:
        info.description = info.help_text
    return info


def ForeignKey(
    default: Any = MISSING,
    *,
    on_delete: OnDelete = "restrict",
    related_name: str | None = None,
    **options: Unpack[ColumnOptions],
) -> Any:
    """Refer to a row of another model; the column is the field's name with `_id`, or `db_column`.

    `on_delete` says what becomes of this row when the other is deleted: "cascade" deletes it,
    "set null" forgets, "set default" takes the default, "restrict" (or "protect") refuses.
    `related_name` names the rows of this model as seen from the other one; "+" or None gives no
    such name.

    Raises:
        ModelError: `on_delete` is unknown.
    """
    if on_delete not in ON_DELETE:
        raise ModelError(
            f"on_delete={on_delete!r} is unknown. Choose one of {', '.join(map(repr, ON_DELETE))}.",
            code="model-on-delete",
            where=_place_of_caller(),
        )
    info = _made(ForeignKeyInfo, default, dict(options))
    info.on_delete = on_delete
    info.related_name = None if related_name == "+" else related_name
    return info


def OneToOne(
    default: Any = MISSING,
    *,
    on_delete: OnDelete = "restrict",
    related_name: str | None = None,
    **options: Unpack[ColumnOptions],
) -> Any:
    """Refer to a row of another model that no other row of this model refers to.

    As `ForeignKey`, with a unique column; the other side is one row, or None.
    """
    options["unique"] = True
    info = ForeignKey(default, on_delete=on_delete, related_name=related_name, **options)
    info.is_one_to_one = True
    return info


def _made(kind: type[Info], default: Any, options: dict[str, Any]) -> Info:
    try:
        return kind(default, **options)
    except TypeError as exc:
        raise ModelError(str(exc), code="model-unknown-option", where=_place_of_caller()) from exc


def _place_of_caller() -> str:
    """Return the first place on the stack that is not in this module."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def ManyToMany(*, related_name: str | None = None, through: Any = None) -> Any:
    """Refer to any number of rows of another model.

    The table between the two is made by Triode, unless `through` names a model for it that has
    a foreign key to each side.
    """
    info = ManyToManyInfo()
    info.related_name = None if related_name == "+" else related_name
    info.through = through
    return info


def Related(*, by: str | None = None) -> Any:
    """Declare the other side of a relation, so that it is typed and part of the JSON once loaded.

    `by` names the field on the other model; None where only one field there leads here.
    """
    info = RelatedInfo()
    info.by = by
    return info
