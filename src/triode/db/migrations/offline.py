"""The SQL of migrations, without running them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import Connection

from triode.db.sql.literals import literal_text

_READS = ("SELECT", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN")


def offline_text(
    connection: Connection, script: ScriptDirectory, steps: Callable[[ScriptDirectory, Any], Any]
) -> str:
    """Return the SQL that Alembic writes for a database from where it is now."""
    current = MigrationContext.configure(connection).get_current_heads()
    buffer = io.StringIO()
    with EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, context: steps(script, revision),
        as_sql=True,
        starting_rev=current[0] if current else None,
    ) as environment:
        environment.configure(
            dialect_name=connection.dialect.name,
            dialect_opts={"paramstyle": "named"},
            output_buffer=buffer,
            literal_binds=True,
            starting_rev=current[0] if current else None,
        )
        with environment.begin_transaction():
            environment.run_migrations()
    return buffer.getvalue().strip()


class Recorder:
    """Keeps the statements that change something on a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._texts: list[str] = []

    def __enter__(self) -> Self:
        event.listen(self._connection, "after_cursor_execute", self._record)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        event.remove(self._connection, "after_cursor_execute", self._record)

    def text(self) -> str:
        """Return them as a script; tables made anew need foreign keys off."""
        if not self._texts:
            return ""
        lines = ["PRAGMA foreign_keys=OFF", "BEGIN IMMEDIATE", *self._texts, "COMMIT"]
        return "\n\n".join(f"{line.strip()};" for line in lines)

    def _record(
        self,
        connection: Connection,
        cursor: Any,
        statement: str,
        parameters: Any,
        context: Any,
        is_many: bool,
    ) -> None:
        if statement.lstrip().upper().startswith(_READS):
            return
        rows: Sequence[Any] = parameters if is_many else [parameters]
        for row in rows:
            self._texts.append(_filled(statement, row or (), connection))


def _filled(statement: str, parameters: Sequence[Any], connection: Connection) -> str:
    """Put parameters in the place of their question marks, outside of quotes."""
    values = iter(parameters)
    parts: list[str] = []
    is_quoted = False
    for character in statement:
        is_quoted ^= character == "'"
        if character == "?" and not is_quoted and parameters:
            parts.append(literal_text(next(values), connection.dialect))
        else:
            parts.append(character)
    return "".join(parts)
