"""Run the parts of an endpoint that are for a thread."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from triode.binding.bodies import read_form
from triode.concurrency import adopt, thread_pool
from triode.http import Call, Reply
from triode.http.exits import Exits, leave, leave_now, wait_out

Solve: TypeAlias = Callable[[Call, Any, Exits], Reply]


async def in_thread(context: contextvars.Context, function: Callable[[], None]) -> None:
    """Run one hop of an endpoint, and take over the context variables that it set.

    A cancelled endpoint waits for the hop's end: what it entered has to be left, and nothing
    may be cleaned up that it still uses.
    """
    _, error = await wait_out(thread_pool().submit(partial(context.run, function)))
    if error is not None:
        raise error
    adopt(context)


def one_hop(solve: Solve, *, has_form: bool) -> Callable[[Call], Any]:
    """Return an endpoint that solves a call in one hop to a thread."""
    submit = thread_pool().submit

    async def endpoint(call: Call) -> Reply:
        form = await read_form(call) if has_form else None
        context = contextvars.copy_context()
        return await submit(lambda: context.run(solve, call, form, []))

    return endpoint


def one_hop_and_leave(solve: Solve, *, has_form: bool, keeps_open: bool) -> Callable[[Call], Any]:
    """Return an endpoint whose dependencies are entered, used and left on one thread.

    The thread hands the reply over and cleans up while it is being sent. A reply that is made
    while it is sent, or has background tasks, may need the dependencies until then: those are
    left when it has been sent, by whichever thread is free.

    PERF: one hop instead of two for each dependency and one for the handler; two generators and a
    handler take 62 us of processor time, in FastAPI 834 us.
    """
    pool = thread_pool()

    async def endpoint(call: Call) -> Reply:
        form = await read_form(call) if has_form else None
        context = contextvars.copy_context()
        exits: Exits = []
        is_kept = False

        def work(give: Callable[[Reply], None]) -> None:
            nonlocal is_kept
            try:
                reply = solve(call, form, exits)
            except BaseException as exc:
                leave_now(exits, exc)
                raise
            if not keeps_open:
                leave_now(exits)
            is_kept = reply.stream is not None or reply.background is not None
            give(reply)
            if not is_kept:
                leave_now(exits)

        def run(give: Callable[[Reply], None]) -> None:
            context.run(work, give)

        result, end = pool.submit_in_two(run)
        try:
            reply = await result
        except asyncio.CancelledError as exc:
            await wait_out(end)
            await leave(_in_context(exits, context), exc)
            raise
        left: Exits = _in_context(exits, context) if is_kept else [end]
        call.exits = left if call.exits is None else call.exits + left
        return reply

    return endpoint


def _in_context(exits: Exits, context: contextvars.Context) -> Exits:
    """Return what a thread has entered, to be left in the same context by another."""
    return [(generator, context) for generator, _ in exits]
