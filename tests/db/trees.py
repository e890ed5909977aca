"""Random expressions, each with what Python makes of a row: the databases have to agree.

Left out, because the databases may differ there (docs/queries.md, "Where databases differ"):
numbers that are too large, minus zero, the last digits of floats, texts of floats, letters whose
other case has another length.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.db.cells import FIRST, WORDS, Cell, Row
from triode import db
from triode.db import col
from triode.db.sql.expressions import Literal

Compute = Callable[[Row], Any]

LARGEST = 10**11
"""Beyond it a further step could leave 64 bits, or the digits that a float keeps."""


ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata")


class TooLarge(Exception):
    """A value that the databases need not agree on."""


@dataclass(frozen=True)
class Tree:
    """An expression, its value in a row as Python computes it, and how it is written."""

    expression: Any
    value: Compute
    text: str

    def __repr__(self) -> str:
        return self.text


# --- how values combine


def strict(function: Callable[..., Any], *parts: Tree) -> Compute:
    """Return what gives None where a part is None."""

    def compute(row: Row) -> Any:
        values = [part.value(row) for part in parts]
        return None if None in values else bounded(function(*values))

    return compute


def bounded(value: Any) -> Any:
    if isinstance(value, int | float | Decimal) and abs(value) > LARGEST:
        raise TooLarge
    if isinstance(value, timedelta) and abs(value) > timedelta(days=200_000):
        raise TooLarge
    if isinstance(value, date) and not 1600 < value.year < 2500:
        raise TooLarge
    return value


def make(name: str, build: Callable[..., Any], function: Callable[..., Any], *parts: Tree) -> Tree:
    expression = build(*[part.expression for part in parts])
    return Tree(expression, strict(function, *parts), f"{name}({', '.join(map(repr, parts))})")


def column(name: str) -> Tree:
    return Tree(col(getattr(Cell, name)), lambda row: row[name], name)


def columns(*names: str) -> st.SearchStrategy[Tree]:
    return st.sampled_from([column(name) for name in names])


def applied(
    name: str,
    build: Callable[..., Any],
    function: Callable[..., Any],
    *parts: st.SearchStrategy[Tree],
) -> st.SearchStrategy[Tree]:
    return st.tuples(*parts).map(lambda chosen: make(name, build, function, *chosen))


def constant(value: Any) -> Tree:
    return Tree(value, lambda row: value, repr(value))


def remainder(left: Any, right: Any) -> Any:
    if right == 0:
        return None
    if isinstance(left, float) or isinstance(right, float):
        return math.fmod(left, right)
    exact = Decimal(left) % Decimal(right)
    if not exact and exact.is_signed():  # For NULLIF of MariaDB, -0.00 is not 0.
        raise TooLarge
    return int(exact) if isinstance(left, int) and isinstance(right, int) else exact


def quotient(left: Any, right: Any) -> float | None:
    return float(left) / float(right) if right else None


def mixed(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return the function with a float made of a Decimal that meets a float."""

    def compute(left: Any, right: Any) -> Any:
        if {type(left), type(right)} == {float, Decimal}:
            return function(float(left), float(right))
        return function(left, right)

    return compute


def sums(kind: st.SearchStrategy[Tree], other: st.SearchStrategy[Tree]) -> Any:
    return st.one_of(
        applied("add", operator.add, mixed(operator.add), kind, other),
        applied("sub", operator.sub, mixed(operator.sub), kind, other),
        applied("mul", operator.mul, mixed(operator.mul), kind, other),
        applied("mod", operator.mod, remainder, kind, other),
        applied("neg", operator.neg, operator.neg, kind),
        applied("abs", db.abs_, abs, kind),
    )


def same_kind(kind: Any, condition: st.SearchStrategy[Tree]) -> Any:
    """Return what chooses among values of one kind."""
    return st.one_of(
        chosen(kind, condition),
        st.lists(kind, min_size=1, max_size=3).map(first_of),
        applied("greatest", db.greatest, max, kind, kind),
        applied("least", db.least, min, kind, kind),
        st.tuples(kind, kind).map(null_if),
    )


