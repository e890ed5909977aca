# ruff: noqa: S608 - names alone are put into these texts, quoted
"""The DDL that makes and drops what a `Search` is in a database.

On PostgreSQL a column that the database computes, with a GIN index. On SQLite a table of FTS5 and
triggers that keep it, whatever writes the row. The table has its own copy of the texts: with the
rows themselves as its content, an INSERT OR REPLACE of another program would break it, and the
numbers that SQLite gives rows without an integer key change with a VACUUM.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy.engine.interfaces import Dialect

from triode.db.errors import SchemaMismatch
from triode.db.sql.search_documents import tokenizer, vector
from triode.db.tables.search_index import VECTOR, Key, SearchIndex, trigger_names

_RESERVED: Final = ("rank", "rowid")


def making(dialect: Dialect, index: SearchIndex, key: Key) -> list[str]:
    """Return the DDL that makes an index and fills it with the rows there are.

    Raises:
        SchemaMismatch: the database has no such index.
    """
    if dialect.name == "sqlite":
        return list(_Sqlite(dialect, index, key).making())
    refuse_others(dialect, index.table)
    quote = dialect.identifier_preparer.quote
    table = _full_name(dialect, index.table, index.schema)
    made = vector(dict(index.labels), index.language).compile(dialect=dialect)
    note = index.note.replace("'", "''")
    return [
        f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {VECTOR} tsvector "
        f"GENERATED ALWAYS AS ({made}) STORED",
        f"CREATE INDEX IF NOT EXISTS {quote(index.name)} ON {table} USING gin ({VECTOR})",
        f"COMMENT ON COLUMN {table}.{VECTOR} IS '{note}'",
    ]


def dropping(dialect: Dialect, name: str, table: str, schema: str | None = None) -> list[str]:
    """Return the DDL that drops the index called `name` of a table; its rows stay."""
    quote = dialect.identifier_preparer.quote
    if dialect.name == "sqlite":
        return [
            *(f"DROP TRIGGER IF EXISTS {quote(each)}" for each in trigger_names(name)),
            f"DROP TABLE IF EXISTS {quote(name)}",
            f"DROP TABLE IF EXISTS {quote(f'{name}_key')}",
        ]
    full_name = _full_name(dialect, table, schema)
    return [f"ALTER TABLE {full_name} DROP COLUMN IF EXISTS {VECTOR}"]


def refuse_others(dialect: Dialect, table: str) -> None:
    """Refuse a database in which there is no search of ours.

    Raises:
        SchemaMismatch: always on one that is neither SQLite nor PostgreSQL.
    """
    if dialect.name not in ("sqlite", "postgresql"):
        raise SchemaMismatch(
            f"Meta.search of the table {table} is for SQLite and PostgreSQL, and this is "
            f"{dialect.name}. Take it away, and look for a text with icontains."
        )


def _full_name(dialect: Dialect, table: str, schema: str | None) -> str:
    quote = dialect.identifier_preparer.quote
    return f"{quote(schema)}.{quote(table)}" if schema else quote(table)


class _Sqlite:
    """The texts for one table of SQLite."""

    def __init__(self, dialect: Dialect, index: SearchIndex, key: Key) -> None:
        quote = dialect.identifier_preparer.quote
        self.quote = quote
        self.index = index
        self.key = key
        self.table = quote(index.table)
        self.name = quote(index.name)
        self.keys = quote(f"{index.name}_key")
        self.fields = [quote(name) for name, _ in index.labels]
        self.columns = [quote(column_name(index, name)) for name, _ in index.labels]

    def making(self) -> Iterable[str]:
        columns = ", ".join(self.columns)
        tokens = tokenizer(self.index.language).replace("'", "''")
        yield (
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {self.name} USING fts5"
            f"({columns}, tokenize='{tokens}')"
        )
        key, table = self.quote(self.key.name), self.table
        if not self.key.is_integer:
            yield (
                f"CREATE TABLE IF NOT EXISTS {self.keys} "
                "(number INTEGER PRIMARY KEY, key ANY NOT NULL UNIQUE) STRICT"
            )
        yield from self._triggers()
        fields = ", ".join(f"t.{field}" for field in self.fields)
        if self.key.is_integer:
            number, source = f"t.{key}", f"{table} AS t"
        else:
            yield f"INSERT OR IGNORE INTO {self.keys} (key) SELECT {key} FROM {table}"
            number, source = "k.number", f"{table} AS t JOIN {self.keys} AS k ON k.key = t.{key}"
        yield (
            f"INSERT INTO {self.name} (rowid, {columns}) SELECT {number}, {fields} FROM {source} "
            f"WHERE {number} NOT IN (SELECT rowid FROM {self.name})"
        )

    def _triggers(self) -> Iterable[str]:
        key = self.quote(self.key.name)
        insert, update, delete = (self.quote(each) for each in trigger_names(self.index.name))
        watched = list(dict.fromkeys([key, *self.fields]))
        changed = " OR ".join(f"old.{name} IS NOT new.{name}" for name in watched)
        yield (
            f"CREATE TRIGGER IF NOT EXISTS {insert} AFTER INSERT ON {self.table} BEGIN "
            f"/* {self.index.note} */ {self._added()} END"
        )
        yield (
            f"CREATE TRIGGER IF NOT EXISTS {update} AFTER UPDATE OF {', '.join(watched)} "
            f"ON {self.table} WHEN {changed} BEGIN {self._removed('old')} {self._added()} END"
        )
        yield (
            f"CREATE TRIGGER IF NOT EXISTS {delete} AFTER DELETE ON {self.table} "
            f"BEGIN {self._removed('old')} END"
        )

    def _number(self, row: str) -> str:
        key = f"{row}.{self.quote(self.key.name)}"
        return key if self.key.is_integer else f"(SELECT number FROM {self.keys} WHERE key = {key})"

    def _removed(self, row: str) -> str:
        text = f"DELETE FROM {self.name} WHERE rowid = {self._number(row)};"
        if self.key.is_integer:
            return text
        return f"{text} DELETE FROM {self.keys} WHERE key = {row}.{self.quote(self.key.name)};"

    def _added(self) -> str:
        """Return what takes a new row in; one that it replaces gave no notice."""
        values = ", ".join(f"new.{field}" for field in self.fields)
        taken = ""
        if not self.key.is_integer:
            key = f"new.{self.quote(self.key.name)}"
            taken = f" INSERT INTO {self.keys} (key) VALUES ({key});"
        return (
            f"{self._removed('new')}{taken} INSERT INTO {self.name} "
            f"(rowid, {', '.join(self.columns)}) VALUES ({self._number('new')}, {values});"
        )


def column_name(index: SearchIndex, field: str) -> str:
    """Return the column of FTS5 for a field; it has names of its own that no column may have."""
    taken = (*_RESERVED, index.name.lower())
    return f"{field}_" if field.lower() in taken else field
