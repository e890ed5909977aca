"""`Admin`: the pages over an application's models, behind a login."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar, overload

from starlette.responses import Response

from triode.admin import views
from triode.admin.accounts import ACCOUNTS
from triode.admin.assets import FOREVER
from triode.admin.labels import told
from triode.admin.model_admin import ModelAdmin
from triode.admin.office import Office, open_office
from triode.admin.pages import Link, MessagePage
from triode.admin.permissions import Denied, Missing, may_enter
from triode.admin.security import PAGE_HEADERS
from triode.admin.visit import Visit
from triode.auth.browsers import message_page, page_to_return_to, root_path
from triode.auth.extension import auth_of
from triode.auth.identity import user_of
from triode.auth.redirects import login_address
from triode.errors import ClientError, ConfigError
from triode.http import Call
from triode.templating import attached_templates, redirect

View: TypeAlias = Callable[[Visit], Awaitable[Response]]
AdminClass = TypeVar("AdminClass", bound=type[ModelAdmin])

ROUTES: tuple[tuple[str, str, View], ...] = (
    ("GET", "/", views.show_index),
    ("POST", "/_theme", views.set_theme),
    ("GET", "/_lookup/{slug}/{field}", views.show_lookup),
    ("GET", "/{slug}", views.show_list),
    ("POST", "/{slug}", views.take_action),
    ("GET", "/{slug}/add", views.show_add),
    ("POST", "/{slug}/add", views.save_add),
    ("GET", "/{slug}/{key}/edit", views.show_edit),
    ("POST", "/{slug}/{key}/edit", views.save_edit),
    ("GET", "/{slug}/{key}/delete", views.show_delete),
    ("POST", "/{slug}/{key}/delete", views.do_delete),
    ("GET", "/{rest:path}", views.show_nothing),
)


class Admin:
    """The admin of an application: `admin = Admin(app, title="Back office")`.

    Nobody sees a page of it without a login. Where the application has no `Auth`, one is
    attached when it starts. With `accounts`, administrators find the accounts and groups in it.
    """

    def __init__(
        self,
        app: Any = None,
        *,
        title: str | None = None,
        path: str = "/admin",
        accounts: bool = True,
    ) -> None:
        if not path.startswith("/") or path.strip("/") == "":
            raise ConfigError(
                f"Admin(path={path!r}): the path begins with a slash and names a place, "
                'as "/admin".',
                code="admin-path",
            )
        self.title = title
        self.path = "/" + path.strip("/")
        self.accounts = accounts
        self._admins: dict[Any, ModelAdmin] = {}
        self._offices: dict[str, Office] = {}
        self._app: Any = None
        if app is not None:
            app.attach(self)

    @overload
    def register(self, model: Any) -> Callable[[AdminClass], AdminClass]: ...
    @overload
    def register(self, model: Any, admin_class: AdminClass, **options: Any) -> AdminClass: ...
    @overload
    def register(self, model: Any, admin_class: None = None, **options: Any) -> Any: ...

    def register(self, model: Any, admin_class: Any = None, **options: Any) -> Any:
        """Give a model its pages: `@admin.register(Post)` above a `ModelAdmin`, or a plain call.

        `options` are attributes of `ModelAdmin`, for those who need no class of their own.

        Raises:
            ConfigError: this is no model, or an option is unknown.
        """
        if not hasattr(model, "__table__"):
            raise ConfigError(
                f"The admin shows models, and {model!r} is none. Write class "
                f"{getattr(model, '__name__', 'Post')}(Model): … and register that.",
                code="admin-not-a-model",
            )
        self._add(model, admin_class or _with_options(model, options))

        def decorate(decorated: AdminClass) -> AdminClass:
            self._add(model, decorated)
            return decorated

        return decorate if admin_class is None else admin_class

    def _add(self, model: Any, admin_class: type[ModelAdmin]) -> None:
        if not (isinstance(admin_class, type) and issubclass(admin_class, ModelAdmin)):
            raise ConfigError(
                f"{admin_class!r} is no ModelAdmin. Write class "
                f"{model.__name__}Admin(ModelAdmin): …",
                code="admin-class",
            )
        self._admins[model] = admin_class(model)
        self._offices.clear()

    def setup(self, app: Any) -> None:
        """Add the routes to an application; part of `app.attach`."""
        self._app = app
        app.add_startup(self._start)
        keywords: dict[str, Any] = {"include_in_schema": False}
        base = self.path
        app.get(f"{base}/_assets/{{name}}", **keywords)(self._asset_handler())
        for method, path, view in ROUTES:
            name = f"admin.{view.__name__}"
            app.route(f"{base}{path}", methods=[method], name=name, **keywords)(self._handler(view))

    def _start(self) -> None:
        auth_of(self._app)
        attached_templates(self._app).add_package("triode.admin", prefix="admin")
        self.office()

    def office(self, root: str = "") -> Office:
        """Check and compile what was registered; `root` is the prefix a proxy serves us under.

        Raises:
            ConfigError: an option of a `ModelAdmin` names something that does not exist.
        """
        found = self._offices.get(root)
        if found is None:
            title = self.title or f"{self._app.title} admin"
            own = {model: kind(model) for model, kind in ACCOUNTS} if self.accounts else {}
            admins = [*self._admins.values()]
            admins += [admin for model, admin in own.items() if model not in self._admins]
            auth = auth_of(self._app)
            found = open_office(title, admins, path=self.path, root=root, auth=auth)
            self._offices[root] = found
        return found

    def _handler(self, view: View) -> Callable[[Call], Awaitable[Response]]:
        async def handler(call: Call) -> Response:
            return await self._answer(call, view)

        return handler

    def _asset_handler(self) -> Callable[[Call], Awaitable[Response]]:
        async def asset(call: Call) -> Response:
            found = self.office().assets.files.get(call.params["name"])
            if found is None:
                return Response("Not found", 404, media_type="text/plain")
            headers = {"Cache-Control": FOREVER, "X-Content-Type-Options": "nosniff"}
            return Response(found.content, headers=headers, media_type=found.media)

        return asset

    async def _answer(self, call: Call, view: View) -> Response:
        office = self.office(root_path(call))
        user = user_of(call)
        if user is None:
            address = login_address(office.login_path, page_to_return_to(call))
            return redirect(address, headers=PAGE_HEADERS)
        if not may_enter(user):
            return message_page(
                call,
                403,
                "Not allowed",
                f"You are signed in as {user.email}, and this account may not use the admin.",
                back=office.logout_path,
                back_label="Use another account",
            )
        visit = Visit(office, call, user)
        try:
            response = await view(visit)
        except Missing as exc:
            back = self._back(visit, exc.desk)
            page = MessagePage(404, exc.heading, exc.text, back)
            return _message(visit, page, exc.desk)
        except Denied as exc:
            text = f"Your account may not {exc.what}. Ask somebody who manages accounts."
            page = MessagePage(403, "Not allowed", text, self._back(visit, exc.desk))
            return _message(visit, page, exc.desk)
        except ClientError as exc:
            page = MessagePage(
                exc.status_code, "That did not work", told(exc), self._back(visit, None)
            )
            return _message(visit, page, None)
        for name, value in PAGE_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def _back(self, visit: Visit, desk: Any) -> Link:
        if desk is not None:
            return Link(f"All {desk.nouns}", visit.list_url(desk))
        return Link("To the overview", visit.at.home)


def _message(visit: Visit, page: MessagePage, desk: Any) -> Response:
    crumbs = visit.crumbs(Link(page.heading))
    return visit.page(
        "message.html", page, title=page.heading, crumbs=crumbs, desk=desk, status_code=page.code
    )


def _with_options(model: Any, options: dict[str, Any]) -> type[ModelAdmin]:
    unknown = [name for name in options if not hasattr(ModelAdmin, name)]
    if unknown:
        raise ConfigError(
            f"{model.__name__}: ModelAdmin has no option {unknown[0]!r}.",
            code="admin-unknown-option",
        )
    return type(f"{model.__name__}Admin", (ModelAdmin,), options)
