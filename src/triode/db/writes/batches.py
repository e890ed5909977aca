"""Many items in lists that are held in memory together, all written as one unit."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from itertools import islice
from typing import Any, Final, cast

from triode.db.engine import Channel
from triode.db.errors import QueryError
from triode.db.nesting import filling, one_unit

BATCH: Final = 1000
"""Rows that are held in memory and written together."""

Items = Iterable[Any] | AsyncIterable[Any]


async def in_batches(channel: Channel, items: Items) -> AsyncGenerator[list[Any], None]:
    """Give lists of at most `BATCH` items; a plain iterable is never waited for.

    Raises:
        QueryError: plain code gave an asynchronous iterator.
    """
    if channel.is_blocking and not isinstance(items, Iterable):
        raise QueryError(
            f"The rows come from an asynchronous iterator ({type(items).__name__}), which plain "
            "code cannot wait for. Await the statement, or give it a plain iterator.",
            code="query-not-iterable",
        )
    if isinstance(items, AsyncIterable) and not channel.is_blocking:
        batch: list[Any] = []
        async for item in items:
            batch.append(item)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch
        return
    iterator = iter(cast("Iterable[Any]", items))
    while found := list(islice(iterator, BATCH)):
        yield found


@asynccontextmanager
async def batches_in_unit(
    channel: Channel, items: Items
) -> AsyncIterator[tuple[Channel, AsyncGenerator[list[Any], None]]]:
    """Give a channel whose writes are one unit, and the items in batches."""
    with filling(channel, channel.engine.pinned) as filled:
        async with (
            one_unit(channel, filled) as inner,
            aclosing(in_batches(channel, items)) as batches,
        ):
            yield inner, batches
