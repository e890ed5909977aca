"""Expressions over columns: what `User.age >= 18` is.

What a statement has of them is in `nodes`, what they are in SQL in the modules of each topic.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, NoReturn

import sqlalchemy as sa

from triode.db.errors import QueryError
from triode.db.sql.builder import Builder, Path
from triode.db.sql.nodes import IN_LIMIT, Built, Node
from triode.db.sql.order import Order
from triode.db.sql.rendering import RENDERERS
from triode.db.sql.storage import Storage
from triode.db.sql.value_types import (
    checked_value,
    checked_values,
    json_step,
    storage_of_value,
)

CONDITIONS_LIMIT: Final = 900
"""Conditions joined by AND and OR; SQLite takes a thousand."""


class Expression(Node):
    """Something with a value in each row, and what can be asked or made of it."""

    __slots__ = ()

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

    def __add__(self, other: Any) -> Call:
        return Call("add", self, other)

    def __sub__(self, other: Any) -> Call:
        return Call("sub", self, other)

    def __mul__(self, other: Any) -> Call:
        return Call("mul", self, other)

    def __truediv__(self, other: Any) -> Call:
        return Call("div", self, other)

    def __mod__(self, other: Any) -> Call:
        return Call("mod", self, other)

    def __neg__(self) -> Call:
        return Call("neg", self)

    def __radd__(self, other: Any) -> Call:
        return Call("add", other, self)

    def __rsub__(self, other: Any) -> Call:
        return Call("sub", other, self)

    def __rmul__(self, other: Any) -> Call:
        return Call("mul", other, self)

    def __rtruediv__(self, other: Any) -> Call:
        return Call("div", other, self)

    def __getitem__(self, step: str | int) -> Expression:
        """Look into JSON: a key of an object, or a place in an array.

        Raises:
            QueryError: it is not JSON.
        """
        return JsonValue(self, (json_step(step, self),))

    def __iter__(self) -> NoReturn:
        # Python would take it for a sequence, because of the method above.
        raise TypeError(f"{self!r} is an expression of a query, which cannot be iterated.")

    def __bool__(self) -> NoReturn:
        raise QueryError(
            f"{self!r} has no truth value in Python. Write & for and, | for or, ~ for not, and "
            "parentheses around each comparison.",
            code="query-truth",
        )

    def in_(self, values: Iterable[Any]) -> Condition:
        """Be one of `values`, or of the rows of a query of one column."""
        return among(self, values)

    def not_in(self, values: Iterable[Any]) -> Condition:
        """Be none of `values`."""
        return ~among(self, values)

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
        return Test("contains", self, text)

    def startswith(self, text: str) -> Condition:
        """Begin with `text`, upper and lower case being different."""
        return Test("startswith", self, text)

    def endswith(self, text: str) -> Condition:
        """End with `text`, upper and lower case being different."""
        return Test("endswith", self, text)

    def icontains(self, text: str) -> Condition:
        """Hold `text` in any case."""
        return _any_case("icontains", self, text)

    def istartswith(self, text: str) -> Condition:
        """Begin with `text` in any case."""
        return _any_case("istartswith", self, text)

    def iendswith(self, text: str) -> Condition:
        """End with `text` in any case."""
        return _any_case("iendswith", self, text)

    def iequals(self, text: str) -> Condition:
        """Be `text` in any case."""
        return _any_case("iequals", self, text)

    def matches(self, pattern: str) -> Condition:
        """Match a regular expression anywhere, as the database understands it."""
        return Test("matches", self, pattern)

    def imatches(self, pattern: str) -> Condition:
        """Match a regular expression in any case."""
        return Test("imatches", self, pattern)

    def like(self, pattern: str) -> Condition:
        """Match SQL's LIKE, as the database understands it."""
        return Test("like", self, pattern)

    def ilike(self, pattern: str) -> Condition:
        """Match SQL's LIKE in any case."""
        return Test("ilike", self, pattern)

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


