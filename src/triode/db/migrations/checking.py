"""Whether models, scripts and database agree: for a pipeline, and before a release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from triode.db.database import Database
from triode.db.errors import MigrationError
from triode.db.migrations.comparison import describe
from triode.db.migrations.connection import on_connection
from triode.db.migrations.folder import only_head, open_folder
from triode.db.migrations.lint import Danger, find_dangers
from triode.db.migrations.making import differences
from triode.db.migrations.renames import nothing_renamed
from triode.db.migrations.written import owned_by


class Report(NamedTuple):
    """What a check found; `problems` are reasons to stop, `dangers` are to be thought about."""

    problems: list[str]
    dangers: list[Danger]


def check(
    database: Database,
    directory: Path,
    dialect: str,
    run: Callable[[Connection, ScriptDirectory, Any], list[str]],
) -> Report:
    """Compare the models, the scripts and the database; `run` applies scripts."""
    script = open_folder(directory)
    try:
        only_head(script)
    except MigrationError as exc:
        return Report([exc.message], [])
    return on_connection(
        database,
        lambda connection: _check(connection, script, dialect, run),
        is_kept=False,
    )


def _check(connection: Connection, script: ScriptDirectory, dialect: str, run: Any) -> Report:
    current = MigrationContext.configure(connection).get_current_heads()
    known = {each.revision: each for each in script.walk_revisions()}
    ahead = [revision for revision in current if revision not in known]
    if ahead:
        return Report([f"The database has {ahead[0]}, of which there is no script."], [])
    done = {each.revision for each in script.iterate_revisions(current, "base")} if current else {}
    pending = [each for revision, each in known.items() if revision not in done]
    pending.reverse()
    problems = [f"The database lacks {each.revision}: {each.doc}." for each in pending]
    dangers = [danger for each in pending for danger in find_dangers(Path(each.path), dialect)]
    if pending and connection.dialect.name not in ("sqlite", "postgresql"):
        # What cannot be undone is not tried out.
        return Report(problems, dangers)
    if pending:
        # Applied to compare the models with it; the caller undoes it.
        run(connection, script, lambda scripts, revision: scripts._upgrade_revs("head", revision))
    renames, found = differences(connection, owned_by(script), nothing_renamed)
    assert found.upgrade_ops is not None
    changes = [f"rename {each.old} to {each.new}" for each in renames] + describe(found.upgrade_ops)
    problems += [f"The models differ from the migrations: {change}." for change in changes]
    return Report(problems, dangers)
