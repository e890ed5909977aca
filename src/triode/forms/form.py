"""A form made from the description of a class.

The class may be a model, a Struct, a dataclass or anything else `triode.schema` describes as an
object. The same validators read a form and a JSON body.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar

from markupsafe import Markup

from triode.errors import ConfigError
from triode.forms.controls import FormField, error_list
from triode.forms.data import Sent, Unreadable, raw_value, shown_value
from triode.forms.messages import message_of
from triode.forms.widgets import Choices, Widget, label_of, widget_of
from triode.http import current_call
from triode.schema import (
    INVALID,
    MISSING,
    FieldDescription,
    ObjectSchema,
    Problem,
    Registry,
    describe,
)

T = TypeVar("T")
CSRF = "csrf_token"


class Form(Generic[T]):
    """A form for objects of a class: `Form(Contact)`, or a subclass of `Form[Contact]`.

    A subclass may name the `fields` it shows, in order, or those it leaves out (`exclude`), and
    override `widgets` (kinds), `attributes` (of HTML), `labels`, `help_texts` and `choices` by
    field name.
    """

    target: ClassVar[Any] = None
    fields: ClassVar[Sequence[str] | None] = None
    exclude: ClassVar[Sequence[str]] = ()
    widgets: ClassVar[Mapping[str, str]] = {}
    attributes: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    labels: ClassVar[Mapping[str, str]] = {}
    help_texts: ClassVar[Mapping[str, str]] = {}
    choices: ClassVar[Mapping[str, Choices]] = {}

    _bound_classes: ClassVar[dict[tuple[type, Any], type]] = {}

    def __class_getitem__(cls, target: Any) -> Any:
        """Return the form class for a target class."""
        if isinstance(target, TypeVar):
            return super().__class_getitem__(target)  # type: ignore[misc]
        key = (cls, target)
        if key not in cls._bound_classes:
            name = f"{cls.__name__}[{getattr(target, '__name__', target)}]"
            made = type(name, (cls,), {"target": target, "__module__": cls.__module__})
            cls._bound_classes[key] = made
        return cls._bound_classes[key]

    def __init__(
        self,
        target: type[T] | None = None,
        data: Sent | None = None,
        *,
        instance: T | None = None,
        initial: Mapping[str, Any] | None = None,
        prefix: str = "",
    ) -> None:
        self.target_class = target or self.target
        if self.target_class is None:
            raise ConfigError(
                f"{type(self).__name__} does not know what it is a form for. "
                "Write Form(Contact) or class ContactForm(Form[Contact]).",
                code="form-target",
            )
        self.instance = instance
        self.prefix = prefix
        self.data = data
        self.cleaned_data: dict[str, Any] = {}
        self.errors: dict[str, list[str]] = {}
        self.result: Any = None
        self._initial = initial or {}
        self._schema = self._read_schema()
        self._descriptions = self._select_fields()
        self._widgets = {each.name: self._make_widget(each) for each in self._descriptions}
        if data is not None:
            self._validate(data)

    def _read_schema(self) -> ObjectSchema:
        schema = describe(self.target_class)
        if not isinstance(schema, ObjectSchema):
            raise ConfigError(
                f"{self.target_class!r} has no fields to make a form of. "
                "Give a model, a Struct, a dataclass or another class with fields.",
                code="form-target",
            )
        return schema

    def _select_fields(self) -> list[FieldDescription]:
        by_name = {each.name: each for each in self._schema.accepted}
        for name in [*(self.fields or ()), *self.exclude]:
            if name not in by_name:
                raise ConfigError(
                    f"{type(self).__name__} names the field {name!r}, which "
                    f"{self._schema.name} does not accept. It has: {', '.join(by_name)}.",
                    code="form-field",
                )
        chosen = by_name if self.fields is None else self.fields
        return [by_name[name] for name in chosen if name not in self.exclude]

    def _make_widget(self, described: FieldDescription) -> Widget:
        widget = widget_of(described, kind=self.widgets.get(described.name))
        widget.attributes.update(self.attributes.get(described.name, {}))
        choices = self.choices.get(described.name, _choices_of(described))
        if choices is not None:
            kind = widget.kind if widget.kind.startswith("select") else "select"
            widget = replace(widget, kind=kind, choices=choices)
        return widget

    @property
    def is_bound(self) -> bool:
        """Whether something was submitted."""
        return self.data is not None

    @property
    def is_valid(self) -> bool:
        """Whether something was submitted and nothing is wrong with it."""
        return self.is_bound and not self.errors

    @property
    def is_multipart(self) -> bool:
        """Whether the `<form>` needs `enctype="multipart/form-data"`."""
        return any(widget.kind == "file" for widget in self._widgets.values())

    def add_error(self, field: str | None, message: str) -> None:
        """Add an error beside a field, or above the form where `field` is None."""
        key = field if field in self._widgets else ""
        self.errors.setdefault(key or "", []).append(message)

    def clean(self) -> None:
        """Check what concerns several fields: override it, and call `add_error`.

        Called when every field is valid by itself; `cleaned_data` and `result` are set.
        """

    def set_choices(self, name: str, choices: Choices, *, kind: str = "select") -> None:
        """Offer choices for a field that the type does not enumerate.

        The kind "search" is for long lists: a field that suggests while one types.
        """
        widget = self._widgets[name]
        kept = {key: value for key, value in widget.attributes.items() if key == "required"}
        kind = widget.kind if widget.is_multiple else kind
        self._widgets[name] = replace(widget, kind=kind, choices=choices, attributes=kept)

    def label_of(self, name: str) -> str:
        """Return what a field is called on the page."""
        described = next(each for each in self._descriptions if each.name == name)
        return self.labels.get(name) or described.info.title or label_of(name)

    async def check_stored(self, *, keys: Collection[str] = ()) -> None:
        """Check what only a store can tell; called for a submitted form that is valid so far."""

    def _validate(self, data: Sent) -> None:
        raw: dict[str, Any] = {}
        for each in self._descriptions:
            try:
                value = raw_value(each, self._widgets[each.name], data.get(self.prefix + each.name))
            except Unreadable as exc:
                self.add_error(each.name, str(exc))
                continue
            if value is not MISSING:
                raw[each.encoded_name] = value
        problems: list[Problem] = []
        result = self._run_validators(raw, problems)
        self._take_problems(problems)
        if result is INVALID or self.errors:
            return
        self.result = result
        self.cleaned_data = {
            each.name: value
            for each in self._descriptions
            if (value := self._read(result, each.name)) is not MISSING
        }
        self.clean()

    @property
    def is_partial(self) -> bool:
        """Whether the class requires more than the form shows."""
        required = {each.name for each in self._schema.accepted if each.required}
        return not required <= self._widgets.keys()

    def _run_validators(self, raw: dict[str, Any], problems: list[Problem]) -> Any:
        """Return the object; of a partial form the values that will make it, by name."""
        if not self.is_partial:
            return self._schema.validate(raw, (), problems, text=True)
        values: dict[str, Any] = {}
        for each in self._descriptions:
            if each.encoded_name in raw:
                node, place = self._schema.node_of(each), (each.encoded_name,)
                values[each.name] = node.validate(
                    raw[each.encoded_name], place, problems, text=True
                )
            elif each.required and each.name not in self.errors:
                missing = (each.encoded_name,)
                problems.append(
                    {"type": "missing", "loc": missing, "msg": "Field required", "input": None}
                )
        return values

    def _read(self, result: Any, name: str) -> Any:
        if isinstance(result, Mapping):
            return result.get(name, MISSING)
        return self._schema.get(result, name)

    def _take_problems(self, problems: Sequence[Problem]) -> None:
        names = {each.encoded_name: each.name for each in self._descriptions}
        unreadable = set(self.errors)
        for found in problems:
            place = str(found["loc"][0]) if found["loc"] else ""
            name = names.get(place)
            if name in unreadable:
                continue  # What cannot be read is also missing; one message is enough.
            message = message_of(found)
            if name is None and place:
                message = f"{label_of(place)}: {message}"
            self.add_error(name, message)

    def __iter__(self) -> Iterator[FormField]:
        return (self[each.name] for each in self._descriptions)

    def __getitem__(self, name: str) -> FormField:
        described = next((each for each in self._descriptions if each.name == name), None)
        if described is None:
            raise KeyError(f"The form has no field {name!r}. It has: {', '.join(self._widgets)}.")
        return FormField(
            name=name,
            label=self.label_of(name),
            widget=self._widgets[name],
            help=self.help_texts.get(name) or _help_of(described),
            values=self._texts(described),
            errors=self.errors.get(name, []),
            prefix=self.prefix,
        )

    def _texts(self, described: FieldDescription) -> Sequence[str]:
        widget = self._widgets[described.name]
        if self.data is not None:
            typed = self.data.get(self.prefix + described.name, ())
            return [value for value in typed if isinstance(value, str)]
        if described.name in self._initial:
            return shown_value(described, self._initial[described.name], widget)
        if self.instance is not None:
            return shown_value(described, self._schema.get(self.instance, described.name), widget)
        return shown_value(described, described.make_default(), widget)

    @property
    def non_field_errors(self) -> list[str]:
        """The errors that belong to no single field."""
        return self.errors.get("", [])

    def json_schema(self) -> dict[str, Any]:
        """Return what the form sends, as JSON Schema describes it; nested objects as JSON text."""
        properties: dict[str, Any] = {}
        for each in self._descriptions:
            schema = each.schema.json_schema(Registry(), "input")
            if "$ref" in str(schema):
                schema = {"type": "string"}
            if each.required and schema.get("type") == "string":
                schema = {"minLength": 1, **schema}  # An empty field is as good as none.
            properties[self.prefix + each.name] = schema
        found: dict[str, Any] = {"type": "object", "properties": properties}
        required = [each.name for each in self._descriptions if each.required]
        return {**found, "required": required} if required else found

    @property
    def csrf_field(self) -> Markup:
        """The hidden field with the CSRF token; nothing where there are no sessions."""
        call = current_call.get(None)
        make = ((call.extras if call else None) or {}).get(CSRF)
        if make is None:
            return Markup("")
        return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF, make())

    def __html__(self) -> Markup:
        parts: list[Any] = [self.csrf_field]
        if self.non_field_errors:
            errors = error_list(self.non_field_errors, id=f"{self.prefix}form-errors")
            parts.append(Markup('<div class="form-errors" role="alert">{}</div>').format(errors))
        parts.extend(field.__html__() for field in self)
        return Markup("\n").join(part for part in parts if part)

    __str__ = __html__


def _help_of(described: FieldDescription) -> str:
    return getattr(described.info, "help_text", None) or described.info.description or ""


def _choices_of(described: FieldDescription) -> Choices | None:
    given = getattr(described.info, "choices", None)
    return None if given is None else [(str(value), str(label)) for value, label in given]
