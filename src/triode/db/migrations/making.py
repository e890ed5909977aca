"""Write the script that makes the database like the models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.operations import ops
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from triode.db.migrations.comparison import (
    compare,
    compare_with_nothing,
    complete_metadata,
    has_tables,
)
from triode.db.migrations.folder import stamp, write_script
from triode.db.migrations.renames import Chooser, Rename, Renames, in_database, lines
from triode.db.migrations.rendering import schema_lines, write_operations
from triode.db.migrations.scope import chosen_models, in_schema
from triode.db.migrations.written import Owned, owned_by

EMPTY_STEP = '''

def change_rows() -> None:
    """Change the rows, by tables and not by models: what a model says may change again.

    For instance:
        book = steps.table("book")
        steps.run(book.update().where(book.c.title == "").values(title="untitled"))
    """

'''


def make_script(
    connection: Connection, script: ScriptDirectory, message: str, choose: Chooser
) -> tuple[Path | None, bool]:
    """Write the script, None where nothing differs, and say whether it is applied already.

    The first one is where the tables were made without one.
    """
    if not script.get_heads() and has_tables(connection):
        path = _write(connection, script, message, compare_with_nothing(connection), [])
        if path is not None:
            stamp(connection, script, "head")
        return path, path is not None
    renames, operations = differences(connection, owned_by(script), choose)
    return _write(connection, script, message, operations, renames), False


def differences(
    connection: Connection, owned: Owned, choose: Chooser
) -> tuple[list[Rename], ops.MigrationScript]:
    """Return what was renamed, and what differs besides."""
    complete_metadata()
    renames = Renames(connection, chosen_models(), owned, choose).find()
    tables = {
        in_schema(each.schema, each.old): in_schema(each.schema, each.new)
        for each in renames
        if each.table is None
    }
    columns = {
        (in_schema(each.schema, each.table), each.old): each.new
        for each in renames
        if each.table is not None
    }
    now = owned.renamed(tables, columns)
    operations: ops.MigrationScript = in_database(
        renames, connection, lambda: compare(connection, now)
    )
    return renames, operations


def _write(
    connection: Connection,
    script: ScriptDirectory,
    message: str,
    operations: ops.MigrationScript,
    renames: list[Rename],
) -> Path | None:
    upgrade, downgrade = operations.upgrade_ops, operations.downgrade_ops
    assert upgrade is not None
    assert downgrade is not None
    if upgrade.is_empty() and not renames:
        return None
    before = [*schema_lines(upgrade), *lines(renames, "upgrade")]
    forward = _body(connection, upgrade, before, [])
    backward = _body(connection, downgrade, [], lines(renames, "downgrade"))
    return write_script(script, message, (forward, backward))


def _body(connection: Connection, operations: Any, before: list[str], after: list[str]) -> str:
    text = "" if operations.is_empty() else write_operations(connection, operations).strip()
    parts = [*before, *([text] if text else []), *after]
    return "\n    ".join(parts)
