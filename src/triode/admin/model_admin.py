"""What a developer says about a model's pages: `ModelAdmin` and `@action`.

The names and meanings are Django's. Nothing here does anything by itself: `desk.py` checks the
options against the model when the application starts, and compiles them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar

from triode.schema import Changes

if TYPE_CHECKING:
    from starlette.requests import Request

Column: TypeAlias = "str | Callable[[Any], Any]"
ActionFunction: TypeAlias = "Callable[[Request, Any], Awaitable[str | None]]"
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do with the rows that are picked."""

    name: str
    label: str
    permission: str | None
    function: ActionFunction


@dataclass(frozen=True, slots=True)
class ActionMark:
    """What `@action` leaves on a method."""

    label: str
    permission: str | None


@dataclass(frozen=True, slots=True)
class DisplayMark:
    """What `@display` leaves on a method that computes a column."""

    label: str | None
    ordering: str | None
    load: tuple[str, ...]


def action(label: str, *, permission: str | None = None) -> Callable[[Function], Function]:
    """Offer a method of a `ModelAdmin` for the rows that are picked in its list.

    It is called with the request and a query over those rows; the text it returns is shown, else
    how many rows it was given. `permission` is the name one must have, as "post.publish"; without
    it, whoever may change the rows may do this.
    """

    def mark(function: Function) -> Function:
        vars(function)["__triode_action__"] = ActionMark(label, permission)
        return function

    return mark


def display(
    label: str | None = None, *, ordering: str | None = None, load: Sequence[str] = ()
) -> Callable[[Function], Function]:
    """Say how a computed column is headed, sorted, and which relations it reads.

    `ordering` names the field that sorts it, `load` the relations to fetch with the page.
    """

    def mark(function: Function) -> Function:
        vars(function)["__triode_display__"] = DisplayMark(label, ordering, tuple(load))
        return function

    return mark


class ModelAdmin:
    """The pages of one model; a subclass sets what differs.

    A path like "author.name" leads over relations. `ordering` takes "-created" for descending.
    An empty `list_display` is the row's own name and its first few fields.
    """

    label: ClassVar[str | None] = None
    plural: ClassVar[str | None] = None
    group: ClassVar[str | None] = None

    list_display: ClassVar[Sequence[Column]] = ()
    list_display_links: ClassVar[Sequence[str]] = ()
    list_filter: ClassVar[Sequence[str]] = ()
    list_per_page: ClassVar[int] = 50
    search_fields: ClassVar[Sequence[str]] = ()
    ordering: ClassVar[Sequence[str]] = ()

    fields: ClassVar[Sequence[str] | None] = None
    exclude: ClassVar[Sequence[str]] = ()
    readonly_fields: ClassVar[Sequence[str]] = ()

    actions: ClassVar[Sequence[str] | None] = None
    inlines: ClassVar[Sequence[type[Inline]]] = ()

    model: Any

    def __init__(self, model: Any) -> None:
        self.model = model

    def name_of(self, row: Any) -> str | None:
        """Return how a row is called on pages, None for the usual: `str(row)` or its name."""
        return None

    def can_view(self, user: Any) -> bool:
        """Return whether a user may see the rows; whoever may change them may see them."""
        return self._may(user, "view") or self.can_change(user)

    def can_add(self, user: Any) -> bool:
        """Return whether a user may add rows."""
        return self._may(user, "add")

    def can_change(self, user: Any) -> bool:
        """Return whether a user may change rows."""
        return self._may(user, "change")

    def can_delete(self, user: Any) -> bool:
        """Return whether a user may delete rows."""
        return self._may(user, "delete")

    def _may(self, user: Any, verb: str) -> bool:
        return bool(user.has_permission(f"{self.model.__name__.lower()}.{verb}"))

    def query(self, request: Request) -> Any:
        """Return the rows that this request may see at all; override it to narrow them."""
        return self.model.where()

    async def save(self, request: Request, row: Any, changes: Changes | None) -> Any:
        """Store a row and return it; `changes` is None for one that is added."""
        return await (row.save() if changes is None else row.update(changes))

    async def delete(self, request: Request, row: Any) -> None:
        """Delete one row."""
        await row.delete()


class Inline(ModelAdmin):
    """Rows of another model, edited on the page of the row they belong to.

    `model` has a foreign key to the page's model; `fk_name` names it where there are several.
    `extra` is how many empty rows there are for new ones.
    """

    model: Any = None
    fk_name: ClassVar[str | None] = None
    extra: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__(type(self).model)


def actions_of(admin: ModelAdmin) -> list[Action]:
    """Return the marked methods of an admin class, in the order they are written."""
    found: dict[str, Action] = {}
    for base in reversed(type(admin).__mro__):
        for name, function in vars(base).items():
            mark = getattr(function, "__triode_action__", None)
            if mark is not None:
                found[name] = Action(name, mark.label, mark.permission, getattr(admin, name))
    wanted = admin.actions
    return (
        list(found.values())
        if wanted is None
        else [found[name] for name in wanted if name in found]
    )
