"""Make the SQLAlchemy table of a model: columns, keys, constraints and indexes."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.expression import ColumnElement

from triode.db.errors import QueryError
from triode.db.fields.constraints import Check, Index, Rule, Value
from triode.db.fields.field import ForeignKeyInfo
from triode.db.fields.kinds import LENGTH_IN_INDEX
from triode.db.sql.builder import Builder
from triode.db.sql.expressions import Condition, Expression
from triode.db.sql.order import Order
from triode.db.sql.storage import PatternStorage, Storage, TextStorage
from triode.db.tables.lookup import make_order
from triode.db.tables.registry import model_registry
from triode.db.tables.search_index import declare
from triode.db.tables.table import ModelField, ModelTable, check_name
from triode.errors import ModelError, SchemaError
from triode.schema import INVALID, MISSING, Problem
from triode.schema.constraints import compiled

_RULES: Final = {"protect": "RESTRICT"}


def make_table(model: ModelTable) -> sa.Table:
    """Make the SQLAlchemy table of a model, and take it into the registry's metadata.

    Raises:
        ModelError: two models want one table, or an option names what there is not.
    """
    check_options(model)
    metadata = model_registry.metadata_of(model.options.database)
    other = metadata.tables.get(model.full_name)
    if other is not None:
        _refuse_taken(model, other)
        metadata.remove(other)
    _limit_texts(model)
    table = sa.Table(
        model.name,
        metadata,
        *[make_column(model, field) for field in model.fields],
        *_groups(model),
        *_whole_keys(model),
        *_composite_key(model),
        schema=model.options.schema,
        sqlite_strict=True,
        # SECURITY: the key of a deleted row is never given to another, which old links and
        # sessions would then reach.
        sqlite_autoincrement=model.key_fields[0].is_automatic,
    )
    model.checks = checks_of(model)
    for check in model.checks:
        text = _constraint_text(model, table, check.condition, check)
        table.append_constraint(sa.CheckConstraint(text, name=check.name))
    for index in model.options.indexes:
        _add_index(model, table, index)
    declare(model, table)
    return table


def _refuse_taken(model: ModelTable, other: sa.Table) -> None:
    owner = next((each for each in model_registry.tables() if each._table is other), None)
    if owner is not None:
        raise ModelError(
            f"{model.model_name} and {owner.module}.{owner.model_name} both want the table "
            f'{model.name!r}. Name one of them otherwise: class Meta: db_table = "…".',
            code="model-table-taken",
            where=model.where,
        )


def check_options(model: ModelTable) -> None:
    """Refuse defaults that their fields refuse, and an order by what there is not.

    Raises:
        ModelError: names the field.
    """
    for field in model.fields:
        _check_pattern(model, field)
        _check_default(model, field)
    for order in model.options.ordering:
        try:
            make_order(model, order)
        except QueryError as exc:
            raise ModelError(
                f"{model.model_name}.Meta.ordering names {order!r}, which is no field of it. It "
                f"has: {', '.join(model.by_name)}.",
                code="model-unknown-field",
                where=model.where,
            ) from exc


def _check_pattern(model: ModelTable, field: ModelField) -> None:
    if field.info.pattern is None:
        return
    try:
        compiled(field.info.pattern)
    except SchemaError as exc:
        raise ModelError(
            f"{model.model_name}.{field.name}: {exc.message}", code="model-pattern",
            where=field.where,
        ) from exc  # fmt: skip


def _check_default(model: ModelTable, field: ModelField) -> None:
    default = field.info.default
    if default is MISSING or (default is None and (field.is_nullable or field.is_automatic)):
        return
    problems: list[Problem] = []
    valid = field.validate(default, (field.name,), problems)
    reason = problems[0]["msg"] if problems else f"it would become {valid!r}; write that"
    is_number = type(valid) is float and type(default) is int
    if valid is INVALID or not (type(valid) is type(default) or is_number):
        shown = "The default" if field.is_secret else f"The default {default!r}"
        raise ModelError(
            f"{model.model_name}.{field.name}: {shown} is not what the field holds: "
            f"{'see its type' if field.is_secret else reason}.",
            code="model-default",
            where=field.where,
        )


def _limit_texts(model: ModelTable) -> None:
    """Give texts without a length that are part of an index one, for databases that need it."""
    groups = [index.fields for index in model.options.indexes]
    for group in (*model.options.unique_together, *groups):
        for name in group:
            storage = model.field(name.removeprefix("-")).storage if isinstance(name, str) else None
            if isinstance(storage, TextStorage) and storage.length is None:
                storage.length = LENGTH_IN_INDEX


def _groups(model: ModelTable) -> Iterator[sa.UniqueConstraint]:
    for group in model.options.unique_together:
        names = [field.name for field in model.fields_named(group)]
        yield sa.UniqueConstraint(*names, name=f"{model.name}_{'_'.join(group)}_key")


def _composite_key(model: ModelTable) -> Iterator[sa.PrimaryKeyConstraint]:
    # From the columns alone SQLAlchemy would take their order in the table.
    if model.is_composite:
        yield sa.PrimaryKeyConstraint(*(field.name for field in model.key_fields))


def _whole_keys(model: ModelTable) -> Iterator[sa.Constraint | sa.Index]:
    """Make the foreign keys of several columns, each with its index or unique constraint."""
    for relation in model.relations.values():
        fields = model.fields_of(relation.name)
        if len(fields) < 2:
            continue
        info = fields[0].info
        assert isinstance(info, ForeignKeyInfo)
        names = [field.name for field in fields]
        target = relation.target
        yield sa.ForeignKeyConstraint(
            names,
            [f"{target.full_name}.{field.referred.name}" for field in fields],
            ondelete=_RULES.get(info.on_delete, info.on_delete.upper()),
            name=f"{model.name}_{relation.name}_fkey",
        )
        if relation.is_unique:
            yield sa.UniqueConstraint(*names, name=f"{model.name}_{relation.name}_key")
        elif [field.name for field in model.key_fields[: len(names)]] != names:
            # The first columns of the key have the key's index.
            yield sa.Index(f"{model.name}_{relation.name}_idx", *names)


def make_column(model: ModelTable, field: ModelField) -> sa.Column[Any]:
    """Make one column, its foreign key and its index."""
    info = field.info
    arguments: list[Any] = []
    is_part = len(model.fields_of(field.relation_name or field.name)) > 1
    if field.relation is not None and not is_part:
        arguments.append(_foreign_key(model, field))
    is_indexed = not info.unique and (info.index or (field.relation is not None and not is_part))
    column: sa.Column[Any] = sa.Column(
        field.name,
        storage_for(field),
        *arguments,
        primary_key=field.is_key,
        autoincrement=field.is_automatic if field.is_key else "auto",
        nullable=field.is_nullable,
        server_default=_server_default(model, field),
    )
    is_whole_key = field.is_key and not model.is_composite
    if info.unique and not is_whole_key:
        column.unique = True
    # The first column of a key has the key's index; the others are found by none.
    if is_indexed and field is not model.key_fields[0]:
        column.index = True
    return column


def _server_default(model: ModelTable, field: ModelField) -> Any:
    info = field.info
    given = info.server_default
    if given == "":
        raise ModelError(
            f"{model.model_name}.{field.name}: server_default is empty, and a text is SQL. For an "
            'empty text write Value("").',
            code="model-default",
            where=field.where,
        )
    if given is not None:
        if isinstance(given, str) and not isinstance(given, enum.Enum):
            return sa.text(_as_default(given))
        return ModelDefault(_literal(_checked_default(model, field, given), field))
    if not (isinstance(info, ForeignKeyInfo) and info.on_delete == "set default"):
        return None
    if info.default is MISSING:
        raise ModelError(
            f'{model.model_name}.{field.name}: on_delete="set default" needs a default: the key '
            "of the row to fall back to. Write ForeignKey(1, …).",
            code="model-on-delete",
            where=field.where,
        )
    return None if info.default is None else ModelDefault(_literal(info.default, field))


class ModelDefault(sa.DefaultClause):
    """The default of a column by a value, which each database writes its own way."""


_CONSTANT: Final = re.compile(
    r"'(?:[^']|'')*'|[-+]?\d+(?:\.\d+)?|\(.*\)|true|false|null|current_(?:timestamp|date|time)",
    re.IGNORECASE | re.DOTALL,
)


def _as_default(sql: str) -> str:
    """Put what is more than a constant into brackets, which SQLite and MySQL want."""
    return sql if _CONSTANT.fullmatch(sql.strip()) else f"({sql})"


def _checked_default(model: ModelTable, field: ModelField, given: Any) -> Any:
    value = given.value if isinstance(given, Value) else given
    problems: list[Problem] = []
    valid = field.validate(value, (field.name,), problems)
    if problems:
        raise ModelError(
            f"{model.model_name}.{field.name}: server_default={value!r} is not what the field "
            f"holds: {problems[0]['msg']}. A text is SQL; Value(…) makes a value of it.",
            code="model-default",
            where=field.where,
        )
    return valid


def _literal(value: Any, field: ModelField) -> Any:
    return sa.literal(value, storage_for(field))


def storage_for(field: ModelField) -> Storage:
    """Return the storage of a column; a foreign key's is that of the key it refers to."""
    seen = set()
    while field.relation is not None:
        if field in seen:
            raise ModelError(
                "Foreign keys are primary keys in a circle.",
                code="model-primary-key",
                where=field.where,
            )
        seen.add(field)
        field = field.referred
    assert field.storage is not None
    return field.storage


