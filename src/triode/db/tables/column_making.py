"""Turn the declaration of a column into the column, or say why none can hold its type."""

from __future__ import annotations

import types
import typing
from decimal import Decimal
from typing import Any, get_origin

from triode.db.fields.declaration import Declaration
from triode.db.fields.field import ColumnInfo
from triode.db.fields.kinds import list_item, storage_of, strip_optional
from triode.db.tables.table import ModelField
from triode.errors import ModelError
from triode.schema.fields import MISSING


def make_field(model_name: str, declaration: Declaration) -> ModelField:
    """Turn the declaration of a column into the column.

    Raises:
        ModelError: no column can hold its type.
    """
    info = declaration.info
    assert isinstance(info, ColumnInfo)
    bare, is_nullable = strip_optional(declaration.annotation)
    storage = storage_of(bare, info)
    variable = _open_variable(declaration.annotation)
    if variable is not None:
        raise unknown_type(model_name, declaration, variable)
    if storage is None:
        raise unknown_type(model_name, declaration, bare)
    _check_choices(model_name, declaration, info)
    has_default = info.default_factory is not None or info.default not in (MISSING, None)
    is_automatic = info.primary_key and bare is int and not has_default
    # `id: int | None = Field(default=None, primary_key=True)` is a key that the database makes.
    is_nullable = is_nullable and not is_automatic
    return ModelField(
        declaration.name,
        int if is_automatic else declaration.annotation,
        info,
        declaration.where,
        is_nullable,
        is_automatic=is_automatic,
        storage=storage,
    )


def _open_variable(annotation: Any) -> typing.TypeVar | None:
    """Return a type variable that nobody has given a type."""
    is_class = isinstance(annotation, type)
    inner = () if is_class else getattr(annotation, "__parameters__", ())
    found = (annotation,) if isinstance(annotation, typing.TypeVar) else inner
    return next((each for each in found if not (each.__bound__ or each.__constraints__)), None)


def _check_choices(model_name: str, declaration: Declaration, info: ColumnInfo) -> None:
    choices = info.choices
    if choices is None:
        return
    if not choices or not all(isinstance(each, tuple) and len(each) == 2 for each in choices):
        raise ModelError(
            f"{model_name}.{declaration.name}: choices={choices!r}. Give (value, label) pairs, at "
            'least one: [("new", "New")].',
            code="model-choices",
            where=declaration.where,
        )


def unknown_type(model_name: str, declaration: Declaration, bare: Any) -> ModelError:
    """Say which type of which field no column can hold, and what to write instead."""
    name = declaration.name
    shown = getattr(bare, "__qualname__", None) or repr(bare)
    assert isinstance(declaration.info, ColumnInfo)
    if isinstance(bare, typing.TypeVar):
        mend = f"Say what it is: class {model_name}(Base[int])."
    elif declaration.info.column_type is not None:
        mend = "column_type takes a ColumnType whose base is a plain type, or one of SQLAlchemy's."
    elif declaration.info.array and list_item(bare) is Decimal:
        mend = (
            f"Say how many places it has: {name}: list[Annotated[Decimal, Field(max_digits=10, "
            "decimal_places=2)]]."
        )
    elif declaration.info.array:
        mend = "array=True is for a list of one plain type that is never None, such as list[int]."
    elif bare is Decimal:
        mend = (
            f"Say how many places it has: {name}: Decimal = Field(max_digits=10, decimal_places=2)."
        )
    elif hasattr(bare, "__table__"):
        mend = f"Refer to a model with {name}: {shown} = ForeignKey()."
    elif get_origin(bare) in (typing.Union, types.UnionType):
        mend = "A column holds one type; only `| None` may be added to it."
    else:
        mend = (
            "Use str, int, float, bool, bytes, Decimal, date, time, datetime, timedelta, UUID, "
            "an Enum or Literal of texts or integers, or, as JSON, a dict, list, dataclass, "
            "TypedDict or msgspec.Struct."
        )
    return ModelError(
        f"{model_name}.{name}: no column can hold the type {shown}. {mend}",
        code="model-field-type",
        where=declaration.where,
    )
