"""What becomes of an engine in a forked process, such as gunicorn's with `preload_app`.

The child has no threads but one, and shares sockets, locks and files with its parent. So it lets
go of everything, touching nothing, and opens its own when it is first asked for something.
"""

from __future__ import annotations

import os
from typing import Any, Protocol
from weakref import WeakSet


class Forked(Protocol):
    """An engine, as far as it is meant here."""

    def let_go(self) -> Any:
        """Be as if nothing had been opened; return what was, all of it."""
        ...


_engines: WeakSet[Forked] = WeakSet()
# What the parent uses lives for ever in the child: to close it there, even by the collector, would
# say goodbye on the parent's sockets and drop the parent's locks on a SQLite file.
_parents: list[Any] = []


def watch_for_forks(engine: Forked) -> None:
    """Let an engine open connections of its own in each forked process."""
    _engines.add(engine)


def _in_child() -> None:
    for engine in tuple(_engines):
        _parents.append(engine.let_go())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
