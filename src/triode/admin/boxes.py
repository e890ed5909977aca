"""The fields of a form as its page shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from triode.admin.cells import formatter_of
from triode.admin.form_plan import label_of
from triode.admin.labels import field_label
from triode.admin.lookups import Offer, Target
from triode.admin.pages import Choice, FieldBox
from triode.admin.row_form import RowForm
from triode.forms import FormField

AREAS = ("textarea", "lines", "json")
EMPTY, CHOOSE = "\N{EN DASH}", "Choose…"
_HELP = {"lines": "One on each line.", "json": "As JSON."}


@dataclass(frozen=True, slots=True)
class Boxes:
    """Makes the boxes of one form.

    `lookup` gives the address that finds rows for a field. `offers` keeps what was offered, for
    forms of one page that lead to the same rows.
    """

    form: RowForm
    lookup: Callable[[str], str]
    offers: dict[tuple[Target, str], Offer] = field(default_factory=dict)

    async def all(self, *, can_save: bool) -> list[FieldBox]:
        """Return every field that the form shows; what cannot be written, only of a row."""
        plan, row = self.form.plan, self.form.row
        return [
            await self.one(name, can_save=can_save)
            for name in plan.names
            if name in plan.written or row is not None
        ]

    async def one(self, name: str, *, can_save: bool) -> FieldBox:
        """Return one field of the page."""
        plan = self.form.plan
        if name not in plan.written or not can_save:
            return await self.readonly(name)
        if name in plan.many:
            return await self.many(name)
        field = self.form.field(name)
        return await self.relation(name, field) if name in plan.targets else self.plain(field)

    async def readonly(self, name: str) -> FieldBox:
        """Return a field that is only shown."""
        plan, row = self.form.plan, self.form.row
        if name in plan.many:
            rows = await plan.targets[name].rows_of(self.form.request, row, plan.many[name])
            return self.shown(name, field_label(name), ", ".join(label for _, label in rows))
        field = self.form.desk.reflection.fields[name]
        label = label_of(field)
        if field.is_secret:
            return self.shown(name, label, "Hidden")
        value = getattr(row, name)
        if value is not None and name in plan.targets:
            text = await plan.targets[name].label_of(self.form.request, str(value))
            return self.shown(name, label, text)
        html = "" if value is None else formatter_of(field.value_annotation)(value)
        return self.shown(name, label, Markup(html), field.info.description or "")  # noqa: S704 - formatters escape

    def shown(self, name: str, label: str, value: str, help: str = "") -> FieldBox:
        """Return a value in place of a control."""
        return FieldBox(self.form.prefix + name, label, "readonly", value, help)

    async def relation(self, name: str, field: FormField) -> FieldBox:
        """Return a choice among the rows of another model."""
        target = self.form.plan.targets[name]
        chosen, found = field.value, self.form.looked_for.get(name, "")
        offered, is_complete = await self.offer(target, found)
        rows = list(offered)
        if chosen and chosen not in {value for value, _ in rows}:
            rows.insert(0, (chosen, await target.label_of(self.form.request, chosen)))
        is_nullable = self.form.desk.reflection.fields[name].is_nullable
        choices = [Choice(value, label, value == chosen) for value, label in rows]
        if is_nullable or not chosen:
            choices.insert(0, Choice("", EMPTY if is_nullable else CHOOSE, not chosen))
        return FieldBox(
            name=self.form.prefix + name,
            label=field.label,
            widget="select" if is_complete else "lookup",
            help=field.help,
            required=not is_nullable,
            errors=self.errors(field),
            choices=choices,
            lookup=self.lookup(name),
            found=found,
        )

    async def many(self, name: str) -> FieldBox:
        """Return a choice of several rows of another model."""
        form = self.form
        target, relation = form.plan.targets[name], form.plan.many[name]
        found = form.looked_for.get(name, "")
        offered, is_complete = await self.offer(target, found)
        chosen: list[tuple[str, str]] = []
        if form.submitted is not None:
            for text in dict.fromkeys(form.texts(name)):
                chosen.append((text, await target.label_of(form.request, text)))
        elif form.row is not None:
            chosen = await target.rows_of(form.request, form.row, relation)
        picked = {value for value, _ in chosen}
        rows = chosen + [pair for pair in offered if pair[0] not in picked]
        if is_complete:
            rows.sort(key=lambda pair: pair[1].casefold())
        return FieldBox(
            name=form.prefix + name,
            label=field_label(name),
            widget="many",
            choices=[Choice(value, label, value in picked) for value, label in rows],
            lookup="" if is_complete else self.lookup(name),
            found=found,
        )

    async def offer(self, target: Target, found: str) -> Offer:
        """Return the rows to choose from, and whether these are all there are."""
        key = (target, found)
        if key not in self.offers:
            self.offers[key] = await target.offer(self.form.request, found)
        return self.offers[key]

    def plain(self, field: FormField) -> FieldBox:
        """Return a field of the model itself."""
        kind, widget = field.widget.kind, field.widget
        is_kept = self.form.row is not None and self.form.is_secret(field.name)
        chosen = set(field.values)
        choices = [Choice(value, label, value in chosen) for value, label in widget.choices or ()]
        if kind == "select" and (widget.is_nullable or not chosen):
            choices.insert(0, Choice("", EMPTY if widget.is_nullable else CHOOSE, not chosen))
        help_text = "Leave it empty to keep what is stored." if is_kept else _HELP.get(kind, "")
        return FieldBox(
            name=self.form.prefix + field.name,
            label=field.label,
            widget="textarea" if kind in AREAS else "many" if kind == "select-multiple" else kind,
            value=field.value,
            help=field.help or help_text,
            required=field.is_required and not is_kept,
            errors=self.errors(field),
            choices=choices,
            attributes=_attributes(kind, widget.attributes),
        )

    def errors(self, field: FormField) -> list[str]:
        """Return what is wrong with a field."""
        return field.errors if self.form.shows_errors else []


def _attributes(kind: str, given: dict[str, Any]) -> dict[str, str]:
    attributes = {key: value for key, value in given.items() if key != "required"}
    if kind == "password":
        attributes["autocomplete"] = "new-password"
    if kind in ("email", "url", "tel", "text"):
        attributes["autocomplete"] = "off"
    return attributes