class Literal(Value):
    """A parameter with a type of its own: that of the Python value."""

    __slots__ = ("storage",)

    def __init__(self, value: Any, storage: Storage | None = None) -> None:
        self.storage = storage or storage_of_value(value)
        self.shape = ("??", type(self.storage), getattr(self.storage, "decimal_places", None))
        self.values = (value,)

    def __repr__(self) -> str:
        return type(self.values[0]).__name__

    def build(self, builder: Builder) -> Built:
        return builder.bind(self.storage)


class Selected:
    """A query that may stand within another one."""

    __slots__ = ()

    def as_expression(self) -> Expression:
        """Return it as an expression."""
        raise NotImplementedError

    def as_rows(self, count: int) -> Any:
        """Return it as rows of `count` columns.

        Raises:
            QueryError: it has another number of them.
        """
        raise NotImplementedError


def as_expression(value: Any) -> Expression:
    if isinstance(value, Expression):
        return value
    return value.as_expression() if isinstance(value, Selected) else Value(value)


def as_literal(value: Any) -> Expression:
    """Return an expression that knows its type without another beside it."""
    found = as_expression(value)
    return Literal(value) if type(found) is Value else found


class Call(Expression):
    """Something computed from others; what `name` is in SQL stands in the module that `renders` it.

    `options` are part of the SQL text: names and numbers of ours, never a user's.
    """

    __slots__ = ("arguments", "name", "options")

    def __init__(self, name: str, *arguments: Any, options: tuple[Any, ...] = ()) -> None:
        self.name = name
        self.options = options
        self.arguments = [as_literal(argument) for argument in arguments]
        self.shape = (name, options, *[argument.shape for argument in self.arguments])
        self.values = tuple([value for each in self.arguments for value in each.values])

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.arguments))})"

    def build(self, builder: Builder) -> Built:
        return RENDERERS[self.name](builder, self)

    def many_paths(self) -> set[Path]:
        return set().union(*[argument.many_paths() for argument in self.arguments])


class JsonValue(Call):
    """A value within JSON; see `documents`."""

    __slots__ = ()

    kinds = ()  # What it is compared with has to bring its type along.

    def __init__(self, column: Expression, steps: tuple[str | int, ...]) -> None:
        super().__init__("json", column, options=steps)

    def __repr__(self) -> str:
        return f"{self.arguments[0]!r}{''.join(f'[{step!r}]' for step in self.options)}"

    def __getitem__(self, step: str | int) -> JsonValue:
        return JsonValue(self.arguments[0], (*self.options, json_step(step, self)))

    def build_sortable(self, builder: Builder) -> Built:
        return RENDERERS["json sort"](builder, self)


class Condition(Expression):
    """An expression that is true or false."""

    __slots__ = ()

    size: int = 1
    """How many conditions it is made of."""

    def __and__(self, other: Any) -> Condition:
        return Both("and", self, as_condition(other))

    def __or__(self, other: Any) -> Condition:
        return Both("or", self, as_condition(other))

    def __invert__(self) -> Condition:
        return Not(self)

    def build(self, builder: Builder) -> Built:
        """Build, within EXISTS where the condition is about a many-valued relation.

        The condition of an aggregate over that relation is about each of its rows.
        """
        paths = self.many_paths()
        if paths <= builder.about:
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


class Test(Call, Condition):
    """A call that is true or false."""

    __slots__ = ()

    def build(self, builder: Builder) -> Built:
        return Condition.build(self, builder)

    def build_here(self, builder: Builder) -> Built:
        return RENDERERS[self.name](builder, self)


def _any_case(name: str, field: Expression, text: Any) -> Test:
    if not isinstance(text, str):
        raise QueryError(
            f"A text is looked for, not {text!r} of type {type(text).__name__}.",
            code="query-wrong-type",
        )
    return Test(name, field, text, options=(text.isascii(),))


class Comparison(Condition):
    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Expression, right: Any) -> None:
        self.operator = operator
        self.left = left
        self.right = _other_side(left, right)
        self.shape = (operator, left.shape, self.right.shape)
        self.values = left.values + self.right.values

    def __repr__(self) -> str:
        return f"({self.left!r} {self.operator} …)"

    def build_here(self, builder: Builder) -> Built:
        is_json = isinstance(self.left, JsonValue)
        return RENDERERS["json compare" if is_json else "compare"](builder, self)

    def many_paths(self) -> set[Path]:
        return self.left.many_paths() | self.right.many_paths()


