"""The folder of migration scripts: reading it, writing into it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from string import ascii_lowercase
from typing import Any, NamedTuple

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy.engine import Connection

from triode.db.errors import MigrationError
from triode.db.migrations.lint import calls_in
from triode.db.migrations.rendering import imports_for
from triode.db.migrations.scope import in_schema

TEMPLATE = Path(__file__).parent / "template"

_DATA_CALLS = frozenset({"execute", "run", "bulk_insert"})


def open_folder(directory: Path) -> ScriptDirectory:
    """Return the scripts of a folder, which is made if it is missing.

    Raises:
        MigrationError: a script cannot be read.
    """
    directory.mkdir(parents=True, exist_ok=True)
    script = ScriptDirectory(
        TEMPLATE,
        file_template="%(rev)s_%(slug)s",
        version_locations=[directory],
        messaging_opts={"quiet": True},
    )
    try:
        script.get_heads()
    except (CommandError, SyntaxError, KeyError, NameError, ImportError) as exc:
        raise MigrationError(f"The scripts in {directory} cannot be read: {exc}.") from exc
    return script


def only_head(script: ScriptDirectory) -> str | None:
    """Return the newest migration, None where there is none.

    Raises:
        MigrationError: there are several, made side by side.
    """
    heads = sorted(script.get_heads())
    if len(heads) > 1:
        raise MigrationError(
            f"Migrations were made side by side: {' and '.join(heads)}. Look whether they change "
            'the same things, then join them: triode db merge "message".'
        )
    return heads[0] if heads else None


def new_revision() -> str:
    """Return a name that sorts by time: the second, and four letters against a collision."""
    now = datetime.now(UTC)
    letters = "".join(secrets.choice(ascii_lowercase) for _ in range(4))
    return f"{now:%Y%m%d_%H%M%S}_{letters}"


def write_script(
    script: ScriptDirectory,
    message: str,
    texts: tuple[str, str],
    *,
    revision: str | None = None,
    head: Any = "head",
    **fields: Any,
) -> Path:
    """Write a script with the bodies of `upgrade` and `downgrade`."""
    made = script.generate_revision(
        revision or new_revision(),
        message,
        head=head,
        upgrades=texts[0],
        downgrades=texts[1],
        imports=imports_for([*texts, fields.get("functions", "")]),
        **{"functions": "", "replaces": (), **fields},
    )
    assert made is not None
    return Path(made.path)


class Owned(NamedTuple):
    """What the scripts made and none dropped: that alone is ours to drop.

    `columns` are (table, column); `names` are those of indexes and constraints.
    """

    tables: frozenset[str] = frozenset()
    columns: frozenset[tuple[str, str]] = frozenset()
    names: frozenset[str] = frozenset()


def owned_by(script: ScriptDirectory) -> Owned:
    """Return what the scripts of a folder made."""
    tables: set[str] = set()
    columns: set[tuple[str, str]] = set()
    names: set[str] = set()
    for each in reversed(list(script.walk_revisions())):
        for call in calls_in(Path(each.path)):
            if call.name == "create_table":
                tables.add(call.table)
                columns |= {(call.table, column) for column in call.columns}
            elif call.name == "drop_table":
                tables.discard(call.table)
            elif call.name == "add_column":
                columns.add((call.table, call.subject))
            elif call.name == "rename_column":
                columns.add((call.table, call.texts[-1]))
            elif call.name == "rename_table":
                schema = call.table.rpartition(".")[0]
                old, new = (in_schema(schema or None, text) for text in call.texts[:2])
                if old in tables:
                    tables.discard(old)
                    tables.add(new)
                columns |= {(new, column) for table, column in columns if table == old}
            names.update(call.texts)
    return Owned(frozenset(tables), frozenset(columns), frozenset(names))


def has_data_steps(path: Path) -> bool:
    """Whether a script changes rows, or runs SQL of its own."""
    return any(call.name in _DATA_CALLS for call in calls_in(path))


def replaced_by(script: ScriptDirectory, revision: str) -> str | None:
    """Return the squashed migration that took the place of an older one."""
    for each in script.walk_revisions():
        if revision in getattr(each.module, "replaces", ()):
            return each.revision
    return None


def stamp(connection: Connection, script: ScriptDirectory, revision: str) -> None:
    """Note a migration as applied, without running it."""
    MigrationContext.configure(connection).stamp(script, revision)
