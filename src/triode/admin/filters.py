"""The filters of a list, compiled: one class for one way to choose.

A filter knows its choices, and turns what stands in the address into a condition; None for a
value that is none of its own.
"""

from __future__ import annotations

import datetime
import enum
import typing
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from triode.admin.cells import bare_type, choice_label
from triode.admin.paths import FieldPath
from triode.admin.searching import integer_of
from triode.admin.state import RESERVED
from triode.db.tables.table import ModelField

if TYPE_CHECKING:
    from starlette.requests import Request

    from triode.admin.model_admin import ModelAdmin

NULL = "-"
MOST_CHOICES = 100
Choice = tuple[str, str]
NAMES_LIMIT = MOST_CHOICES + 1


class Filter:
    """One filter. `name` is its parameter in the address.

    `is_text` filters take what a person types; the others offer `choices`. `admins` are those of
    the models that the path leads through.
    """

    is_text: ClassVar[bool] = False

    def __init__(self, path: FieldPath, label: str) -> None:
        self.path = path
        self.label = label
        self.name = f"{path.text}_" if path.text in RESERVED else path.text
        self.admins: Sequence[ModelAdmin] = ()

    def is_for(self, user: Any) -> bool:
        """Return whether a user may see every model that the path leads through."""
        return all(admin.can_view(user) for admin in self.admins)

    async def choices(self, request: Request) -> Sequence[Choice]:
        """Return (value in the address, label) pairs."""
        return ()

    def condition(self, value: str) -> Any | None:
        """Return the condition for a value from the address."""
        raise NotImplementedError

    async def label_of(self, value: str, choices: Sequence[Choice], request: Request) -> str:
        """Return what is chosen, for people."""
        return dict(choices).get(value, value)


class BoolFilter(Filter):
    """Yes, no, and nothing where the field allows it."""

    def __init__(self, path: FieldPath, label: str, *, is_nullable: bool) -> None:
        super().__init__(path, label)
        self._choices = [("true", "Yes"), ("false", "No")]
        if is_nullable:
            self._choices.append((NULL, "Not set"))

    async def choices(self, request: Request) -> Sequence[Choice]:
        return self._choices

    def condition(self, value: str) -> Any | None:
        if value == NULL:
            return self.path.expression.is_(None)
        known = {"true": True, "false": False}
        return self.path.expression == known[value] if value in known else None


class ChoiceFilter(Filter):
    """The values of an enum or a Literal."""

    def __init__(self, path: FieldPath, label: str, *, is_nullable: bool) -> None:
        super().__init__(path, label)
        self._offered = choices_of(path.field)
        self._values = {text: value for text, value, _ in self._offered}
        self._nullable = is_nullable

    async def choices(self, request: Request) -> Sequence[Choice]:
        found = [(text, name) for text, _, name in self._offered]
        return [*found, (NULL, "Not set")] if self._nullable else found

    def condition(self, value: str) -> Any | None:
        if value == NULL and self._nullable:
            return self.path.expression.is_(None)
        return self.path.expression == self._values[value] if value in self._values else None


class DateFilter(Filter):
    """Today, the last days, this month, this year."""

    PERIODS: ClassVar[dict[str, str]] = {
        "today": "Today",
        "week": "Past 7 days",
        "month": "This month",
        "year": "This year",
    }

    def __init__(self, path: FieldPath, label: str, *, is_nullable: bool) -> None:
        super().__init__(path, label)
        kind = bare_type(path.field and path.field.value_annotation)
        self._is_moment = issubclass(kind, datetime.datetime)
        self._nullable = is_nullable

    async def choices(self, request: Request) -> Sequence[Choice]:
        found = list(self.PERIODS.items())
        return [*found, (NULL, "Not set")] if self._nullable else found

    def condition(self, value: str) -> Any | None:
        if value == NULL and self._nullable:
            return self.path.expression.is_(None)
        if value not in self.PERIODS:
            return None
        first, end = _period(value, datetime.datetime.now(datetime.UTC).date())
        low, high = (self._bound(first), self._bound(end))
        return (self.path.expression >= low) & (self.path.expression < high)

    def _bound(self, day: datetime.date) -> Any:
        if not self._is_moment:
            return day
        return datetime.datetime.combine(day, datetime.time(), datetime.UTC)


