"""What one desk knows of the others: how their rows are called and where their pages are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from triode.admin.addresses import Addresses, encode_key
from triode.admin.desk import Desk, make_desk
from triode.admin.model_admin import ModelAdmin


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All desks by model, and the admin's addresses.

    Every desk exists before any is furnished, because a column that leads to another model's
    page has to know whether that model is registered.
    """

    desks: Mapping[Any, Desk]
    at: Addresses

    def desk_for(self, model: Any) -> Desk:
        """Return the desk of any model; a bare one where it is not registered."""
        return self.desks.get(model) or make_desk(model, ModelAdmin(model), "")

    def name_of(self, model: Any) -> Callable[[Any], str]:
        """Return what names a row of any model, registered or not."""
        if model.__table__.is_composite:
            return str  # It has no pages.
        return self.desk_for(model).name_of

    def link_to(self, model: Any) -> Callable[[Any], str] | None:
        """Return what gives the page of a row of a model, None where it has no pages."""
        desk = self.desks.get(model)
        return None if desk is None else self.own_link(desk)

    def own_link(self, desk: Desk) -> Callable[[Any], str]:
        """Return what gives the page of a row of a desk."""
        start, read = f"{self.at.list(desk.slug)}/", attrgetter(desk.reflection.key.name)
        return lambda row: f"{start}{encode_key(read(row))}/edit"
