"""Which models migrations are about: those that lie in one database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import sqlalchemy as sa

from triode.db.table import ModelTable, model_registry

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


def chosen_metadata() -> sa.MetaData:
    """Return SQLAlchemy's collection of their tables."""
    return model_registry.metadata_of(_name.get())
