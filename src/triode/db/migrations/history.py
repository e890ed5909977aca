"""The migrations of an application: a folder of scripts, and which of them the database has."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy.engine import Connection
from sqlalchemy.exc import StatementError

from triode.db.database import Database, parse
from triode.db.errors import MigrationError
from triode.db.migrations.checking import Report, check
from triode.db.migrations.connection import check_references, on_connection, while_locked
from triode.db.migrations.folder import (
    only_head,
    open_folder,
    replaced_by,
    script_error,
    write_script,
)
from triode.db.migrations.lint import Danger, find_dangers
from triode.db.migrations.making import EMPTY_STEP, make_script
from triode.db.migrations.offline import Recorder, offline_text
from triode.db.migrations.renames import Chooser, refuse_to_guess
from triode.db.migrations.scope import command, models_of
from triode.db.migrations.squashing import squash
from triode.db.migrations.taking_over import take_over
from triode.db.sql.storage import is_mysql
from triode.errors import TriodeError


class Step(NamedTuple):
    """One migration."""

    revision: str
    message: str
    path: Path
    is_applied: bool


class Made(NamedTuple):
    """A script that was written, and what in it is dangerous on this database.

    One that is applied already was made of tables that `create_tables` or another program made.
    """

    path: Path
    dangers: list[Danger]
    is_applied: bool = False


class Migrations:
    """The migrations in `directory` and the database they are for.

    Raises:
        MigrationError: the database is a read-only copy.
    """

    def __init__(self, database: Database, directory: Path) -> None:
        if database.is_read_only:
            raise MigrationError(
                f"{database!r} is read-only: migrate the database that it is a copy of."
            )
        self.database = database
        self.directory = directory

    @property
    def dialect(self) -> str:
        """The kind of the database: "sqlite", "postgresql", …"""
        name = parse(self.database.url).drivername.partition("+")[0]
        return "postgresql" if name == "postgres" else name

    def make(self, message: str, *, choose: Chooser = refuse_to_guess) -> Made | None:
        """Write a migration that makes the database like the models, None where nothing differs.

        The file is not applied; only where `create_tables` made the database before, the first
        one counts as applied. `choose` is asked what was renamed, where `renamed_from` says
        nothing.

        Raises:
            MigrationError: earlier migrations are not applied yet, there are two branches, it is
                not known what was renamed, or a new column cannot be filled in the rows that exist.
        """
        script = open_folder(self.directory)
        with models_of(self.database.name):
            only_head(script)

        def work(connection: Connection) -> tuple[Path | None, bool]:
            self._current(script, connection)
            return make_script(connection, script, message, choose)

        with models_of(self.database.name):
            path, is_applied = on_connection(self.database, work)
        if path is None:
            return None
        return Made(path, find_dangers(path, self.dialect), is_applied)

    def make_empty(self, message: str) -> Path:
        """Write a migration that changes no table, with a place for steps that change rows."""
        script = open_folder(self.directory)
        with models_of(self.database.name):
            only_head(script)
            return write_script(
                script, message, ("change_rows()", ""), functions=EMPTY_STEP, head="head"
            )

    def merge(self, message: str) -> Path:
        """Write a migration that joins those that were made side by side.

        Raises:
            MigrationError: there are no two.
        """
        script = open_folder(self.directory)
        if len(script.get_heads()) < 2:
            raise MigrationError("There is one line of migrations: nothing to join.")
        return write_script(script, message, ("", ""), head="heads")

    def squash(self, message: str, *, drop_data_steps: bool = False) -> Path:
        """Put one script in the place of all, and delete those.

        A database that has all of them needs nothing; one that lacks some has to get them from
        the older files first.

        Raises:
            MigrationError: the database or the models are not at the newest migration, or a
                script changes rows.
        """
        with models_of(self.database.name):
            return on_connection(
                self.database,
                lambda connection: squash(
                    connection,
                    open_folder(self.directory),
                    message,
                    drop_data_steps=drop_data_steps,
                ),
            )

    def check(self) -> Report:
        """Say what is wrong: the database is behind or ahead, the models differ from the scripts.

        Scripts that are not applied yet are tried out, and undone.
        """
        with models_of(self.database.name):
            return check(self.database, self.directory, self.dialect, run_scripts)

    def upgrade(self, target: str = "head", *, is_taken_over: bool = False) -> list[Step]:
        """Apply migrations up to `target`, all of them by default; gives those it applied.

        All of them are applied in one transaction, or none, where the database can do that.
        `is_taken_over` says that the tables of the first one are there and may count as made by it.

        Raises:
            MigrationError: a script failed, or the tables are there and nobody said so.
        """
        prepare = partial(take_over, is_wanted=is_taken_over)
        return self._move(target, _upgrade_to(target), prepare)

    def downgrade(self, target: str = "-1") -> list[Step]:
        """Take migrations back down to `target`, one by default, "base" for all."""
        return self._move(target, _downgrade_to(target))

    def sql(self, target: str = "head", *, is_downgrade: bool = False) -> str:
        """Return the SQL of `upgrade` or `downgrade` from where the database is, and run nothing.

        On SQLite, which alters tables by copying them, it is run and undone to see the SQL.
        """
        script = open_folder(self.directory)
        steps = _downgrade_to(target) if is_downgrade else _upgrade_to(target)
        with models_of(self.database.name):
            newest = only_head(script)

        def record(connection: Connection) -> str:
            self._current(script, connection, is_complete=False)
            if newest is None:
                return ""
            if connection.dialect.name == "sqlite":
                with Recorder(connection) as recorder:
                    run_scripts(connection, script, steps)
                return recorder.text()
            return offline_text(connection, script, steps)

        with models_of(self.database.name):
            text: str = _reached(
                target, lambda: on_connection(self.database, record, is_kept=False)
            )
        return text

    def steps(self) -> list[Step]:
        """Return every migration, the oldest first."""
        script = open_folder(self.directory)
        done = on_connection(self.database, lambda connection: _applied(connection, script))
        ordered = reversed(list(script.walk_revisions()))
        return [
            Step(each.revision, each.doc.splitlines()[0], Path(each.path), each.revision in done)
            for each in ordered
        ]

    def revisions(self) -> set[str]:
        """Return the names of every migration, whatever the database has."""
        return {each.revision for each in open_folder(self.directory).walk_revisions()}

    def _move(self, target: str, steps: Steps, prepare: Prepare | None = None) -> list[Step]:
        script = open_folder(self.directory)
        if target in ("head", "heads"):
            with models_of(self.database.name):
                only_head(script)
        moved: list[str] = []

        def run(connection: Connection) -> None:
            current = self._current(script, connection, is_complete=False)
            if not script.get_heads() and target in ("head", "heads"):
                # Or the database would count as versioned, and be left to migrations that are none.
                return
            if prepare is not None and not current:
                moved.extend(prepare(connection, script))
            connection.rollback()
            moved.extend(run_scripts(connection, script, steps))

        with models_of(self.database.name):
            _reached(target, lambda: while_locked(self.database, run))
        known = {step.revision: step for step in self.steps()}
        return [known[revision] for revision in moved if revision in known]

    def _current(
        self, script: ScriptDirectory, connection: Connection, *, is_complete: bool = True
    ) -> set[str]:
        """Return what the database has; refuse one that knows more than the folder, or less."""
        current = set(MigrationContext.configure(connection).get_current_heads())
        for revision in sorted(current):
            refuse_unknown(script, revision)
        if is_complete and current != set(script.get_heads()):
            raise MigrationError(
                "The database does not have every migration yet. Apply them first: "
                f"{command('upgrade')}."
            )
        return current


_KEPT: Final = (
    "MySQL and MariaDB keep what the script did before that, and do not count it as applied: undo "
    "it by hand, or take those lines out, then try again."
)
Prepare = Callable[[Connection, ScriptDirectory], list[str]]
Steps = Callable[[ScriptDirectory, Any], Any]


def refuse_unknown(script: ScriptDirectory, revision: str) -> None:
    """Refuse a database that has a migration which the folder does not.

    Raises:
        MigrationError: and says what may have happened.
    """
    if any(each.revision == revision for each in script.walk_revisions()):
        return
    squashed = replaced_by(script, revision)
    if squashed is not None:
        raise MigrationError(
            f"The database is at {revision}, which was squashed into {squashed}. Apply the older "
            "scripts first, from the version of the program before."
        )
    raise MigrationError(
        f"The database has the migration {revision}, and there is no script of it in "
        f"{script.versions}. Is the program older than the database? Or were the migrations made "
        "by another tool? Then drop the table alembic_version once, and make a first migration."
    )


def run_scripts(connection: Connection, script: ScriptDirectory, steps: Steps) -> list[str]:
    """Run scripts in one transaction, the one that is open if there is one; give their names."""
    moved: list[str] = []

    def choose(revision: Any, context: MigrationContext) -> Any:
        chosen = list(steps(script, revision))
        moved.extend(each.revision.revision for each in chosen)
        return chosen

    with EnvironmentContext(Config(), script, fn=choose) as environment:
        environment.configure(
            connection=connection, transactional_ddl=connection.dialect.name == "sqlite" or None
        )
        with environment.begin_transaction():
            try:
                environment.run_migrations()
            except (TriodeError, CommandError):
                raise
            except Exception as exc:  # A script is a program, and may do anything.
                folder = Path(script.versions)
                if is_mysql(connection.dialect):
                    raise script_error(exc, folder, _KEPT) from exc
                if isinstance(exc, StatementError):
                    raise
                raise script_error(exc, folder) from exc
            check_references(connection)
    return moved


def _upgrade_to(target: str) -> Steps:
    return lambda script, revision: script._upgrade_revs(target, revision)


def _downgrade_to(target: str) -> Steps:
    return lambda script, revision: script._downgrade_revs(target, revision)


def _reached(target: str, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except CommandError as exc:
        if target.startswith(("-", "+")) and "Relative revision" in str(exc):
            side = "that are applied" if target.startswith("-") else "that are not applied"
            raise MigrationError(
                f"There are not as many migrations {side} as {target!r} says. See: "
                f"{command('history')}."
            ) from exc
        raise MigrationError(
            f"The migration {target!r} cannot be reached: {exc}. See: {command('history')}."
        ) from exc


def _applied(connection: Connection, script: ScriptDirectory) -> set[str]:
    heads = MigrationContext.configure(connection).get_current_heads()
    for revision in heads:
        refuse_unknown(script, revision)
    done = script.iterate_revisions(heads, "base") if heads else ()
    return {each.revision for each in done}
