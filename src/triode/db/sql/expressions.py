"""Expressions over columns: what `User.age >= 18` is.

Every expression has a `shape`, which is all that its SQL text depends on, and `values`, which
fill the text's parameters. Two queries of one shape share one compiled plan.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy.sql.expression import ColumnElement

from triode.db.errors import QueryError
from triode.db.sql.builder import Builder, Path
from triode.db.sql.plan import Shape
from triode.db.sql.storage import PatternStorage, TextStorage

Built = ColumnElement[Any]

IN_LIMIT = 16_384
"""Values in one IN list; the databases take twice as many parameters in a statement."""

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
}


class Expression:
    """Something with a value in each row."""

    __slots__ = ("shape", "values")

    shape: Shape
    values: tuple[Any, ...]

    def build(self, builder: Builder) -> Built:
        """Return SQLAlchemy's expression, taking parameters in the order of `values`."""
        raise NotImplementedError

    def many_paths(self) -> set[Path]:
        """Return the paths that lead over a many-valued relation, up to and with it."""
        return set()

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return self.equals(other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return self.differs(other)

    def equals(self, other: object) -> Condition:
        """Be equal to `other`; None means to have no value."""
        return Missing(self) if other is None else Comparison("eq", self, other)

    def differs(self, other: object) -> Condition:
        """Be different from `other`; None means to have a value."""
        return Not(Missing(self)) if other is None else Comparison("ne", self, other)

    def __lt__(self, other: Any) -> Condition:
        return Comparison("lt", self, other)

    def __le__(self, other: Any) -> Condition:
        return Comparison("le", self, other)

    def __gt__(self, other: Any) -> Condition:
        return Comparison("gt", self, other)

    def __ge__(self, other: Any) -> Condition:
        return Comparison("ge", self, other)

    def __add__(self, other: Any) -> Arithmetic:
        return Arithmetic("add", self, other)

    def __sub__(self, other: Any) -> Arithmetic:
        return Arithmetic("sub", self, other)

    def __mul__(self, other: Any) -> Arithmetic:
        return Arithmetic("mul", self, other)

    def __truediv__(self, other: Any) -> Arithmetic:
        return Arithmetic("div", self, other)

    def __radd__(self, other: Any) -> Arithmetic:
        return Arithmetic("add", Value(other), self)

    def __rsub__(self, other: Any) -> Arithmetic:
        return Arithmetic("sub", Value(other), self)

    def __rmul__(self, other: Any) -> Arithmetic:
        return Arithmetic("mul", Value(other), self)

    def __bool__(self) -> NoReturn:
        raise QueryError(
            f"{self!r} has no truth value in Python. Write & for and, | for or, ~ for not, and "
            "parentheses around each comparison.",
            code="query-truth",
        )

    def in_(self, values: Iterable[Any]) -> Condition:
        """Be one of `values`; nothing is one of none."""
        return Among(self, values)

    def not_in(self, values: Iterable[Any]) -> Condition:
        """Be none of `values`."""
        return ~Among(self, values)

    def between(self, low: Any, high: Any) -> Condition:
        """Lie between both, each included."""
        return Comparison("ge", self, low) & Comparison("le", self, high)

    def is_(self, value: None) -> Condition:
        """Be NULL."""
        return self.equals(value)

    def is_not(self, value: None) -> Condition:
        """Be something."""
        return self.differs(value)

    def contains(self, text: str) -> Condition:
        """Hold `text`, upper and lower case being different."""
        return Match("contains", self, text)

    def startswith(self, text: str) -> Condition:
        """Begin with `text`, upper and lower case being different."""
        return Match("startswith", self, text)

    def endswith(self, text: str) -> Condition:
        """End with `text`, upper and lower case being different."""
        return Match("endswith", self, text)

    def icontains(self, text: str) -> Condition:
        """Hold `text` in any case."""
        return Match("icontains", self, text)

    def istartswith(self, text: str) -> Condition:
        """Begin with `text` in any case."""
        return Match("istartswith", self, text)

    def iendswith(self, text: str) -> Condition:
        """End with `text` in any case."""
        return Match("iendswith", self, text)

    def like(self, pattern: str) -> Condition:
        """Match SQL's LIKE, as the database understands it."""
        return Like("like", self, pattern)

    def ilike(self, pattern: str) -> Condition:
        """Match SQL's LIKE in any case."""
        return Like("ilike", self, pattern)

    def asc(self) -> Order:
        """Sort the smallest first."""
        return Order(self, is_descending=False)

    def desc(self) -> Order:
        """Sort the largest first."""
        return Order(self, is_descending=True)


class Value(Expression):
    """A parameter; its type is that of what it is compared with."""

    __slots__ = ()

    def __init__(self, value: Any) -> None:
        self.shape = ("?",)
        self.values = (value,)

    def build(self, builder: Builder) -> Built:
        return builder.bind(None)


def as_expression(value: Any) -> Expression:
    return value if isinstance(value, Expression) else Value(value)


class Arithmetic(Expression):
    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Any, right: Any) -> None:
        self.operator = operator
        self.left = as_expression(left)
        self.right = as_expression(right)
        self.shape = (operator, self.left.shape, self.right.shape)
        self.values = self.left.values + self.right.values

    def build(self, builder: Builder) -> Built:
        left = self.left.build(builder)
        right = self.right.build(builder)
        if self.operator in ("add", "sub"):
            _share_type(self.left, left, self.right, right)
        return _OPERATORS[self.operator](left, right)  # type: ignore[no-any-return]

    def many_paths(self) -> set[Path]:
        return self.left.many_paths() | self.right.many_paths()


