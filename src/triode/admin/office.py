"""The admin of one application, compiled: every desk, ready to serve."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triode.admin.addresses import Addresses
from triode.admin.assets import Assets, load_assets
from triode.admin.columns import picker
from triode.admin.desk import Desk, make_desk
from triode.admin.form_plan import plan_form
from triode.admin.inline_plan import plan_inlines
from triode.admin.list_display import plan_columns
from triode.admin.lookups import targets_of
from triode.admin.model_admin import ModelAdmin
from triode.admin.narrowing import plan_filter, plan_ordering, plan_search, sort_of
from triode.admin.surroundings import Surroundings
from triode.auth import Auth
from triode.auth.browsers import style_path


@dataclass(slots=True)
class Office:
    """All desks. `desks` are by their part of the address; `root` is the proxy's prefix."""

    title: str
    root: str
    at: Addresses
    desks: Mapping[str, Desk]
    assets: Assets
    login_path: str
    logout_path: str
    namer: Callable[[Any], Callable[[Any], str]]

    @property
    def styles(self) -> Sequence[str]:
        """The addresses of the style sheets."""
        return [f"{self.root}{style_path()}", self.asset("admin.css")]

    @property
    def script(self) -> str:
        """The address of the script."""
        return self.asset("admin.js")

    def asset(self, name: str) -> str:
        """Return the address of one file."""
        return f"{self.at.base}/_assets/{self.assets.names[name]}"

    def groups(self, user: Any) -> list[tuple[str, list[Desk]]]:
        """Return the desks a user may see, under their headings, in the order registered."""
        found: dict[str, list[Desk]] = {}
        for desk in self.desks.values():
            if desk.admin.can_view(user):
                found.setdefault(desk.group, []).append(desk)
        return list(found.items())

    def desk_of(self, model: Any) -> Desk | None:
        """Return the desk of a model."""
        return next((desk for desk in self.desks.values() if desk.model is model), None)


def open_office(
    title: str, admins: Sequence[ModelAdmin], *, path: str, root: str, auth: Auth
) -> Office:
    """Compile everything that was registered.

    Raises:
        ConfigError: an option of a `ModelAdmin` names something that does not exist.
    """
    at = Addresses(f"{root}{path}")
    desks = {slug: make_desk(admin.model, admin, slug) for slug, admin in _slugs(admins).items()}
    around = Surroundings({desk.model: desk for desk in desks.values()}, at)
    for desk in desks.values():
        furnish(desk, around)
    for desk in desks.values():
        desk.form = plan_form(desk, targets_of(desk, around.desk_for))
        desk.inlines = plan_inlines(desk, around)
    return Office(
        title=title,
        root=root,
        at=at,
        desks=desks,
        assets=load_assets(),
        login_path=f"{root}{auth.login_path}",
        logout_path=f"{root}{auth.logout_path}",
        namer=around.name_of,
    )


def furnish(desk: Desk, around: Surroundings) -> None:
    """Compile the list of a desk.

    Raises:
        ConfigError: an option names something that does not exist.
    """
    desk.columns = plan_columns(around, desk)
    desk.cells = [plan.cell for plan in desk.columns]
    desk.pick = picker(desk.name_of, desk.key_of)
    desk.includes = [each for plan in desk.columns for each in plan.includes]
    desk.search = plan_search(desk)
    desk.filters = [plan_filter(around, desk, text) for text in desk.admin.list_filter]
    desk.ordering = plan_ordering(desk)
    desk.sort = sort_of(desk)


def _slugs(admins: Sequence[ModelAdmin]) -> dict[str, ModelAdmin]:
    """Return the admins by the model's name, with the module in front where that is taken."""
    found: dict[str, ModelAdmin] = {}
    for admin in admins:
        name = admin.model.__name__.lower()
        if name in found:
            name = f"{admin.model.__module__.replace('.', '-')}-{name}"
        found[name] = admin
    return found
