"""What was renamed: asked for, never guessed, because a guess in the wrong loses the rows.

The models say it with `renamed_from`; otherwise a person is asked, or told what to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from triode.db.errors import MigrationError
from triode.db.migrations.scope import in_schema, tables_in_database
from triode.db.migrations.searches import rename_column, rename_table
from triode.db.migrations.written import Owned
from triode.db.relating.many_to_many import ManyToManyRelation
from triode.db.tables.table import ModelField, ModelTable


@dataclass(frozen=True)
class Question:
    """Is `new` one of `gone`, renamed? Tables where `table` is None, else columns of it."""

    table: str | None
    new: str
    gone: tuple[str, ...]

    def __str__(self) -> str:
        if self.table is None:
            return f"The table {self.new} is new. Was it renamed?"
        return f"{self.table} has the new column {self.new}. Was it renamed?"


Chooser: TypeAlias = Callable[[Question], "str | None"]
"""Answers with the old name, or None: it is new."""


@dataclass(frozen=True)
class Rename:
    """A table (where `table` is None) or a column that has another name now."""

    table: str | None
    old: str
    new: str
    schema: str | None = None

    def text(self) -> str:
        """Return the line of a migration."""
        schema = f", schema={self.schema!r}" if self.schema else ""
        if self.table is None:
            return f"steps.rename_table({self.old!r}, {self.new!r}{schema})"
        return f"steps.rename_column({self.table!r}, {self.old!r}, {self.new!r}{schema})"

    def reverse(self) -> Rename:
        return Rename(self.table, self.new, self.old, self.schema)

    def apply(self, connection: Connection) -> None:
        """Rename it in the database."""
        quote = connection.dialect.identifier_preparer.quote
        what = "" if self.table is None else f"COLUMN {quote(self.old)} "
        name = quote(self.table or self.old)
        name = f"{quote(self.schema)}.{name}" if self.schema else name
        for _ in self._with_searches(connection):
            connection.execute(sa.text(f"ALTER TABLE {name} RENAME {what}TO {quote(self.new)}"))

    def _with_searches(self, connection: Connection) -> Iterator[None]:
        names, run = (self.old, self.new), connection.exec_driver_sql
        if self.schema is not None:
            return iter([None])  # A search there is made anew where it differs.
        if self.table is None:
            return rename_table(connection, connection.dialect, names, run)
        return rename_column(connection, connection.dialect, self.table, names, run)


def refuse_to_guess(question: Question) -> str | None:
    """Say what to write where nobody can be asked.

    Raises:
        MigrationError: always.
    """
    gone = question.gone[0]
    names = ", ".join(question.gone)
    if question.table is None:
        seen = f"The table {question.new} is new and {names} is gone"
        mend = f'write class Meta: renamed_from = "{gone}" in its model'
    else:
        seen = f"In {question.table} the column {question.new} is new and {names} is gone"
        mend = f'write Field(renamed_from="{gone}")'
    raise MigrationError(
        f"{seen}. If it was renamed, {mend}; if nothing was, say --no-renames, and what "
        f"{names} holds is dropped.",
        code="migration-rename",
    )


def nothing_renamed(question: Question) -> str | None:
    """Answer that everything new is new."""
    return None


class Renames:
    """Finds what was renamed, given the tables of the models and those of the database."""

    def __init__(
        self,
        connection: Connection,
        models: Sequence[ModelTable],
        owned: Owned,
        choose: Chooser,
    ) -> None:
        self._connection = connection
        self._models = [each for each in models if each.options.managed]
        self._owned = owned
        self._choose = choose

    def find(self) -> list[Rename]:
        """Return the renames, those of tables first."""
        inspector = sa.inspect(self._connection)
        present = tables_in_database(inspector)
        schemas = dict.fromkeys(model.options.schema for model in self._models)
        found: list[Rename] = []
        for schema in schemas:
            models = [model for model in self._models if model.options.schema == schema]
            tables = list(self._tables(models, schema, present))
            old_names = {each.new: each.old for each in tables}
            found += [*tables, *(self._link_columns(tables) if schema is None else ())]
            for model in models:
                name = old_names.get(model.name, model.name)
                if in_schema(schema, name) in present:
                    known = inspector.get_columns(name, schema=schema)
                    columns = {str(each["name"]) for each in known}
                    found += self._columns(model, in_schema(schema, name), columns)
        return sorted(found, key=lambda each: each.table is not None)

    def _tables(
        self, models: Sequence[ModelTable], schema: str | None, everything: set[str]
    ) -> Iterator[Rename]:
        """Give the renamed tables of one schema; one is never moved to another by a rename."""
        present = _bare_names(schema, everything)
        wanted = {each.name for each in models}
        owned = _bare_names(schema, self._owned.tables)
        gone = sorted((present & owned) - wanted - set(_link_names(models)))
        for model in models:
            if model.name in present:
                continue
            given = model.options.renamed_from
            old = given if given in present else None
            if old is None and gone:
                old = self._choose(Question(None, model.name, tuple(gone)))
            if old is not None:
                if old in gone:
                    gone.remove(old)
                yield Rename(None, old, model.name, schema)
                yield from _links_of(model, old, present)

    def _link_columns(self, tables: Sequence[Rename]) -> Iterator[Rename]:
        """Rename the columns of link tables that carry the name of a renamed table."""
        inspector = sa.inspect(self._connection)
        present = set(inspector.get_table_names())
        before = {each.new: each.old for each in tables}
        for model in self._models:
            for link in _links(model):
                name = before.get(link.name, link.name)
                columns = (
                    {each["name"] for each in inspector.get_columns(name)}
                    if name in present
                    else set()
                )
                for column in link.columns:
                    key = next(iter(column.foreign_keys))
                    target = key.target_fullname.rpartition(".")[0]
                    old = column.name.replace(target, before.get(target, target))
                    if old != column.name and old in columns:
                        yield Rename(link.name, old, column.name)

    def _columns(self, model: ModelTable, table: str, present: set[str]) -> Iterator[Rename]:
        wanted = set(model.by_column)
        ours = {column for owner, column in self._owned.columns if owner == table}
        gone = sorted((present & ours) - wanted)
        for field in model.fields:
            name = field.column_name
            if name in present:
                continue
            old = _given_name(field, present)
            if old is None and field.name in gone:
                old = field.name  # It has a db_column from now on.
            if old is None and gone:
                old = self._choose(Question(model.name, name, tuple(gone)))
            if old is not None:
                if old in gone:
                    gone.remove(old)
                yield Rename(model.name, old, name, model.options.schema)


def _given_name(field: ModelField, present: set[str]) -> str | None:
    given = field.info.renamed_from
    if given is None:
        return None
    names = [given]
    if field.relation is not None:
        # `renamed_from` names the foreign key; a key of several columns has as many names.
        ending = field.name.removeprefix(field.relation_name or "")
        names.append(f"{given}{ending}")
    return next((name for name in names if name in present), None)


def _bare_names(schema: str | None, names: Iterable[str]) -> set[str]:
    """Return the names of the tables in one schema, without it."""
    prefix = f"{schema}." if schema else ""
    bare = {name.removeprefix(prefix) for name in names if name.startswith(prefix)}
    return {name for name in bare if "." not in name}


def _links(model: ModelTable) -> Iterator[sa.Table]:
    for relation in model.relations.values():
        if isinstance(relation, ManyToManyRelation) and relation.owner is relation:
            link = relation.link_table()
            if link is not None:
                yield link


def _link_names(models: Sequence[ModelTable]) -> Iterator[str]:
    return (link.name for model in models for link in _links(model))


def _links_of(model: ModelTable, old: str, present: set[str]) -> Iterator[Rename]:
    for link in _links(model):
        before = f"{old}{link.name.removeprefix(model.name)}"
        if before in present and link.name not in present:
            yield Rename(None, before, link.name, model.options.schema)


def in_database(renames: Sequence[Rename], connection: Connection, work: Callable[[], Any]) -> Any:
    """Do `work` with the renames made, and take them back."""
    if not renames:
        return work()
    is_transactional = connection.dialect.name in ("sqlite", "postgresql")
    savepoint = "triode_renames"
    if is_transactional:
        connection.exec_driver_sql(f"SAVEPOINT {savepoint}")
    made: list[Rename] = []
    try:
        for rename in renames:
            rename.apply(connection)
            made.append(rename)
        return work()
    finally:
        if is_transactional:
            connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {savepoint}")
            connection.exec_driver_sql(f"RELEASE SAVEPOINT {savepoint}")
        else:
            for rename in reversed(made):
                rename.reverse().apply(connection)


Direction = Literal["upgrade", "downgrade"]


def lines(renames: Sequence[Rename], direction: Direction) -> list[str]:
    """Return the lines of a migration, in the order in which they have to stand."""
    if direction == "upgrade":
        return [each.text() for each in renames]
    return [each.reverse().text() for each in reversed(renames)]
