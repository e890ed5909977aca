"""Data: models, queries, transactions, databases.

Names are loaded when they are first asked for: a program that only uses `Field` does not load
SQLAlchemy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triode.db.column_type import ColumnType
    from triode.db.commit_hooks import on_commit
    from triode.db.computing import computed
    from triode.db.constraints import Check, Index
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
    from triode.db.field import Field, ForeignKey, ManyToMany, OneToOne, Related, utcnow
    from triode.db.identifiers import uuid7
    from triode.db.including import Include
    from triode.db.model import Model
    from triode.db.quantified import all_of, any_of, none_of
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
    "column_type": ("ColumnType",),
    "computing": ("computed",),
    "constraints": ("Check", "Index"),
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
    "field": ("Field", "ForeignKey", "ManyToMany", "OneToOne", "Related", "utcnow"),
    "identifiers": ("uuid7",),
    "including": ("Include",),
    "model": ("Model",),
    "quantified": ("all_of", "any_of", "none_of"),
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
    "Check",
    "ColumnType",
    "ConnectionLost",
    "ConstraintViolation",
    "Database",
    "DatabaseBusy",
    "DatabaseUnavailable",
    "Deadlock",
    "Duplicate",
    "Field",
    "ForeignKey",
    "Include",
    "Index",
    "ManyToMany",
    "MissingParent",
    "Model",
    "MultipleRows",
    "NotLoaded",
    "OneToOne",
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
    "all_of",
    "any_of",
    "asc",
    "avg",
    "between",
    "coalesce",
    "col",
    "computed",
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
    "none_of",
    "not_",
    "on_commit",
    "related",
    "repeat_transaction",
    "request_transaction",
    "sum_",
    "transaction",
    "upper",
    "utcnow",
    "uuid7",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