def _foreign_key(model: ModelTable, field: ModelField) -> sa.ForeignKey:
    assert field.relation is not None
    assert isinstance(field.info, ForeignKeyInfo)
    target = field.relation.target
    rule = field.info.on_delete
    return sa.ForeignKey(
        f"{target.full_name}.{field.referred.name}",
        ondelete=_RULES.get(rule, rule.upper()),
    )


def checks_of(model: ModelTable) -> list[Check]:
    """Return the conditions that every row must meet, each with its name."""
    found = []
    for field in model.fields:
        if field.info.check is not None:
            found.append(Check(field.info.check, name=check_name(model, field)))
    for number, each in enumerate(model.options.constraints, 1):
        found.append(each if each.name else each.named(f"{model.name}_check_{number}"))
    return found


def _add_index(model: ModelTable, table: sa.Table, index: Index) -> None:
    parts: list[Any] = []
    names: list[str] = []
    for each in index.fields:
        if isinstance(each, str):
            descends = each.startswith("-")
            name = model.field(each.removeprefix("-")).name
            column = table.c[name]
            parts.append(column.desc() if descends else column)
            names.append(name)
        else:
            parts.append(_constraint_text(model, table, each, index))
            names.append("expression")
    options: dict[str, Any] = {}
    if index.where is not None:
        condition = _constraint_text(model, table, index.where, index)
        options = {"sqlite_where": condition, "postgresql_where": condition}
    if index.name is not None:
        _refuse_taken_index(model, table, index.name)
    ending = "key" if index.unique else "idx"
    made = index.name or f"{model.name}_{'_'.join(names)}_{ending}"
    sa.Index(made, *parts, unique=index.unique, _table=table, **options)


