"""What names and values mean for a model: conditions, fields, relations, sort keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

from triode.db.errors import QueryError
from triode.db.sql.aggregates import Window
from triode.db.sql.column import Column
from triode.db.sql.expressions import Call, Condition, Expression, Selected, as_condition
from triode.db.sql.order import Order
from triode.db.tables.table import ModelTable, Relation
from triode.schema.problems import INVALID, Problem, ValidationFailed


def make_conditions(
    table: ModelTable, conditions: Sequence[Any], equals: dict[str, Any]
) -> tuple[Condition, ...]:
    """Return conditions of what `where` was given."""
    made = tuple([as_condition(condition) for condition in conditions])
    if not equals:
        return made
    return made + tuple([_equal(table, name, value) for name, value in equals.items()])


def key_conditions(table: ModelTable, key: Any) -> tuple[Condition, ...]:
    """Return conditions that the row with this key meets.

    Raises:
        QueryError: the key has another number of values.
    """
    values = table.key_values(key)
    pairs = zip(table.key_fields, values, strict=True)
    return tuple([field.column.equals(value) for field, value in pairs])


def _equal(table: ModelTable, name: str, value: Any) -> Condition:
    field = table.by_name.get(name)
    if field is not None:
        return field.column.equals(value)
    relation = table.relations.get(name)
    if relation is None:
        raise QueryError(table.unknown(name), code="query-unknown-field")
    return relation.equals(value)


def field_of(table: ModelTable, field: Any) -> Expression:
    """Return an expression for a field, an expression, or a name like "team.name".

    A relation to one stands for its column: `Hero.team` for `Hero.team_id`.

    Raises:
        QueryError: it is none of these.
    """
    if isinstance(field, Expression):
        return field
    if isinstance(field, Selected):
        return field.as_expression()
    if isinstance(field, str):
        field = named(table, field)
        if isinstance(field, Expression):
            return field
    column = getattr(field, "as_column", None)
    if column is not None:
        return column()  # type: ignore[no-any-return]
    raise QueryError(
        f"{field!r} is not a field of {table.model_name}. It has: {', '.join(table.by_name)}.",
        code="query-unknown-field",
    )


def own_columns(table: ModelTable, fields: Sequence[Any]) -> list[str]:
    """Return the names of fields of the model itself; a foreign key may have several.

    Raises:
        QueryError: one is something else.
    """
    names: list[str] = []
    for field in fields:
        columns = getattr(field, "as_columns", None)
        found = [field] if columns is None else columns()
        names += [_own_column(table, each) for each in found]
    return names


def _own_column(table: ModelTable, field: Any) -> str:
    found = field_of(table, field)
    if not isinstance(found, Column) or found.path or found.owner is not table:
        raise QueryError(
            f"{found!r} is not a field of {table.model_name} itself.", code="query-unknown-field"
        )
    return found.name


def named(table: ModelTable, name: str) -> Any:
    """Return the field or relation that a name like "team.captain" leads to.

    Raises:
        QueryError: a part of it is none.
    """
    found = table.model
    for part in name.split("."):
        if part.startswith("_"):
            raise QueryError(f"{name!r} leads to no field.", code="query-unknown-field")
        try:
            found = getattr(found, part)
        except AttributeError as exc:
            known = str(exc) if "has no field" in str(exc) else f"{name!r} leads to no field."
            raise QueryError(known, code="query-unknown-field") from None
    return found


def relation_path(table: ModelTable, relation: Any) -> tuple[Relation, ...]:
    """Return the steps of `Hero.team.captain`, or of "team.captain".

    Raises:
        QueryError: it is not a relation of this model.
    """
    found = named(table, relation) if isinstance(relation, str) else relation
    path: tuple[Relation, ...] | None = getattr(found, "as_path", None)
    if path is None or isinstance(found, Column):
        raise QueryError(
            f"{relation!r} is not a relation of {table.model_name}. It has: "
            f"{', '.join(table.relations) or 'none'}.",
            code="query-not-a-relation",
        )
    if path[0].source_table is not table:
        raise QueryError(
            f"{relation!r} is a relation of {path[0].source_table.model_name}, not of "
            f"{table.model_name}.",
            code="query-wrong-model",
        )
    return path


def make_order(table: ModelTable, order: Any) -> Order:
    """Return the sort key that a field, `desc(field)` or "-name" stands for.

    Raises:
        QueryError: it is none, or names a `write_only` field.
    """
    if isinstance(order, Order):
        return order
    if not isinstance(order, str):
        return field_of(table, order).asc()
    found = field_of(table, order.removeprefix("-"))
    if isinstance(found, Column) and cast("ModelTable", found.owner).by_name[found.name].is_secret:
        # SECURITY: a name may come from a client, and an order tells what a secret lies between.
        raise QueryError(
            f"{found!r} is write_only: a client who sorts by its name could find out its value. "
            "Write the field itself.",
            code="query-secret-order",
        )
    return found.desc() if order.startswith("-") else found.asc()


_OPERATORS: Final = ("add", "sub", "mul", "div", "mod", "json", "date of")


def name_of(expression: Expression) -> str:
    """Return the key of a column in `values`."""
    if isinstance(expression, Column):
        return ".".join([*(step.name for step in expression.path), expression.name])
    if isinstance(expression, Window):
        return expression.function.name
    if isinstance(expression, Call) and expression.name not in _OPERATORS:
        return expression.name
    raise QueryError(
        f"{expression!r} has no name of its own. Write values(name=…).", code="query-unnamed"
    )


def refuse_unknown(table: ModelTable, names: Iterable[str]) -> None:
    """Refuse names that are no fields, before anything is run.

    Raises:
        QueryError: says which name was meant.
    """
    for name in names:
        if name not in table.by_name and name not in table.relations:
            raise QueryError(table.unknown(name), code="query-unknown-field")


def check_values(table: ModelTable, changes: dict[str, Any]) -> dict[str, Any]:
    """Return valid values by column name; expressions are left as they are.

    Raises:
        ValidationFailed: lists every value that its field refuses.
        ModelError: a name is no field.
    """
    checked: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in changes.items():
        relation = table.relations.get(name)
        pairs = [(table.field(name), value)] if relation is None else relation.assigned(value)
        for field, part in pairs:
            if field.unchanged(part) or isinstance(part, Expression):
                checked[field.name] = part
                continue
            valid = field.validate(part, (name,), problems)
            if valid is not INVALID:
                checked[field.name] = valid
    if problems:
        raise ValidationFailed(problems)
    return checked