class ValueFilter(Filter):
    """The values that occur, while they are few; a text to look for when they are many."""

    is_text = True

    def __init__(
        self, path: FieldPath, label: str, values: Callable[[Request], Awaitable[list[Any] | None]]
    ) -> None:
        super().__init__(path, label)
        self._values = values

    async def choices(self, request: Request) -> Sequence[Choice]:
        values = await self._values(request)
        if values is None or len(values) >= NAMES_LIMIT:
            return ()
        found = [(f"={value}", str(value)) for value in values if value not in (None, "")]
        return [*found, (NULL, "Not set")] if None in values else found

    def condition(self, value: str) -> Any | None:
        if value == NULL:
            return self.path.expression.is_(None)
        kind = bare_type(self.path.field and self.path.field.value_annotation)
        exact = value.startswith("=")
        text = value.removeprefix("=")
        if issubclass(kind, int):
            number = integer_of(text)
            return None if number is None else self.path.expression == number
        return self.path.expression == text if exact else self.path.expression.icontains(text)

    async def label_of(self, value: str, choices: Sequence[Choice], request: Request) -> str:
        return "Not set" if value == NULL else value.removeprefix("=")


class RelationFilter(Filter):
    """The rows of another model, while they are few; a text to look for when they are many."""

    is_text = True

    def __init__(
        self,
        path: FieldPath,
        label: str,
        *,
        rows: Callable[[Request], Awaitable[list[Choice]]],
        by_key: Callable[[str], Any | None],
        by_text: Callable[[str], Any | None],
        name_of: Callable[[str, Request], Awaitable[str]],
        null: Any | None,
    ) -> None:
        super().__init__(path, label)
        self._rows = rows
        self._by_key = by_key
        self._by_text = by_text
        self._name_of = name_of
        self._null = null

    async def choices(self, request: Request) -> Sequence[Choice]:
        rows = await self._rows(request)
        found = [(f"={key}", name) for key, name in rows] if len(rows) < NAMES_LIMIT else []
        return found if self._null is None else [*found, (NULL, "Not set")]

    def condition(self, value: str) -> Any | None:
        if value == NULL:
            return self._null
        if value.startswith("="):
            return self._by_key(value.removeprefix("="))
        return self._by_text(value)

    async def label_of(self, value: str, choices: Sequence[Choice], request: Request) -> str:
        known = dict(choices)
        if value in known:
            return known[value]
        return await self._name_of(value[1:], request) if value.startswith("=") else value


def choices_of(field: ModelField | None) -> list[tuple[str, Any, str]]:
    """Return (text on the wire, value, label) of the values a field enumerates, else nothing."""
    if field is None:
        return []
    bare = bare_type(field.value_annotation)
    if field.info.choices:
        return [(str(value), value, label) for value, label in field.info.choices]
    if typing.get_origin(bare) is Literal:
        return [(str(value), value, choice_label(value)) for value in typing.get_args(bare)]
    if isinstance(bare, type) and issubclass(bare, enum.Enum):
        return [(str(member.value), member, choice_label(member)) for member in bare]
    return []


def _period(name: str, today: datetime.date) -> tuple[datetime.date, datetime.date]:
    tomorrow = today + datetime.timedelta(days=1)
    if name == "today":
        return today, tomorrow
    if name == "week":
        return today - datetime.timedelta(days=6), tomorrow
    if name == "month":
        first = today.replace(day=1)
        return first, (first + datetime.timedelta(days=32)).replace(day=1)
    first = today.replace(month=1, day=1)
    return first, first.replace(year=today.year + 1)
