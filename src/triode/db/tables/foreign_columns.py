"""The columns of a foreign key: one, or as many as the key that it refers to has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from triode.db.fields.declaration import Declaration
from triode.db.fields.field import ColumnInfo, ForeignKeyInfo
from triode.db.tables.table import ModelField, ModelTable
from triode.errors import ModelError
from triode.schema.fields import MISSING


def foreign_fields(
    model_name: str, declaration: Declaration, own: Sequence[Declaration]
) -> list[ModelField]:
    """Return the columns of a foreign key; `own` is what its model declares.

    Raises:
        ModelError: on_delete, or an option, does not fit.
    """
    assert declaration.target is not None
    info = declaration.info
    assert isinstance(info, ForeignKeyInfo)
    is_nullable = declaration.target.is_nullable
    if info.on_delete == "set null" and not is_nullable:
        raise ModelError(
            f'{declaration.name}: on_delete="set null" needs a column that may be empty. '
            "Add | None to the annotation.",
            code="model-on-delete",
            where=declaration.where,
        )
    names = _key_names(model_name, declaration.target.model, own)
    _refuse_columns(model_name, declaration, len(names))
    if len(names) < 2:
        return [
            ModelField(
                f"{declaration.name}_id",
                None,
                info,
                declaration.where,
                is_nullable=is_nullable,
                relation_name=declaration.name,
            )
        ]
    return [
        ModelField(
            f"{declaration.name}_{name}",
            None,
            _part_info(model_name, declaration, part, len(names)),
            declaration.where,
            is_nullable=is_nullable,
            relation_name=declaration.name,
            part=part,
        )
        for part, name in enumerate(names)
    ]


def _key_names(model_name: str, target: Any, own: Sequence[Declaration]) -> list[str]:
    """Return the names of the key that is referred to, () where its model is not defined yet."""
    table = getattr(target, "__table__", None)
    if isinstance(table, ModelTable):
        return [field.name for field in table.key_fields]
    if target != model_name:
        return []
    keys = [each for each in own if isinstance(each.info, ColumnInfo) and each.info.primary_key]
    names: list[str] = []
    for each in keys:
        if not isinstance(each.info, ForeignKeyInfo):
            names.append(each.name)
            continue
        assert each.target is not None
        if each.target.model == model_name:
            return []  # a circle, which the table refuses
        names += [field.name for field in foreign_fields(model_name, each, own)]
    return names


def _part_info(model_name: str, declaration: Declaration, part: int, count: int) -> ForeignKeyInfo:
    info = declaration.info
    assert isinstance(info, ForeignKeyInfo)
    if info.alias is not None or info.check is not None:
        option = "alias" if info.alias is not None else "check"
        raise ModelError(
            f"{model_name}.{declaration.name} has {count} columns, so it takes no {option}.",
            code="model-composite-key",
            where=declaration.where,
        )
    # What is unique or indexed is the whole of it.
    made = info.merged()
    made.unique = made.index = False
    if isinstance(info.db_column, tuple):
        made.db_column = info.db_column[part]
    if info.default is not MISSING and info.default is not None:
        if not isinstance(info.default, tuple) or len(info.default) != count:
            raise ModelError(
                f"{model_name}.{declaration.name}: the default {info.default!r} is no key of "
                f"{count} columns. Write a tuple of as many values.",
                code="model-default",
                where=declaration.where,
            )
        made.default = info.default[part]
    return made


def _refuse_columns(model_name: str, declaration: Declaration, count: int) -> None:
    """Refuse names of columns that are not as many as the key has.

    Raises:
        ModelError: says how many there are.
    """
    info = declaration.info
    assert isinstance(info, ForeignKeyInfo)
    given = info.db_column
    if given is None or (
        isinstance(given, str) if count < 2 else isinstance(given, tuple) and len(given) == count
    ):
        return
    wanted = "one name" if count < 2 else f"a tuple of {count} names, one for each column"
    raise ModelError(
        f"{model_name}.{declaration.name}: db_column={given!r}. Its key wants {wanted}.",
        code="model-db-column",
        where=declaration.where,
    )


def refuse_late_key(source: ModelTable, name: str, target: ModelTable, count: int) -> None:
    """Refuse a foreign key whose columns were made before the other key was known.

    Raises:
        ModelError: the key has more columns.
    """
    wanted = [f"{name}_{field.name}" for field in target.key_fields]
    if len(wanted) == count:
        return
    field = source.fields_of(name)[0]
    raise ModelError(
        f"{source.model_name}.{name} leads to {target.model_name}, whose key has several columns, "
        f"so it would be {', '.join(wanted)}. Define {target.model_name} before "
        f"{source.model_name}.",
        code="model-composite-key",
        where=field.where,
    )
