"""pydantic's models, and types that only pydantic can check.

pydantic itself does all the work. It is imported only where a user's type comes from it, so it is
loaded already.
"""

from __future__ import annotations

import functools
import sys
import types
import typing
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from triode.errors import MissingExtraError, SchemaError
from triode.schema.decoders import parse_json
from triode.schema.describe import describe
from triode.schema.kinds.anything import check_text
from triode.schema.kinds.records import component_name, own_documentation
from triode.schema.members import FieldDescription
from triode.schema.metadata import Parts, from_pydantic, take_apart
from triode.schema.node import EXACT, LAX, Schema
from triode.schema.objects import ObjectSchema
from triode.schema.problems import INVALID, Loc, Problem, ValidationFailed
from triode.schema.registry import Mode, Registry

_REFERENCE = "pydantic-definition:"


class _Delegate(Schema):
    """What a model and a foreign type have in common: an adapter of pydantic's."""

    @functools.cached_property
    def adapter(self) -> Any:
        """pydantic's `TypeAdapter` of the annotation."""
        return _pydantic().TypeAdapter(self.adapted)

    @property
    def adapted(self) -> Any:
        """The annotation as pydantic shall see it."""
        return self.annotation

    @property
    def children(self) -> Iterable[Schema]:
        return ()  # pydantic knows the fields better.

    @property
    def sent_children(self) -> Iterable[Schema]:
        return ()

    def validate(self, value: Any, loc: Loc, problems: list[Problem], *, text: bool = False) -> Any:
        before = len(problems)
        check_text(value, loc, problems)
        if len(problems) > before:
            return INVALID
        try:
            return self.adapter.validate_python(value, from_attributes=True)
        except _pydantic().ValidationError as exc:
            problems.extend(_problems(exc, loc))
            return INVALID

    def json_reader(self) -> Callable[[bytes], Any]:
        _ = self.adapter  # What pydantic cannot build is told at start-up.
        return self._read_json

    def _read_json(self, data: bytes) -> Any:
        # pydantic's own parser first, as msgspec elsewhere.
        try:
            return self.adapter.validate_json(data)
        except ValueError:  # pydantic's error is one; the second reading says what is wrong.
            pass
        problems: list[Problem] = []
        found = self.validate(parse_json(data), (), problems)
        if problems:
            raise ValidationFailed(problems)
        return found

    def dump(self, value: Any, loc: Loc, problems: list[Problem]) -> Any:
        found = self.validate(value, loc, problems)
        if found is INVALID:
            return found
        return self.adapter.dump_python(found, mode="json", by_alias=True, warnings=False)

    def json_schema(self, registry: Registry, mode: Mode) -> dict[str, Any]:
        made = self.adapter.json_schema(
            mode="validation" if mode == "input" else "serialization",
            schema_generator=_generator(),
            ref_template=_REFERENCE + "{model}",
        )
        definitions = made.pop("$defs", {})
        for name, body in self._own_definition(made).items():
            definitions[name] = body
            made = {"$ref": _REFERENCE + name}
        for body in definitions.values():
            if "\f" in body.get("description", ""):
                body["description"] = body["description"].partition("\f")[0].strip()
        found: dict[str, Any] = _adopt(made, definitions, registry, mode)
        return found

    def _own_definition(self, made: dict[str, Any]) -> dict[str, Any]:
        return {}


class PydanticSchema(_Delegate, ObjectSchema):
    """A pydantic model, or a dataclass of pydantic's."""

    @property
    def adapted(self) -> Any:
        return self.target

    def codec_assuming(self, native: frozenset[Schema]) -> None:
        return None

    @property
    def exact_types(self) -> frozenset[type] | None:
        # msgspec writes a dataclass its own way, and leaves a model to `encode_foreign`.
        return frozenset({self.target}) if hasattr(self.target, "model_fields") else None

    @functools.cached_property
    def adapter_of_all(self) -> Any:
        return self.adapter

    def fit(self, value: Any) -> int:
        return EXACT if type(value) is self.target else LAX

    @property
    def forbids_extra(self) -> bool:
        return bool(self._extra == "forbid")

    @property
    def keeps_extra(self) -> bool:
        return bool(self._extra == "allow")

    @property
    def _extra(self) -> Any:
        return _config_of(self.target).get("extra")

    def construct(self, values: dict[str, Any]) -> Any:
        return self.adapter.validate_python(values, by_alias=False, by_name=True)

    def _own_definition(self, made: dict[str, Any]) -> dict[str, Any]:
        return {} if "$ref" in made else {self.name: made}


class ForeignSchema(_Delegate):
    """A type with metadata that only pydantic can execute, or one of pydantic's own types."""

    kind = "foreign"

    @functools.cached_property
    def plain(self) -> Schema | None:
        """The description of the type without what pydantic executes; None if it has none.

        It tells a list and an object from a single value. JSON inside of a text is a single one.
        """
        parts = take_apart(self.annotation)
        if parts.bare is self.annotation or any(
            type(each).__name__ == "Json" for each in parts.foreign
        ):
            return None
        members = typing.get_args(parts.bare)
        bare = parts.bare
        if _is_tagged(bare):
            bare = typing.Union[tuple(take_apart(each).bare for each in members)]  # noqa: UP007
        try:
            return describe(bare)
        except SchemaError:
            return None


