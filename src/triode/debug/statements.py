"""The SQL of a request: what ran, how long, the line of the program that asked for it, and loops.

`record` is handed to a database as its observer while debugging. Parameters are left out: they
are a visitor's data, and the statement says enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from inspect import unwrap
from itertools import groupby

from triode.db.loops import LOOP_LOG, PAUSE, LoopWatch, Place, tell
from triode.errors import place_of
from triode.http import Call, current_call
from triode.places import is_own, own_caller, short

KEY = "triode.statements"
MOST = 200


@dataclass(frozen=True, slots=True)
class RanStatement:
    """One statement; `place` is "file:line" of the program, None where none of it was running."""

    sql: str
    milliseconds: float
    rows: int | None
    place: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """Statements that ran one after another and differ in nothing that is shown."""

    sql: str
    place: str | None
    count: int
    milliseconds: float
    rows: int | None


@dataclass(frozen=True, slots=True)
class RanLoop:
    """One statement that one line ran again and again."""

    sql: str
    count: int
    milliseconds: float
    place: str
    advice: str


@dataclass(slots=True)
class Statements:
    """What one request asked; `ran` holds the first of `count`."""

    ran: list[RanStatement] = field(default_factory=list)
    count: int = 0
    milliseconds: float = 0.0
    watch: LoopWatch = field(default_factory=LoopWatch)
    is_answered: bool = False

    @property
    def runs(self) -> list[Run]:
        """The statements in their order, repetitions in one."""
        return [
            _run_of(list(same))
            for _, same in groupby(self.ran, key=lambda each: (each.sql, each.place))
        ]

    @property
    def loops(self) -> list[RanLoop]:
        """The loops there were."""
        return [
            RanLoop(each.sql, each.count, each.seconds * 1000, each.where, each.advice)
            for each in self.watch.loops
        ]


def record(sql: str, seconds: float, rows: int | None) -> None:
    """Note a statement with the request that is being served, if there is one."""
    call = current_call.get(None)
    if call is None:
        return
    if call.extras is None:
        call.extras = {}
    found: Statements = call.extras.setdefault(KEY, Statements())
    own = own_caller()
    found.count += 1
    found.milliseconds += seconds * 1000
    if len(found.ran) < MOST:
        place = None if own is None else f"{short(own[0])}:{own[1]}"
        found.ran.append(RanStatement(sql, seconds * 1000, rows, place))
    if call.method == "WEBSOCKET":
        return  # `LOOP_LOG` watches it: nothing says which statements belong to one message
    loop = found.watch.note(sql, seconds, own or place_of_handler(call))
    if loop is not None and found.is_answered:
        tell(loop, _name_of(call))


def _run_of(same: list[RanStatement]) -> Run:
    counts = [each.rows for each in same if each.rows is not None]
    return Run(
        same[0].sql,
        same[0].place,
        len(same),
        sum(each.milliseconds for each in same),
        sum(counts) if len(counts) == len(same) else None,
    )


def statements_of(call: Call) -> Statements:
    """Return the statements of a request, in the order in which they ended."""
    found: Statements = (call.extras or {}).get(KEY) or Statements()
    return found


def tell_of_loops(call: Call) -> None:
    """Warn of the loops of a request that has its answer; of later ones when they are found."""
    found: Statements | None = (call.extras or {}).get(KEY)
    if found is None:
        return
    # What is sent afterwards may go on for hours.
    found.is_answered, found.watch.pause = True, PAUSE
    found.watch.tell(_name_of(call))


def place_of_handler(call: Call | None) -> Place | None:
    """Return where the program's own handler of a call begins, None where it is none of its own.

    For a statement that runs in a task of its own, where nothing of the program is on the stack.
    """
    handler = getattr(call and call.route, "handler", None)
    place = place_of(unwrap(handler)) if callable(handler) else None
    file, _, line = (place or "").rpartition(":")
    return (file, int(line)) if is_own(file) else None


def _name_of(call: Call) -> str:
    return f"{call.method} {call.path}"


def _is_serving() -> bool:
    call = current_call.get(None)
    return call is not None and call.method != "WEBSOCKET"


LOOP_LOG.is_serving = _is_serving
