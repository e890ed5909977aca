"""Write a field as HTML: label, control, help and errors.

Every text passes through `Markup`, which escapes it. The classes are those of
`templating/assets/triode.css`; a page with its own style can write its own HTML around
`field.control`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from triode.forms.widgets import Widget

_AREAS = {"textarea": 6, "lines": 4, "json": 8}


@dataclass(slots=True)
class FormField:
    """One field of a form as a page shows it.

    `values` are the texts in the control: what was typed, else what the object holds.
    """

    name: str
    label: str
    widget: Widget
    help: str = ""
    values: Sequence[str] = ()
    errors: list[str] = field(default_factory=list)
    prefix: str = ""

    @property
    def id(self) -> str:
        """The control's id."""
        return f"id_{self.prefix}{self.name}"

    @property
    def value(self) -> str:
        """The text in the control; the first, where there are several."""
        return self.values[0] if self.values else ""

    @property
    def is_required(self) -> bool:
        """Whether the form cannot be sent without it."""
        return "required" in self.widget.attributes

    @property
    def is_optional(self) -> bool:
        """Whether it may be left empty; a box or a list that always has a value has no empty."""
        if self.widget.kind in ("checkbox", "select"):
            return self.widget.is_nullable
        return not self.is_required

    @property
    def attributes(self) -> dict[str, str]:
        """The control's HTML attributes, its name and its links to help and errors included."""
        found = {"id": self.id, "name": self.prefix + self.name, **self.widget.attributes}
        described = [f"{self.id}-{part}" for part, is_there in self._notes().items() if is_there]
        if described:
            found["aria-describedby"] = " ".join(described)
        if self.errors:
            found["aria-invalid"] = "true"
        return found

    def _notes(self) -> dict[str, bool]:
        return {"help": bool(self.help), "errors": bool(self.errors)}

    @property
    def control(self) -> Markup:
        """The control alone."""
        kind = self.widget.kind
        if kind in ("select", "select-multiple"):
            return self._select()
        if kind in _AREAS:
            return self._textarea()
        if kind == "checkbox":
            checked = {"checked": ""} if self.values else {}
            return _tag("input", {"type": kind, "value": "true", **self.attributes, **checked})
        if kind == "search":
            return self._search()
        # SECURITY: a password is never sent back, also not to the one who typed it.
        value = {} if kind in ("password", "file") else {"value": self.value}
        return _tag("input", {"type": kind, **self.attributes, **value})

    def _select(self) -> Markup:
        chosen = set(self.values)
        attributes = self.attributes | ({"multiple": ""} if self.widget.is_multiple else {})
        options = [
            _tag("option", {"value": value, **({"selected": ""} if value in chosen else {})})
            + escape(label)
            + Markup("</option>")
            for value, label in self._offered()
        ]
        return _tag("select", attributes) + Markup().join(options) + Markup("</select>")

    def _search(self) -> Markup:
        id = f"{self.id}-choices"
        attributes = {"type": "text", **self.attributes, "list": id, "autocomplete": "off"}
        options = [
            _tag("option", {"value": value}) + escape(label) + Markup("</option>")
            for value, label in self.widget.choices or ()
        ]
        box = _tag("datalist", {"id": id}) + Markup().join(options) + Markup("</datalist>")
        return _tag("input", {**attributes, "value": self.value}) + box

    def _offered(self) -> Iterable[tuple[str, str]]:
        if not self.widget.is_multiple and (self.widget.is_nullable or not self.values):
            yield "", "—"
        yield from self.widget.choices or ()

    def _textarea(self) -> Markup:
        attributes = {"rows": str(_AREAS[self.widget.kind]), **self.attributes}
        if self.widget.kind == "json":
            attributes |= {"spellcheck": "false", "class": "code"}
        # HTML drops one line break after the tag; this one is the one to drop.
        return _tag("textarea", attributes) + "\n" + escape(self.value) + Markup("</textarea>")

    def __html__(self) -> Markup:
        if self.widget.kind == "hidden":
            return self.control
        classes = ["field", f"field-{self.widget.kind}"] + (["has-error"] if self.errors else [])
        mark = _OPTIONAL if self.is_optional else Markup("")
        name = escape(self.label)
        label = _tag("label", {"for": self.id}) + name + mark + Markup("</label>")
        parts = [self.control, label] if self.widget.kind == "checkbox" else [label, self.control]
        if self.help:
            parts.append(Markup('<p class="help" id="{}-help">{}</p>').format(self.id, self.help))
        if self.errors:
            parts.append(error_list(self.errors, id=f"{self.id}-errors"))
        inner = "\n".join(parts)
        return Markup(f"{_tag('div', {'class': ' '.join(classes)})}\n{inner}\n</div>")  # noqa: S704

    __str__ = __html__


_OPTIONAL = Markup(' <span class="optional">optional</span>')


def error_list(errors: Sequence[str], *, id: str) -> Markup:
    """Write errors as a list."""
    items = Markup().join(Markup("<li>{}</li>").format(error) for error in errors)
    return Markup('<ul class="errors" id="{}">{}</ul>').format(id, items)


def _tag(name: str, attributes: dict[str, str]) -> Markup:
    # PERF: escaped one by one and joined as plain text; `Markup.format` took most of a form's time.
    written = [
        f" {key}" if value == "" and key in _BOOLEAN else f' {key}="{escape(value)}"'
        for key, value in attributes.items()
    ]
    return Markup(f"<{name}{''.join(written)}>")  # noqa: S704 - every value is escaped above


_BOOLEAN = frozenset(
    {"autofocus", "checked", "disabled", "multiple", "readonly", "required", "selected"}
)
