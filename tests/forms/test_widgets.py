"""Which control stands for which type."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest

from triode.errors import ConfigError
from triode.forms import Widget, label_of, widget_of
from triode.schema import Email, FieldInfo, ObjectSchema, Url, describe


class Colour(enum.Enum):
    RED = "r"
    DARK_BLUE = "b"


def widget(annotation: Any, name: str = "it", default: Any = dataclasses.MISSING) -> Widget:
    target = dataclasses.make_dataclass(
        "Target", [(name, annotation, dataclasses.field(default=default))]
    )
    schema = describe(target)
    assert isinstance(schema, ObjectSchema)
    return widget_of(schema.fields[0])


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, "text"),
        (Annotated[str, FieldInfo(max_length=255)], "text"),
        (Annotated[str, FieldInfo(max_length=256)], "textarea"),
        (Annotated[str, FieldInfo(write_only=True)], "password"),
        (Annotated[str, FieldInfo(json_schema_extra={"widget": "color"})], "color"),
        (Email, "email"),
        (Email | None, "email"),
        (Url, "url"),
        (int, "number"),
        (float | None, "number"),
        (Decimal, "number"),
        (bool, "checkbox"),
        (bool | None, "select"),
        (datetime.date, "date"),
        (datetime.datetime, "datetime-local"),
        (datetime.time, "time"),
        (uuid.UUID, "text"),
        (Colour, "select"),
        (Literal["a", "b"] | None, "select"),
        (list[Colour], "select-multiple"),
        (list[str], "lines"),
        (list[dict[str, int]], "json"),
        (dict[str, Any], "json"),
    ],
)
def test_a_type_has_its_control(annotation: Any, kind: str) -> None:
    assert widget(annotation).kind == kind


@pytest.mark.parametrize(
    ("annotation", "attributes"),
    [
        (str, {"required": ""}),
        (str | None, {}),
        (bool, {}),
        (
            Annotated[str, FieldInfo(min_length=2, max_length=9, pattern="^[a-z]+$")],
            {"minlength": "2", "maxlength": "9", "pattern": "(?:[a-z]+)", "required": ""},
        ),
        (Annotated[str, FieldInfo(pattern="a|b")], {"pattern": ".*(?:a|b).*", "required": ""}),
        (Annotated[str, FieldInfo(pattern=r"(?i)abc")], {"required": ""}),
        (Annotated[int, FieldInfo(ge=0, le=9)], {"min": "0", "max": "9", "required": ""}),
        (Annotated[int, FieldInfo(gt=0, lt=9)], {"min": "1", "max": "8", "required": ""}),
        (Annotated[int, FieldInfo(multiple_of=5)], {"step": "5", "required": ""}),
        (Annotated[float, FieldInfo(gt=0)], {"min": "0", "step": "any", "required": ""}),
        (Annotated[Decimal, FieldInfo(decimal_places=2)], {"step": "0.01", "required": ""}),
        (
            Annotated[datetime.date, FieldInfo(ge=datetime.date(2024, 1, 2))],
            {"min": "2024-01-02", "required": ""},
        ),
    ],
)
def test_constraints_become_attributes(annotation: Any, attributes: dict[str, str]) -> None:
    assert widget(annotation).attributes == attributes


def test_choices_of_an_enumeration() -> None:
    assert widget(Colour).choices == [("r", "RED"), ("b", "Dark blue")]
    assert widget(list[Literal["x", "y_z"]]).choices == [("x", "X"), ("y_z", "Y z")]


def test_free_text_under_a_long_name_has_room() -> None:
    assert widget(str, "bio").kind == "textarea"
    assert widget(Annotated[str, FieldInfo(max_length=80)], "bio").kind == "text"


def test_a_password_is_one_by_name() -> None:
    assert widget(str, "new_password").kind == "password"


def test_an_unknown_widget_is_refused() -> None:
    with pytest.raises(ConfigError, match="wants the widget 'slider'"):
        widget(Annotated[int, FieldInfo(json_schema_extra={"widget": "slider"})])


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("first_name", "First name"),
        ("team_id", "Team"),
        ("id", "Id"),
        ("DARK_BLUE", "Dark blue"),
        ("USD", "USD"),
        ("_id", "_id"),
    ],
)
def test_names_become_labels(name: str, label: str) -> None:
    assert label_of(name) == label
