"""An exception as data: its frames with source and locals, what caused it, what it groups."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FrameType, TracebackType
from typing import Any

from jinja2.defaults import DEFAULT_NAMESPACE

from triode.debug.editor import editor_link
from triode.debug.masking import Mask
from triode.debug.values import cut, locals_of
from triode.places import is_own, short

AROUND = 5
FIRST_FRAMES, LAST_FRAMES = 15, 30
MOST_FAILURES = 12
LONGEST_MESSAGE = 4000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of source; the part that failed lies between `before` and `after`."""

    number: int
    before: str
    marked: str = ""
    after: str = ""
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One call on the way to the error; `link` opens an editor, None where none is configured."""

    file: str
    line: int
    function: str
    package: str
    is_own: bool
    source: list[Line]
    variables: list[tuple[str, str]]
    link: str | None = None
    is_open: bool = False


@dataclass(slots=True)
class Failure:
    """One exception; `relation` says what it is to the one before it."""

    kind: str
    message: str
    notes: list[str]
    frames: list[Frame]
    left_out: int = 0
    relation: str = ""
    members: list[Failure] = field(default_factory=list)


def failures_of(exc: BaseException, mask: Mask) -> list[Failure]:
    """Return an exception and, after it, those that led to it."""
    return list(_chain(exc, mask, set()))


def _chain(exc: BaseException, mask: Mask, seen: set[int]) -> Iterator[Failure]:
    relation = ""
    current: BaseException | None = exc
    while current is not None and id(current) not in seen and len(seen) < MOST_FAILURES:
        seen.add(id(current))
        yield _failure(current, relation, mask, seen)
        if current.__cause__ is not None:
            relation, current = "It was raised from", current.__cause__
        elif current.__context__ is not None and not current.__suppress_context__:
            relation, current = "It happened while this was handled", current.__context__
        else:
            current = None


def _failure(exc: BaseException, relation: str, mask: Mask, seen: set[int]) -> Failure:
    walked = list(_tracebacks(exc.__traceback__))
    left_out = max(len(walked) - FIRST_FRAMES - LAST_FRAMES, 0)
    if left_out:
        walked = walked[:FIRST_FRAMES] + walked[-LAST_FRAMES:]
    own = [at for at, trace in enumerate(walked) if is_own(trace.tb_frame.f_code.co_filename)]
    opened = own[-1] if own else len(walked) - 1
    frames = [_frame(trace, at == opened, mask) for at, trace in enumerate(walked)]
    members: list[Failure] = []
    if isinstance(exc, BaseExceptionGroup):
        for member in exc.exceptions:
            members += _chain(member, mask, seen)
    kind = type(exc)
    module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
    notes = [str(note) for note in getattr(exc, "__notes__", ())]
    return Failure(
        f"{module}{kind.__qualname__}",
        _message(exc, mask),
        notes,
        frames,
        left_out,
        relation,
        members,
    )


def _message(exc: BaseException, mask: Mask) -> str:
    """Return what Python prints of an exception, without its class."""
    try:
        return cut(str(exc), LONGEST_MESSAGE, mask)
    except Exception as second:
        return f"<its text cannot be made: {type(second).__name__}>"


def _tracebacks(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _frame(trace: TracebackType, is_open: bool, mask: Mask) -> Frame:
    frame = trace.tb_frame
    code = frame.f_code
    own = is_own(code.co_filename)
    return Frame(
        file=short(code.co_filename),
        line=trace.tb_lineno,
        function=code.co_name if _is_template(frame) else code.co_qualname,
        package=_package_of(frame),
        is_own=own,
        source=_source(frame, trace),
        variables=locals_of(_variables(frame), mask),
        link=editor_link(code.co_filename, trace.tb_lineno) if own else None,
        is_open=is_open,
    )


def _is_template(frame: FrameType) -> bool:
    """Whether Jinja has put a frame with the template's own lines in the place of its Python's."""
    return "__jinja_exception__" in frame.f_globals


def _variables(frame: FrameType) -> dict[str, Any]:
    """Return the local variables; of a template without what every template has."""
    found = dict(frame.f_locals)
    if not _is_template(frame):
        return found
    return {
        name: value
        for name, value in found.items()
        if DEFAULT_NAMESPACE.get(name) is not value
        and not str(getattr(value, "__module__", "")).startswith("triode.templating")
    }


def _package_of(frame: FrameType) -> str:
    if frame.f_code.co_filename.startswith("<triode"):  # the code that binding generates
        return "triode"
    return str(frame.f_globals.get("__name__", "?")).partition(".")[0]


def _source(frame: FrameType, trace: TracebackType) -> list[Line]:
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    first = max(trace.tb_lineno - AROUND, 1)
    around = lines[first - 1 : trace.tb_lineno + AROUND]
    return [
        _marked(number, text.rstrip("\n"), frame.f_code, trace)
        if number == trace.tb_lineno
        else Line(number, text.rstrip("\n"))
        for number, text in enumerate(around, first)
    ]


def _marked(number: int, text: str, code: CodeType, trace: TracebackType) -> Line:
    """Return the line that failed, with the expression in it that did."""
    positions = list(code.co_positions())[trace.tb_lasti // 2]
    start_line, end_line, start, end = positions
    if start is None or end is None or start_line != number or end_line != number:
        return Line(number, text, is_current=True)
    raw = text.encode("utf-8")  # Python counts bytes
    parts = (raw[:start], raw[start:end], raw[end:])
    before, marked, after = (part.decode("utf-8", "replace") for part in parts)
    return Line(number, before, marked, after, is_current=True)


def text_of(exc: BaseException) -> str:
    """Return what Python prints of an exception."""
    return "".join(traceback.format_exception(exc))
