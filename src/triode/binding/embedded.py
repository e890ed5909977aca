"""Several JSON values in one body: each is a key of one object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from triode.binding.description import BodyPart
from triode.schema import (
    FieldDescription,
    FieldInfo,
    ObjectSchema,
    Schema,
    ValidationFailed,
    json_decoder,
    parse_json,
    python_decoder,
)
from triode.schema.node import Refused
from triode.schema.problems import Loc, Problem, problem

Parts = tuple[dict[str, Any], dict[str, list[Problem]]]


def parts_reader(parts: Sequence[BodyPart]) -> Callable[[bytes], Parts]:
    """Return the function that reads a body with several parts.

    It gives what was sent and is right, and what is wrong with each other part, both by part
    name: a dependency whose parts are right can run though another one's are not.
    """
    decode: Callable[[bytes], dict[str, Any]] = json_decoder(EmbeddedBody(parts))

    def read(data: bytes) -> Parts:
        try:
            return decode(data), {}
        except ValidationFailed as exc:
            return _apart(parts, data, exc.under("body").errors)

    return read


def _apart(parts: Sequence[BodyPart], data: bytes, problems: list[Problem]) -> Parts:
    names = {part.alias: part.name for part in parts}
    wrong: dict[str, list[Problem]] = {}
    for each in problems:
        if each["loc"][1] in names:
            wrong.setdefault(names[str(each["loc"][1])], []).append(each)
    if not wrong:  # It is no JSON at all.
        return {}, dict.fromkeys(names.values(), problems)
    sent = parse_json(data)
    right = [part for part in parts if part.name not in wrong and part.alias in sent]
    return {part.name: python_decoder(part.schema)(sent[part.alias]) for part in right}, wrong


def each_once(problems: list[Problem]) -> list[Problem]:
    """Return problems without those that several readers of one body have told alike."""
    return list({(each["type"], each["loc"], each["msg"]): each for each in problems}.values())


def _missing(alias: str) -> Problem:
    return problem("missing", (alias,), "Field required", None)


class EmbeddedBody(ObjectSchema):
    """The object that holds the parts; a part that pydantic reads is handed to it as JSON."""

    def __init__(self, parts: Sequence[BodyPart]) -> None:
        fields = [
            FieldDescription(
                name=part.name,
                annotation=part.annotation,
                info=FieldInfo(),
                required=part.required,
                encoded_name=part.alias,
                _schema=_Part(part.schema),
            )
            for part in parts
        ]
        super().__init__(dict, fields, name="Body")

    def is_instance(self, value: Any) -> bool:
        return False

    def construct(self, values: dict[str, Any]) -> dict[str, Any]:
        return values

    def refuse_type(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        problems.extend(_missing(each.encoded_name) for each in self.fields)
        return super().refuse_type(value, loc, [])

    def masked(self, value: Any) -> None:
        """Return what a missing part shows: nothing, as FastAPI has it."""

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        if not isinstance(value, Mapping):
            return self.refuse_type(value, loc, problems)
        return super().validate(value, loc, problems, text=text)


class _Part(Schema):
    """One part, which msgspec leaves as JSON where it cannot read it."""

    kind = "part"

    def __init__(self, inner: Schema) -> None:
        super().__init__(inner.annotation, inner.info)
        self.inner = inner
        self.is_raw = inner.codec is None

    def codec_assuming(self, native: frozenset[Schema]) -> Any:
        return msgspec.Raw if self.is_raw else self.inner.codec

    @property
    def finish(self) -> Callable[[Any], Any] | None:
        if not self.is_raw:
            return self.inner.finish
        decode = json_decoder(self.inner)

        def finish(raw: msgspec.Raw) -> Any:
            try:
                return decode(bytes(raw))
            except ValidationFailed:
                raise Refused from None  # `validate` tells the problems of all parts at once.

        return finish

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        return self.inner.validate(value, loc, problems, text=text)
