"""Do a transaction again that another one got in the way of."""

from __future__ import annotations

import asyncio
import inspect
import random
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeVar, cast, overload

from triode.db.database import Database, database_for
from triode.db.engine import Isolation
from triode.db.errors import SerializationFailure, TransactionError
from triode.db.transactions import transaction

T = TypeVar("T")

FIRST_PAUSE = 0.01
"""Seconds to wait at most before the second attempt; twice as long before each next one."""


class Repeated(Generic[T]):
    """What `repeat_transaction` makes: `await` it, or `.run()` it in plain code."""

    def __init__(
        self,
        function: Callable[[], Any],
        *,
        attempts: int,
        isolation: Isolation | None,
        database: Database | str | None,
    ) -> None:
        if attempts < 1:
            raise TransactionError(f"{attempts} attempts are none. Give 1 or more.")
        self._function = function
        self._attempts = attempts
        self._isolation: Isolation | None = isolation
        self._database = database

    def _refuse_to_be_inside(self) -> None:
        if database_for(self._database).level() is not None:
            raise TransactionError(
                "repeat_transaction stands inside another transaction, which would have to be "
                "done again too. Let it be the outermost one."
            )

    def __await__(self) -> Generator[Any, Any, T]:
        return self._await().__await__()

    async def _await(self) -> T:
        self._refuse_to_be_inside()
        for attempt in range(self._attempts):
            try:
                async with transaction(self._database, isolation=self._isolation):
                    made = self._function()
                    return cast(T, await made if inspect.isawaitable(made) else made)
            except SerializationFailure:
                if attempt + 1 == self._attempts:
                    raise
            await asyncio.sleep(_pause(attempt))
        raise AssertionError  # the last attempt returns or raises

    def run(self) -> T:
        """Do it now, in plain code, and return what the function returned."""
        self._refuse_to_be_inside()
        for attempt in range(self._attempts):
            try:
                with transaction(self._database, isolation=self._isolation):
                    return cast(T, self._function())
            except SerializationFailure:
                if attempt + 1 == self._attempts:
                    raise
            time.sleep(_pause(attempt))
        raise AssertionError  # the last attempt returns or raises


@overload
def repeat_transaction(
    function: Callable[[], Awaitable[T]],
    *,
    attempts: int = 5,
    isolation: Isolation | None = None,
    database: Database | str | None = None,
) -> Repeated[T]: ...


@overload
def repeat_transaction(
    function: Callable[[], T],
    *,
    attempts: int = 5,
    isolation: Isolation | None = None,
    database: Database | str | None = None,
) -> Repeated[T]: ...


def repeat_transaction(
    function: Callable[[], Any],
    *,
    attempts: int = 5,
    isolation: Isolation | None = None,
    database: Database | str | None = None,
) -> Repeated[Any]:
    """Run `function` in a transaction, and again where another one got in its way.

    The function is called once for each attempt, so it must change nothing but the database; what
    has to happen once belongs into `on_commit`. `await` it with an `async def`, or `.run()` it.

    Raises:
        SerializationFailure: every attempt failed; a `Deadlock` is one.
        TransactionError: it stands inside another transaction.
    """
    return Repeated(function, attempts=attempts, isolation=isolation, database=database)


def _pause(attempt: int) -> float:
    # Those that met once must not meet again at the same time.
    return random.uniform(0, FIRST_PAUSE * 2**attempt)  # noqa: S311