def chosen(kind: Any, condition: Any) -> st.SearchStrategy[Tree]:
    def build(parts: Any) -> Tree:
        when, then, default = parts
        made = db.case((when.expression, then.expression), default=default and default.expression)

        def value(row: Row) -> Any:
            if when.value(row):
                return then.value(row)
            return None if default is None else default.value(row)

        return Tree(made, value, f"case({when}, {then}, {default})")

    return st.tuples(condition, kind, st.none() | kind).map(build)


def first_of(parts: list[Tree]) -> Tree:
    made = db.coalesce(*[part.expression for part in parts])

    def value(row: Row) -> Any:
        return next((found for part in parts if (found := part.value(row)) is not None), None)

    return Tree(made, value, f"coalesce({parts})")


def null_if(parts: tuple[Tree, Tree]) -> Tree:
    kept, unwanted = parts

    def value(row: Row) -> Any:
        found = kept.value(row)
        return None if found == unwanted.value(row) else found

    made = db.nullif(kept.expression, unwanted.expression)
    return Tree(made, value, f"nullif({kept}, {unwanted})")


# --- conditions: true, false, or unknown


COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compared(left: Any, right: Any, signs: tuple[str, ...] = tuple(COMPARE)) -> Any:
    return st.one_of(*(applied(sign, COMPARE[sign], COMPARE[sign], left, right) for sign in signs))


def missing(kind: Any) -> st.SearchStrategy[Tree]:
    def build(part: Tree) -> Tree:
        return Tree(db.is_null(part.expression), lambda row: part.value(row) is None, f"no {part}")

    return kind.map(build)


def among(kind: Any, values: Any) -> st.SearchStrategy[Tree]:
    def build(parts: Any) -> Tree:
        part, given = parts
        return make(f"in {given}", lambda each: db.in_(each, given), given.__contains__, part)

    return st.tuples(kind, st.lists(values, min_size=1, max_size=3)).map(build)


def conjunction(left: Tree, right: Tree) -> Tree:
    def value(row: Row) -> Any:
        found = (left.value(row), right.value(row))
        return False if False in found else None if None in found else True

    return Tree(left.expression & right.expression, value, f"({left} & {right})")


def disjunction(left: Tree, right: Tree) -> Tree:
    def value(row: Row) -> Any:
        found = (left.value(row), right.value(row))
        return True if True in found else None if None in found else False

    return Tree(left.expression | right.expression, value, f"({left} | {right})")


# --- functions as Python has them


def rounded(places: int) -> Callable[[Any], Any]:
    def compute(value: Any) -> Any:
        exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        found = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        return found if isinstance(value, Decimal) else float(found)

    return compute


