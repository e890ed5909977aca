"""Read the tables of a database that exists, as the classes of models that describe them."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from triode.db.errors import MigrationError
from triode.db.fields.words import plural
from triode.db.migrations.adoption import all_indexes
from triode.db.migrations.column_text import FieldText, field_of
from triode.db.migrations.naming import Names, common_relation, refuse_name, wide_keys
from triode.db.migrations.searches import present_searches, tables_of_searches
from triode.db.tables.creation import VERSION_TABLE
from triode.db.tables.search_index import VECTOR, SearchIndex

_RULES: Final = {
    "CASCADE": "cascade",
    "SET NULL": "set null",
    "SET DEFAULT": "set default",
    "RESTRICT": "restrict",
}


@dataclass
class ModelText:
    """One model: its fields as text, and what could not be said."""

    name: str
    table: str
    fields: list[FieldText] = field(default_factory=list)
    unique_together: list[tuple[str, ...]] = field(default_factory=list)
    indexes: list[tuple[str, ...]] = field(default_factory=list)
    primary_key: tuple[str, ...] = ()
    search: SearchIndex | None = None
    reason: str | None = None
    """Why the table cannot be a model at all; None where it can."""

    @property
    def is_managed(self) -> bool:
        """Whether new rows can be made and migrations may change the table."""
        return not any(each.is_needed for each in self.fields)


def inspect_models(connection: Connection, chosen: Sequence[str]) -> list[ModelText]:
    """Return the models of the chosen tables, of all if none is named, by name.

    Raises:
        MigrationError: there is no such table.
    """
    inspector = sa.inspect(connection)
    searches = present_searches(connection)
    ours = tables_of_searches(connection, searches)
    present = [
        name
        for name in sorted(inspector.get_table_names())
        if name != VERSION_TABLE and not name.startswith("sqlite_") and name not in ours
    ]
    unknown = [name for name in chosen if name not in present]
    if unknown:
        raise MigrationError(
            f"There is no table {unknown[0]!r}. There are: {', '.join(present) or 'none'}."
        )
    tables = {name: _Table(inspector, name) for name in chosen or present}
    for table in tables.values():
        table.give_names(tables)
    classes = _class_names(tables)
    models = {name: _model(tables[name], tables, classes) for name in _parents_first(tables)}
    for table in tables.values():
        _add_many_to_many(table, tables, classes, models)
    for name, there in searches.items():
        if name in models and there.made is not None:
            models[name].search = there.made
    return list(models.values())


def _parents_first(tables: Mapping[str, _Table]) -> list[str]:
    """Sort tables by name, but for those that a key of several columns leads to: they are first.

    Where such keys lead in a circle, those of the later tables are left to plain fields.
    """
    ordered: list[str] = []

    def visit(name: str, around: tuple[str, ...]) -> None:
        table = tables[name]
        for key in list(table.whole):
            target = key["referred_table"]
            if target in around:
                table.whole.remove(key)
            elif target != name and target not in ordered:
                visit(target, (*around, name))
        if name not in ordered:
            ordered.append(name)

    for name in sorted(tables):
        visit(name, ())
    return ordered


class _Table:
    """What the database says of one table."""

    def __init__(self, inspector: sa.Inspector, name: str) -> None:
        self.name = name
        self.dialect = inspector.dialect.name
        self.columns: dict[str, Any] = {
            each["name"]: each
            for each in inspector.get_columns(name)
            if each["name"] != VECTOR or "computed" not in each
        }
        self.keys: list[str] = inspector.get_pk_constraint(name)["constrained_columns"]
        foreign = inspector.get_foreign_keys(name)
        self.foreign: dict[str, Any] = {
            each["constrained_columns"][0]: each
            for each in foreign
            if len(each["constrained_columns"]) == 1
        }
        self.wide = [each for each in foreign if len(each["constrained_columns"]) > 1]
        self.unique = [
            tuple(each["column_names"]) for each in inspector.get_unique_constraints(name)
        ]
        indexes = all_indexes(inspector, name)
        plain = [
            each
            for each in indexes
            if all(each["column_names"])
            and not any(key.endswith("_where") for key in each.get("dialect_options", {}))
        ]
        self.unique += [tuple(map(str, each["column_names"])) for each in plain if each["unique"]]
        self.unique = [group for group in self.unique if list(group) != self.keys]
        self.indexes = [tuple(map(str, each["column_names"])) for each in plain]
        self.indexes = [group for group in self.indexes if list(group) != self.keys]

    def give_names(self, tables: Mapping[str, _Table]) -> None:
        """Name the fields, once every table is known."""
        self.whole = wide_keys(self, tables)
        lead = [name for name in self.foreign if self._refused_target(name, tables) is None]
        self.notes = {name: self._refused_target(name, tables) for name in self.foreign}
        self.names = Names(self.columns, lead)

    def _refused_target(self, name: str, tables: Mapping[str, _Table]) -> str | None:
        """Return why a foreign key is no relation, None where it is one."""
        foreign = self.foreign[name]
        target = foreign["referred_table"]
        there = tables.get(target)
        if there is None:
            return f"refers to {target}, which was not inspected"
        if there.keys != foreign["referred_columns"]:
            return f"refers to {target}.{foreign['referred_columns'][0]}, which is not its key"
        return None

    @property
    def ends(self) -> list[str]:
        """The columns that lead to the two sides, where it is a link table and nothing else."""
        rest = [name for name in self.columns if name not in self.foreign and name not in self.keys]
        ends = [name for name in self.columns if name in self.foreign]
        # The side after which the table is named comes first.
        ends.sort(key=lambda end: not self.name.startswith(self.foreign[end]["referred_table"]))
        is_pair = len(ends) == 2 and not rest and not any(self.columns[e]["nullable"] for e in ends)
        groups = [set(self.keys), *(set(group) for group in self.unique)]
        return ends if is_pair and set(ends) in groups else []


def _class_names(tables: Mapping[str, _Table]) -> dict[str, str]:
    """Name the classes: `auth_user` becomes AuthUser."""
    names: dict[str, str] = {}
    for table in tables:
        words = "".join(letter if letter.isalnum() else " " for letter in table).split()
        name = "".join(word[0].upper() + word[1:] for word in words) or "Table"
        name = f"T{name}" if name[0].isdigit() else name
        if keyword.iskeyword(name) or name in _TAKEN:
            name += "Row"
        while name in names.values():
            name += "_"
        names[table] = name
    return names


_TAKEN: Final = frozenset(
    {"Model", "Field", "ForeignKey", "ManyToMany", "Any", "Decimal", "UUID", "date", "datetime"}
)


def _model(table: _Table, tables: Mapping[str, _Table], classes: Mapping[str, str]) -> ModelText:
    made = ModelText(classes[table.name], table.name)
    if not table.keys:
        made.reason = "it has no primary key, which a model cannot have"
        return made
    whole = {key["constrained_columns"][0]: key for key in table.whole}
    parts = {name for key in table.whole for name in key["constrained_columns"]}
    known: dict[str, str] = {}
    for name, column in table.columns.items():
        if name in whole:
            known |= _add_whole(made, whole[name], table, tables, classes)
        elif name not in parts:
            field = _field(table, name, column, tables, classes)
            made.fields.append(field)
            if field.is_model_field:
                known[name] = field.name
    if len(table.keys) > 1:
        wide = {name: key["constrained_columns"][0] for key in table.whole for name in
                key["constrained_columns"]}  # fmt: skip
        relations = {each.column: each.name for each in made.fields if each.columns}
        keys = [relations[wide[name]] if name in wide else known[name] for name in table.keys]
        made.primary_key = tuple(dict.fromkeys(keys))
    for group in dict.fromkeys(table.unique):
        if len(group) > 1 and all(name in known for name in group):
            made.unique_together.append(tuple(known[name] for name in group))
    for group in dict.fromkeys(table.indexes):
        is_of_key = any(list(group) == key["constrained_columns"] for key in table.whole)
        is_new = len(group) > 1 and group not in table.unique and not is_of_key
        if is_new and all(name in known for name in group):
            made.indexes.append(tuple(known[name] for name in group))
    return made


def _field(
    table: _Table,
    name: str,
    column: Any,
    tables: Mapping[str, _Table],
    classes: Mapping[str, str],
) -> FieldText:
    is_key = table.keys == [name]
    made = field_of(column, table.dialect, is_key=is_key)
    made.is_unique = (name,) in table.unique and not is_key
    made.is_indexed = (name,) in table.indexes and not made.is_unique and not is_key
    relation = table.names.relations.get(name)
    made.name = relation or table.names.fields[name]
    if relation is not None:
        _make_relation(made, table, table.foreign[name], (tables, classes))
    elif table.notes.get(name) is not None:
        made.note = table.notes[name]
    return made


def _add_whole(
    model: ModelText,
    key: Any,
    table: _Table,
    tables: Mapping[str, _Table],
    classes: Mapping[str, str],
) -> dict[str, str]:
    """Add a foreign key of several columns; give the names of their fields."""
    columns = key["constrained_columns"]
    there = tables[key["referred_table"]]
    ends = [there.names.fields[name] for name in key["referred_columns"]]
    wanted = common_relation(dict(zip(columns, ends, strict=True))) or there.name
    # The columns themselves are no fields any more.
    table.names.taken -= {table.names.fields[name] for name in columns}
    name = table.names.relation(wanted, ends)
    made = FieldText(name, columns[0], "", is_nullable=bool(table.columns[columns[0]]["nullable"]))
    made.columns = tuple(columns)
    made.is_plain = [f"{name}_{end}" for end in ends] == columns
    made.is_unique = tuple(columns) in table.unique and table.keys != columns
    _make_relation(made, table, key, (tables, classes))
    model.fields.append(made)
    return {column: f"{name}_{end}" for column, end in zip(columns, ends, strict=True)}


def _make_relation(
    made: FieldText,
    table: _Table,
    foreign: Any,
    known: tuple[Mapping[str, _Table], Mapping[str, str]],
) -> None:
    tables, classes = known
    target = foreign["referred_table"]
    there = tables[target]
    made.target = classes[target]
    made.on_delete = _RULES.get(foreign["options"].get("ondelete", "").upper(), "no action")
    related = f"{table.name}_by_{made.name}" if _is_ambiguous(table, target) else table.name
    if related not in there.names.taken and not refuse_name(related):
        there.names.taken.add(related)
        made.related_name = related


def _is_ambiguous(table: _Table, target: str) -> bool:
    targets = [each["referred_table"] for each in (*table.foreign.values(), *table.wide)]
    return targets.count(target) > 1


def _add_many_to_many(
    table: _Table,
    tables: Mapping[str, _Table],
    classes: Mapping[str, str],
    models: Mapping[str, ModelText],
) -> None:
    """Add the relation that a link table makes to the model on its first side."""
    ends = table.ends
    sides = [table.foreign[end]["referred_table"] for end in ends]
    if not ends or not all(side in tables for side in sides):
        return
    first = models[sides[0]]
    if first.reason is not None or models[sides[1]].reason is not None:
        return
    own = table.name.removeprefix(f"{sides[0]}_")
    name = tables[sides[0]].names.many([*([own] if own != table.name else []), plural(sides[1])])
    target = classes[sides[1]]
    if models[table.name].reason is None:
        text = f'ManyToMany(through="{classes[table.name]}")'
    elif _is_as_triode_makes_it(table, sides, ends, name):
        text = "ManyToMany()"
        models[table.name].reason = f"it is {first.name}.{name}"
    else:
        return
    first.fields.append(FieldText(name, name, f"list[{target}]", text=text, needs={"ManyToMany"}))


def _is_as_triode_makes_it(
    table: _Table, sides: Sequence[str], ends: Sequence[str], name: str
) -> bool:
    is_named: bool = table.name == f"{sides[0]}_{name}" and sides[0] != sides[1]
    return is_named and list(ends) == [f"{side}_id" for side in sides]


def imports_of(models: Sequence[ModelText]) -> Iterator[str]:
    """Give the names that the text of models uses."""
    for model in models:
        if model.reason is None:
            yield "Model"
            if model.search is not None:
                yield "Search"
            for each in model.fields:
                if each.is_model_field:
                    yield from each.needed
