"""Compile `inlines`: which rows of another model stand on a page, and what leads back to it."""

from __future__ import annotations

from dataclasses import dataclass

from triode.admin.desk import Desk, Option, make_desk
from triode.admin.form_plan import FormPlan, plan_form
from triode.admin.lookups import targets_of
from triode.admin.model_admin import Inline
from triode.admin.surroundings import Surroundings
from triode.db.tables.table import ModelField


@dataclass(frozen=True, slots=True)
class InlinePlan:
    """An inline, compiled; `foreign` is the column that leads to the row of the page."""

    admin: Inline
    desk: Desk
    form: FormPlan
    foreign: ModelField
    name: str


def plan_inlines(parent: Desk, around: Surroundings) -> list[InlinePlan]:
    """Compile `inlines`.

    Raises:
        ConfigError: an inline has no model, or none or several ways to the page's model.
    """
    plans: list[InlinePlan] = []
    for kind in parent.admin.inlines:
        admin = kind()
        desk = make_desk(admin.model, admin, "")
        foreign = foreign_key(parent, admin, desk)
        form = plan_form(desk, targets_of(desk, around.desk_for), without={foreign.name})
        name = desk.model.__name__.lower()
        taken = [plan.name for plan in plans]
        plans.append(InlinePlan(admin, desk, form, foreign, f"{name}{taken.count(name) or ''}"))
    return plans


def foreign_key(parent: Desk, admin: Inline, desk: Desk) -> ModelField:
    """Return the one foreign key of an inline's model that leads to the page's model."""
    columns = [
        relation.field
        for relation in desk.reflection.relations.values()
        if relation.field is not None
        and relation.target is parent.model
        and admin.fk_name in (None, relation.name)
    ]
    if len(columns) != 1:
        names = [column.name.removesuffix("_id") for column in columns]
        mend = (
            f"Say which: fk_name = {names[0]!r}." if names else "Name a model that belongs to it."
        )
        raise Option(admin, "model").refuse(
            f"is {desk.model.__name__}, which has {len(columns) or 'no'} foreign keys to "
            f"{parent.model.__name__}.",
            mend,
            code="admin-inline-key",
        )
    return columns[0]
