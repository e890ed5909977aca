"""A row by its key from PostgreSQL: asyncpg's pool and nothing else."""

from __future__ import annotations

import asyncpg
import msgspec

SELECT_USER = 'SELECT id, email, age, bio FROM "user" WHERE id = $1'
encode = msgspec.json.Encoder().encode


class User(msgspec.Struct):
    id: int
    email: str
    age: int
    bio: str | None


class Users:
    """The table of users, reached through a pool that is made at the first request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool: asyncpg.Pool | None = None

    async def get(self, path: str) -> tuple[int, bytes]:
        if self._pool is None:
            self._pool = await asyncpg.create_pool(self.url, min_size=10, max_size=10)
        row = await self._pool.fetchrow(SELECT_USER, int(path.rpartition("/")[2]))
        if row is None:
            return 404, encode({"detail": "Not Found"})
        return 200, encode(User(*row))
