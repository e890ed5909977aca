"""The add and edit page: one row, what hangs on it, and whether it changed meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from triode.admin.boxes import Boxes
from triode.admin.desk import Desk
from triode.admin.inlines import InlineSet, Refused
from triode.admin.pages import FormPage
from triode.admin.row_form import RowForm
from triode.admin.submitted import Submitted
from triode.admin.visit import Visit
from triode.db import transaction
from triode.errors import ClientError


class Editor:
    """A row on its page, or a row to be, with the rows of its inlines."""

    def __init__(
        self, visit: Visit, desk: Desk, row: Any | None, submitted: Submitted | None = None
    ) -> None:
        self.visit = visit
        self.desk = desk
        self.row = row
        self.submitted = submitted
        self.form = RowForm(visit.request, desk.form, row, submitted, initial=visit.query)
        self.inlines = [
            InlineSet(visit, desk.slug, plan)
            for plan in desk.inlines
            if plan.admin.can_view(visit.user)
        ]
        self.version = "" if row is None else version_of(desk, row)

    async def load(self) -> Editor:
        """Read the rows of the inlines, and check where relations lead."""
        for inline in self.inlines:
            await inline.load(self.row, self.submitted)
        if self.submitted is not None:
            await self.form.check()
            for inline in self.inlines:
                await inline.check()
        return self

    @property
    def is_valid(self) -> bool:
        """Whether something was sent that may be saved."""
        return self.form.is_valid and all(inline.is_valid for inline in self.inlines)

    @property
    def is_stale(self) -> bool:
        """Whether the row was changed after the page was made that was sent."""
        sent = self.submitted.text("_version") if self.submitted else ""
        return bool(sent) and sent != self.version

    @property
    def is_looking(self) -> bool:
        """Whether the form was sent to find rows: by its button, or Enter in its field."""
        if self.submitted is None:
            return False
        if self.submitted.text("_find"):
            return True
        forms = [self.form, *(form for inline in self.inlines for form in inline.forms)]
        is_enter = self.submitted.text("_save") in ("", "enter")
        return is_enter and any(form.looked_for for form in forms)

    async def save(self) -> Any:
        """Store what was sent, all or nothing; None where that failed, with errors set."""
        try:
            async with transaction(self.desk.model.__table__.options.database):
                row = await self.form.save()
                for inline in self.inlines:
                    await inline.save(row)
        except Refused:
            return None
        except ClientError as exc:
            self.form.blame(exc)
            return None
        return row

    async def page(
        self, *, can_save: bool, problems: Sequence[str] = (), shows_errors: bool = True
    ) -> FormPage:
        """Return what the page shows."""
        at, desk, visit = self.visit.at, self.desk, self.visit
        self.form.shows_errors = shows_errors
        boxes = Boxes(self.form, lambda name: at.lookup(desk.slug, name))
        fields = await boxes.all(can_save=can_save)
        inlines = [await inline.box(self.row, shows_errors=shows_errors) for inline in self.inlines]
        rows = [row for inline in inlines for row in inline.rows]
        every = [*fields, *(field for row in rows for field in row.fields)]
        delete = ""
        if self.row is not None and desk.admin.can_delete(visit.user):
            delete = at.delete(desk.slug, desk.key_of(self.row))
        return FormPage(
            label=desk.label,
            heading=f"Add {desk.label}" if self.row is None else desk.name_of(self.row),
            is_new=self.row is None,
            fields=fields,
            problems=[*problems, *self.form.problems],
            error_count=sum(bool(field.errors) for field in every),
            delete=delete,
            back=visit.list_url(desk),
            can_save=can_save,
            can_add=desk.admin.can_add(visit.user),
            version=self.version,
            inlines=inlines,
        )


def version_of(desk: Desk, row: Any) -> str:
    """Return what a row holds, as a short text."""
    fields = desk.reflection.table.public
    values = repr([field.portable(getattr(row, field.name)) for field in fields])
    return hashlib.blake2b(values.encode("utf-8", "replace"), digest_size=12).hexdigest()
