"""What becomes of the values of a column whose type changes, as SQL.

PostgreSQL refuses many changes without a USING, and SQLite would take any value for any other: an
integer that is a Decimal from now on has to be multiplied. Where nothing is said here, the database
converts, or refuses what does not fit.
"""

from __future__ import annotations

from typing import Any

from alembic.ddl import postgresql
from sqlalchemy.engine.interfaces import Dialect

from triode.db.sql.storage import (
    DateStorage,
    DecimalStorage,
    DurationStorage,
    FlagStorage,
    IntegerStorage,
    JsonStorage,
    LocalMomentStorage,
    MomentStorage,
    RealStorage,
    Storage,
    TextStorage,
)

_MIDNIGHT = " 00:00:00.000000"


def sqlite_conversion(name: str, old: Any, new: Any) -> str | None:
    """Return what a column holds from now on, None where it is what the database makes of it."""
    places, target = _places(old), _places(new)
    if places is not None and target is not None:
        return _shifted(name, target - places)
    if places and isinstance(new, RealStorage):
        return f"{name} / {10**places}.0"
    if isinstance(old, RealStorage) and target is not None:
        return f"CAST(round({name} * {10**target}) AS INTEGER)"
    if places and isinstance(new, TextStorage):
        sign = f"CASE WHEN {name} < 0 THEN '-' ELSE '' END"
        whole, rest = f"abs({name}) / {10**places}", f"abs({name}) % {10**places}"
        return f"printf('%s%d.%0{places}d', {sign}, {whole}, {rest})"
    if isinstance(old, TextStorage) and target:
        # Left as it is, a text that is no number is refused by the STRICT table.
        is_number = f"{name} GLOB '*[0-9]*' AND {name} NOT GLOB '*[^-0-9.]*'"
        number = f"CAST(round(CAST({name} AS REAL) * {10**target}) AS INTEGER)"
        return f"CASE WHEN {is_number} THEN {number} ELSE {name} END"
    if isinstance(new, FlagStorage) and (places is not None or isinstance(old, RealStorage)):
        return f"{name} <> 0"
    return _moment_on_sqlite(name, old, new)


def _moment_on_sqlite(name: str, old: Any, new: Any) -> str | None:
    if isinstance(old, DateStorage) and isinstance(new, MomentStorage):
        return f"{name} || '{_MIDNIGHT}+00:00'"
    if isinstance(old, DateStorage) and isinstance(new, LocalMomentStorage):
        return f"{name} || '{_MIDNIGHT}'"
    if isinstance(old, MomentStorage | LocalMomentStorage) and isinstance(new, DateStorage):
        return f"substr({name}, 1, 10)"
    if isinstance(old, MomentStorage) and isinstance(new, LocalMomentStorage):
        return f"substr({name}, 1, 26)"
    if isinstance(old, LocalMomentStorage) and isinstance(new, MomentStorage):
        return f"{name} || '+00:00'"
    return None


def _places(storage: Any) -> int | None:
    """Return how many decimal places an integer of SQLite stands for."""
    if isinstance(storage, DecimalStorage):
        return storage.decimal_places
    return 0 if isinstance(storage, IntegerStorage) else None


def _shifted(name: str, places: int) -> str | None:
    if places == 0:
        return None
    if places > 0:
        return f"{name} * {10**places}"
    half = 10**-places // 2
    return f"({name} + CASE WHEN {name} < 0 THEN -{half} ELSE {half} END) / {10**-places}"


def postgres_conversion(name: str, old: Any, new: Any, dialect: Dialect) -> str:
    """Return what stands after USING."""
    kind = new.compile(dialect=dialect)
    is_number = isinstance(new, IntegerStorage | DecimalStorage | RealStorage)
    if isinstance(old, FlagStorage) and is_number:
        return f"{name}::integer"
    if isinstance(new, FlagStorage) and isinstance(old, IntegerStorage | DecimalStorage):
        return f"{name} <> 0"
    moments = (MomentStorage, LocalMomentStorage)
    if isinstance(old, moments) and isinstance(new, moments) and type(old) is not type(new):
        return f"{name} AT TIME ZONE 'UTC'"
    if isinstance(old, DateStorage) and isinstance(new, MomentStorage):
        return f"{name}::timestamp AT TIME ZONE 'UTC'"
    if isinstance(old, MomentStorage) and isinstance(new, DateStorage):
        return f"({name} AT TIME ZONE 'UTC')::date"
    if isinstance(old, DurationStorage) and isinstance(new, IntegerStorage):
        return f"(extract(epoch FROM {name}) * 1000000)::bigint"
    if isinstance(old, IntegerStorage) and isinstance(new, DurationStorage):
        return f"{name} * interval '1 microsecond'"
    if isinstance(old, JsonStorage) and isinstance(new, TextStorage):
        return f"{name}::text"
    return f"{name}::{kind}"


class PostgresqlImpl(postgresql.PostgresqlImpl):
    """Alembic's, which leaves to its user how values become those of another type."""

    __dialect__ = "postgresql"

    def alter_column(
        self,
        table_name: str,
        column_name: str,
        *,
        type_: Any = None,
        existing_type: Any = None,
        server_default: Any = False,
        existing_server_default: Any = None,
        **options: Any,
    ) -> None:
        """Alter a column; a default, which may not fit the new type, is set after it."""
        if type_ is not None and isinstance(type_, Storage):
            name = self.dialect.identifier_preparer.quote(column_name)
            using = postgres_conversion(name, existing_type, type_, self.dialect)
            options.setdefault("postgresql_using", using)
            if server_default is not False or existing_server_default:
                schema = options.get("schema")
                super().alter_column(table_name, column_name, server_default=None, schema=schema)
                if server_default is False:
                    server_default = existing_server_default
        super().alter_column(
            table_name,
            column_name,
            type_=type_,
            existing_type=existing_type,
            server_default=server_default,
            existing_server_default=existing_server_default,
            **options,
        )
