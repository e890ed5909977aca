"""The one writer of a SQLite database.

All writes of a process go through one thread and one connection. Writes that arrive while a
commit is on its way to the disk are committed together by the next one; a result is given only
after the commit that holds it. A transaction takes the writer for itself until it ends.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from triode.db.engine.sqlite_budget import READ_BUDGET
from triode.db.engine.sqlite_connection import lost_transaction, translate
from triode.db.engine.sqlite_streams import OpenCursors
from triode.db.errors import StatementTimeout, TransactionError

GROUP_LIMIT = 500
"""Writes in one commit at most, so that the first of them does not wait too long."""

IDLE_LIMIT = 60.0
"""Seconds a transaction may do nothing before it is rolled back: it keeps all others waiting."""

T = TypeVar("T")
Task = Callable[[sqlite3.Connection], T]


class Job:
    """A task for the writer and the future, of a loop or of a thread, that waits for it."""

    __slots__ = ("error", "future", "loop", "result", "task")

    def __init__(self, task: Task[Any], loop: asyncio.AbstractEventLoop | None) -> None:
        self.task = task
        self.loop = loop
        self.future: Any = Future() if loop is None else loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self, connection: sqlite3.Connection) -> None:
        try:
            self.result = self.task(connection)
        except BaseException as exc:
            # Every failure, also an interrupt, belongs to the one who waits.
            self.error = translate(exc) if isinstance(exc, Exception) else exc

    @property
    def is_late(self) -> bool:
        return isinstance(self.error, StatementTimeout)

    def resolve(self) -> None:
        if self.future.done():
            return
        if isinstance(self.error, StopIteration):
            # No future takes it, and a waiter that hears nothing waits for ever.
            self.error = RuntimeError("A task of the writer raised StopIteration.")
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Lane:
    """The writer's attention during one transaction.

    The writer does the jobs that are put. While it has none, whoever holds the transaction may
    use the writer's connection right where he is, one at a time: see `here`.
    """

    def __init__(self) -> None:
        self.jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.cursors = OpenCursors()
        self.is_open = True
        self.connection: sqlite3.Connection
        """The writer's; there from the start of the transaction on."""
        self._waiting = 1  # for the start of the transaction
        self._used = monotonic()
        self._passed = self._used
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def put(self, job: Job) -> None:
        with self._lock:
            if self.is_open:
                self._waiting += 1
                self.jobs.put(job)
                return
        raise TransactionError(
            "The transaction has ended: it was committed, rolled back, or idle for more than "
            f"{IDLE_LIMIT:.0f} seconds."
        )

    def here(self, task: Task[T]) -> T | None:
        """Do a task in this thread if the connection is free; None: it has to be put."""
        if not self._take():
            return None
        try:
            return task(self.connection)
        except Exception as exc:
            raise translate(exc) from exc
        finally:
            self._give_back()

    @property
    def is_due(self) -> bool:
        """Whether the event loop may have been kept from others for long."""
        return monotonic() - self._passed > READ_BUDGET

    async def let_others(self) -> None:
        """Let the event loop come to others, if that is due."""
        if self.is_due:
            await asyncio.sleep(0)
            self._passed = monotonic()

    def _take(self) -> bool:
        with self._lock:
            # What was put before comes first; an ended transaction is told of by `put`.
            is_free = self.is_open and not self._waiting
            return is_free and self._turn.acquire(blocking=False)

    def _give_back(self) -> None:
        self._used = monotonic()
        is_lost = not self.connection.in_transaction
        with self._lock:
            self._turn.release()
            if is_lost and self.is_open:
                # A full disk, for one, ends it. The writer notices when it has done a job.
                self._waiting += 1
                self.jobs.put(Job(_nothing, None))

    def serve(self, job: Job) -> bool:
        """Do a job that was put; return whether the transaction goes on."""
        with self._turn:
            job.run(self.connection)
        if not self.connection.in_transaction:
            return False
        self._used = self._passed = monotonic()
        with self._lock:
            self._waiting -= 1
        return True

    def next(self) -> Job | None:
        """Wait for a job; None, and closed, when nothing was done for too long."""
        wait = IDLE_LIMIT
        while True:
            try:
                return self.jobs.get(timeout=wait)
            except queue.Empty:
                with self._lock:
                    wait = self._used + IDLE_LIMIT - monotonic()
                    if wait <= 0 and not self._turn.locked():
                        self.is_open = False
                        return None
                    wait = max(wait, 0.01)

    def close(self) -> None:
        """Take no more jobs; refuse those that came too late."""
        with self._lock:
            self.is_open = False
        late = []
        while not self.jobs.empty():
            job = self.jobs.get()
            job.error = TransactionError("The transaction has ended.")
            late.append(job)
        _deliver(late)


def _nothing(_connection: sqlite3.Connection) -> None:
    """Let the writer look at its connection."""


