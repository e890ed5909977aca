"""The add and edit page: the model's own form, shown and read back.

`triode.forms` checks what was typed, by the model's description. This module decides which
fields there are, offers the rows a relation may lead to, and writes only what was changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from triode.admin.boxes import CHOOSE, EMPTY, field_box
from triode.admin.cells import formatter_of
from triode.admin.desk import Desk
from triode.admin.form_plan import FormPlan, label_of
from triode.admin.labels import field_label, sentence
from triode.admin.pages import Choice, FieldBox, FormPage
from triode.admin.visit import Submitted, Visit
from triode.db import transaction
from triode.db.errors import Duplicate
from triode.errors import ClientError
from triode.forms import FormField, ModelForm
from triode.schema import Changes, Variant

FIND = "find."


class Editor:
    """One row on its page, or a row to be: what is shown, what was sent, what is wrong."""

    def __init__(
        self, visit: Visit, desk: Desk, row: Any | None, submitted: Submitted | None = None
    ) -> None:
        self.visit = visit
        self.desk = desk
        self.row = row
        self.submitted = submitted
        self.plan: FormPlan = desk.form
        self.form = self._make_form(submitted)
        self.shows_errors = True
        self.version = "" if row is None else version_of(desk, row)

    def _make_form(self, submitted: Submitted | None) -> ModelForm[Any]:
        form_class = self.plan.form_class
        if submitted is None:
            initial = self._initial() if self.row is None else {}
            return form_class(instance=self.row, initial=initial)
        kept = self._kept_secrets(submitted)
        if kept:
            fields = [name for name in form_class.fields or () if name not in kept]
            form_class = type(form_class.__name__, (form_class,), {"fields": fields})
        return form_class(data=submitted.data, instance=self.row)

    def _initial(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.visit.query.items()
            if name in (self.plan.form_class.fields or ())
        }

    def _kept_secrets(self, submitted: Submitted) -> set[str]:
        """Return the secrets of an existing row that were left empty, which keeps them."""
        if self.row is None:
            return set()
        fields = self.desk.reflection.fields
        return {
            name
            for name in self.plan.form_class.fields or ()
            if fields[name].is_secret and not submitted.text(name)
        }

    @property
    def is_valid(self) -> bool:
        """Whether something was sent that may be saved."""
        return self.form.is_valid

    @property
    def is_stale(self) -> bool:
        """Whether the row was changed after the page was made that was sent."""
        sent = self.submitted.text("_version") if self.submitted else ""
        return bool(sent) and sent != self.version

    def changes(self) -> dict[str, Any]:
        """Return what was typed that differs from what the page showed, by field."""
        assert self.row is not None
        before = self.plan.form_class(instance=self.row)
        secret = {field.name for field in self.desk.reflection.table.secret}
        return {
            name: value
            for name, value in self.form.cleaned_data.items()
            if name in secret or _texts(self.form[name]) != _texts(before[name])
        }

    async def save(self) -> Any:
        """Store what was sent and return the row; None where that failed, with errors set."""
        try:
            async with transaction():
                row = await self._save_row()
                await self._save_many(row)
        except ClientError as exc:
            self._blame(exc)
            return None
        return row

    async def _save_row(self) -> Any:
        request, admin = self.visit.request, self.desk.admin
        if self.row is None:
            schema = self.desk.model.__schema__.variant(Variant.CREATE)
            return await admin.save(request, schema.construct(dict(self.form.cleaned_data)), None)
        changes = self.changes()
        if not changes:
            return self.row
        return await admin.save(request, self.row, Changes(self.desk.model, changes))

    async def _save_many(self, row: Any) -> None:
        assert self.submitted is not None
        for name, relation in self.plan.many.items():
            if name in self.plan.written:
                target = self.plan.targets[name]
                keys = [target.parse_key(text) for text in self.submitted.texts(name)]
                await target.assign(row, relation, [key for key in keys if key is not None])

    def _blame(self, exc: ClientError) -> None:
        """Put a refusal of the database beside the fields it is about."""
        if not isinstance(exc, Duplicate):
            self.form.add_error(None, sentence(str(exc.detail)))
            return
        what = f"Another {self.desk.label} has this already."
        if len(exc.fields) > 1:
            labels = " and ".join(field_label(name).lower() for name in exc.fields)
            what = f"Another {self.desk.label} has this {labels} already."
        for name in exc.fields or ("",):
            self.form.add_error(name or None, what)

    # --- what the page shows

    async def page(self, *, can_save: bool, problems: Sequence[str] = ()) -> FormPage:
        """Return the page."""
        at, desk, visit = self.visit.at, self.desk, self.visit
        name = desk.name_of(self.row) if self.row is not None else ""
        fields = [await self.box(each, can_save) for each in self.plan.names if self._shows(each)]
        own = self.form.non_field_errors if self.shows_errors else []
        delete = ""
        if self.row is not None and desk.admin.can_delete(visit.user):
            delete = at.delete(desk.slug, desk.key_of(self.row))
        return FormPage(
            label=desk.label,
            heading=name or f"Add {desk.label}",
            is_new=self.row is None,
            fields=fields,
            problems=[*problems, *own],
            error_count=sum(bool(field.errors) for field in fields),
            delete=delete,
            back=at.list(desk.slug),
            can_save=can_save,
            can_add=desk.admin.can_add(visit.user),
            version=self.version,
        )

    def _shows(self, name: str) -> bool:
        return name in self.plan.written or self.row is not None

    async def box(self, name: str, can_save: bool) -> FieldBox:
        """Return one field of the page."""
        if name not in self.plan.written or not can_save:
            return await self.readonly_box(name)
        if name in self.plan.many:
            return await self.many_box(name)
        if name not in (self.form.fields or ()):
            field = self.plan.form_class(instance=self.row)[name]
        else:
            field = self.form[name]
        if name in self.plan.targets:
            return await self.relation_box(name, field)
        return field_box(field, errors=field.errors if self.shows_errors else (),
                         is_kept=self._is_kept(name))  # fmt: skip

    def _is_kept(self, name: str) -> bool:
        return self.row is not None and self.desk.reflection.fields[name].is_secret

    async def readonly_box(self, name: str) -> FieldBox:
        """Return a field that is only shown."""
        if name in self.plan.many:
            rows = await self.plan.targets[name].rows_of(self.row, self.plan.many[name])
            shown = ", ".join(label for _, label in rows)
            return FieldBox(name, field_label(name), "readonly", shown)
        field = self.desk.reflection.fields[name]
        label = label_of(field)
        if field.is_secret:
            return FieldBox(name, label, "readonly", "Hidden")
        value = getattr(self.row, name)
        if value is not None and name in self.plan.targets:
            shown = await self.plan.targets[name].label_of(str(value))
            return FieldBox(name, label, "readonly", shown)
        html = "" if value is None else formatter_of(field.value_annotation)(value)
        return FieldBox(name, label, "readonly", Markup(html), field.info.description or "")  # noqa: S704 - formatters escape

    async def relation_box(self, name: str, field: FormField) -> FieldBox:
        """Return a choice among the rows of another model."""
        target = self.plan.targets[name]
        chosen = field.value
        found = self.submitted.text(FIND + name) if self.submitted else ""
        offered, is_complete = await target.offer(found)
        rows = list(offered)
        if chosen and chosen not in {value for value, _ in rows}:
            rows.insert(0, (chosen, await target.label_of(chosen)))
        is_nullable = self.desk.reflection.fields[name].is_nullable
        choices = [Choice(value, label, value == chosen) for value, label in rows]
        if is_nullable or not chosen:
            choices.insert(0, Choice("", EMPTY if is_nullable else CHOOSE, not chosen))
        return FieldBox(
            name=name,
            label=field.label,
            widget="select" if is_complete else "lookup",
            help=field.help,
            required=not is_nullable,
            errors=field.errors if self.shows_errors else (),
            choices=choices,
            lookup=self.visit.at.lookup(self.desk.slug, name),
            found=found,
        )

    async def many_box(self, name: str) -> FieldBox:
        """Return a choice of several rows of another model."""
        target, relation = self.plan.targets[name], self.plan.many[name]
        found = self.submitted.text(FIND + name) if self.submitted else ""
        offered, is_complete = await target.offer(found)
        if self.submitted is not None:
            texts = self.submitted.texts(name)
            chosen = [(text, await target.label_of(text)) for text in dict.fromkeys(texts)]
        else:
            chosen = [] if self.row is None else await target.rows_of(self.row, relation)
        picked = {value for value, _ in chosen}
        rows = chosen + [pair for pair in offered if pair[0] not in picked]
        if is_complete:
            rows.sort(key=lambda pair: pair[1].casefold())
        return FieldBox(
            name=name,
            label=field_label(name),
            widget="many",
            choices=[Choice(value, label, value in picked) for value, label in rows],
            lookup="" if is_complete else self.visit.at.lookup(self.desk.slug, name),
            found=found,
        )


def version_of(desk: Desk, row: Any) -> str:
    """Return what a row holds, as a short text."""
    values = repr([getattr(row, field.name) for field in desk.reflection.table.public])
    return hashlib.blake2b(values.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _texts(field: FormField) -> list[str]:
    return [text.replace("\r\n", "\n") for text in field.values]
