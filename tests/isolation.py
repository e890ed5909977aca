"""Keep apart the models of rooms that meet in one test run but in no program.

The modules of the tests, the programs of the documentation and the examples define models of the
same names. In one program that is an error; here a test sees Triode's models, its own and
those that its room shares.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa

    from triode.db.tables.table import ModelTable


@contextmanager
def only_models_of(*packages: str, but: Collection[str] = ()) -> Iterator[None]:
    """Hide the models outside of some packages, and those of the modules in `but`.

    What was defined meanwhile is forgotten at the end.
    """
    before = dict(_registered())
    hidden = {
        key: model for key, model in before.items() if key[0] in but or not _is_in(key[0], packages)
    }
    removed = _remove(hidden.values())
    for key in hidden:
        del _registered()[key]
    _put_back(table for model in _registered().values() for table in _tables_of(model))
    try:
        yield
    finally:
        models = _registered()
        # A room of Triode's own that was loaded meanwhile stays loaded.
        made = [key for key in models if key not in before and not _is_in(key[0], ["triode"])]
        _remove(models.pop(key) for key in made)
        _forget_orphans()
        models.update(hidden)
        _put_back(removed)


def _forget_orphans() -> None:
    """Take out the tables of models that were refused when they were declared."""
    registry = sys.modules.get("triode.db.tables.registry")
    if registry is None:
        return
    owned = {id(table) for model in _registered().values() for table in _tables_of(model)}
    for metadata in registry.model_registry._metadata.values():
        for table in list(metadata.tables.values()):
            if id(table) not in owned:
                metadata.remove(table)


def _registered() -> dict[tuple[str, str], ModelTable]:
    """Return the models by module and name; none where no test has loaded the database."""
    registry = sys.modules.get("triode.db.tables.registry")
    return {} if registry is None else registry.model_registry._tables  # type: ignore[no-any-return]


def _is_in(module: str, packages: Iterable[str]) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


def _remove(models: Iterable[ModelTable]) -> list[sa.Table]:
    """Take the tables of models out of SQLAlchemy's collection, and return them."""
    removed = []
    for model in models:
        for table in _tables_of(model):
            if table.metadata.tables.get(table.key) is table:
                table.metadata.remove(table)
                removed.append(table)
    return removed


def _tables_of(model: ModelTable) -> list[sa.Table]:
    """Return the tables of a model and of its links that were made already."""
    links = [getattr(relation, "_link", None) for relation in model.relations.values()]
    return [table for table in (model._table, *links) if table is not None]


def _put_back(tables: Iterable[sa.Table]) -> None:
    """Let SQLAlchemy's collection have these tables, and not others of the same names."""
    for table in tables:
        if table.metadata.tables.get(table.key) is not table:
            table.metadata._add_table(table.name, table.schema, table)