# PERF: what most values are, looked at once: a comparison 1.7 -> 0.7 us.
_USUAL: Final = frozenset({int, str, bool})


def _other_side(left: Expression, right: Any) -> Expression:
    """Return what stands on the other side of a comparison.

    Raises:
        ValueRefused: nothing of that type can be equal, less or more.
    """
    if type(right) in _USUAL:
        kinds = left.kinds
        if kinds and type(right) in kinds:
            return Value(right)
    if isinstance(left, JsonValue):
        return as_literal(right)
    found = as_expression(right)
    if type(found) is not Value or right is None:
        return found
    is_number = isinstance(right, int | float | Decimal)
    if left.kinds is None:
        return Literal(right) if is_number and not left.is_stored else found
    if int in left.kinds and float not in left.kinds and type(right) in (float, Decimal):
        return Literal(checked_value(right, left, (float, Decimal)))
    return Value(checked_value(right, left, left.kinds))


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
    __slots__ = ("inner", "size")

    def __init__(self, inner: Condition) -> None:
        self.inner = inner
        self.shape = ("not", inner.shape)
        self.values = inner.values
        self.size = inner.size

    def build(self, builder: Builder) -> Built:
        return sa.not_(self.inner.build(builder))


class Both(Condition):
    """AND or OR of several; each is built by itself, so each has its own EXISTS."""

    __slots__ = ("operator", "parts", "size")

    def __init__(self, operator: str, left: Condition, right: Condition) -> None:
        self.size = left.size + right.size
        if self.size > CONDITIONS_LIMIT:
            # SECURITY: whoever sends so many could end the process, by its stack.
            raise QueryError(
                f"More than {CONDITIONS_LIMIT} conditions are joined in one query. Write "
                "in_(field, values), or ask in parts.",
                code="query-too-many-conditions",
            )
        self.operator = operator
        # One beside the other, not one within the other: a chain of them would be too deep.
        self.parts = (*self._parts_of(left), *self._parts_of(right))
        self.shape = (operator, *[each.shape for each in self.parts])
        self.values = left.values + right.values

    def _parts_of(self, side: Condition) -> tuple[Condition, ...]:
        is_same = type(side) is Both and side.operator == self.operator
        return side.parts if is_same else (side,)  # type: ignore[attr-defined]

    def build(self, builder: Builder) -> Built:
        combine = sa.and_ if self.operator == "and" else sa.or_
        return combine(*[each.build(builder) for each in self.parts])


class Among(Condition):
    """IN. The list is padded to a power of two, so that few lengths are ever compiled."""

    __slots__ = ("count", "inner")

    def __init__(self, inner: Expression, values: list[Any]) -> None:
        if len(values) > IN_LIMIT:
            raise QueryError(
                f"{len(values)} values are too many for one query; {IN_LIMIT} are possible. Ask "
                "in parts, or with a condition over a relation.",
                code="query-too-many-values",
            )
        self.inner = inner
        self.count = 1 << (len(values) - 1).bit_length() if values else 0
        padding = [values[-1]] * (self.count - len(values)) if values else []
        self.shape = ("in", inner.shape, self.count)
        self.values = (*inner.values, *values, *padding)

    def build_here(self, builder: Builder) -> Built:
        return RENDERERS["among"](builder, self)

    def many_paths(self) -> set[Path]:
        return self.inner.many_paths()


def among(inner: Expression, values: Any) -> Condition:
    """Be one of values, or of what a query gives; None among them means to have no value.

    Raises:
        ValueRefused: one is of a type that the values of `inner` never have.
    """
    if isinstance(values, Selected):
        return Test("in", inner, values.as_expression())
    listed = list(values)
    if type(None) in set(map(type, listed)):
        rest = [value for value in listed if value is not None]
        return Both("or", Missing(inner), among(inner, rest)) if rest else Missing(inner)
    return Among(inner, checked_values(listed, inner))
