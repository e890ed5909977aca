"""asyncpg itself, which is optional, and the end of a connection in an unknown state."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from triode.db.engine.postgres_pool import Connection, Connections
from triode.errors import MissingExtraError

CLOSE_LIMIT: Final = 2.0
"""Seconds that a connection may take to close before it is aborted."""


def load_driver() -> Any:
    """Return the driver's module.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import asyncpg  # type: ignore[import-untyped]
    except ImportError as exc:
        raise MissingExtraError("asyncpg", extra="postgres", feature="PostgreSQL") from exc
    return asyncpg


async def give_up(pool: Connections, connection: Connection) -> None:
    """Close a connection in an unknown state; the pool opens another in its place."""
    await asyncio.shield(_close(pool, connection))


async def _close(pool: Connections, connection: Connection) -> None:
    driver = load_driver()
    try:
        # Not aborted: the driver may still be cancelling a statement, and waits for that here.
        await connection.close(timeout=CLOSE_LIMIT)
    except (OSError, TimeoutError, driver.InterfaceError, driver.PostgresError):
        # The driver has aborted it then, or the server closed it before.
        return
    finally:
        await pool.release(connection)
