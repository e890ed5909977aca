"""Rows of another model on the page of the row they belong to.

The fields of row 3 of "comments" are called "comments-3-text"; "comments-count" says how many
rows a form sends. A row without a key is new, and is left out where nothing was typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from triode.admin.boxes import Boxes
from triode.admin.inline_plan import InlinePlan
from triode.admin.lookups import Offer, Target
from triode.admin.pages import InlineBox, InlineRow
from triode.admin.row_form import RowForm
from triode.admin.state import clean
from triode.admin.submitted import Submitted
from triode.admin.visit import Visit
from triode.errors import ClientError

MOST_ROWS = 100
BLANK = "__row__"


class Refused(ClientError):
    """A row of an inline could not be stored; its form says why."""

    default_code = "admin-inline-refused"


class InlineSet:
    """The rows of one inline on one page."""

    def __init__(self, visit: Visit, slug: str, plan: InlinePlan) -> None:
        self.visit = visit
        self.slug = slug
        self.plan = plan
        self.forms: list[RowForm] = []
        self.total = 0
        self.offers: dict[tuple[Target, str], Offer] = {}
        admin, user = plan.admin, visit.user
        self.can_add = admin.can_add(user)
        self.can_change = admin.can_change(user)
        self.can_delete = admin.can_delete(user)

    async def load(self, parent: Any | None, submitted: Submitted | None) -> None:
        """Make the forms: of what was sent, else of what there is and some empty ones."""
        if submitted is not None:
            await self._read(parent, submitted)
            return
        rows = []
        if parent is not None:
            query = self._rows_of(parent)
            self.total = await query.count()
            rows = list(await query.order_by(*self._order()).limit(MOST_ROWS))
        extra = self.plan.admin.extra if self.can_add else 0
        wanted: Sequence[Any] = [*rows, *[None] * extra]
        self.forms = [self._form(index, row) for index, row in enumerate(wanted)]

    def _rows_of(self, parent: Any) -> Any:
        column = getattr(self.plan.desk.model, self.plan.foreign.name)
        key = getattr(parent, parent.__table__.primary_key.name)
        return self.plan.desk.admin.query(self.visit.request).where(column == key)

    def _order(self) -> list[Any]:
        model, desk = self.plan.desk.model, self.plan.desk
        texts = desk.admin.ordering or desk.reflection.table.options.ordering
        orders = [
            getattr(model, text.removeprefix("-")).desc()
            if text.startswith("-")
            else getattr(model, text).asc()
            for text in texts
        ]
        return [*orders, desk.key.asc()]

    def _form(self, index: object, row: Any | None, submitted: Submitted | None = None) -> RowForm:
        prefix = f"{self.plan.name}-{index}-"
        return RowForm(self.visit.request, self.plan.form, row, submitted, prefix=prefix)

    async def _read(self, parent: Any | None, submitted: Submitted) -> None:
        count = submitted.text(f"{self.plan.name}-count")
        indexes = range(
            min(int(count), 2 * MOST_ROWS) if count.isascii() and count.isdigit() else 0
        )
        texts = {
            index: clean(submitted.text(f"{self.plan.name}-{index}-_key")) for index in indexes
        }
        known = await self._known(parent, [text for text in texts.values() if text])
        for index, text in texts.items():
            row = known.get(text)
            # A row that is gone, or never belonged here, is left alone.
            if row is not None or (not text and self.can_add):
                self.forms.append(self._form(index, row, submitted))

    async def _known(self, parent: Any | None, texts: Sequence[str]) -> dict[str, Any]:
        desk = self.plan.desk
        keys = [key for text in texts if (key := desk.parse_key(text)) is not None]
        if parent is None or not keys:
            return {}
        rows = await self._rows_of(parent).where(desk.key.in_(keys))
        return {desk.key_of(row): row for row in rows}

    def _is_deleted(self, form: RowForm) -> bool:
        return form.row is not None and self.can_delete and form.text("_delete") == "true"

    def _counts(self, form: RowForm) -> bool:
        """Whether a form is to be saved: changed rows, and new ones in which something stands."""
        if self._is_deleted(form):
            return False
        return not form.is_blank if form.row is None else self.can_change

    @property
    def is_valid(self) -> bool:
        """Whether every row that counts may be saved."""
        return all(form.is_valid for form in self.forms if self._counts(form))

    async def check(self) -> None:
        """Refuse what leads to rows that are not there."""
        for form in self.forms:
            if self._counts(form):
                await form.check()

    async def save(self, parent: Any) -> None:
        """Add, change and delete what was sent.

        Raises:
            Refused: the database refuses a row; its form says why.
        """
        request, admin = self.visit.request, self.plan.admin
        key = getattr(parent, parent.__table__.primary_key.name)
        for form in self.forms:
            try:
                if self._is_deleted(form):
                    await admin.delete(request, form.row)
                elif self._counts(form):
                    await form.save(**{self.plan.foreign.name: key})
            except ClientError as exc:
                form.blame(exc)
                raise Refused("A row could not be saved.") from exc

    async def box(self, parent: Any | None, *, shows_errors: bool) -> InlineBox:
        """Return the rows as the page shows them."""
        desk = self.plan.desk
        rows = []
        for form in self.forms:
            form.shows_errors = shows_errors and self._counts(form)
            rows.append(await self._row(form))
        blank = await self._row(self._form(BLANK, None)) if self.can_add else None
        more = self.total - MOST_ROWS
        return InlineBox(
            name=self.plan.name,
            label=desk.label,
            plural=desk.plural,
            rows=rows,
            count=1 + max((int(row.index) for row in rows), default=-1),
            blank=blank,
            more=f"{more:,} more are not shown here." if more > 0 else "",
        )

    async def _row(self, form: RowForm) -> InlineRow:
        at, name = self.visit.at, self.plan.name
        boxes = Boxes(form, lambda field: at.lookup(self.slug, f"{name}.{field}"), self.offers)
        row = form.row
        can_save = self.can_add if row is None else self.can_change
        return InlineRow(
            index=form.prefix.split("-")[-2],
            prefix=form.prefix,
            key="" if row is None else self.plan.desk.key_of(row),
            title="" if row is None else self.plan.desk.name_of(row),
            fields=await boxes.all(can_save=can_save),
            problems=form.problems,
            can_delete=row is not None and self.can_delete,
            is_deleted=self._is_deleted(form),
        )
