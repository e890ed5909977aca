"""All models by name, and SQLAlchemy's collections of their tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa

from triode.db.tables.table import ModelTable
from triode.errors import ModelError

NAMING: Final = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_name)s_key",
    "ix": "%(table_name)s_%(column_0_name)s_idx",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
}
"""PostgreSQL's own names, so that migrations can name what they change."""


class ModelRegistry(Mapping[str, Any]):
    """All models by name. A model defined again in the same place replaces the older one."""

    def __init__(self) -> None:
        self._metadata: dict[str | None, sa.MetaData] = {}
        self._tables: dict[tuple[str, str], ModelTable] = {}
        self._referred: dict[ModelTable, bool] = {}

    @property
    def metadata(self) -> sa.MetaData:
        """SQLAlchemy's collection of the tables in the default database."""
        return self.metadata_of(None)

    def metadata_of(self, database: str | None) -> sa.MetaData:
        """Return SQLAlchemy's collection of the tables in a database."""
        if database not in self._metadata:
            self._metadata[database] = sa.MetaData(naming_convention=NAMING)
        return self._metadata[database]

    def add(self, table: ModelTable) -> None:
        """Take a model in."""
        identity = (table.module, table.model_name)
        older = self._tables.get(identity)
        if older is not None:
            self.remove(older)
        self._tables[identity] = table
        self._referred.clear()

    def remove(self, table: ModelTable) -> None:
        """Forget a model and the tables that its relations made."""
        del self._tables[table.module, table.model_name]
        self._referred.clear()
        for relation in table.relations.values():
            relation.forget()
        metadata = self.metadata_of(table.options.database)
        if table._table is not None and metadata.tables.get(table.full_name) is table._table:
            metadata.remove(table._table)

    def tables(self) -> list[ModelTable]:
        """Return every model's table, in the order of definition."""
        return list(self._tables.values())

    def tables_in(self, database: str | None) -> list[ModelTable]:
        """Return the tables that lie in a database; None is the default one."""
        return [each for each in self.tables() if each.options.database == database]

    def is_referred(self, table: ModelTable) -> bool:
        """Whether rows of other tables may refer to a row of this one, and go with it."""
        found = self._referred.get(table)
        if found is None:
            found = self._referred[table] = self._may_be_referred(table)
        return found

    def _may_be_referred(self, table: ModelTable) -> bool:
        try:
            return any(table in each.referred() for each in self.tables())
        except ModelError:
            # A relation of some model leads nowhere, which is told when the application starts.
            return True

    def find(self, name: str, module: str) -> ModelTable | None:
        """Return the model of that name, that of the same module first.

        Raises:
            ModelError: several modules have one.
        """
        nearest = self._tables.get((module, name))
        if nearest is not None:
            return nearest
        found = [table for table in self._tables.values() if table.model_name == name]
        if len(found) > 1:
            modules = ", ".join(table.module for table in found)
            raise ModelError(
                f"{name!r} is a model in several modules: {modules}. Import the class and use "
                "it in the annotation instead of its name.",
                code="model-ambiguous",
            )
        return found[0] if found else None

    def __getitem__(self, name: str) -> Any:
        for table in self._tables.values():
            if table.model_name == name:
                return table.model
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(table.model_name for table in self._tables.values()))

    def __len__(self) -> int:
        return len(list(iter(self)))


model_registry: Final = ModelRegistry()
