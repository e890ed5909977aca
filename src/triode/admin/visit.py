"""One request to the admin, with what every view needs of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from triode.admin.icons import ICONS, MARK
from triode.admin.pages import Frame, Link, LinkGroup, Note, Theme
from triode.admin.security import PAGE_HEADERS
from triode.admin.submitted import Submitted, read_form
from triode.http import Call
from triode.templating import Page, csrf_field, get_flashed_messages, render

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from triode.admin.addresses import Addresses
    from triode.admin.desk import Desk
    from triode.admin.office import Office

THEME_COOKIE = "triode_theme"
LIST_COOKIE = "triode_list"
LONGEST_LIST = 1000


class Visit:
    """A request by somebody who may be here."""

    def __init__(self, office: Office, call: Call, user: Any) -> None:
        self.office = office
        self.call = call
        self.user = user

    @property
    def at(self) -> Addresses:
        """The admin's addresses."""
        return self.office.at

    @cached_property
    def request(self) -> Request:
        """The request as Starlette has it, for hooks of `ModelAdmin`."""
        return self.call.request()

    @cached_property
    def query(self) -> dict[str, str]:
        """The first value of every name in the query string."""
        return {name: values[0] for name, values in self.call.query_values.items()}

    @cached_property
    def theme(self) -> Theme:
        """The colours this visitor chose."""
        return theme_of(self.call)

    def crumbs(self, *links: Link) -> list[Link]:
        """Return the way from the first page to here."""
        return [Link(self.office.title, self.at.home), *links]

    def navigation(self, current: Desk | None) -> list[LinkGroup]:
        """Return the models this visitor may see."""
        return [
            LinkGroup(
                title,
                [Link(desk.plural, self.at.list(desk.slug), desk is current) for desk in desks],
            )
            for title, desks in self.office.groups(self.user)
        ]

    def page(
        self,
        template: str,
        page: Any,
        *,
        title: str,
        crumbs: Sequence[Link] = (),
        desk: Desk | None = None,
        status_code: int = 200,
    ) -> Page:
        """Return a page of the admin."""
        frame = Frame(
            title=title,
            site=self.office.title,
            home=self.at.home,
            crumbs=crumbs,
            navigation=self.navigation(desk),
            notes=_notes(),
            user=str(getattr(self.user, "email", None) or self.user),
            theme=self.theme,
            csrf=csrf_field(),
            logout=self.office.logout_path,
            path=self.path,
            styles=self.office.styles,
            script=self.office.script,
        )
        return render(
            f"admin/{template}",
            status_code=status_code,
            headers=PAGE_HEADERS,
            frame=frame,
            page=page,
            icons=_DRAWINGS,
        )

    def list_url(self, desk: Desk) -> str:
        """Return a desk's list as the visitor last had it: searched, filtered, on its page."""
        slug, _, query = self.call.cookies.get(LIST_COOKIE, "").partition("?")
        start = self.at.list(desk.slug)
        is_known = slug == desk.slug and len(query) <= LONGEST_LIST and _PLAIN(query)
        return f"{start}?{query}" if query and is_known else start

    def remember_list(self, response: Response, desk: Desk, url: str) -> None:
        """Keep how the visitor has a list, until the browser is closed."""
        value = f"{desk.slug}{url}"
        if len(value) <= LONGEST_LIST and self.call.cookies.get(LIST_COOKIE) != value:
            response.set_cookie(
                LIST_COOKIE, value, path=f"{self.at.base}/", secure=self.is_secure,
                httponly=True, samesite="lax",
            )  # fmt: skip

    @property
    def is_secure(self) -> bool:
        """Whether the request came by https."""
        return bool(self.request.url.scheme == "https")

    @property
    def path(self) -> str:
        """This page's own path with its query."""
        path = f"{self.office.root}{self.call.path}"
        return f"{path}?{self.call.query}" if self.call.query else path

    @property
    def without_slash(self) -> str:
        """This page's own path without slashes at its end, with its query, for a redirect."""
        path = self.call.path.rstrip("/")
        if f"{self.office.root}{path}" == self.at.base:
            path += "/"
        # SECURITY: it begins with the admin's own path, and what a browser may read in another
        # way (a backslash, a control character) is quoted.
        place = quote(f"{self.office.root}{path}", safe="/~")
        query = quote(self.call.query, safe="%/:?@!$&'()*+,;=~")
        return f"{place}?{query}" if query else place

    def names(self, model: Any, rows: Sequence[Any]) -> list[str]:
        """Return how rows of any model are called; nothing where the visitor may not see them."""
        desk = self.office.desk_of(model)
        may_see = self.user.is_admin if desk is None else desk.admin.can_view(self.user)
        return [self.office.namer(model)(row) for row in rows] if may_see else []

    def may_delete(self, model: Any) -> bool:
        """Return whether rows of a model may go along; always, where it has no pages."""
        desk = self.office.desk_of(model)
        return desk is None or desk.admin.can_delete(self.user)

    async def form(self) -> Submitted:
        """Return what a form of this page sent."""
        return await read_form(self.call)


def theme_of(call: Call) -> Theme:
    """Return the colours that the cookie asks for."""
    chosen = call.cookies.get(THEME_COOKIE)
    if chosen == "light":
        return "light"
    return "dark" if chosen == "dark" else "auto"


# What `urlencode` writes; anything else in the cookie is not ours.
_PLAIN = re.compile(r"[A-Za-z0-9_.~%&=+-]*").fullmatch
_DRAWINGS = {**ICONS, "mark": MARK}
_ICONS = {"success": "check", "warning": "alert", "error": "alert"}


def _notes() -> list[Note]:
    return [
        Note(category if category in _ICONS else "info", text, _ICONS.get(category, "info"))
        for category, text in get_flashed_messages(with_categories=True)
    ]
