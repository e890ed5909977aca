"""Values that a schema accepts, one after another, the same for the same seed."""

from __future__ import annotations

import datetime
import math
import re
import re._constants as sre
import re._parser as parser
import string
import uuid
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any, Final

from triode.errors import TriodeError
from triode.schema import Schema, describe
from triode.schema.fields import FieldInfo

_EPOCH: Final = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
_LONGEST_REPEAT: Final = 3


class CannotMake(TriodeError):
    """A value that has to be given, because none can be made."""

    default_code = "factory"


class Values:
    """Makes values; `number` is higher in each object, so that values differ."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - test data, the same every time

    def make(self, schema: Schema, info: FieldInfo, name: str, number: int) -> Any:
        """Return a value for one field.

        Raises:
            CannotMake: the schema is one whose values cannot be invented.
        """
        if schema.kind == "nullable":
            return self.make(schema.children[0], info, name, number)
        maker: Callable[..., Any] | None = getattr(self, f"_{schema.kind}", None)
        if maker is None:
            maker = self._by_annotation(schema)
        return maker(schema, info, name, number)

    def _by_annotation(self, schema: Schema) -> Callable[..., Any]:
        kind = schema.kind
        if kind in ("list", "set", "frozenset", "tuple", "dict", "sequence"):
            return self._collection
        if kind == "object":
            return self._record
        if kind in ("union", "tagged-union"):
            return lambda union, *rest: self.make(union.children[0], *rest)
        if kind == "any":
            return lambda *_: {}
        raise CannotMake(f"a {kind} cannot be invented")

    def _int(self, schema: Schema, info: FieldInfo, name: str, number: int) -> int:
        low, high = _bounds(info, 1)
        step = int(info.multiple_of or 1)
        first = math.ceil((low if low is not None else 1) / step) * step
        if low is None and high is not None and first > high:
            first = math.floor(high / step) * step - number * step
        span = None if high is None else max(1, (int(high) - first) // step + 1)
        return first + step * ((number - 1) if span is None else (number - 1) % span)

    def _float(self, schema: Schema, info: FieldInfo, name: str, number: int) -> float:
        low, high = _bounds(info, 0.5)
        if info.multiple_of:
            return float(self._int(schema, info, name, number) * 1.0)
        first = float(low) if low is not None else (0.5 if high is None else float(high) - 1)
        if high is None:
            return first + number - 1
        return first + (float(high) - first) * ((number - 1) % 64) / 64

    def _decimal(self, schema: Schema, info: FieldInfo, name: str, number: int) -> Decimal:
        places = info.decimal_places if info.decimal_places is not None else 2
        unit = Decimal(1).scaleb(-places)
        low, high = _bounds(info, unit)
        first = Decimal(str(low)) if low is not None else (unit if high is None else Decimal(0))
        step = Decimal(str(info.multiple_of)) if info.multiple_of else unit
        if info.max_digits is not None:
            largest = Decimal(10) ** (info.max_digits - places) - unit
            high = largest if high is None else min(Decimal(str(high)), largest)
        if low is None and high is not None and first > high:
            first = Decimal(str(high))
        first = (first / step).to_integral_value(rounding="ROUND_CEILING") * step
        span = None if high is None else max(1, int((Decimal(str(high)) - first) / step) + 1)
        offset = (number - 1) if span is None else (number - 1) % span
        return (first + step * offset).quantize(unit)

    def _bool(self, schema: Schema, info: FieldInfo, name: str, number: int) -> bool:
        return number % 2 == 1

    def _str(self, schema: Schema, info: FieldInfo, name: str, number: int) -> str:
        if info.pattern is not None:
            return self._matching(info, number)
        text = f"{name.replace('_', ' ')} {number}"
        shortest, longest = info.min_length or 0, info.max_length
        if longest is not None and len(text) > longest:
            text = _short(number, min(longest, max(shortest, 6)))
        return text.ljust(shortest, "x")

    def _secret(self, schema: Schema, info: FieldInfo, name: str, number: int) -> str:
        return self._str(schema, info, name, number)

    def _email(self, schema: Schema, info: FieldInfo, name: str, number: int) -> str:
        return f"{name.replace('_', '.')}{number}@example.org"

    def _url(self, schema: Schema, info: FieldInfo, name: str, number: int) -> str:
        return f"https://example.org/{name}/{number}"

    def _bytes(self, schema: Schema, info: FieldInfo, name: str, number: int) -> bytes:
        text = self._str(schema, info, name, number)
        return text.encode()

    def _uuid(self, schema: Schema, info: FieldInfo, name: str, number: int) -> uuid.UUID:
        return uuid.UUID(int=self._random.getrandbits(128), version=4)

    def _datetime(self, schema: Schema, info: FieldInfo, name: str, number: int) -> Any:
        return _within(info, _EPOCH, datetime.timedelta(hours=1), number)

    def _date(self, schema: Schema, info: FieldInfo, name: str, number: int) -> Any:
        return _within(info, _EPOCH.date(), datetime.timedelta(days=1), number)

    def _time(self, schema: Schema, info: FieldInfo, name: str, number: int) -> datetime.time:
        return (_EPOCH + datetime.timedelta(minutes=number)).time()

    def _timedelta(self, schema: Schema, info: FieldInfo, name: str, number: int) -> Any:
        return _within(info, datetime.timedelta(0), datetime.timedelta(minutes=1), number)

    def _enum(self, schema: Schema, info: FieldInfo, name: str, number: int) -> Any:
        members = list(schema.annotation)
        return members[(number - 1) % len(members)]

    def _literal(self, schema: Schema, info: FieldInfo, name: str, number: int) -> Any:
        values = schema.annotation.__args__
        return values[(number - 1) % len(values)]

    def _collection(self, schema: Schema, info: FieldInfo, name: str, number: int) -> Any:
        if schema.kind == "dict":
            return {}
        inner = schema.children[0] if schema.children else describe(str)
        count = len(schema.children) if schema.kind == "tuple" else (info.min_length or 0)
        made = [
            self.make(
                schema.children[at] if schema.kind == "tuple" else inner,
                FieldInfo(),
                name,
                number + at,
            )
            for at in range(count)
        ]
        return {"set": set, "frozenset": frozenset, "tuple": tuple}.get(schema.kind, list)(made)

    def _record(self, schema: Any, info: FieldInfo, name: str, number: int) -> Any:
        values = {
            each.name: self.make(describe(each.annotation), each.info, each.name, number)
            for each in schema.fields
            if each.required
        }
        return schema.construct(values)

    def _matching(self, info: FieldInfo, number: int) -> str:
        """Return a text that a pattern matches, of a length that is allowed."""
        pattern = str(info.pattern)
        tree = parser.parse(pattern)
        shortest, longest = info.min_length or 0, info.max_length
        for attempt in range(200):
            repeats = _LONGEST_REPEAT + attempt
            text = "".join(self._part(node, repeats) for node in tree)
            is_long = longest is not None and len(text) > longest
            if len(text) >= shortest and not is_long and re.search(pattern, text):
                return text
        raise CannotMake(f"no text was found that {pattern!r} matches")

    def _part(self, node: Any, repeats: int) -> str:
        kind, given = node
        if kind is sre.LITERAL:
            return chr(given)
        if kind is sre.ANY:
            return self._random.choice(string.ascii_lowercase)
        if kind is sre.NOT_LITERAL:
            return self._random.choice(
                [each for each in string.ascii_letters if ord(each) != given]
            )
        if kind is sre.IN:
            return self._one_of(given)
        if kind is sre.BRANCH:
            branch = self._random.choice(given[1])
            return "".join(self._part(each, repeats) for each in branch)
        if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            low, high, inner = given
            count = self._random.randint(low, min(int(high), low + repeats))
            return "".join(self._part(each, repeats) for _ in range(count) for each in inner)
        if kind is sre.SUBPATTERN:
            return "".join(self._part(each, repeats) for each in given[-1])
        if kind is sre.AT:
            return ""
        raise CannotMake("its pattern says more than a factory understands")

    def _one_of(self, choices: list[Any]) -> str:
        is_negated = choices[0][0] is sre.NEGATE
        allowed = {letter for choice in choices for letter in _letters(choice)}
        if is_negated:
            allowed = set(string.ascii_letters + string.digits) - allowed
        return self._random.choice(sorted(allowed))


def _letters(choice: Any) -> str | list[str]:
    kind, given = choice
    if kind is sre.LITERAL:
        return chr(given)
    if kind is sre.RANGE:
        return [chr(code) for code in range(given[0], min(given[1], given[0] + 200) + 1)]
    if kind is sre.CATEGORY:
        return {
            sre.CATEGORY_DIGIT: string.digits,
            sre.CATEGORY_WORD: string.ascii_letters + string.digits + "_",
            sre.CATEGORY_SPACE: " ",
            sre.CATEGORY_NOT_DIGIT: string.ascii_letters,
            sre.CATEGORY_NOT_SPACE: string.ascii_letters + string.digits,
            sre.CATEGORY_NOT_WORD: "-. ",
        }[given]
    return ""


def _bounds(info: FieldInfo, unit: Any) -> tuple[Any, Any]:
    """Return the lowest and the highest value, None where there is no such bound."""
    low = info.ge if info.ge is not None else None if info.gt is None else info.gt + unit
    high = info.le if info.le is not None else None if info.lt is None else info.lt - unit
    return low, high


def _within(info: FieldInfo, first: Any, step: Any, number: int) -> Any:
    low, high = _bounds(info, step)
    if low is not None:
        return low + step * (number - 1)
    if high is not None:
        return high - step * number
    return first + step * number


def _short(number: int, width: int) -> str:
    """Return a text of `width` letters that differs for each number, as long as there are any."""
    letters = string.ascii_lowercase
    text = ""
    rest = number - 1
    while len(text) < width:
        rest, at = divmod(rest, len(letters))
        text = letters[at] + text
    return text
