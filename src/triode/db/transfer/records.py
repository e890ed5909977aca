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

from triode.db.errors import DataError
from triode.db.fields.column_type import OwnStorage
from triode.db.fields.kinds import strip_optional
from triode.db.sql.storage import BytesStorage, EnumStorage, RealStorage
from triode.db.tables.creation import tables_of
from triode.db.tables.registry import model_registry
from triode.db.tables.table import ModelField, ModelTable
from triode.schema import INVALID, Problem, describe

_NAMES: Final = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}

Coder = Callable[[Any], Any]


class Record:
    """One table: its columns in order, and how their values are written and read."""

    def __init__(self, table: sa.Table, model: ModelTable | None) -> None:
        self.table = table
        self.model = model
        # SQLAlchemy's names are a kind of text that JSON does not know.
        self.name = str(table.fullname)
        self.names = [str(column.name) for column in table.columns]
        self.keys = [str(column.name) for column in table.primary_key.columns]
        types = [(column.type, _bare(model, column)) for column in table.columns]
        self._writers = [_writer(*each) for each in types]
        self._readers = {name: _reader(*each) for name, each in zip(self.names, types, strict=True)}

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


def records_of(models: Sequence[Any], database: str | None = None) -> list[Record]:
    """Return the tables of models and of the relations between them, parents first."""
    by_table = {model.table: model for model in model_registry.tables()}
    return [Record(table, by_table.get(table)) for table in tables_of(models, database)]


def _field_of(model: ModelTable | None, column: sa.Column[Any]) -> ModelField | None:
    return None if model is None else model.by_name.get(column.name)


def _writer(storage: Any, bare: Any) -> Coder:
    if isinstance(storage, OwnStorage):
        own, inner = storage.own, _writer(storage.column, storage.own.base)
        return lambda value: inner(own.write(value))
    if isinstance(storage, BytesStorage):
        return lambda value: base64.b64encode(value).decode()
    if isinstance(storage, RealStorage):
        return lambda value: value if math.isfinite(value) else str(value)
    if bare is None:
        return msgspec.to_builtins
    schema = describe(bare)
    return lambda value: msgspec.to_builtins(schema.serialize(value))


def _reader(storage: Any, bare: Any) -> Coder:
    if isinstance(storage, OwnStorage):
        own, inner = storage.own, _reader(storage.column, storage.own.base)
        return lambda value: own.read(inner(value))
    if isinstance(storage, BytesStorage):
        return _from_base64
    if isinstance(storage, EnumStorage):
        return storage.enum_class
    if bare is None:
        return lambda value: value
    check = describe(bare).validate

    def read(value: Any) -> Any:
        problems: list[Problem] = []
        valid = check(value, (), problems)
        if valid is INVALID:
            raise ValueError(problems[0]["msg"])
        return valid

    if isinstance(storage, RealStorage):
        return lambda value: _NAMES[value] if value in _NAMES else read(value)
    return read


def _bare(model: ModelTable | None, column: sa.Column[Any]) -> Any:
    """Return the type of a column's values, None where no model says it."""
    field = _field_of(model, column) or _referred(column)
    return None if field is None else strip_optional(field.value_annotation)[0]


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
