"""Find statements that run in a loop: the same one again and again from one line of the program.

Used while debugging and in tests only. What a request asks is watched by `debug.statements`, what a
script or a background task asks by `LOOP_LOG`.
"""

from __future__ import annotations

import linecache
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from triode.places import own_caller, short

logger: Final = logging.getLogger("triode.db")

IN_REQUEST: Final = 3
"""Times that make a loop within one request: its data is small while one works on the program."""

ELSEWHERE: Final = 10
"""Times that make a loop in a script, which may well call a function more than once."""

PAUSE: Final = 1.0
"""Seconds after which a repetition is a new beginning, where nothing says what belongs together."""

MOST_KNOWN: Final = 5000

# A parameter as the drivers write it; on PostgreSQL with its type: "$1::NUMERIC(10, 2)".
_PARAMETER: Final = re.compile(
    r"(?:\$\d+|%s|\?)"
    r"(?:::(?:DOUBLE PRECISION|\w+)(?:\(\d+(?:, ?\d+)?\))?(?: WITH(?:OUT)? TIME ZONE)?(?:\[\])?)?"
)
_LIST: Final = re.compile(r"\(\?(?:, *\?)*\)")
_LOADING: Final = re.compile(r"\.load\(\s*((\w+)(?:\.\w+)+)")
_TABLE: Final = re.compile(r'\bFROM\s+[`"]?(\w+)', re.IGNORECASE)
_ADVICE: Final = {
    "INSERT": "Insert them at once: Model.insert_many(rows).",
    "UPDATE": "Change them at once: Model.update_many(rows, …) or Model.where(…).update(…).",
    "DELETE": "Delete them at once: Model.where(…).delete().",
}

Place = tuple[str, int]
"""A file and a line."""


@dataclass(slots=True)
class Loop:
    """A statement that one line has run `count` times, `seconds` in all."""

    sql: str
    place: Place
    count: int = 0
    seconds: float = 0.0
    last: float = field(default=0.0, repr=False)
    is_told: bool = field(default=False, repr=False)

    @property
    def where(self) -> str:
        """The line, as it is seen from the current folder."""
        return f"{short(self.place[0])}:{self.place[1]}"

    @property
    def advice(self) -> str:
        """What to write instead."""
        verb = self.sql.split(None, 1)[0].upper() if self.sql else ""
        return _ADVICE.get(verb) or _advice_for_reading(self.sql, linecache.getline(*self.place))

    def __str__(self) -> str:
        return (
            f"{self.where} ran the same statement {self.count} times, {self.seconds * 1000:.1f} ms "
            f"in all. {self.advice} [query-loop] {self.sql}"
        )


class LoopWatch:
    """Counts statements by their shape and the line that asked for them.

    `pause` is in seconds; None: however long it takes, it is one piece of work.
    """

    def __init__(self, most: int = IN_REQUEST - 1, *, pause: float | None = None) -> None:
        self.most = most
        self.pause = pause
        self._known: dict[tuple[str, Place], Loop] = {}

    def note(self, sql: str, seconds: float, place: Place | None) -> Loop | None:
        """Count a statement; give the loop that it has just become part of, once."""
        if place is None:
            return None
        shape = shape_of(sql)
        found = self._known.get((shape, place))
        if found is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[shape, place] = Loop(shape, place)
        now = monotonic()
        if self.pause is not None and now - found.last > self.pause and not found.is_told:
            found.count, found.seconds = 0, 0.0
        found.last = now
        found.count += 1
        found.seconds += seconds
        return found if found.count == self.most + 1 and not found.is_told else None

    @property
    def loops(self) -> list[Loop]:
        """The loops there were, in the order in which they began."""
        return [each for each in self._known.values() if each.count > self.most]

    def tell(self, by: str) -> None:
        """Warn of each line that nobody was told of yet; `by` is what ran it."""
        by_place: dict[Place, list[Loop]] = {}
        for each in self.loops:
            by_place.setdefault(each.place, []).append(each)
        for loops in by_place.values():
            if not any(each.is_told for each in loops):
                tell(loops[0], by, others=len(loops) - 1)
            for each in loops:
                each.is_told = True


class LoopLog:
    """An observer that warns of loops in scripts and background tasks.

    Attributes:
        is_serving: says whether a request is being served, which tells of its own loops.
    """

    def __init__(self) -> None:
        self.is_serving: Callable[[], bool] = bool
        self._watch = LoopWatch(ELSEWHERE - 1, pause=PAUSE)

    def __call__(self, sql: str, seconds: float, rows: int | None) -> None:
        if self.is_serving():
            return
        found = self._watch.note(sql, seconds, own_caller())
        if found is not None:
            tell(found)


LOOP_LOG: Final = LoopLog()


def tell(loop: Loop, by: str = "", *, others: int = 0) -> None:
    """Warn of a loop, unless that was done; `others` are those of the same line."""
    if loop.is_told:
        return
    loop.is_told = True
    more = f" (and {others} more from this line)" if others else ""
    logger.warning("%s%s%s", f"{by}: " if by else "", loop, more)


def shape_of(sql: str) -> str:
    """Return what two statements have in common that differ in their values alone."""
    return _LIST.sub("(…)", _PARAMETER.sub("?", " ".join(sql.split())))


def _advice_for_reading(sql: str, source: str) -> str:
    loading = _LOADING.search(source)
    if loading is not None:
        relation, model = loading.group(1), loading.group(2)
        return (
            f"Load it with the rows: {model}.where(…).include({relation}). Or load once before the "
            f"loop: it counts for all rows of the query."
        )
    table = _TABLE.search(sql)
    of = f" of {table.group(1)}" if table else ""
    return (
        f"Ask for all rows{of} before the loop: include(…) loads a relation with its rows, "
        "in_(Model.id, keys) finds many by their keys, group_by counts and sums."
    )
