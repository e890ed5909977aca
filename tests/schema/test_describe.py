from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Generic, NewType, TypeVar

import annotated_types
import msgspec
import pydantic
import pytest
from typing_extensions import TypeAliasType, TypedDict, Unpack

from triode.errors import SchemaError
from triode.schema import (
    MISSING,
    FieldInfo,
    FieldOptions,
    UnsupportedTypeError,
    describe,
    field_info,
    json_decoder,
    take_apart,
)

T = TypeVar("T")
UserId = NewType("UserId", int)
Pair = TypeAliasType("Pair", tuple[T, T], type_params=(T,))
Positive = TypeAliasType("Positive", Annotated[int, FieldInfo(gt=0)])


class Opaque:
    pass


class HoldsOpaque(msgspec.Struct):
    things: dict[str, list[Opaque]]


class NamesNothing(msgspec.Struct):
    other: Undefined  # type: ignore[name-defined] # noqa: F821


class Box(msgspec.Struct, Generic[T]):
    item: T
    more: Sequence[T] = ()


class ColumnOptions(FieldOptions, total=False):
    unique: bool


class ColumnInfo(FieldInfo):
    unique: bool = False

    def __init__(self, default: Any = MISSING, **options: Unpack[ColumnOptions]) -> None:
        super().__init__(default, **options)  # type: ignore[misc]


def test_the_same_annotation_has_the_same_node() -> None:
    assert describe(list[int]) is describe(list[int])
    assert describe(int | str) is not describe(str | int)


@pytest.mark.parametrize(
    "said",
    [
        FieldInfo(ge=1, le=5),
        msgspec.Meta(ge=1, le=5),
        annotated_types.Interval(ge=1, le=5),
        pydantic.Field(ge=1, le=5),
    ],
    ids=lambda said: type(said).__module__,
)
def test_constraints_are_understood_in_whoevers_words(said: Any) -> None:
    info = take_apart(Annotated[int, said]).info
    assert (info.ge, info.le) == (1, 5)
    assert describe(Annotated[int, said]).codec == Annotated[int, msgspec.Meta(ge=1, le=5)]


def test_a_later_word_overrides_an_earlier() -> None:
    info = take_apart(Annotated[Annotated[int, FieldInfo(ge=1, title="A")], FieldInfo(ge=2)]).info
    assert info.given == {"ge": 2, "title": "A"}


def test_a_marker_of_another_room_keeps_its_class() -> None:
    info = take_apart(Annotated[int, msgspec.Meta(ge=1), ColumnInfo(unique=True, le=3)]).info
    assert isinstance(info, ColumnInfo)
    assert (info.unique, info.ge, info.le) == (True, 1, 3)


def test_an_option_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="ColumnInfo has no option 'uniqe'"):
        ColumnInfo(uniqe=True)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Give default or default_factory, not both"):
        field_info(1, default_factory=int)


def test_aliases_and_new_types_are_looked_through() -> None:
    assert json_decoder(UserId)(b'"5"') == 5
    assert describe(Positive).info.gt == 0
    assert json_decoder(list[Positive])(b"[1]") == [1]


def test_a_generic_struct_is_described_by_its_arguments() -> None:
    assert json_decoder(Box[int])(b'{"item": "1", "more": ["2"]}') == Box(1, [2])
    assert json_decoder(Box[Box[str]])(b'{"item": {"item": "a"}}') == Box(Box("a"))


def test_an_unsupported_type_is_named_with_its_place() -> None:
    with pytest.raises(UnsupportedTypeError) as caught:
        json_decoder(HoldsOpaque)
    assert str(caught.value) == (
        f"Triode cannot describe {__name__}.Opaque (field 'things' of {__name__}.HoldsOpaque). "
        "Use a builtin type, dataclass, TypedDict, msgspec.Struct, model or pydantic model; or "
        "give the class a `__schema__`. [schema-unsupported-type]"
    )


def test_an_undefined_name_is_named_with_its_file() -> None:
    with pytest.raises(SchemaError) as caught:
        json_decoder(NamesNothing)
    assert str(caught.value) == (
        f"{__file__}: An annotation of {__name__}.NamesNothing names 'Undefined', which "
        f"{__name__} does not define. Import it there (not only under TYPE_CHECKING), or define "
        "it before use. [schema-unknown-name]"
    )


def test_a_bad_pattern_is_refused_at_once() -> None:
    with pytest.raises(SchemaError, match=r"The pattern '\(' is not a regular expression"):
        describe(Annotated[str, FieldInfo(pattern="(")])


def test_an_own_description_must_be_one() -> None:
    class Wrong:
        __schema__ = staticmethod(lambda: 5)

    with pytest.raises(SchemaError, match=r"Wrong\.__schema__ is .* It must be an ObjectSchema"):
        describe(Wrong)


def test_optional_packages_are_not_imported() -> None:
    program = (
        "import sys, triode.schema; "
        "print([name for name in ('pydantic', 'attr', 'attrs', 'annotated_types', "
        "'typing_extensions', 'email', 'sqlalchemy', 'starlette') if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() in ("[]", "['typing_extensions']")  # msgspec may use the latter


class Options(TypedDict):
    a: int


def test_typed_dicts_of_the_extensions_are_known() -> None:
    assert json_decoder(Options)(b'{"a": 1}') == {"a": 1}
