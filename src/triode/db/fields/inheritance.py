"""What a model takes over from abstract models and from classes that are no models."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, get_args, get_origin

import msgspec

from triode.db.fields.declaration import (
    Declaration,
    Target,
    place_of_mixin,
    read_declarations,
)
from triode.db.fields.field import ColumnInfo, ForeignKeyInfo, ManyToManyInfo
from triode.db.fields.words import snake_case
from triode.errors import ModelError
from triode.schema.metadata import take_apart


class Inherited(NamedTuple):
    """A declaration, and the class whose body has it."""

    declaration: Declaration
    owner: type


Found = dict[str, Inherited]


def inherited_declarations(name: str, bases: Iterable[Any], where: str) -> Found:
    """Return what the bases of a class declare, in their order.

    Of several bases that have the same field, that one counts which Python would find first.
    `bases` are as they were written: `Base[int]` gives a type variable its value.

    Raises:
        ModelError: a base is a model with a table of its own.
    """
    found: Found = {}
    for written in bases:
        base = get_origin(written) or written
        values = _values(base, get_args(written))
        for key, each in _declared_by(name, base, where).items():
            older = found.get(key)
            if older is None or (each.owner is not older.owner and _is_nearer(each, older)):
                found[key] = each._replace(declaration=_substituted(each.declaration, values))
    return found


def _is_nearer(one: Inherited, other: Inherited) -> bool:
    return issubclass(one.owner, other.owner)


def _declared_by(name: str, base: Any, where: str) -> Found:
    """Return the fields of an abstract model, or of a class that is no model."""
    if "__table__" in vars(base):
        raise ModelError(
            f"{name} cannot inherit from the model {base.__name__}: a row lies in one table. "
            "Put the common fields into a base with class Meta: abstract = True.",
            code="model-inheritance",
            where=where,
        )
    if isinstance(base, msgspec.StructMeta):
        declared: Found = vars(base).get("__declared__", {})
        return declared
    if base in (object, typing.Generic, typing.Protocol):
        return {}
    found = inherited_declarations(name, _written_bases(base), where)
    return overridden(found, read_declarations(name, vars(base), place_of_mixin(base)), base)


def _written_bases(base: type) -> tuple[Any, ...]:
    written: tuple[Any, ...] = vars(base).get("__orig_bases__", base.__bases__)
    return written


def overridden(found: Found, own: Iterable[Declaration], owner: type) -> Found:
    """Return what was found with what a class itself declares, each field in its first place."""
    return {**found, **{each.name: Inherited(each, owner) for each in own}}


def _values(base: type, arguments: tuple[Any, ...]) -> dict[Any, Any]:
    parameters = getattr(base, "__parameters__", ())
    return dict(zip(parameters, arguments, strict=False))


def _substituted(each: Declaration, values: Mapping[Any, Any]) -> Declaration:
    """Put the values of type variables into a declaration."""
    if not values:
        return each
    if each.target is not None:
        names = {variable.__name__: value for variable, value in values.items()}
        model = values.get(each.target.model) or names.get(each.target.model)
        return each if model is None else replace(each, target=replace(each.target, model=model))
    annotation = each.annotation
    if isinstance(annotation, typing.TypeVar):
        annotation = values.get(annotation, annotation)
    elif parameters := getattr(annotation, "__parameters__", ()):
        annotation = annotation[tuple(values.get(one, one) for one in parameters)]
    if annotation is each.annotation:
        return each
    info = ColumnInfo().merged(take_apart(annotation).info, each.info)
    return replace(each, annotation=annotation, info=info)


def for_model(name: str, found: Found) -> list[Declaration]:
    """Return declarations as a model with a table has them.

    `Self`, or the name of the abstract model, stands for it; so does "{model}" in `related_name`.
    """
    return [_own(name, each) for each in found.values()]


def _own(name: str, each: Inherited) -> Declaration:
    declaration = each.declaration
    target, info = declaration.target, declaration.info
    is_self = target is not None and (
        target.model in ("Self", typing.Self) or target.model == each.owner.__name__
    )
    if is_self and target is not None:
        declaration = replace(declaration, target=Target(name, target.is_list, target.is_nullable))
    related = getattr(info, "related_name", None)
    if related is not None and "{model}" in related:
        assert isinstance(info, ForeignKeyInfo | ManyToManyInfo)
        made = info.merged()
        made.related_name = related.replace("{model}", snake_case(name))
        declaration = replace(declaration, info=made)
    return declaration
