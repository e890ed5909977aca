"""The migrations of an application: a folder of files, and which of them the database has."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from string import ascii_lowercase
from typing import Any, NamedTuple

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy.engine import Connection

from triode.db.database import Database
from triode.db.errors import MigrationError
from triode.db.migrations.comparison import (
    compare,
    compare_with_nothing,
    has_tables,
    write_operations,
)
from triode.db.migrations.connection import on_connection

TEMPLATE = Path(__file__).parent / "template"


class Step(NamedTuple):
    """One migration."""

    revision: str
    message: str
    path: Path
    is_applied: bool


class Migrations:
    """The migrations in `directory` and the database they are for."""

    def __init__(self, database: Database, directory: Path) -> None:
        self.database = database
        self.directory = directory

    def make(self, message: str) -> Path | None:
        """Write a migration that makes the database like the models.

        Gives the file, None where nothing differs. The file is not applied; only where
        `create_tables` made the database before, the first one counts as applied.

        Raises:
            MigrationError: earlier migrations are not applied yet, or a new column cannot be
                filled in the rows that exist.
        """
        return on_connection(self.database, lambda connection: self._make(connection, message))

    def _make(self, connection: Connection, message: str) -> Path | None:
        script = self._script()
        current = set(MigrationContext.configure(connection).get_current_heads())
        if current != set(script.get_heads()):
            raise MigrationError(
                "The database does not have every migration yet. Apply them first: upgrade."
            )
        is_made_already = not script.get_heads() and has_tables(connection)
        operations = compare_with_nothing(connection) if is_made_already else compare(connection)
        upgrade, downgrade = operations.upgrade_ops, operations.downgrade_ops
        assert upgrade is not None
        assert downgrade is not None
        if upgrade.is_empty():
            return None
        texts = [write_operations(connection, each).strip() for each in (upgrade, downgrade)]
        dialect = connection.dialect.name.replace("mariadb", "mysql")
        needs_dialect = any(f"{dialect}." in text for text in texts)
        made = script.generate_revision(
            new_revision(),
            message,
            head="head",
            upgrades=texts[0],
            downgrades=texts[1],
            imports=f"from sqlalchemy.dialects import {dialect}" if needs_dialect else "",
        )
        assert made is not None
        if is_made_already:
            MigrationContext.configure(connection).stamp(script, "head")
        return Path(made.path)

    def upgrade(self, target: str = "head") -> list[Step]:
        """Apply migrations up to `target`, all of them by default; gives those it applied.

        All of them are applied in one transaction, or none.
        """

        def steps(script: ScriptDirectory, revision: Any) -> Any:
            return script._upgrade_revs(target, revision)

        return self._move(target, steps)

    def downgrade(self, target: str = "-1") -> list[Step]:
        """Take migrations back down to `target`, one by default, "base" for all."""

        def steps(script: ScriptDirectory, revision: Any) -> Any:
            return script._downgrade_revs(target, revision)

        return self._move(target, steps)

    def _move(self, target: str, steps: Callable[[ScriptDirectory, Any], Any]) -> list[Step]:
        script = self._script()
        before = {step.revision: step for step in self.steps()}

        def run(connection: Connection) -> None:
            with EnvironmentContext(
                Config(), script, fn=lambda revision, context: steps(script, revision)
            ) as environment:
                environment.configure(connection=connection)
                environment.run_migrations()

        try:
            on_connection(self.database, run)
        except CommandError as exc:
            raise MigrationError(f"The migration {target!r} cannot be reached: {exc}") from exc
        return [
            step for step in self.steps() if step.is_applied != before[step.revision].is_applied
        ]

    def steps(self) -> list[Step]:
        """Return every migration, the oldest first."""
        script = self._script()

        def applied(connection: Connection) -> set[str]:
            heads = MigrationContext.configure(connection).get_current_heads()
            done = script.iterate_revisions(heads, "base") if heads else ()
            return {each.revision for each in done}

        done = on_connection(self.database, applied)
        ordered = reversed(list(script.walk_revisions()))
        return [
            Step(each.revision, each.doc, Path(each.path), each.revision in done)
            for each in ordered
        ]

    def revisions(self) -> set[str]:
        """Return the names of every migration, whatever the database has."""
        return {each.revision for each in self._script().walk_revisions()}

    def _script(self) -> ScriptDirectory:
        self.directory.mkdir(parents=True, exist_ok=True)
        return ScriptDirectory(
            TEMPLATE,
            file_template="%(rev)s_%(slug)s",
            version_locations=[self.directory],
            messaging_opts={"quiet": True},
        )


def new_revision() -> str:
    """Return a name that sorts by time: the second, and four letters against a collision."""
    now = datetime.now(UTC)
    letters = "".join(secrets.choice(ascii_lowercase) for _ in range(4))
    return f"{now:%Y%m%d_%H%M%S}_{letters}"