def _share_type(left: Expression, built_left: Built, right: Expression, built_right: Built) -> None:
    """Give a parameter the type of what stands on the other side."""
    if isinstance(right, Value):
        built_right.type = built_left.type
    elif isinstance(left, Value):
        built_left.type = built_right.type


class Condition(Expression):
    """An expression that is true or false."""

    __slots__ = ()

    def __and__(self, other: Any) -> Condition:
        return Both("and", self, as_condition(other))

    def __or__(self, other: Any) -> Condition:
        return Both("or", self, as_condition(other))

    def __invert__(self) -> Condition:
        return Not(self)

    def build(self, builder: Builder) -> Built:
        """Build, within EXISTS where the condition is about a many-valued relation."""
        paths = self.many_paths()
        if not paths:
            return self.build_here(builder)
        path = min(paths, key=len)
        return builder.inside(path, self.build_here)

    def build_here(self, builder: Builder) -> Built:
        raise NotImplementedError


def as_condition(value: Any) -> Condition:
    if isinstance(value, Condition):
        return value
    if isinstance(value, Expression):
        return value.equals(True)
    raise QueryError(
        f"{value!r} is not a condition. Write one over the model's fields, such as User.age >= 18.",
        code="query-not-a-condition",
    )


class Comparison(Condition):
    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Expression, right: Any) -> None:
        self.operator = operator
        self.left = left
        self.right = as_expression(right)
        self.shape = (operator, left.shape, self.right.shape)
        self.values = left.values + self.right.values

    def __repr__(self) -> str:
        return f"({self.left!r} {self.operator} …)"

    def build_here(self, builder: Builder) -> Built:
        left = self.left.build(builder)
        right = self.right.build(builder)
        _share_type(self.left, left, self.right, right)
        return _OPERATORS[self.operator](left, right)  # type: ignore[no-any-return]

    def many_paths(self) -> set[Path]:
        return self.left.many_paths() | self.right.many_paths()


class Missing(Condition):
    """IS NULL."""

    __slots__ = ("inner",)

    def __init__(self, inner: Expression) -> None:
        self.inner = inner
        self.shape = ("null", inner.shape)
        self.values = inner.values

    def build_here(self, builder: Builder) -> Built:
        return self.inner.build(builder).is_(None)

    def many_paths(self) -> set[Path]:
        return self.inner.many_paths()


class Not(Condition):
    __slots__ = ("inner",)

    def __init__(self, inner: Condition) -> None:
        self.inner = inner
        self.shape = ("not", inner.shape)
        self.values = inner.values

    def build(self, builder: Builder) -> Built:
        return sa.not_(self.inner.build(builder))


