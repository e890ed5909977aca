"""What is done once a transaction is committed, and only then: mail, messages, caches."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

from triode.db.database import Database, database_for

CommitHook: TypeAlias = Callable[[], Any]

_LOG: Final = logging.getLogger("triode.db")

_tasks: Final[set[asyncio.Task[Any]]] = set()
"""Hooks that nobody waits for; a loop alone would forget them."""


def on_commit(function: CommitHook, database: Database | str | None = None) -> None:
    """Call `function` once the outermost transaction of this context is committed.

    Its block waits for it, whether it is `def` or `async def`. It is dropped where the block that
    named it is undone, and called at once where there is no transaction. What it raises is logged
    and disturbs nobody: the commit is done.

    `database` is another than the current one, or its name.
    """
    level = database_for(database).level()
    if level is None:
        call_now([function])
    else:
        level.hooks.append(function)


async def call_awaiting(hooks: Sequence[CommitHook]) -> None:
    """Call hooks one after the other, waiting for each."""
    for hook in hooks:
        made = _call(hook)
        if inspect.isawaitable(made):
            await _wait(hook, made)


def call_now(hooks: Sequence[CommitHook]) -> None:
    """Call hooks in plain code; on an event loop, those that wait become tasks of it."""
    for hook in hooks:
        made = _call(hook)
        if not inspect.isawaitable(made):
            continue
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(_wait(hook, made))
        else:
            task = loop.create_task(_wait(hook, made))
            _tasks.add(task)
            task.add_done_callback(_tasks.discard)


def _call(hook: CommitHook) -> Any:
    try:
        return hook()
    except Exception:
        _LOG.exception("A function of on_commit failed: %r", hook)
        return None


async def _wait(hook: CommitHook, made: Awaitable[Any]) -> None:
    try:
        await made
    except Exception:
        _LOG.exception("A function of on_commit failed: %r", hook)
