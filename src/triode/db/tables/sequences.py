"""Let the keys that PostgreSQL makes go on after those that were given.

SQLite and MariaDB do so by themselves; a sequence of PostgreSQL knows nothing of the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.engine.interfaces import Dialect

from triode.db.engine import Write
from triode.db.tables.table import ModelTable

# A role that may only take the next key cannot move the sequence, and is left in peace.
_CONTINUE: Final = """\
SELECT setval(found.name, $3)
FROM (SELECT pg_get_serial_sequence($1, $2)::regclass AS name) AS found
WHERE $3 > coalesce(pg_sequence_last_value(found.name), 0)
AND has_sequence_privilege(found.name, 'UPDATE')"""


def after_given(
    dialect: Dialect, model: ModelTable, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> list[Write]:
    """Return what has to be done after `rows` of `names` were inserted, mostly nothing."""
    if dialect.name != "postgresql":
        return []
    key = model.key_fields[0]
    if not key.is_automatic or key.name not in names:
        return []
    at = names.index(key.name)
    return after_key(dialect, model, max((row[at] for row in rows), default=0))


def after_key(dialect: Dialect, model: ModelTable, highest: int) -> list[Write]:
    """Return what lets the next automatic key be higher than `highest`."""
    if dialect.name != "postgresql":
        return []
    table = dialect.identifier_preparer.format_table(model.table)
    return [Write(_CONTINUE, (table, model.key_fields[0].column_name, highest))]
