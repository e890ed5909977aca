"""Say in our words that the database lacks a table or column that a statement names."""

from __future__ import annotations

import re
from typing import Final

from triode.db.errors import SchemaMismatch

# What SQLite says, then PostgreSQL, then MySQL and MariaDB. They name tables and columns only, no
# values.
_COLUMN: Final = (
    re.compile(r"no such column: (?P<column>.+?)(?: - should this be .*)?"),
    re.compile(r"table (?P<table>.+) has no column named (?P<column>.+)"),
    re.compile(r'column "(?P<column>.+)" of relation "(?P<table>.+)" does not exist'),
    re.compile(r'column "?(?P<column>.+?)"? does not exist'),
    re.compile(r"Unknown column '(?P<column>.+)' in '.+'"),
)
_TABLE: Final = (
    re.compile(r"no such table: (?P<table>.+)"),
    re.compile(r'relation "(?P<table>.+)" does not exist'),
    re.compile(r"Table '(?P<table>.+)' doesn't exist"),
)
_MEND: Final = (
    "Where a model has it, the database is behind the program: apply the migrations with triode db "
    "upgrade, or start triode dev anew, which does it. In SQL of your own, mend the name."
)


def lacking(message: str) -> SchemaMismatch | None:
    """Return the error for what a driver says of a missing table or column, None for the rest."""
    for pattern in _COLUMN:
        found = pattern.fullmatch(message)
        if found is not None:
            owner, _, column = found["column"].rpartition(".")
            table = found.groupdict().get("table") or owner
            subject = f"The table {_bare(table)!r}" if table else "A table"
            return SchemaMismatch(
                f"{subject} in the database lacks the column {_bare(column)!r}. {_MEND}"
            )
    for pattern in _TABLE:
        found = pattern.fullmatch(message)
        if found is not None:
            return SchemaMismatch(
                f"The database lacks the table {_bare(found['table'])!r}. {_MEND}"
            )
    return None


def _bare(name: str) -> str:
    return name.rpartition(".")[2].strip('"`')
