"""What the admin's templates are given, as data.

A view fills one of these and hands it to its template; nothing here knows a request, a query or
a model. Every text is plain text (templates escape it), every URL is ready to be put in a link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from markupsafe import Markup

Theme: TypeAlias = Literal["auto", "light", "dark"]
Direction: TypeAlias = Literal["ascending", "descending"]


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads somewhere; an empty `url` is the page one is on."""

    label: str
    url: str = ""
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class LinkGroup:
    """Links under one heading: the models of one module."""

    title: str
    links: Sequence[Link]


@dataclass(frozen=True, slots=True)
class Note:
    """A flash message. `level` is "success", "warning", "error" or "info"; `icon` its drawing."""

    level: str
    text: str
    icon: str = "info"


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page: names, navigation, who is signed in."""

    title: str
    site: str
    home: str
    crumbs: Sequence[Link]
    navigation: Sequence[LinkGroup]
    notes: Sequence[Note]
    user: str
    theme: Theme
    csrf: Markup
    logout: str
    path: str
    styles: Sequence[str]
    script: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model on the first page. `count` is None where it may not be viewed."""

    label: str
    url: str
    add: str
    count: int


@dataclass(frozen=True, slots=True)
class ModelGroup:
    """The models of one module."""

    title: str
    cards: Sequence[ModelCard]


@dataclass(frozen=True, slots=True)
class IndexPage:
    """The first page."""

    groups: Sequence[ModelGroup]


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's head. `sort` is empty where the column cannot be sorted."""

    label: str
    css: str = ""
    sort: str = ""
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class FilterBox:
    """One filter: its choices, or a text field `name` where there are too many to list.

    `selected` is the label of what is chosen, empty where the filter does nothing. `carried` are
    the query parameters that a form must send along.
    """

    label: str
    selected: str
    options: Sequence[Link]
    name: str = ""
    value: str = ""
    carried: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Pages:
    """Where one is among the pages. A link with the label "…" is a gap."""

    first: int
    last: int
    total: int
    links: Sequence[Link]
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """The change list of one model.

    `rows` is the table's body, escaped already; `url` the list as it is now, relative to itself.
    """

    url: str
    label: str
    nouns: str
    plural: str
    add: str
    search: str
    searchable: str
    carried: Sequence[tuple[str, str]]
    filters: Sequence[FilterBox]
    clear: str
    headings: Sequence[Heading]
    rows: Markup
    pages: Pages
    actions: Sequence[tuple[str, str]]
    is_narrowed: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a choice, as text on the wire and as text for people."""

    value: str
    label: str
    is_selected: bool = False


@dataclass(frozen=True, slots=True)
class FieldBox:
    """One field of the add and edit page.

    `widget` names a macro of `fields.html`; `attributes` go on the control. `lookup` is the
    address that answers with more choices, empty where `choices` holds them all.
    """

    name: str
    label: str
    widget: str
    value: str = ""
    help: str = ""
    required: bool = False
    errors: Sequence[str] = ()
    choices: Sequence[Choice] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    lookup: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True)
class InlineRow:
    """One row of an inline; `key` is empty for a new one, `prefix` begins its fields' names."""

    index: str
    prefix: str
    key: str
    title: str
    fields: Sequence[FieldBox]
    problems: Sequence[str]
    can_delete: bool
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class InlineBox:
    """The rows of another model on a form; `blank` is what the script copies for one more."""

    name: str
    label: str
    plural: str
    rows: Sequence[InlineRow]
    count: int
    blank: InlineRow | None
    more: str


@dataclass(frozen=True, slots=True)
class FormPage:
    """Adding or editing one object. `version` tells whether it changed meanwhile."""

    label: str
    heading: str
    is_new: bool
    fields: Sequence[FieldBox]
    problems: Sequence[str]
    error_count: int
    delete: str
    back: str
    can_save: bool
    can_add: bool
    version: str = ""
    inlines: Sequence[InlineBox] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """Rows of one model that a deletion touches: how many, and the first few by name."""

    label: str
    count: int
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class DeletePage:
    """The question before a deletion: what goes, what is detached, what stands in the way.

    `forbidden` would go along, and the visitor may not delete it.
    """

    heading: str
    names: Sequence[str]
    count: int
    deleted: Sequence[Related]
    detached: Sequence[Related]
    protected: Sequence[Related]
    forbidden: Sequence[Related]
    back: str
    keys: Sequence[str] = ()
    action: str = ""


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A page that says one thing: not found, not allowed, gone."""

    code: int
    heading: str
    text: str
    back: Link
