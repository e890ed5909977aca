"""Where each callable of an endpoint runs: on the event loop or in a thread, waiting or not."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from triode.binding.calls import is_async, is_async_generator, is_generator, never_suspends
from triode.binding.description import Dependency
from triode.binding.streams import is_stream


class Mode(enum.Enum):
    """How an endpoint runs.

    In one step, as a coroutine, in one hop to a thread, or as a coroutine with several hops.
    """

    INLINE = "inline"
    ASYNC = "async"
    THREAD = "thread"
    MIXED = "mixed"


class Place(enum.Enum):
    """Where a callable has to run."""

    ANYWHERE = "anywhere"
    LOOP = "loop"
    THREAD = "thread"


class Plan:
    """What is decided of an endpoint before its text is written.

    `keeps_open` says that dependencies which yield are left to whoever sends the reply; without
    it the endpoint cleans them up itself.
    """

    def __init__(
        self, root: Dependency, *, sync_to_thread: bool = True, keeps_open: bool = True
    ) -> None:
        self.root = root
        self.sync_to_thread = sync_to_thread
        self.keeps_open = keeps_open
        self.nodes = root.walk()
        self.is_stream = is_stream(root.call)
        self._runners = {id(node): _limited(node) for node in self.nodes}
        self.mode = self._choose_mode()
        # A handler with `yield` is a stream, not something to be left.
        yielding = [node for node in self.nodes if node is not root and self.is_generator(node)]
        self.has_early = any(node.lifetime == "function" for node in yielding)
        self.has_exits = any(node.lifetime != "function" for node in yielding)

    def runner(self, node: Dependency) -> Callable[..., Any]:
        """Return what is called for a dependency."""
        return self._runners[id(node)]

    def is_generator(self, node: Dependency) -> bool:
        """Whether a dependency yields."""
        runner = self.runner(node)
        return node.inline is None and (is_generator(runner) or is_async_generator(runner))

    def place(self, node: Dependency) -> Place:
        """Return where a dependency runs."""
        runner = self.runner(node)
        if node is self.root and self.is_stream:
            return Place.LOOP  # its first item is awaited; a plain generator has a thread then
        if node.inline is not None or getattr(runner, "__triode_inline__", False):
            return Place.ANYWHERE
        if is_async(runner) or is_async_generator(runner) or not self.sync_to_thread:
            return Place.LOOP
        return Place.THREAD

    def _choose_mode(self) -> Mode:
        """Return the cheapest way to run a handler and its dependencies."""
        places = {self.place(node) for node in self.nodes}
        if Place.THREAD in places:
            return Mode.MIXED if Place.LOOP in places else Mode.THREAD
        return Mode.INLINE if all(map(self._is_one_step, self.nodes)) else Mode.ASYNC

    def _is_one_step(self, node: Dependency) -> bool:
        runner = self.runner(node)
        if node is self.root and self.is_stream:
            return False
        if node.inline is None and (is_async(runner) or is_async_generator(runner)):
            return never_suspends(runner)
        return True


def _limited(node: Dependency) -> Callable[..., Any]:
    limit = node.max_concurrency
    return node.call if limit is None else limit.around(node.call)
