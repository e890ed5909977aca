"""One script in the place of many."""

from __future__ import annotations

from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from triode.db.errors import MigrationError
from triode.db.migrations.comparison import compare, describe, from_nothing
from triode.db.migrations.folder import has_data_steps, only_head, write_script
from triode.db.migrations.rendering import schema_lines, write_operations
from triode.db.migrations.scope import command
from triode.db.migrations.written import owned_by


def squash(
    connection: Connection, script: ScriptDirectory, message: str, *, drop_data_steps: bool
) -> Path:
    """Write a script that makes every table, named as the newest one, and delete the others.

    Raises:
        MigrationError: it would not do what they do.
    """
    head = only_head(script)
    scripts = list(script.walk_revisions())
    if head is None or len(scripts) < 2:
        raise MigrationError("There are no two migrations to squash.")
    _refuse_if_unlike(connection, script, head)
    with_data = [Path(each.path).name for each in scripts if has_data_steps(Path(each.path))]
    if with_data and not drop_data_steps:
        raise MigrationError(
            f"These change rows, which one script made of the models would not: "
            f"{', '.join(sorted(with_data))}. If a new database does not need that, say "
            "--drop-data-steps."
        )
    operations = from_nothing()
    assert operations.upgrade_ops is not None
    assert operations.downgrade_ops is not None
    texts = (
        "\n    ".join(
            [
                *schema_lines(operations.upgrade_ops),
                write_operations(connection, operations.upgrade_ops).strip(),
            ]
        ),
        write_operations(connection, operations.downgrade_ops).strip(),
    )
    replaced = [each.revision for each in scripts if each.revision != head]
    replaced += [old for each in scripts for old in getattr(each.module, "replaces", ())]
    directory = Path(scripts[0].path).parent
    older = [Path(each.path) for each in scripts]
    # Written beside the old ones first: a full disk must not leave nothing.
    kept = [(path, path.with_suffix(".squashed")) for path in older]
    for path, aside in kept:
        path.rename(aside)
    try:
        fresh = type(script)(
            script.dir,
            file_template="%(rev)s_%(slug)s",
            version_locations=[directory],
            messaging_opts={"quiet": True},
        )
        made = write_script(fresh, message, texts, revision=head, replaces=sorted(replaced))
    except BaseException:
        for path, aside in kept:
            aside.rename(path)
        raise
    for _, aside in kept:
        aside.unlink()
    return made


def _refuse_if_unlike(connection: Connection, script: ScriptDirectory, head: str) -> None:
    if set(MigrationContext.configure(connection).get_current_heads()) != {head}:
        raise MigrationError(
            "The database does not have every migration yet. Apply them first: "
            f"{command('upgrade')}."
        )
    differing = compare(connection, owned_by(script)).upgrade_ops
    assert differing is not None
    if not differing.is_empty():
        raise MigrationError(
            f"The models differ from the migrations: {'; '.join(describe(differing))}. "
            "Make a migration of that first."
        )
