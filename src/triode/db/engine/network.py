"""What engines of databases behind a network share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from triode.db.errors import DatabaseUnavailable


class NetworkChannel:
    """A channel whose answers come over a network."""

    def read_now(self, sql: str, parameters: Sequence[Any]) -> None:
        """See `Channel.read_now`: a network always has to be waited for."""
        return


def unavailable(address: str, reason: object) -> DatabaseUnavailable:
    """Describe a failure to connect to `address`, which holds no password."""
    return DatabaseUnavailable(
        f"The database {address} cannot be used: {reason}. Check that the server runs and that "
        "DATABASE_URL names the right host, user, password and database."
    )
