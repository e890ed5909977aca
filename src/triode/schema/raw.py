"""Structs that stand in for other classes while msgspec decodes.

msgspec knows no constraint of ours, no alias, no model. A Struct with the same fields, made at
start-up, knows what of it msgspec can check; what it decoded becomes the real object at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from triode.schema.fields import MISSING
from triode.schema.members import FieldDescription
from triode.schema.node import Refused, Schema
from triode.schema.problems import Problem


class Member:
    """A field of the Struct.

    What msgspec cannot read (a union of classes, a class inside of itself, what pydantic checks)
    it leaves as builtins, and `validate` reads those: the rest of the object has the fast way.
    """

    __slots__ = ("codec", "field", "finish")

    def __init__(self, field: FieldDescription, node: Schema) -> None:
        self.field = field
        self.codec = node.codec
        self.finish: Callable[[Any], Any] | None
        if self.codec is None:
            self.codec, self.finish = Any, _validating(node)
        else:
            self.finish = node.finish


def _validating(node: Schema) -> Callable[[Any], Any]:
    validate = node.validate

    def finish(raw: Any) -> Any:
        problems: list[Problem] = []
        found = validate(raw, (), problems)
        if problems:
            raise Refused
        return found

    return finish


def make_struct(
    name: str, members: Iterable[Member], **options: Any
) -> type[msgspec.Struct] | None:
    """Make a Struct of members; None where msgspec cannot hold them together.

    `options` are those of `msgspec.defstruct`.
    """
    fields: list[Any] = []
    names: dict[str, str] = {}
    for each in members:
        fields.append(_field(each.field, each.codec, is_finished=each.finish is not None))
        names[each.field.name] = each.field.encoded_name
    made = msgspec.defstruct(name, fields, rename=names, kw_only=True, gc=False, **options)
    return made if is_decodable(made) else None


def _field(each: FieldDescription, codec: Any, *, is_finished: bool) -> Any:
    if each.required:
        return each.name, codec
    if codec in (Any, msgspec.Raw) and is_finished:  # Neither has a place in a union.
        return each.name, codec, msgspec.UNSET
    if is_finished:  # A default is finished already; `finisher` puts it in.
        return each.name, codec | msgspec.UnsetType, msgspec.UNSET
    if each.default_factory is not None:
        return each.name, codec, msgspec.field(default_factory=each.default_factory)
    default = each.default
    if default is MISSING:
        return each.name, codec | msgspec.UnsetType, msgspec.UNSET
    if isinstance(default, list | dict | set | bytearray):
        return each.name, codec, msgspec.field(default_factory=default.copy)
    return each.name, codec, msgspec.field(default=default)


def is_left_unset(each: FieldDescription) -> bool:
    """Whether nothing stands for the field where it was not sent."""
    return not each.required and each.default is MISSING and each.default_factory is None


def given_values(raw: msgspec.Struct) -> dict[str, Any]:
    """Return what was sent or has a default, by name."""
    values = msgspec.structs.asdict(raw)
    return {name: value for name, value in values.items() if value is not msgspec.UNSET}


def is_decodable(codec: Any) -> bool:
    """Whether msgspec takes a type."""
    try:
        msgspec.json.Decoder(codec)
    except (TypeError, ValueError):
        return False
    return True


def finisher(
    construct: Callable[[Any], Any],
    finishers: list[tuple[FieldDescription, Callable[[Any], Any]]],
) -> Callable[[Any], Any]:
    """Return what makes the real object; what its constructor refuses is for `validate`."""

    def finish(raw: Any) -> Any:
        try:
            return construct(raw)
        except (ValueError, AssertionError) as exc:
            raise Refused from exc

    def finish_fields(raw: Any) -> Any:
        for each, finish_field in finishers:
            value = getattr(raw, each.name)
            if value is not msgspec.UNSET:
                setattr(raw, each.name, finish_field(value))
            elif not is_left_unset(each):
                setattr(raw, each.name, each.make_default())
        return finish(raw)

    return finish_fields if finishers else finish
