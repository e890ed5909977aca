"""One model's pages, compiled: what `ModelAdmin` says, checked against the model.

Made once, when the application starts. A name that does not exist is refused here, with the
class, the option, the names that come near, and the line.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from triode.admin.columns import Cell, ColumnPlan
from triode.admin.filters import Filter
from triode.admin.labels import module_title, sentence
from triode.admin.model_admin import Action, ModelAdmin, actions_of
from triode.admin.paths import FieldPath, UnknownPath, resolve
from triode.admin.reflection import Reflection, reflect
from triode.admin.searching import Search
from triode.db import Model, NotLoaded
from triode.errors import ConfigError


@dataclass(slots=True)
class Desk:
    """One model's pages.

    `slug` is its part of the address; `label` and `nouns` its name within a sentence, for one and
    for many rows; `plural` the latter as a heading. `sort` is the column that `ordering` begins
    with.
    """

    model: Any
    admin: ModelAdmin
    slug: str
    label: str
    nouns: str
    plural: str
    group: str
    reflection: Reflection
    name_of: Callable[[Any], str]
    actions: Sequence[Action] = ()
    columns: Sequence[ColumnPlan] = ()
    cells: Sequence[Cell] = ()
    pick: Cell = str
    includes: Sequence[Any] = ()
    filters: Sequence[Filter] = ()
    search: Search = field(default_factory=lambda: Search(()))
    ordering: Sequence[Any] = ()
    sort: str = ""
    form: Any = None
    inlines: Sequence[Any] = ()

    @property
    def key(self) -> Any:
        """The key as queries take it."""
        return getattr(self.model, self.reflection.key.name)

    def key_of(self, row: Any) -> str:
        """Return a row's key as text."""
        return str(getattr(row, self.reflection.key.name))

    def parse_key(self, text: str) -> Any | None:
        """Return the key that a text names; None where it can be none."""
        problems: list[Any] = []
        value = self.reflection.key.schema.validate(text, (), problems, text=True)
        if problems or "\0" in text:
            return None
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            return None
        return value

    def permission(self, verb: str) -> str:
        """Return the name of a permission over these rows: "post.add"."""
        return f"{self.model.__name__.lower()}.{verb}"


def make_desk(model: Any, admin: ModelAdmin, slug: str) -> Desk:
    """Return a desk that knows its names; `furnish` gives it columns, filters and the rest."""
    reflection = reflect(model)
    label = admin.label or reflection.table.verbose_name
    plural = admin.plural or reflection.table.verbose_name_plural
    return Desk(
        model=model,
        admin=admin,
        slug=slug,
        label=label,
        nouns=plural,
        plural=sentence(plural),
        group=admin.group or module_title(model.__module__),
        reflection=reflection,
        name_of=namer(model, admin, reflection, label),
        actions=actions_of(admin),
    )


def namer(
    model: Any, admin: ModelAdmin, reflection: Reflection, label: str
) -> Callable[[Any], str]:
    """Return what gives a row's name: the admin's word, `str(row)`, or its name field."""
    own = model.__str__ is not Model.__str__
    asks = type(admin).name_of is not ModelAdmin.name_of
    name_field, key = reflection.name_field, reflection.key.name

    def plain(row: Any) -> str:
        text = getattr(row, name_field) if name_field else None
        return str(text) if text not in (None, "") else f"{sentence(label)} {getattr(row, key)}"

    if not own and not asks:
        return plain

    def said(row: Any) -> str:
        try:
            text = (admin.name_of(row) if asks else None) or (str(row) if own else "")
        except NotLoaded:
            # A relation that this page has not loaded: its own fields are enough for a name.
            text = ""
        return text or plain(row)

    return said


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a `ModelAdmin`, for what is said when it makes no sense."""

    admin: ModelAdmin
    name: str

    def refuse(self, problem: str, mend: str, *, code: str) -> ConfigError:
        """Return the error, with the class and the line at which it begins."""
        kind = type(self.admin)
        text = f"{kind.__name__}.{self.name} {problem} {mend}"
        return ConfigError(text, code=code, where=place_of_class(kind))

    def path(self, text: str) -> FieldPath:
        """Return the path that the option names.

        Raises:
            ConfigError: no such field.
        """
        try:
            return resolve(self.admin.model, text)
        except UnknownPath as exc:
            raise self.unknown(text, exc) from None

    def unknown(self, text: str, exc: UnknownPath, *, more: str = "") -> ConfigError:
        """Return the error for a path of which a part does not exist."""
        of_part = "" if exc.part == text else f" ({exc.part!r} in it)"
        near = " or ".join(map(repr, exc.near))
        mend = f"Did you mean {near}?" if near else f"It has: {', '.join(exc.known)}.{more}"
        problem = f"names {text!r}{of_part}, which {exc.model.__name__} does not have."
        return self.refuse(problem, mend, code="admin-unknown-field")


def place_of_class(kind: type) -> str | None:
    """Return "file:line" of a class statement; None where there is no source."""
    try:
        _, line = inspect.getsourcelines(kind)
        return f"{inspect.getsourcefile(kind)}:{line}"
    except (OSError, TypeError):
        return None
