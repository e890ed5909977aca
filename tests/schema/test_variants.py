from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest

from triode.errors import SchemaError
from triode.schema import (
    Changes,
    Create,
    FieldDescription,
    FieldInfo,
    ObjectSchema,
    Patch,
    ValidationFailed,
    Variant,
    describe,
    json_decoder,
)


class Post(msgspec.Struct):
    id: Annotated[int, FieldInfo(read_only=True)] = 0
    title: Annotated[str, FieldInfo(min_length=1)] = "untitled"
    body: str | None = None


class Note:
    """A class that describes itself, as a model does."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    @staticmethod
    def __schema__() -> ObjectSchema:
        fields = [
            FieldDescription("id", int, FieldInfo(), required=False, automatic=True),
            FieldDescription("text", str, FieldInfo(), required=True),
            FieldDescription("stars", int, FieldInfo(), required=False),
            FieldDescription("version", int, FieldInfo(), required=False, patch_only=True),
        ]
        return ObjectSchema(Note, fields)


def test_create_does_not_take_what_is_read_only() -> None:
    assert json_decoder(Create[Post])(b'{"id": 7, "title": "A"}') == Post(0, "A")


def test_create_makes_an_object_of_a_class_that_describes_itself() -> None:
    decode = json_decoder(Create[Note])
    assert decode(b'{"id": 7, "text": "A"}').values == {"text": "A"}
    assert decode(b'{"text": "A", "stars": "5"}').values == {"text": "A", "stars": 5}


def test_create_does_not_take_what_is_for_a_change_alone() -> None:
    sent = b'{"text": "A", "version": 7}'
    assert json_decoder(Create[Note])(sent).values == {"text": "A"}
    assert json_decoder(Note)(sent).values == {"text": "A"}
    assert dict(json_decoder(Patch[Note])(sent)) == {"text": "A", "version": 7}


def test_patch_holds_what_was_sent_and_nothing_else() -> None:
    changes = json_decoder(Patch[Post])(b'{"body": null, "id": 7}')
    assert isinstance(changes, Changes)
    assert (dict(changes), changes.target, changes.body) == ({"body": None}, Post, None)
    with pytest.raises(AttributeError, match="'title' was not sent; the changes hold: body"):
        _ = changes.title


def test_patch_checks_what_was_sent() -> None:
    with pytest.raises(ValidationFailed) as caught:
        json_decoder(Patch[Post])(b'{"title": "", "body": 1}')
    assert [each["loc"] for each in caught.value.errors] == [("title",), ("body",)]


def test_the_repr_of_changes_shows_no_values() -> None:
    assert repr(Changes(Post, {"title": "secret"})) == "Changes(Post, ['title'])"


def test_a_variant_is_made_once() -> None:
    base = describe(Post)
    assert isinstance(base, ObjectSchema)
    assert base.variant(Variant.PATCH) is describe(Patch[Post])
    assert base.variant(Variant.READ) is base


def test_create_of_what_has_no_fields_is_refused() -> None:
    with pytest.raises(SchemaError) as caught:
        describe(Create[int])
    assert str(caught.value) == (
        "Create[int] makes no sense: int has no fields. "
        "Name a model, struct or dataclass. [schema-variant-without-fields]"
    )