def written(value: Any) -> str:
    """Return a value as `cast(…, str)` and `concat` write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat(" ", "microseconds") if isinstance(value, datetime) else str(value)


PARTS: dict[str, Callable[[Any], int]] = {
    "year": lambda each: each.year,
    "quarter": lambda each: (each.month + 2) // 3,
    "month": lambda each: each.month,
    "week": lambda each: each.isocalendar().week,
    "day": lambda each: each.day,
    "weekday": lambda each: each.weekday(),
}
CLOCK: dict[str, Callable[[Any], int]] = {
    "hour": lambda each: each.hour,
    "minute": lambda each: each.minute,
    "second": lambda each: each.second,
}


def cut(unit: str, moment: datetime) -> datetime:
    found = moment.replace(microsecond=0)
    for each in ("second", "minute", "hour"):
        if unit == each:
            return found
        found = found.replace(**{each: 0})
    if unit == "week":
        return found - timedelta(days=found.weekday())
    months = {"day": found.month, "month": found.month, "quarter": (found.month - 1) // 3 * 3 + 1}
    return found.replace(month=months.get(unit, 1), day=found.day if unit == "day" else 1)


def parts_of(kind: Any, names: dict[str, Callable[[Any], int]], zone: str | None = None) -> Any:
    def one(name: str) -> Any:
        def compute(value: Any) -> int:
            return names[name](value if zone is None else value.astimezone(ZoneInfo(zone)))

        options = {} if zone is None else {"zone": zone}
        return applied(f"{name} {zone}", lambda e: getattr(db, name)(e, **options), compute, kind)

    return st.one_of(*map(one, names))


def truncations(moments: Any) -> Any:
    units = (*PARTS.keys() - {"weekday"}, *CLOCK)

    def one(unit: str) -> Any:
        build: Callable[..., Any] = lambda each: db.truncate(each, unit)  # noqa: E731
        return applied(f"truncate {unit}", build, lambda each: cut(unit, each), moments)

    return st.one_of(*map(one, sorted(units)))


def dates_in(zone: str, moments: Any) -> Any:
    return applied(
        f"date_of {zone}",
        lambda each: db.date_of(each, zone=zone),
        lambda each: each.astimezone(ZoneInfo(zone)).date(),
        moments,
    )


# --- all of it


class Trees:
    """Strategies for expressions of each kind, at most `depth` deep."""

    def __init__(self, depth: int, zones: tuple[str, ...] = ZONES) -> None:
        self.zones = zones
        self.wholes: Any = columns("whole", "some_whole") | st.integers(-9, 9).map(literal)
        self.reals: Any = columns("real", "some_real")
        self.exacts: Any = columns("money", "some_fine")
        self.texts: Any = columns("text", "some_text")
        self.flags: Any = columns("flag", "some_flag")
        self.days: Any = columns("day", "some_day")
        self.moments: Any = columns("moment", "some_moment")
        self.spans: Any = columns("span", "some_span")
        self.conditions: Any = self.plain_conditions()
        for _ in range(depth):
            self.deepen()

    @property
    def numbers(self) -> Any:
        return self.wholes | self.reals | self.exacts

    @property
    def anything(self) -> Any:
        return st.one_of(
            *(self.numbers, self.texts, self.flags, self.days, self.moments, self.spans),
            self.conditions,
        )

    def plain_conditions(self) -> Any:
        words = st.sampled_from(WORDS[1:])
        searches = st.one_of(*(self.search(name, words) for name in SEARCHES))
        moments = st.just(constant(FIRST + timedelta(days=4000)))
        return st.one_of(
            compared(self.numbers, self.numbers),
            compared(self.wholes, st.sampled_from([2, 1.5, Decimal("2.5")]).map(constant)),
            compared(self.exacts, st.sampled_from([2, 1.5, Decimal("2.5")]).map(constant)),
            compared(self.texts, self.texts, ("==", "!=")),
            compared(self.days, self.days),
            compared(self.moments, self.moments | moments),
            compared(self.spans, self.spans | st.just(constant(timedelta(hours=1)))),
            compared(self.flags, self.flags | st.booleans().map(constant), ("==", "!=")),
            missing(self.texts | self.numbers | self.moments),
            among(self.wholes, st.integers(-3, 3)),
            among(columns("money", "some_fine"), st.sampled_from([Decimal("1.5"), 2, -3])),
            among(self.exacts, st.integers(-3, 3)),
            among(self.texts, words),
            searches,
        )

    def search(self, name: str, words: Any) -> Any:
        return words.flatmap(
            lambda word: applied(
                f"{name} {word}",
                lambda each: getattr(col(each), name)(word),
                lambda text: SEARCHES[name](text, word),
                self.texts,
            )
        )

    def deepen(self) -> None:
        wholes, reals, exacts = self.wholes, self.reals, self.exacts
        texts, days, moments, spans = self.texts, self.days, self.moments, self.spans
        conditions = self.conditions
        numbers = wholes | reals | exacts
        self.wholes = st.one_of(
            wholes,
            sums(wholes, wholes),
            same_kind(wholes, conditions),
            applied("length", db.length, len, texts),
            applied("int", lambda each: db.cast(each, int), int, numbers | self.flags),
            parts_of(days, PARTS),
            parts_of(moments, PARTS | CLOCK),
            *(parts_of(moments, PARTS | CLOCK, zone) for zone in self.zones),
        )
        self.reals = st.one_of(
            reals,
            sums(reals, numbers),
            same_kind(reals, conditions),
            applied("div", operator.truediv, quotient, numbers, numbers),
            applied("float", lambda each: db.cast(each, float), float, numbers),
            applied("round 1", lambda each: db.round_(each, 1), rounded(1), reals),
        )
        self.exacts = st.one_of(
            exacts,
            sums(exacts, exacts | wholes),
            same_kind(exacts, conditions),
            applied("round 1", lambda each: db.round_(each, 1), rounded(1), exacts),
            applied("round 0", db.round_, rounded(0), exacts),
            applied("Decimal", lambda each: db.cast(each, Decimal), Decimal, wholes),
        )
        self.texts = st.one_of(
            texts,
            chosen(texts, conditions),
            st.lists(texts, min_size=1, max_size=3).map(first_of),
            st.tuples(texts, texts).map(null_if),
            applied("add", operator.add, operator.add, texts, texts),
            applied("upper", db.upper, str.upper, texts),
            applied("lower", db.lower, str.lower, texts),
            applied("trim", db.trim, lambda each: each.strip(" "), texts),
            applied("substring", lambda e: db.substring(e, 1, 2), lambda e: e[1:3], texts),
            applied(
                "replace", lambda e: db.replace(e, "b", "cc"), lambda e: e.replace("b", "cc"), texts
            ),
            applied("str", lambda each: db.cast(each, str), written, self.writable()),
            st.lists(self.writable(), min_size=1, max_size=3).map(joined),
        )
        self.days = st.one_of(
            days,
            same_kind(days, conditions),
            applied("add", operator.add, operator.add, days, spans),
            applied("sub", operator.sub, operator.sub, days, spans),
            applied("date_of", db.date_of, datetime.date, moments),
            *(dates_in(zone, moments) for zone in self.zones),
        )
        self.moments = st.one_of(
            moments,
            same_kind(moments, conditions),
            truncations(moments),
            applied("add", operator.add, operator.add, moments, spans),
            applied("sub", operator.sub, operator.sub, moments, spans),
        )
        self.spans = st.one_of(
            spans,
            same_kind(spans, conditions),
            applied("add", operator.add, operator.add, spans, spans),
            applied("sub", operator.sub, operator.sub, spans, spans),
            applied("mul", operator.mul, operator.mul, spans, wholes),
            applied("neg", operator.neg, operator.neg, spans),
            applied("abs", db.abs_, abs, spans),
            applied("sub", operator.sub, operator.sub, moments, moments),
            applied("sub", operator.sub, operator.sub, days, days),
        )
        self.flags = st.one_of(
            self.flags,
            chosen(self.flags, conditions),
            st.lists(self.flags, min_size=1, max_size=3).map(first_of),
            st.tuples(self.flags, self.flags).map(null_if),
            applied("bool", lambda each: db.cast(each, bool), bool, wholes),
        )
        self.conditions = st.one_of(
            self.plain_conditions(),
            applied("not", lambda each: ~each, lambda each: not each, conditions),
            st.tuples(conditions, conditions).map(lambda both: conjunction(*both)),
            st.tuples(conditions, conditions).map(lambda both: disjunction(*both)),
        )

    def writable(self) -> Any:
        # How many zeros a computed Decimal ends with depends on its expression.
        exacts = columns("money", "some_fine")
        return st.one_of(self.wholes, exacts, self.texts, self.flags, self.days, self.moments)


def literal(value: Any) -> Tree:
    return Tree(Literal(value), lambda row: value, repr(value))


def joined(parts: list[Tree]) -> Tree:
    made = db.concat(*[part.expression for part in parts])
    return Tree(made, lambda row: "".join(written(e.value(row)) for e in parts), f"concat({parts})")


SEARCHES: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, word: word in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "icontains": lambda text, word: word.lower() in text.lower(),
    "istartswith": lambda text, word: text.lower().startswith(word.lower()),
    "iendswith": lambda text, word: text.lower().endswith(word.lower()),
    "iequals": lambda text, word: text.lower() == word.lower(),
}
