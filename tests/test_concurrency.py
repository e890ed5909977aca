"""Threads for plain code."""

import asyncio
import contextvars
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from triode.concurrency import (
    MAX_THREADS,
    ThreadPool,
    contextmanager_in_threadpool,
    iterate_in_threadpool,
    run_in_threadpool,
)

name: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="nobody")


def test_result_arguments_and_context_are_carried() -> None:
    def work(a: int, *, b: int) -> tuple[int, str, bool]:
        return a + b, name.get(), threading.current_thread() is threading.main_thread()

    async def main() -> tuple[int, str, bool]:
        name.set("me")
        return await run_in_threadpool(work, 1, b=2)

    assert asyncio.run(main()) == (3, "me", False)


@pytest.mark.parametrize("error", [LookupError("lost"), KeyboardInterrupt()])
def test_error_is_raised_where_it_is_awaited(error: BaseException) -> None:
    def fail() -> None:
        raise error

    async def main() -> None:
        with pytest.raises(type(error)):
            await run_in_threadpool(fail)

    asyncio.run(main())


def test_stop_iteration_does_not_hang() -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="StopIteration"):
            await run_in_threadpool(next, iter([]))

    asyncio.run(main())


def test_calls_run_side_by_side_up_to_the_limit() -> None:
    pool = ThreadPool(max_threads=4)
    running, most = 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    async def main() -> None:
        await asyncio.gather(*[pool.submit(work) for _ in range(40)])

    asyncio.run(main())
    assert most == 4


def test_cancelled_call_leaves_the_pool_usable() -> None:
    pool = ThreadPool(max_threads=1)

    async def main() -> int:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await pool.submit(lambda: time.sleep(0.05))
        return await pool.submit(lambda: 3)

    assert asyncio.run(main()) == 3


def test_pool_serves_one_loop_after_another() -> None:
    pool = ThreadPool(max_threads=2)

    async def main() -> int:
        return await pool.submit(lambda: 3)

    assert [asyncio.run(main()) for _ in range(20)] == [3] * 20


def test_loop_that_is_gone_does_no_harm() -> None:
    pool = ThreadPool(max_threads=1)

    async def leave() -> None:
        pool.submit(lambda: time.sleep(0.03))

    async def main() -> int:
        return await pool.submit(lambda: 3)

    asyncio.run(leave())
    assert asyncio.run(main()) == 3


def test_context_manager() -> None:
    events: list[str] = []

    @contextmanager
    def manager() -> Iterator[str]:
        try:
            yield "value"
        except LookupError as exc:
            events.append(str(exc))
            raise
        finally:
            events.append("out")

    async def main() -> None:
        async with contextmanager_in_threadpool(manager()) as value:
            events.append(value)
        async with contextmanager_in_threadpool(manager()):
            raise LookupError("lost")

    with pytest.raises(LookupError):
        asyncio.run(main())
    assert events == ["value", "out", "lost", "out"]


def test_those_who_wait_to_enter_do_not_keep_others_from_leaving() -> None:
    free = threading.Semaphore(1)

    @contextmanager
    def connection() -> Iterator[None]:
        assert free.acquire(timeout=5)
        yield
        free.release()

    async def use() -> None:
        async with contextmanager_in_threadpool(connection()):
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(*[use() for _ in range(MAX_THREADS * 2)])

    asyncio.run(main())


def test_context_variables_of_a_context_manager_are_seen_inside() -> None:
    @contextmanager
    def manager() -> Iterator[None]:
        token = name.set("inside")
        yield
        name.reset(token)

    async def main() -> tuple[str, str]:
        async with contextmanager_in_threadpool(manager()):
            inside = name.get()
        return inside, name.get()

    assert asyncio.run(main()) == ("inside", "nobody")


def test_iterable_is_read_in_threads() -> None:
    main = threading.get_ident()

    def numbers() -> Iterator[tuple[int, bool]]:
        for number in range(3):
            yield number, threading.get_ident() == main

    async def collect() -> list[tuple[int, bool]]:
        return [item async for item in iterate_in_threadpool(numbers())]

    assert asyncio.run(collect()) == [(0, False), (1, False), (2, False)]


# In a process of its own: this one has other threads, which do not go along. One thread is idle
# and one holds the pool's lock when the process is forked.
FORKED = """
import asyncio, os, signal, time
from triode import concurrency

async def work():
    return await concurrency.run_in_threadpool(os.getpid)

pool = concurrency.thread_pool()
asyncio.run(work())
while not pool._idle:
    time.sleep(0.001)
lock = pool._lock
lock.acquire()
child = os.fork()
if not child:
    signal.alarm(10)
    os._exit(asyncio.run(work()) != os.getpid())
lock.release()
print(os.waitpid(child, 0)[1], asyncio.run(work()) == os.getpid())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")
def test_forked_process_starts_threads_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("0 True\n", "")