class Both(Condition):
    """AND or OR of two; each side is built by itself, so each has its own EXISTS."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Condition, right: Condition) -> None:
        self.operator = operator
        self.left = left
        self.right = right
        self.shape = (operator, left.shape, right.shape)
        self.values = left.values + right.values

    def build(self, builder: Builder) -> Built:
        combine = sa.and_ if self.operator == "and" else sa.or_
        return combine(self.left.build(builder), self.right.build(builder))


class Among(Condition):
    """IN. The list is padded to a power of two, so that few lengths are ever compiled."""

    __slots__ = ("count", "inner")

    def __init__(self, inner: Expression, values: Iterable[Any]) -> None:
        listed = list(values)
        if len(listed) > IN_LIMIT:
            raise QueryError(
                f"{len(listed)} values are too many for one query; {IN_LIMIT} are possible. Ask "
                "in parts, or with a condition over a relation.",
                code="query-too-many-values",
            )
        self.inner = inner
        self.count = 1 << (len(listed) - 1).bit_length() if listed else 0
        padding = [listed[-1]] * (self.count - len(listed)) if listed else []
        self.shape = ("in", inner.shape, self.count)
        self.values = (*inner.values, *listed, *padding)

    def build_here(self, builder: Builder) -> Built:
        built = self.inner.build(builder)
        if self.count == 0:
            return sa.false()
        return built.in_([builder.bind(built.type) for _ in range(self.count)])

    def many_paths(self) -> set[Path]:
        return self.inner.many_paths()


class Match(Condition):
    """A text at the start, the end or anywhere, with or without regard to case."""

    __slots__ = ("inner", "is_ascii", "kind")

    def __init__(self, kind: str, inner: Expression, text: str) -> None:
        self.kind = kind
        self.inner = inner
        # SQLite's LIKE ignores the case of ASCII letters only. That is enough, and much faster
        # than our own function, when only such letters are looked for.
        self.is_ascii = kind[0] != "i" or str(text).isascii()
        self.shape = (kind, self.is_ascii, inner.shape)
        self.values = (*inner.values, text if self.is_ascii else text.lower())

    def build_here(self, builder: Builder) -> Built:
        built = self.inner.build(builder)
        ignores_case = self.kind[0] == "i"
        pattern = builder.bind(
            PatternStorage(
                before="start" not in self.kind,
                after="end" not in self.kind,
                is_glob=not ignores_case,
            )
        )
        if builder.family != "sqlite":
            like = built.ilike if ignores_case else built.like
            return like(pattern, escape="\\")
        if not ignores_case:
            return built.op("GLOB", is_comparison=True)(pattern)
        if not self.is_ascii:
            built = sa.func.triode_lower(built)
        return built.like(pattern, escape="\\")

    def many_paths(self) -> set[Path]:
        return self.inner.many_paths()


class Like(Condition):
    __slots__ = ("inner", "kind")

    def __init__(self, kind: str, inner: Expression, pattern: str) -> None:
        self.kind = kind
        self.inner = inner
        self.shape = (kind, inner.shape)
        self.values = (*inner.values, pattern)

    def build_here(self, builder: Builder) -> Built:
        built = self.inner.build(builder)
        method = built.ilike if self.kind == "ilike" else built.like
        return method(builder.bind(TextStorage()))

    def many_paths(self) -> set[Path]:
        return self.inner.many_paths()


class Order:
    """One key to sort by."""

    __slots__ = ("inner", "is_descending", "nulls", "shape", "values")

    def __init__(self, inner: Expression, *, is_descending: bool, nulls: str | None = None) -> None:
        self.inner = inner
        self.is_descending = is_descending
        self.nulls = nulls
        self.shape: Shape = ("order", is_descending, nulls, inner.shape)
        self.values = inner.values

    def nulls_first(self) -> Order:
        """Put rows without a value first."""
        return Order(self.inner, is_descending=self.is_descending, nulls="first")

    def nulls_last(self) -> Order:
        """Put rows without a value last."""
        return Order(self.inner, is_descending=self.is_descending, nulls="last")

    def build(self, builder: Builder) -> Built:
        built = self.inner.build(builder)
        ordered = built.desc() if self.is_descending else built.asc()
        if self.nulls == "first":
            return ordered.nulls_first()
        return ordered.nulls_last() if self.nulls == "last" else ordered
