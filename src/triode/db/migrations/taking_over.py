"""A database whose tables were there before the first migration: made by hand, or by `triode dev`.

The first `triode db migrate` takes over the database it sees; every other one, such as that of
production, is taken over by `triode db upgrade --taken-over`.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from triode.db.errors import MigrationError
from triode.db.migrations.folder import stamp
from triode.db.migrations.lint import calls_in
from triode.db.migrations.scope import command, schema_of, tables_in


def take_over(connection: Connection, script: ScriptDirectory, *, is_wanted: bool) -> list[str]:
    """Note the first migration as applied if that `is_wanted`, and give its name.

    The database has none so far.

    Raises:
        MigrationError: its tables are there and it is not wanted, or it is and they are not.
    """
    first = script.get_base()
    if first is None:
        return []
    made = [call for call in calls_in(_path(script, first)) if call.name == "create_table"]
    inspector = sa.inspect(connection)
    present = tables_in(inspector, {schema_of(call.table) for call in made})
    there = sorted({call.table for call in made} & present)
    if not is_wanted:
        if there:
            raise MigrationError(
                f"The database has the table {there[0]} already, which {first} makes. If its "
                "tables are as that migration makes them, say so: "
                f"{command('upgrade --taken-over')}. "
                "If nothing in it is worth keeping, delete the database."
            )
        return []
    lacking = [f"the table {call.table}" for call in made if call.table not in present]
    for call in made:
        if call.table in present:
            schema = schema_of(call.table)
            name = call.table.removeprefix(f"{schema}.")
            found = inspector.get_columns(name, schema=schema)
            columns = {str(each["name"]) for each in found}
            lacking += [f"{call.table}.{name}" for name in call.columns if name not in columns]
    if lacking:
        raise MigrationError(
            f"The database cannot be taken over as {first} made it: it lacks {', '.join(lacking)}."
        )
    stamp(connection, script, first)
    connection.commit()
    return [first]


def _path(script: ScriptDirectory, revision: str) -> Path:
    return Path(str(script.get_revision(revision).path))
