"""Count rates in Redis or Valkey, for all workers and machines together."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from triode.errors import ClientError, MissingExtraError
from triode.middleware.rate_stores import Rate, Taken

logger = logging.getLogger("triode")

SECONDS_BETWEEN_WARNINGS = 10.0
TIMEOUT = 1.0

# The clock is the server's, so that machines whose clocks differ count alike. In microseconds.
TAKE = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local quota, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local interval = window / quota
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
if full_at < now then full_at = now end
local ahead = full_at + interval - now
if ahead > window + 0.5 then
  return {math.ceil(ahead - window), 0, math.ceil(full_at - now)}
end
local value = string.format('%.3f', full_at + interval)
redis.call('SET', KEYS[1], value, 'PX', math.ceil(ahead / 1000))
return {0, math.floor((window - ahead) / interval + 0.001), math.ceil(ahead)}
"""


class StoreUnavailable(ClientError):
    """The rate cannot be counted, and `refuse_without` says to let nobody pass then."""

    default_code = "rate-store"
    status_code = 503
    headers = {"retry-after": "5"}


class RedisStore:
    """Counts in Redis: `RedisStore("redis://localhost:6379/0")`.

    While Redis does not answer, requests pass and a warning is logged; with `refuse_without` they
    are refused with 503. `prefix` begins every key.
    """

    is_local = False

    def __init__(
        self, url: str, *, prefix: str = "triode:rate:", refuse_without: bool = False
    ) -> None:
        try:
            import redis.asyncio
        except ModuleNotFoundError as exc:
            raise MissingExtraError("redis", extra="redis", feature="RedisStore") from exc
        self._module: Any = redis.asyncio
        self._module.Redis.from_url(url)  # An address that makes no sense is refused now.
        self.url = url
        self.prefix = prefix
        self.refuse_without = refuse_without
        self._script: Any = None
        self._client: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._warned = 0.0

    async def take(self, key: str, rate: Rate) -> Taken:
        """Count a request, and say whether it may pass.

        Raises:
            StoreUnavailable: Redis does not answer, and nobody may pass then.
        """
        script = self._connected()
        arguments = (rate.quota, round(rate.window * 1_000_000))
        try:
            wait, left, full_in = await script(keys=[self.prefix + key], args=arguments)
        except (TimeoutError, self._module.RedisError, OSError) as exc:
            return self._without(exc, rate)
        return wait / 1_000_000, int(left), full_in / 1_000_000

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = self._script = self._loop = None

    def _connected(self) -> Any:
        """Return the script on a client of the running loop, to which its connections belong."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._client = self._module.Redis.from_url(
                self.url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
            )
            self._script = self._client.register_script(TAKE)
        return self._script

    def _without(self, exc: Exception, rate: Rate) -> Taken:
        now = time.monotonic()
        if now - self._warned > SECONDS_BETWEEN_WARNINGS:
            self._warned = now
            effect = "requests are refused" if self.refuse_without else "requests are not limited"
            logger.warning("The rate limit's Redis does not answer (%s); %s", exc, effect)
        if self.refuse_without:
            raise StoreUnavailable("The server cannot count requests now. Try again soon.")
        return 0.0, rate.quota, 0.0
