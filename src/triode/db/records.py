"""Rows as lines of JSON: what each column's value is written as, and read from.

A line is `{"table": "hero", "row": {"id": 1, "name": "Z"}}`. Values are exact: a decimal is a
text, bytes are base64, a float that JSON has no number for is its name.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from triode.db.column_type import OwnStorage
from triode.db.creation import tables_of
from triode.db.errors import DataError
from triode.db.kinds import strip_optional
from triode.db.sql.storage import BytesStorage, EnumStorage, JsonStorage, RealStorage
from triode.db.table import ModelField, ModelTable, model_registry
from triode.schema import INVALID, Problem, describe
from triode.schema.foreign import to_builtins

_NAMES: Final = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}

Coder = Callable[[Any], Any]


class Record:
    """One table: its columns in order, and how their values are written and read."""

    def __init__(self, table: sa.Table, model: ModelTable | None) -> None:
        self.table = table
        self.model = model
        # SQLAlchemy's names are a kind of text that JSON does not know.
        self.name = str(table.name)
        self.names = [str(column.name) for column in table.columns]
        self.keys = [str(column.name) for column in table.primary_key.columns]
        self._writers = [_writer(column) for column in table.columns]
        self._readers = {
            str(column.name): _reader(column, _field_of(model, column)) for column in table.columns
        }

    @property
    def secrets(self) -> list[str]:
        """The columns that the application never shows."""
        fields = [] if self.model is None else self.model.secret
        return [f"{self.name}.{field.name}" for field in fields]

    def line(self, values: Sequence[Any]) -> bytes:
        """Return a row as a line."""
        row = {
            name: None if value is None else write(value)
            for name, write, value in zip(self.names, self._writers, values, strict=True)
        }
        return msgspec.json.encode({"table": self.name, "row": row}) + b"\n"

    def values(self, row: dict[str, Any]) -> tuple[tuple[str, ...], list[Any]]:
        """Return the columns that a line names, and their values.

        Raises:
            DataError: a column is unknown, or cannot hold the value.
        """
        unknown = [name for name in row if name not in self._readers]
        if unknown:
            raise DataError(
                f"{self.name} has no column {unknown[0]!r}. It has: {', '.join(self.names)}."
            )
        values = []
        for name, value in row.items():
            try:
                values.append(None if value is None else self._readers[name](value))
            except (ValueError, TypeError) as exc:
                raise DataError(f"{self.name}.{name} cannot hold {value!r}: {exc}.") from exc
        return tuple(row), values


def records_of(models: Sequence[Any]) -> list[Record]:
    """Return the tables of models and of the relations between them, parents first."""
    by_table = {model.table: model for model in model_registry.tables()}
    return [Record(table, by_table.get(table)) for table in tables_of(models)]


def _field_of(model: ModelTable | None, column: sa.Column[Any]) -> ModelField | None:
    return None if model is None else model.by_name.get(column.name)


def _writer(column: sa.Column[Any]) -> Coder:
    if isinstance(column.type, BytesStorage):
        return lambda value: base64.b64encode(value).decode()
    if isinstance(column.type, RealStorage):
        return lambda value: value if math.isfinite(value) else str(value)
    if isinstance(column.type, OwnStorage):
        own = column.type.own
        return lambda value: to_builtins(own.write(value))
    return to_builtins


def _reader(column: sa.Column[Any], field: ModelField | None) -> Coder:
    storage = column.type
    if isinstance(storage, JsonStorage):
        return lambda value: value
    if isinstance(storage, BytesStorage):
        return _from_base64
    if isinstance(storage, EnumStorage):
        return storage.enum_class
    if field is None:
        field = _referred(column)
    if field is None:
        return lambda value: value
    if isinstance(storage, OwnStorage):
        own = storage.own
        read_base = _validated(own.base)
        return lambda value: own.read(read_base(value))
    read = _validated(strip_optional(field.value_annotation)[0])
    if isinstance(storage, RealStorage):
        return lambda value: _NAMES[value] if value in _NAMES else read(value)
    return read


def _validated(annotation: Any) -> Coder:
    """Return what takes a value of a type, and raises ValueError for any other."""
    check = describe(annotation).validate

    def read(value: Any) -> Any:
        problems: list[Problem] = []
        valid = check(value, (), problems)
        if valid is INVALID:
            raise ValueError(problems[0]["msg"])
        return valid

    return read


def _referred(column: sa.Column[Any]) -> ModelField | None:
    """Return the field that a column of a link table refers to."""
    for key in column.foreign_keys:
        for model in model_registry.tables():
            if model.table is key.column.table:
                return model.by_name.get(key.column.name)
    return None


def _from_base64(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError) as exc:
        raise ValueError(f"it is no base64 ({exc})") from exc
