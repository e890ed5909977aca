"""Column types of a user's own: a class that no column knows, kept in one that there is."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect

from triode.db.sql.column_types import Converter, Family, Storage
from triode.schema import Problem, Registry, Schema, describe
from triode.schema.fields import FieldInfo
from triode.schema.node import EXACT, LAX, refuse
from triode.schema.problems import Loc
from triode.schema.registry import Mode

T = TypeVar("T")


class ColumnType(Generic[T]):
    """How values of one class are kept, read and written: `Field(column_type=MoneyColumn())`.

    `base` is the type that the column holds and that JSON shows: str, int, Decimal, dict, ….
    """

    base: ClassVar[Any] = str

    def write(self, value: T) -> Any:
        """Return the value as `base`."""
        raise NotImplementedError

    def read(self, value: Any) -> T:
        """Return what a `base` stands for.

        Raises:
            ValueError: it stands for nothing; its text is told to the client.
        """
        raise NotImplementedError


class OwnStorage(Storage):
    """A column of another type, with the conversions of a `ColumnType` around it."""

    impl = sa.Text

    def __init__(self, column: Storage, own: ColumnType[Any]) -> None:
        super().__init__()
        self.column = column
        self.own = own

    @property
    def constructor(self) -> str:
        return self.column.constructor

    def portable(self, value: Any) -> Any:
        return self.own.write(value)

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return self.column.load_dialect_impl(dialect)

    def writer(self, family: Family) -> Converter | None:
        return _in_turn(self.own.write, self.column.writer(family))

    def reader(self, family: Family) -> Converter | None:
        return _in_turn(self.column.reader(family), self.own.read)


def _in_turn(first: Converter | None, second: Converter | None) -> Converter | None:
    if first is None or second is None:
        return first or second
    one, two = first, second
    return lambda value: two(one(value))


class OwnSchema(Schema):
    """The description of a class that only its `ColumnType` knows."""

    kind = "own"

    def __init__(self, annotation: Any, info: FieldInfo, own: ColumnType[Any]) -> None:
        super().__init__(annotation, info)
        self.own = own
        self.base = describe(own.base)

    @property
    def label(self) -> str:
        return getattr(self.annotation, "__name__", repr(self.annotation))

    @property
    def is_plain(self) -> bool:
        return False

    def is_own(self, value: Any) -> bool:
        """Whether `value` is what validation gives."""
        return isinstance(self.annotation, type) and isinstance(value, self.annotation)

    def fit(self, value: Any) -> int:
        return EXACT if self.is_own(value) else LAX

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if self.is_own(value):
            return value
        before = len(problems)
        found = self.base.validate(value, loc, problems, text=text)
        if len(problems) > before:
            return found
        try:
            return self.own.read(found)
        except ValueError as exc:
            msg = f"Value error, {exc}"
            return refuse(problems, "value_error", loc, msg, value, error=str(exc))

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        found = self.validate(value, loc, problems)
        return self.base.dump(self.own.write(found), loc, problems) if self.is_own(found) else found

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        return self.base.json_schema(registry, mode)
