"""The SQL of a request: what ran, how long, and the line of the program that asked for it.

`record` is handed to a database as its observer while debugging. Parameters are left out: they
are a visitor's data, and the statement says enough.
"""

from __future__ import annotations

from dataclasses import dataclass

from triode.http import Call, current_call
from triode.places import own_caller, short

KEY = "triode.statements"
MOST = 200


@dataclass(frozen=True, slots=True)
class RanStatement:
    """One statement; `place` is "file:line" of the program, None where none of it was running."""

    sql: str
    milliseconds: float
    rows: int | None
    place: str | None


def record(sql: str, seconds: float, rows: int | None) -> None:
    """Note a statement with the request that is being served, if there is one."""
    call = current_call.get(None)
    if call is None:
        return
    if call.extras is None:
        call.extras = {}
    ran: list[RanStatement] = call.extras.setdefault(KEY, [])
    if len(ran) < MOST:
        found = own_caller()
        place = None if found is None else f"{short(found[0])}:{found[1]}"
        ran.append(RanStatement(sql, seconds * 1000, rows, place))


def statements_of(call: Call) -> list[RanStatement]:
    """Return the statements of a request, in the order in which they ended."""
    return list((call.extras or {}).get(KEY, ()))
