"""The fields of a form as its page shows them."""

from __future__ import annotations

from collections.abc import Sequence

from triode.admin.pages import Choice, FieldBox
from triode.forms import FormField

AREAS = ("textarea", "lines", "json")
_HELP = {"lines": "One on each line.", "json": "As JSON."}
EMPTY, CHOOSE = "\N{EN DASH}", "Choose…"


def field_box(field: FormField, *, errors: Sequence[str], is_kept: bool) -> FieldBox:
    """Return a plain field of a form as the page shows it; `is_kept`: a secret that exists."""
    kind = field.widget.kind
    attributes = {key: value for key, value in field.widget.attributes.items() if key != "required"}
    if kind == "password":
        attributes["autocomplete"] = "new-password"
    if kind in ("email", "url", "tel", "text"):
        attributes["autocomplete"] = "off"
    chosen = set(field.values)
    choices = [Choice(value, label, value in chosen) for value, label in field.widget.choices or ()]
    if kind == "select" and (field.widget.is_nullable or not chosen):
        empty = EMPTY if field.widget.is_nullable else CHOOSE
        choices.insert(0, Choice("", empty, not chosen))
    help_text = "Leave it empty to keep what is stored." if is_kept else _HELP.get(kind, "")
    return FieldBox(
        name=field.name,
        label=field.label,
        widget="textarea" if kind in AREAS else "many" if kind == "select-multiple" else kind,
        value=field.value,
        help=field.help or help_text,
        required=field.is_required and not is_kept,
        errors=errors,
        choices=choices,
        attributes=attributes,
    )
