"""What a peer of the ORM benchmark is: a class with one method per operation.

The methods of an asynchronous peer are coroutine functions. `model` is what `models` has under the
name of a table, so that an operation is written once for all tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from bench.orm.tables import Row, Table


class Peer:
    """An ORM that is connected to the database at `address`: a path, or a URL of PostgreSQL."""

    is_async: ClassVar[bool] = False
    # The attribute of a column, where the ORM has another name for it.
    attributes: ClassVar[dict[str, str]] = {}
    models: dict[str, Any]

    def __init__(self, database: str, address: str) -> None:
        self.database = database
        self.address = address

    # --- not timed

    def open(self) -> Any:
        """Connect; a coroutine where the peer is asynchronous, as all below."""

    def close(self) -> Any:
        """Leave nothing behind."""

    def given(self, row: Row) -> Row:
        """Return a row as the ORM's constructor takes it."""
        return {self.attributes.get(name, name): value for name, value in row.items()}

    def plain(self, table: Table, found: Any) -> Row:
        """Return the columns of an object."""
        return {
            name: getattr(found, self.attributes.get(name, name)) for name in ("id", *table.names)
        }

    def plain_dict(self, table: Table, found: Any) -> Row:
        return {name: found[self.attributes.get(name, name)] for name in ("id", *table.names)}

    def plain_tuple(self, table: Table, found: Any) -> list[Any]:
        return list(found)

    def parent_of(self, hero: Any) -> Any:
        """Return the team that came with a hero."""
        return hero.team

    def children_of(self, team: Any) -> Sequence[Any]:
        """Return the heroes that came with a team."""
        heroes: Sequence[Any] = team.heroes
        return heroes

    def load(self, model: Any, last_key: int) -> Any:
        """Return the objects after a key, in its order, ready to be changed."""
        raise NotImplementedError

    # --- timed

    def insert_one(self, model: Any, row: Row) -> Any:
        """Store a row and commit; return the object, with its key."""
        raise NotImplementedError

    def insert_batch(self, model: Any, rows: list[Row]) -> Any:
        """Store objects in one transaction."""
        raise NotImplementedError

    def insert_bulk(self, model: Any, rows: list[Row]) -> Any:
        """Store many rows in the way that is meant for many."""
        raise NotImplementedError

    def get(self, model: Any, key: int) -> Any:
        """Return the object with a key."""
        raise NotImplementedError

    def filter_small(self, model: Any, level: int) -> Any:
        """Return the first 20 objects of a level."""
        raise NotImplementedError

    def filter_large(self, model: Any, level: int) -> Any:
        """Return the objects of a level and above, in the order of their keys."""
        raise NotImplementedError

    def as_dict(self, model: Any, level: int) -> Any:
        """Return what `filter_large` finds as mappings."""
        raise NotImplementedError

    def as_tuple(self, model: Any, level: int) -> Any:
        """Return what `filter_large` finds as tuples."""
        raise NotImplementedError

    def update_whole(self, model: Any, found: Any, row: Row) -> Any:
        """Give an object other values in all columns, and commit."""
        raise NotImplementedError

    def update_partial(self, model: Any, found: Any, level: int) -> Any:
        """Give an object another level, and commit."""
        raise NotImplementedError

    def delete(self, model: Any, found: Any) -> Any:
        """Delete an object, and commit."""
        raise NotImplementedError

    def parent(self, model: Any, level: int) -> Any:
        """Return the first 20 heroes of a level, each with its team."""
        raise NotImplementedError

    def children(self, model: Any, first: int) -> Any:
        """Return 20 teams from a key on, each with all of its heroes."""
        raise NotImplementedError
