"""What is wrong with a value, in the shape that clients of pydantic and FastAPI know."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, NotRequired, TypeAlias, TypedDict

from triode.errors import ClientError, TriodeError

Loc: TypeAlias = tuple[int | str, ...]

HIDDEN: Final = "**********"
# SECURITY: a short body must not make a long answer: a list of a million wrong items is told by
# its first thousand, and what is echoed of an input is cut.
MAX_PROBLEMS: Final = 1000
_MAX_ECHO: Final = 1000
_MAX_TEXT: Final = 2000


class Problem(TypedDict):
    """One thing that is wrong with a value; `type`, `msg` and `ctx` are pydantic's words."""

    type: str
    loc: Loc
    msg: str
    input: Any
    ctx: NotRequired[dict[str, Any]]


class _Invalid:
    """The result of a validation that added a problem."""

    def __repr__(self) -> str:
        return "INVALID"

    def __bool__(self) -> bool:
        return False


INVALID: Final = _Invalid()


def problem(type: str, loc: Loc, msg: str, value: Any, **ctx: Any) -> Problem:
    """Make one problem; `ctx` is left out where it is empty."""
    found: Problem = {"type": type, "loc": loc, "msg": msg, "input": value}
    if ctx:
        found["ctx"] = ctx
    return found


class ValidationFailed(ClientError):
    """A value from outside is not what was asked for; `errors` lists every problem."""

    default_code = "validation-failed"
    status_code: ClassVar[int] = 422

    def __init__(self, errors: Iterable[Problem]) -> None:
        self.errors: list[Problem] = list(errors)
        super().__init__(summary_of(self.errors))

    @property
    def detail(self) -> list[dict[str, Any]]:
        """The problems as JSON can carry them."""
        return [
            {key: presentable(value) for key, value in error.items()}
            for error in self.errors[:MAX_PROBLEMS]
        ]

    def under(self, *prefix: int | str) -> ValidationFailed:
        """Return the same problems, their places seen from `prefix`."""
        return type(self)({**error, "loc": (*prefix, *error["loc"])} for error in self.errors)


class ResponseValidationFailed(TriodeError):
    """A handler returned what its declared type does not allow; a mistake of the server's.

    `body` is what it returned.
    """

    default_code = "response-validation-failed"

    def __init__(
        self, problems: Iterable[Problem], *, body: Any = None, where: str | None = None
    ) -> None:
        self.problems: list[Problem] = list(problems)
        self.body = body
        super().__init__(
            f"The returned value is not what the handler declares: {summary_of(self.problems)}. "
            "Return the declared type, or declare what is returned.",
            where=where,
        )

    def errors(self) -> list[Problem]:
        """Return every problem, its place seen from "response"."""
        return [{**each, "loc": ("response", *each["loc"])} for each in self.problems]


def summary_of(errors: Sequence[Mapping[str, Any]]) -> str:
    """Return the first problems in a line, without what was sent."""
    told = "; ".join(f"{path_of(error['loc'])}: {error['msg']}" for error in errors[:5])
    return told if len(errors) <= 5 else f"{told}; and {len(errors) - 5} more"


def path_of(loc: Loc) -> str:
    """Write a place as a path: `$.items[2].price`."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)


def presentable(value: Any) -> Any:
    """Return `value` as something every JSON encoder takes, cut where it is very long.

    SECURITY: an input is echoed to the client as it came, so it may hold what cannot be encoded
    (lone surrogates, bytes, objects, deep nesting); none of it may turn the answer into a 500.
    """
    return _shown(value, 40, [_MAX_ECHO])


def _shown(value: Any, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if value.bit_length() < 10_000 else "…"
    if isinstance(value, str):
        text = value if len(value) <= _MAX_TEXT else f"{value[:_MAX_TEXT]}…"
        return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
    if depth == 0 or left[0] < 0:
        return "…"
    if isinstance(value, Mapping):
        items = itertools.takewhile(lambda _: left[0] > 0, value.items())
        return {str(_shown(key, 0, left)): _shown(item, depth - 1, left) for key, item in items}
    if isinstance(value, list | tuple | set | frozenset):
        return [
            _shown(item, depth - 1, left)
            for item in itertools.takewhile(lambda _: left[0] > 0, value)
        ]
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value[:_MAX_TEXT]).decode("utf-8", "replace")
    return _shown(str(value), depth, left)