class Writer:
    """A thread that owns the writing connection; `connect` is called in it, at its start."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        # How many transactions of each loop have the writer or wait for it.
        self._transactions: Counter[asyncio.AbstractEventLoop] = Counter()
        self._thread = threading.Thread(target=self._work, name="triode-writer", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Take a job.

        Raises:
            TransactionError: the caller would wait for a transaction of its own event loop.
        """
        if job.loop is None:
            self._refuse_to_wait_for_itself()
        elif isinstance(job, TransactionJob):
            with self._lock:
                self._transactions[job.loop] += 1
        self._jobs.put(job)

    def _refuse_to_wait_for_itself(self) -> None:
        loop = running_loop()
        if loop is not None and loop in self._transactions:
            raise TransactionError(
                "run() was called on an event loop that holds a transaction or waits for one, "
                "which would wait for itself. Use await."
            )

    def _release(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Forget a transaction of `loop`, which has ended."""
        if loop is None:
            return
        with self._lock:
            self._transactions[loop] -= 1
            if not self._transactions[loop]:
                del self._transactions[loop]

    def close(self) -> None:
        """Finish every job that was put, then end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        try:
            connection = self._connect()
        except Exception as exc:
            self._refuse_all(exc)
            return
        try:
            while (job := self._jobs.get()) is not None:
                if not self._serve(connection, job):
                    break
        finally:
            connection.close()

    def _refuse_all(self, error: Exception) -> None:
        """Tell everyone who waits that the database cannot be written."""
        while (job := self._jobs.get()) is not None:
            job.error = error
            _deliver([job])

    def _serve(self, connection: sqlite3.Connection, first: Job) -> bool:
        """Serve `first` and what else is waiting; return False when asked to stop."""
        job: Job | None = first
        while job is not None:
            if isinstance(job, TransactionJob):
                job.serve(connection, partial(self._release, job.loop))
                return True
            job, is_stopped = self._commit_group(connection, job)
            if is_stopped:
                return False
        return True

    def _commit_group(self, connection: sqlite3.Connection, job: Job) -> tuple[Job | None, bool]:
        """Commit `job` with those that wait; return the next transaction, if one was reached."""
        group = [job]
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as exc:
            job.error = translate(exc)
            _deliver(group)
            return None, False
        job.run(connection)
        following: Job | None = None
        is_stopped = False
        while len(group) < GROUP_LIMIT and connection.in_transaction:
            try:
                following = self._jobs.get_nowait()
            except queue.Empty:
                break
            if following is None or isinstance(following, TransactionJob):
                is_stopped = following is None
                break
            group.append(following)
            following.run(connection)
            following = None
        if not connection.in_transaction and any(job.is_late for job in group):
            # SQLite undid them all because one took too long; the others have done nothing wrong.
            _finish_again(connection, group)
        else:
            _finish(connection, group)
        return following, is_stopped


class TransactionJob(Job):
    """Asks for the writer; the future gives a `Lane` once BEGIN was successful."""

    __slots__ = ("lane",)

    def __init__(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self.lane = Lane()
        super().__init__(self._begin, loop)

    def _begin(self, connection: sqlite3.Connection) -> Lane:
        connection.execute("BEGIN IMMEDIATE")
        return self.lane

    def serve(self, connection: sqlite3.Connection, release: Callable[[], None]) -> None:
        """Run the jobs of the lane until one of them ends the transaction.

        `release` is called before anyone hears of the end.
        """
        if self.future.cancelled():
            release()
            return
        lane = self.lane
        lane.connection = connection
        job: Job | None = self
        while job is not None and lane.serve(job):
            _deliver([job])
            job = lane.next()
        lane.cursors.close_all()
        if job is None:
            connection.execute("ROLLBACK")
        release()
        lane.close()
        _deliver([] if job is None else [job])


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _finish(connection: sqlite3.Connection, group: list[Job]) -> None:
    """Commit, then tell everyone."""
    try:
        if not connection.in_transaction:
            causes = (job.error for job in group if job.error is not None)
            raise lost_transaction(next(causes, "one of the statements ended it"))
        connection.execute("COMMIT")
    except Exception as exc:
        failure = translate(exc)
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        for job in group:
            job.error = job.error or failure
    _deliver(group)


def _finish_again(connection: sqlite3.Connection, group: list[Job]) -> None:
    """Commit what a group would have done without those of its jobs that took too long."""
    _deliver([job for job in group if job.is_late])
    rest = [job for job in group if not job.is_late]
    if not rest:
        return
    try:
        connection.execute("BEGIN IMMEDIATE")
        for job in rest:
            job.error = None
            job.run(connection)
    except sqlite3.Error as exc:
        for job in rest:
            job.error = job.error or translate(exc)
    _finish(connection, rest)


def _deliver(group: list[Job]) -> None:
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[Job]] = defaultdict(list)
    for job in group:
        if job.loop is None:
            job.resolve()
        else:
            by_loop[job.loop].append(job)
    # PERF: one wake-up for a loop and commit, not one for each write.
    for loop, jobs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve_all, jobs)
        except RuntimeError:
            # The loop is closed, so nobody is left to hear it. The write itself is done.
            continue


def _resolve_all(jobs: list[Job]) -> None:
    for job in jobs:
        job.resolve()
