"""Data: models, queries, transactions, databases.

Names are loaded when they are first asked for: a program that only uses `Field` does not load
SQLAlchemy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triode.db.commit_hooks import on_commit
    from triode.db.database import Database, current_database
    from triode.db.errors import (
        ConnectionLost,
        ConstraintViolation,
        DatabaseBusy,
        DatabaseUnavailable,
        Deadlock,
        Duplicate,
        MissingParent,
        MultipleRows,
        NotLoaded,
        OutOfRange,
        Protected,
        QueryError,
        RowNotFound,
        SchemaMismatch,
        SerializationFailure,
        StatementTimeout,
        TransactionError,
        ValueRefused,
    )
    from triode.db.field import Field, ForeignKey, ManyToMany, Related, utcnow
    from triode.db.model import Model
    from triode.db.query import Page, Query
    from triode.db.repeating import repeat_transaction
    from triode.db.sql.functions import (
        asc,
        avg,
        between,
        coalesce,
        col,
        contains,
        count,
        desc,
        icontains,
        in_,
        is_null,
        length,
        lower,
        max_,
        min_,
        not_,
        related,
        sum_,
        upper,
    )
    from triode.db.statement import Statement
    from triode.db.table import model_registry
    from triode.db.transactions import request_transaction, transaction

_HOMES = {
    "commit_hooks": ("on_commit",),
    "database": ("Database", "current_database"),
    "errors": (
        "ConnectionLost",
        "ConstraintViolation",
        "DatabaseBusy",
        "DatabaseUnavailable",
        "Deadlock",
        "Duplicate",
        "MissingParent",
        "MultipleRows",
        "NotLoaded",
        "OutOfRange",
        "Protected",
        "QueryError",
        "RowNotFound",
        "SchemaMismatch",
        "SerializationFailure",
        "StatementTimeout",
        "TransactionError",
        "ValueRefused",
    ),
    "field": ("Field", "ForeignKey", "ManyToMany", "Related", "utcnow"),
    "model": ("Model",),
    "query": ("Page", "Query"),
    "repeating": ("repeat_transaction",),
    "sql.functions": (
        "asc",
        "avg",
        "between",
        "coalesce",
        "col",
        "contains",
        "count",
        "desc",
        "icontains",
        "in_",
        "is_null",
        "length",
        "lower",
        "max_",
        "min_",
        "not_",
        "related",
        "sum_",
        "upper",
    ),
    "statement": ("Statement",),
    "table": ("model_registry",),
    "transactions": ("request_transaction", "transaction"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ConnectionLost",
    "ConstraintViolation",
    "Database",
    "DatabaseBusy",
    "DatabaseUnavailable",
    "Deadlock",
    "Duplicate",
    "Field",
    "ForeignKey",
    "ManyToMany",
    "MissingParent",
    "Model",
    "MultipleRows",
    "NotLoaded",
    "OutOfRange",
    "Page",
    "Protected",
    "Query",
    "QueryError",
    "Related",
    "RowNotFound",
    "SchemaMismatch",
    "SerializationFailure",
    "Statement",
    "StatementTimeout",
    "TransactionError",
    "ValueRefused",
    "asc",
    "avg",
    "between",
    "coalesce",
    "col",
    "contains",
    "count",
    "current_database",
    "desc",
    "icontains",
    "in_",
    "is_null",
    "length",
    "lower",
    "max_",
    "min_",
    "model_registry",
    "not_",
    "on_commit",
    "related",
    "repeat_transaction",
    "request_transaction",
    "sum_",
    "transaction",
    "upper",
    "utcnow",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