def _refuse_taken_index(model: ModelTable, table: sa.Table, name: str) -> None:
    """Refuse an index whose name another table's has, which would then not be made.

    Raises:
        ModelError: names the other table.
    """
    for other in table.metadata.tables.values():
        is_near = other is not table and other.schema == table.schema
        if is_near and any(each.name == name for each in other.indexes):
            raise ModelError(
                f"{model.model_name}.Meta: the index {name!r} has the name of one of {other.name}, "
                "and a database has each name once. Leave the name of an index in an abstract base "
                "out, so that every model makes its own.",
                code="model-constraint",
                where=model.where,
            )


def _constraint_text(
    model: ModelTable, table: sa.Table, rule: Rule, owner: Check | Index
) -> ColumnElement[Any]:
    """Build what a rule says, its values written into the text."""
    if isinstance(rule, str):
        return sa.literal_column(rule) if isinstance(owner, Index) else sa.text(rule)  # type: ignore[return-value]
    try:
        found = rule(model.model)
    except AttributeError as exc:
        raise _refused(model, owner, str(exc)) from exc
    expression: Any = found.inner if isinstance(found, Order) else found
    if hasattr(expression, "as_column"):
        expression = expression.as_column()
    is_right = isinstance(expression, Condition if isinstance(owner, Check) else Expression)
    if not is_right:
        raise _refused(model, owner, f"{found!r} is not an expression over its fields")
    builder = _LiteralBuilder(table, model, expression.values)
    built: ColumnElement[Any] = expression.build(builder)
    if builder.has_joins:
        raise _refused(model, owner, "it reaches over a relation, which a database cannot hold")
    return built.desc() if isinstance(found, Order) and found.is_descending else built


def _refused(model: ModelTable, owner: Check | Index, reason: str) -> ModelError:
    return ModelError(
        f"{model.model_name}.Meta: {type(owner).__name__}: {reason}. Write a function of the "
        "model, such as lambda item: item.price > 0, or SQL as a text.",
        code="model-constraint",
        where=model.where,
    )


class _LiteralBuilder(Builder):
    """A builder that writes values into the text: DDL takes no parameters."""

    def __init__(self, table: sa.Table, model: ModelTable, values: Sequence[Any]) -> None:
        super().__init__(table, model, family="generic")
        self._where = model.where
        self._values = iter(values)

    def bind(self, type_: Any = None) -> sa.BindParameter[Any]:
        if isinstance(type_, PatternStorage):
            raise ModelError(
                "A constraint or index cannot hold contains, startswith or endswith, which "
                "databases write differently. Write the condition as a text of SQL.",
                code="model-constraint",
                where=self._where,
            )
        value = next(self._values)
        return sa.bindparam(None, value, type_=type_, unique=True)
