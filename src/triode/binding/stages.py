"""The lines of an endpoint, cut where the work goes to a thread and where it comes back.

What stands in a row for a thread is one hop: a function inside of the endpoint, whose variables
are shared as far as other parts need them.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass, field

from triode.binding.plan import Mode, Place, Plan

INDENT = "    "
OWN = frozenset({"raw"})  # names that each part sets before it reads them


@dataclass(slots=True)
class Stage:
    """Lines that run in one place; `place` None while nothing in them decides it."""

    place: Place | None = None
    lines: list[str] = field(default_factory=list)


class Stages:
    """Collects lines, and gives the text of the whole function."""

    def __init__(self) -> None:
        self._stages = [Stage()]
        self.hops = 0

    def add(self, line: str) -> None:
        """Append a line, indented as it is within the body."""
        self._stages[-1].lines.append(line)

    def go_to(self, place: Place) -> None:
        """Say where the next lines run."""
        last = self._stages[-1]
        if place is Place.ANYWHERE or last.place is place:
            return
        if last.place is None:
            last.place = place
        else:
            self._stages.append(Stage(place))
        if place is Place.THREAD:
            self.hops += 1

    def text(self, plan: Plan, *, is_async: bool) -> str:
        """Return the source of `endpoint(call)`, or of `solve(call, form, exits)`."""
        if plan.mode is Mode.THREAD:
            head = "def solve(call, form, exits):"
            body = [line for stage in self._stages for line in stage.lines]
        else:
            head = "async def endpoint(call):" if is_async else "def endpoint(call):"
            body = self._with_hops() if self.hops else self._stages[0].lines
        lines = [head, *_indented(_cleaned_up(body, plan))]
        return "\n".join(lines) + "\n"

    def _with_hops(self) -> list[str]:
        shared = self._shared()
        lines = [f"{' = '.join(sorted(shared))} = None"] if shared else []
        number = 0
        for stage in self._stages:
            if stage.place is not Place.THREAD:
                lines += stage.lines
                continue
            number += 1
            own = sorted(shared & _names(stage, ast.Store))
            lines += [f"context_{number} = copy_context()", f"def hop_{number}():"]
            lines += _indented([f"nonlocal {', '.join(own)}"] if own else [])
            lines += _indented(stage.lines)
            lines.append(f"await in_thread(context_{number}, hop_{number})")
        return lines

    def _shared(self) -> set[str]:
        """Return the names that a hop sets and another part reads; the reply leaves its hop."""
        shared: set[str] = set()
        for stage in self._stages:
            if stage.place is not Place.THREAD:
                continue
            elsewhere = {"reply"}
            for other in self._stages:
                if other is not stage:
                    elsewhere |= _names(other, ast.Load)
            shared |= _names(stage, ast.Store) & elsewhere
            # What two parts set and the last one reads is one variable.
            shared |= (
                _names(stage, ast.Store) & _names(stage, ast.Load) & self._set_elsewhere(stage)
            )
        return shared - OWN

    def _set_elsewhere(self, stage: Stage) -> set[str]:
        return {
            name
            for other in self._stages
            if other is not stage
            for name in _names(other, ast.Store)
        }


def _names(stage: Stage, context: type[ast.expr_context]) -> set[str]:
    """Return the names that a stage sets or reads."""
    source = f"async def stage():\n{INDENT}pass\n" + "\n".join(_indented(stage.lines))
    return {
        node.id
        for node in ast.walk(ast.parse(textwrap.dedent(source)))
        if isinstance(node, ast.Name) and isinstance(node.ctx, context)
    }


def _cleaned_up(body: list[str], plan: Plan) -> list[str]:
    """Return the body with what cleans up around it, and the return of the reply."""
    is_thread = plan.mode is Mode.THREAD
    leave = "await leave" if plan.mode in (Mode.ASYNC, Mode.MIXED) else "leave_now"
    if plan.has_early:
        body = ["early = []", *_guarded(body, f"{leave}(early, exc)"), f"{leave}(early)"]
    # In a thread, whoever called `solve` cleans up the rest: it may be done after the reply.
    if plan.has_exits and not is_thread:
        body = ["exits = []", *_guarded(body, f"{leave}(exits, exc)")]
        if plan.keeps_open:
            body.append("call.exits = exits if call.exits is None else call.exits + exits")
        else:
            body.append(f"{leave}(exits)")
    return [*body, "return reply"]


def _guarded(body: list[str], leave: str) -> list[str]:
    return [
        "try:",
        *_indented(body),
        "except BaseException as exc:",
        f"{INDENT}{leave}",
        f"{INDENT}raise",
    ]


def _indented(lines: list[str]) -> list[str]:
    return [INDENT + line for line in lines]
