"""The admin of one application, compiled: every desk, ready to serve."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triode.admin.addresses import Addresses
from triode.admin.assets import Assets, load_assets
from triode.admin.desk import Desk, make_desk
from triode.admin.editing import plan_form
from triode.admin.furnish import Furnisher
from triode.admin.lookups import Target
from triode.admin.model_admin import ModelAdmin


@dataclass(slots=True)
class Office:
    """All desks. `desks` are by their part of the address."""

    title: str
    at: Addresses
    desks: Mapping[str, Desk]
    assets: Assets
    login_path: str
    logout_path: str
    namer: Callable[[Any], Callable[[Any], str]]

    @property
    def styles(self) -> Sequence[str]:
        """The addresses of the style sheets."""
        return [self.asset("triode.css"), self.asset("admin.css")]

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
    title: str,
    at: Addresses,
    admins: Sequence[ModelAdmin],
    *,
    login_path: str,
    logout_path: str,
) -> Office:
    """Compile everything that was registered.

    Raises:
        ConfigError: an option of a `ModelAdmin` names something that does not exist.
    """
    desks = {slug: make_desk(admin.model, admin, slug) for slug, admin in _slugs(admins).items()}
    furnisher = Furnisher({desk.model: desk for desk in desks.values()}, at)
    for desk in desks.values():
        furnisher.furnish(desk)
    for desk in desks.values():
        desk.form = plan_form(desk, targets_of(desk, furnisher))
    return Office(title, at, desks, load_assets(), login_path, logout_path, furnisher.name_of)


def targets_of(desk: Desk, furnisher: Furnisher) -> dict[str, Target]:
    """Return where the relations that a form shows lead: foreign keys by column, many by name."""
    return {
        each.field.name if each.field else name: Target(furnisher.desk_for(each.target))
        for name, each in desk.reflection.relations.items()
        if each.field is not None or each.is_own
    }


def _slugs(admins: Sequence[ModelAdmin]) -> dict[str, ModelAdmin]:
    """Return the admins by their part of the address: the model's name, with its module if needed."""
    found: dict[str, ModelAdmin] = {}
    names = [admin.model.__name__.lower() for admin in admins]
    for name, admin in zip(names, admins, strict=True):
        module = admin.model.__module__.replace(".", "-")
        found[name if names.count(name) == 1 else f"{module}-{name}"] = admin
    return found
