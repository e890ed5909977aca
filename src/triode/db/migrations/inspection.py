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
from triode.db.migrations.searches import present_searches, tables_of_searches
from triode.db.model import Model
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
    names = _class_names(tables)
    models = {name: _model(table, tables, names) for name, table in tables.items()}
    for table in tables.values():
        _add_many_to_many(table, tables, names, models)
    for name, there in searches.items():
        if name in models and there.made is not None:
            models[name].search = there.made
    return list(models.values())


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
        self.foreign: dict[str, Any] = {
            each["constrained_columns"][0]: each
            for each in inspector.get_foreign_keys(name)
            if len(each["constrained_columns"]) == 1
        }
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
        self.indexes = [tuple(map(str, each["column_names"])) for each in plain]

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


def _model(table: _Table, tables: Mapping[str, _Table], names: Mapping[str, str]) -> ModelText:
    made = ModelText(names[table.name], table.name)
    refused = next((name for name in table.keys if _refuse_name(name) is not None), None)
    if not table.keys or refused is not None:
        kind = f"a key named {refused}" if refused else "no primary key"
        made.reason = f"it has {kind}, which a model cannot have"
        return made
    for name, column in table.columns.items():
        made.fields.append(_field(table, name, column, tables, names))
    known = {each.column: each.name for each in made.fields if each.is_model_field}
    if len(table.keys) > 1:
        made.primary_key = tuple(known[name] for name in table.keys)
    for group in dict.fromkeys(table.unique):
        if len(group) > 1 and all(name in known for name in group):
            made.unique_together.append(tuple(known[name] for name in group))
    for group in dict.fromkeys(table.indexes):
        if len(group) > 1 and group not in table.unique and all(name in known for name in group):
            made.indexes.append(tuple(known[name] for name in group))
    return made


def _field(
    table: _Table,
    name: str,
    column: Any,
    tables: Mapping[str, _Table],
    names: Mapping[str, str],
) -> FieldText:
    is_key = table.keys == [name]
    refused = _refuse_name(name)
    made = field_of(column, table.dialect, is_key=is_key)
    made.is_unique = (name,) in table.unique and not is_key
    made.is_indexed = (name,) in table.indexes and not made.is_unique and not is_key
    foreign = table.foreign.get(name)
    if refused is not None:
        made.reason = refused
    elif foreign is not None:
        _make_relation(made, name, foreign, (table, tables, names))
    return made


def _refuse_name(name: str) -> str | None:
    if not name.isidentifier():
        return "its name is none in Python"
    if keyword.iskeyword(name):
        return "its name is a word of Python"
    if name.startswith("_"):
        return "its name begins with an underscore"
    if name in dir(Model) or hasattr(type(Model), name):
        return "its name belongs to a method of every model"
    return None


def _make_relation(
    made: FieldText, name: str, foreign: Any, known: tuple[_Table, Any, Mapping[str, str]]
) -> None:
    table, tables, names = known
    target = foreign["referred_table"]
    there = tables.get(target)
    relation = name.removesuffix("_id")
    why = None
    if there is None:
        why = f"refers to {target}, which was not inspected"
    elif there.keys != foreign["referred_columns"]:
        why = f"refers to {target}.{foreign['referred_columns'][0]}, which is not its key"
    elif relation == name:
        why = f"refers to {target}; a relation needs a column that ends in _id"
    elif relation in table.columns or _refuse_name(relation) is not None:
        why = f"refers to {target}; the name {relation} is taken"
    if why is not None:
        made.note = why
        return
    made.name = relation
    made.target = names[target]
    made.on_delete = _RULES.get(foreign["options"].get("ondelete", "").upper(), "no action")
    assert there is not None
    related = f"{table.name}_by_{relation}" if _is_ambiguous(table, target) else table.name
    if related not in there.columns and _refuse_name(related) is None:
        made.related_name = related


def _is_ambiguous(table: _Table, target: str) -> bool:
    targets = [each["referred_table"] for each in table.foreign.values()]
    return targets.count(target) > 1


def _add_many_to_many(
    table: _Table,
    tables: Mapping[str, _Table],
    names: Mapping[str, str],
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
    name = _relation_name(table.name, sides, {each.name for each in first.fields})
    target = names[sides[1]]
    if models[table.name].reason is None:
        text = f'ManyToMany(through="{names[table.name]}")'
    elif _is_as_triode_makes_it(table, sides, ends, name):
        text = "ManyToMany()"
        models[table.name].reason = f"it is {first.name}.{name}"
    else:
        return
    first.fields.append(FieldText(name, name, f"list[{target}]", text=text, needs={"ManyToMany"}))


def _relation_name(link: str, sides: Sequence[str], taken: set[str]) -> str:
    name = link.removeprefix(f"{sides[0]}_")
    if not name.isidentifier() or name in taken or name == link or _refuse_name(name) is not None:
        name = plural(sides[1])
    while name in taken or _refuse_name(name) is not None:
        name += "_"
    return name


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