def pydantic_model(parts: Parts) -> Schema | None:
    """Describe a pydantic model or a dataclass of pydantic's."""
    if not (isinstance(parts.bare, type) and hasattr(parts.bare, "__pydantic_validator__")):
        return None
    return PydanticSchema(
        parts.bare,
        lambda: _fields(parts.bare),
        name=component_name(parts.bare),
        description=own_documentation(parts.bare),
        info=parts.info,
    )


def _config_of(target: Any) -> Any:
    return getattr(target, "model_config", None) or getattr(target, "__pydantic_config__", {})


def _fields(target: Any) -> Iterable[FieldDescription]:
    for name, field in target.__pydantic_fields__.items():
        info, _ = from_pydantic(field)
        alias, *others = _names(name, field, _config_of(target))
        annotation = field.annotation
        for item in field.metadata:
            annotation = Annotated[annotation, item]
        yield FieldDescription(
            name=name,
            annotation=annotation,
            info=take_apart(annotation).info.merged(info),
            required=field.is_required(),
            default=info.default,
            default_factory=info.default_factory,
            encoded_name=alias,
            other_names=tuple(others),
        )


def _names(name: str, field: Any, config: Any) -> list[str]:
    """Return the keys that a field is read from, the preferred one first."""
    alias = field.validation_alias
    found = [each for each in getattr(alias, "choices", [alias]) if isinstance(each, str)]
    if not found:
        found = [field.alias or name]
    if config.get("validate_by_alias") is False:
        return [name]
    if config.get("validate_by_name") or config.get("populate_by_name"):
        found.append(name)
    return list(dict.fromkeys(found))


def foreign(parts: Parts) -> Schema | None:
    """Describe what only pydantic understands: its validators, its types."""
    origin = getattr(parts.bare, "__origin__", parts.bare)
    is_theirs = hasattr(origin, "__get_pydantic_core_schema__") and not hasattr(
        origin, "__pydantic_validator__"
    )
    if not parts.foreign and not is_theirs and not _is_tagged(parts.bare):
        return None
    annotation = parts.bare
    for item in (*_constraints(parts), *parts.foreign):
        annotation = Annotated[annotation, item]
    return ForeignSchema(annotation, parts.info)


def _is_tagged(bare: Any) -> bool:
    """Whether members of a union have tags of pydantic's."""
    return typing.get_origin(bare) in (typing.Union, types.UnionType) and any(
        type(item).__name__ == "Tag"
        for member in typing.get_args(bare)
        for item in getattr(member, "__metadata__", ())
    )


def _constraints(parts: Parts) -> list[Any]:
    names = (
        "gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern",
        "max_digits", "decimal_places", "allow_inf_nan", "discriminator",
    )  # fmt: skip
    given = {name: parts.info.given[name] for name in names if name in parts.info.given}
    return [pydantic_field(**given)] if given else []


def pydantic_field(**options: Any) -> Any:
    """Return what pydantic's `Field` makes of options that it executes."""
    return _pydantic().Field(**options)


def _pydantic() -> Any:
    try:
        return sys.modules.get("pydantic") or __import__("pydantic")
    except ImportError:
        raise MissingExtraError("pydantic", extra="pydantic", feature="This type") from None


@functools.cache
def _generator() -> type[Any]:
    """Return pydantic's generator, which here says of bytes what OpenAPI 3.1 says of them."""
    base: Any = _pydantic().json_schema.GenerateJsonSchema

    class Generator(base):  # type: ignore[misc]
        def bytes_schema(self, schema: Any) -> dict[str, Any]:
            found: dict[str, Any] = super().bytes_schema(schema)
            del found["format"]
            is_input = self.mode == "validation"
            config = self._config
            way = config.val_json_bytes if is_input else config.ser_json_bytes
            if way == "base64":
                found["contentEncoding"] = "base64"
            return {**found, "contentMediaType": "application/octet-stream"}

        def tuple_schema(self, schema: Any) -> dict[str, Any]:
            found: dict[str, Any] = super().tuple_schema(schema)
            found.setdefault("items", {})  # Linters ask for it beside `prefixItems`.
            return found

    return Generator


def _problems(exc: Any, loc: Loc) -> list[Problem]:
    found: list[Problem] = []
    for error in exc.errors(include_url=False):
        made: Problem = {
            "type": error["type"],
            "loc": (*loc, *error["loc"]),
            "msg": error["msg"],
            "input": error["input"],
        }
        if "ctx" in error:
            made["ctx"] = error["ctx"]
        found.append(made)
    return found


def _adopt(value: Any, definitions: dict[str, Any], registry: Registry, mode: Mode) -> Any:
    """Move pydantic's definitions into the registry, its references with them."""
    if isinstance(value, dict):
        return {
            key: _adopt(item, definitions, registry, mode)
            for key, item in value.items()
            if (key, item) != ("default", None)  # COMPAT: FastAPI leaves a null default out.
        }
    if isinstance(value, list):
        return [_adopt(item, definitions, registry, mode) for item in value]
    if isinstance(value, str) and value.startswith(_REFERENCE):
        name = value.removeprefix(_REFERENCE)
        body = definitions[name]
        make: Callable[[], dict[str, Any]] = lambda: _adopt(  # noqa: E731
            body, definitions, registry, mode
        )
        # One model has one name and one set of properties in both modes, what is computed aside.
        properties = body.get("properties", {})
        fields = [field for field, each in properties.items() if not each.get("readOnly")]
        key = ("pydantic", name, *sorted(fields))
        return registry.reference(key, name, mode, make, module="pydantic")["$ref"]
    return value
