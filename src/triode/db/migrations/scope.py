"""Which models migrations are about: those that lie in one database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import sqlalchemy as sa

from triode.db.tables.registry import model_registry
from triode.db.tables.table import ModelTable

_name: Final[ContextVar[str | None]] = ContextVar("triode_migrated", default=None)


@contextmanager
def models_of(database: str | None) -> Iterator[None]:
    """Be about the models of a database by its name; None is the default one."""
    token = _name.set(database)
    try:
        yield
    finally:
        _name.reset(token)


def chosen_models() -> list[ModelTable]:
    """Return the models that the migrations are about."""
    return model_registry.tables_in(_name.get())


def in_schema(schema: str | None, table: str) -> str:
    """Return the whole name of a table, as SQLAlchemy's collection has it."""
    return f"{schema}.{table}" if schema else table


def schema_of(whole: str) -> str | None:
    """Return the schema in the whole name of a table."""
    return whole.rpartition(".")[0] or None


def whole_name(operation: Any) -> str:
    """Return the table of an operation, with its schema."""
    return in_schema(operation.schema, operation.table_name)


def tables_in_database(inspector: sa.Inspector) -> set[str]:
    """Return the whole names of the tables that exist in the schemas of the models."""
    return tables_in(inspector, {None, *(each.options.schema for each in chosen_models())})


def tables_in(inspector: sa.Inspector, schemas: Iterable[str | None]) -> set[str]:
    """Return the whole names of the tables in some schemas, of which not all need be there."""
    return {in_schema(schema, name) for schema in schemas for name in _names(inspector, schema)}


def _names(inspector: sa.Inspector, schema: str | None) -> list[str]:
    is_there = schema is None or inspector.has_schema(schema)
    return inspector.get_table_names(schema=schema) if is_there else []


def chosen_metadata() -> sa.MetaData:
    """Return SQLAlchemy's collection of their tables."""
    return model_registry.metadata_of(_name.get())
