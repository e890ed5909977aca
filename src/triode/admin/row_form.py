"""The form of one row, or of a row to be: what is shown, what was sent, what to write.

`triode.forms` checks what was typed, by the model's description. Only what a person changed is
written, and a secret that was left empty is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triode.admin.form_plan import FormPlan
from triode.admin.labels import field_label, sentence, told
from triode.admin.searching import LARGEST_INTEGER, SMALLEST_INTEGER
from triode.admin.submitted import Submitted
from triode.db.errors import Duplicate
from triode.errors import ClientError
from triode.forms import FormField, ModelForm
from triode.schema import Changes, Variant

FIND = "find."


class RowForm:
    """A form over one row; `prefix` stands before the names of its fields on the page."""

    def __init__(
        self,
        request: Any,
        plan: FormPlan,
        row: Any | None,
        submitted: Submitted | None = None,
        *,
        prefix: str = "",
        initial: Mapping[str, str] | None = None,
    ) -> None:
        self.request = request
        self.desk = plan.desk
        self.plan = plan
        self.row = row
        self.submitted = submitted
        self.prefix = prefix
        self.shows_errors = True
        self.form = self._make_form(initial or {})

    def _make_form(self, initial: Mapping[str, str]) -> ModelForm[Any]:
        form_class = self.plan.form_class
        if self.submitted is None:
            known = {name: value for name, value in initial.items() if name in self.names}
            return form_class(instance=self.row, initial=known, prefix=self.prefix)
        kept = self._kept_secrets()
        if kept:
            fields = [name for name in self.names if name not in kept]
            form_class = type(form_class.__name__, (form_class,), {"fields": fields})
        form = form_class(data=self.submitted.data, instance=self.row, prefix=self.prefix)
        for name, value in form.cleaned_data.items():
            if isinstance(value, int) and not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
                form.add_error(name, "This number is too large to be stored.")
        return form

    @property
    def names(self) -> tuple[str, ...]:
        """The fields of the form that are columns."""
        return tuple(self.plan.form_class.fields or ())

    def _kept_secrets(self) -> set[str]:
        """Return the secrets of an existing row that were left empty."""
        if self.row is None:
            return set()
        return {name for name in self.names if self.is_secret(name) and not self.text(name)}

    def is_secret(self, name: str) -> bool:
        """Return whether a field is never shown."""
        return self.desk.reflection.fields[name].is_secret

    def text(self, name: str) -> str:
        """Return what was sent for a field or part of this form."""
        return self.submitted.text(self.prefix + name) if self.submitted else ""

    def texts(self, name: str) -> list[str]:
        """Return everything that was sent for a field of this form."""
        return self.submitted.texts(self.prefix + name) if self.submitted else []

    @property
    def looked_for(self) -> dict[str, str]:
        """What a person looks for, by the field that is to be found."""
        sought = {name: self._sought(name) for name in self.plan.targets}
        return {name: text for name, text in sought.items() if text}

    def _sought(self, name: str) -> str:
        return self.submitted.text(FIND + self.prefix + name) if self.submitted else ""

    @property
    def is_valid(self) -> bool:
        """Whether something was sent that may be saved."""
        return self.form.is_valid

    @property
    def is_blank(self) -> bool:
        """Whether everything was left as an empty form has it."""
        empty = self.plan.form_class(prefix=self.prefix)
        return all(_texts(self.form[name]) == _texts(empty[name]) for name in self.names) and not (
            any(self.texts(name) for name in self.plan.many)
        )

    def field(self, name: str) -> FormField:
        """Return a field as the form has it; one that keeps its secret is as it was."""
        if name in (self.form.fields or ()):
            return self.form[name]
        return self.plan.form_class(instance=self.row, prefix=self.prefix)[name]

    def changes(self) -> dict[str, Any]:
        """Return what was typed that differs from what the page showed, by field."""
        before = self.plan.form_class(instance=self.row, prefix=self.prefix)
        return {
            name: value
            for name, value in self.form.cleaned_data.items()
            if self.is_secret(name) or _texts(self.form[name]) != _texts(before[name])
        }

    async def check(self) -> None:
        """Refuse what leads to a row that is not there, or not for this visitor to see."""
        for name in self.names:
            key = self.form.cleaned_data.get(name)
            is_kept = self.row is not None and key == getattr(self.row, name)
            if name not in self.plan.targets or key is None or is_kept or name in self.form.errors:
                continue
            target = self.plan.targets[name]
            if not await target.known(self.request, [key]):
                self.form.add_error(name, f"There is no such {target.desk.label}.")

    async def save(self, **values: Any) -> Any:
        """Write the row and its links, and return it; `values` are for a row that is added.

        Raises:
            ClientError: the database refuses it.
        """
        row = await self._save_row(values)
        for name, relation in self.plan.many.items():
            if name in self.plan.written:
                target = self.plan.targets[name]
                keys = [target.parse_key(text) for text in self.texts(name)]
                wanted = [key for key in keys if key is not None]
                await target.assign(self.request, row, relation, wanted)
        return row

    async def _save_row(self, values: dict[str, Any]) -> Any:
        save, model, request = self.desk.admin.save, self.desk.model, self.request
        if self.row is None:
            schema = model.__schema__.variant(Variant.CREATE)
            made = schema.construct({**self.form.cleaned_data, **values})
            return await save(request, made, None)
        changes = self.changes()
        return await save(request, self.row, Changes(model, changes)) if changes else self.row

    def blame(self, exc: ClientError) -> None:
        """Put a refusal of the database beside the fields it is about."""
        if not isinstance(exc, Duplicate):
            self.form.add_error(exc.field, sentence(told(exc)))
            return
        what = f"Another {self.desk.label} has this already."
        if len(exc.fields) > 1:
            labels = " and ".join(field_label(name).lower() for name in exc.fields)
            what = f"Another {self.desk.label} has this {labels} already."
        for name in exc.fields or ("",):
            self.form.add_error(name or None, what)

    @property
    def problems(self) -> list[str]:
        """What is wrong that no single field is to blame for."""
        return self.form.non_field_errors if self.shows_errors else []


def _texts(field: FormField) -> list[str]:
    return [text.replace("\r\n", "\n") for text in field.values if text]
