"""The fast way of leaving things out says what the slow one says."""

import datetime
import json
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
import pydantic
import pytest

from triode.binding.trimmed import trimming_encoder
from triode.binding.trimming import Trim
from triode.schema import FieldInfo, ResponseValidationFailed, describe, json_encoder


class Leaf(msgspec.Struct, rename="camel"):
    leaf_name: str
    note: str | None = None
    day: datetime.date = datetime.date(2024, 2, 29)


class Tagged(msgspec.Struct, tag="t"):
    a: int | None = None


@dataclass
class Branch:
    leaves: list[Leaf] = field(default_factory=list)
    best: Leaf | None = None
    secret: Annotated[str, FieldInfo(write_only=True)] = "s"
    kind: Literal["a", "b"] = "a"
    tagged: Tagged | None = None
    below: "Branch | None" = None
    table: dict[str, int | None] = field(default_factory=dict)


class Plain(pydantic.BaseModel):
    first_name: str = pydantic.Field(alias="firstName")
    note: str | None = None
    leaf: dict[str, int] | None = None


VALUES = [
    (Leaf, Leaf("a")),
    (Leaf, Leaf("a", "b", datetime.date(2020, 1, 1))),
    (Leaf, {"leafName": "a", "note": None, "more": 1}),
    (list[Leaf], [Leaf("a"), {"leafName": "b"}]),
    (tuple[Leaf, ...], (Leaf("a"), Leaf("b", "c"))),
    (Leaf | None, None),
    (Tagged, Tagged()),
    (Branch, Branch()),
    (Branch, Branch([Leaf("a"), Leaf("b", "n")], Leaf("c"), "x", "b", Tagged(1))),
    (Branch, Branch(below=Branch([Leaf("d")]), table={"x": None, "y": 1})),
    (int, 5),
    (dict[str, Leaf], {"a": Leaf("a"), "b": Leaf("b", "n")}),
]
TRIMS = [
    Trim(exclude_none=True),
    Trim(exclude_defaults=True),
    Trim(exclude_unset=True),
    Trim(include={"leaf_name", "leaves", "best"}),
    Trim(exclude={"note", "leaves"}),
    Trim(exclude={"best": {"day"}, "leaves": {"__all__": {"leafName"}}}),
    Trim(include={"below": {"leaves": {"note"}}}, exclude_none=True),
    Trim(by_alias=False),
    Trim(by_alias=False, exclude_none=True, exclude_defaults=True),
]


@pytest.mark.parametrize("trim", TRIMS)
@pytest.mark.parametrize(("annotation", "value"), VALUES)
def test_both_ways_agree(annotation: Any, value: Any, trim: Trim) -> None:
    schema = describe(annotation)
    slow = json_encoder(None)(trim.serialize(schema, value))
    assert json.loads(trimming_encoder(schema, trim)(value)) == json.loads(slow)


@pytest.mark.parametrize(
    ("trim", "sent"),
    [
        (Trim(exclude_none=True), {"leafName": "a", "day": "2024-02-29"}),
        (Trim(by_alias=False), {"leaf_name": "a", "note": None, "day": "2024-02-29"}),
        (Trim(exclude_defaults=True), {"leafName": "a"}),
        (Trim(include={"leaf_name"}), {"leafName": "a"}),
        (Trim(exclude={"leafName", "day"}), {"note": None}),
    ],
)
def test_what_is_sent(trim: Trim, sent: dict[str, Any]) -> None:
    assert json.loads(trimming_encoder(describe(Leaf), trim)(Leaf("a"))) == sent


@pytest.mark.parametrize(
    "options",
    [
        {"exclude_none": True},
        {"exclude_unset": True},
        {"exclude_defaults": True},
        {"by_alias": False},
        {"include": {"first_name", "leaf"}},
        {"exclude": {"leaf": {"a"}}},
    ],
)
def test_pydantic_models_are_dumped_as_pydantic_does(options: dict[str, Any]) -> None:
    value = Plain(firstName="a", leaf={"a": 1, "b": 2})
    encode = trimming_encoder(describe(list[Plain]), Trim(**options))
    expected = value.model_dump(mode="json", **{"by_alias": True, **options})
    assert json.loads(encode([value])) == [expected]


def test_what_is_not_declared_is_refused() -> None:
    with pytest.raises(ResponseValidationFailed):
        trimming_encoder(describe(Leaf), Trim(exclude_none=True))({"note": 1})
