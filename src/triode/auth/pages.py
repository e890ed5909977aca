"""The pages of an account: log in, log out, change the password, one-time links."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.responses import Response

from triode.auth.browsers import account_page, has_page, message_page, root_path
from triode.auth.fields import LoginForm, NewPasswordForm, PasswordForm
from triode.auth.identity import require_user
from triode.auth.links import LoginLinks
from triode.auth.lockout import TooManyAttempts
from triode.auth.models import User
from triode.auth.passwords import WeakPassword
from triode.auth.redirects import safe_path
from triode.auth.users import set_password
from triode.forms import Form, read_submitted
from triode.http import Call
from triode.middleware.csrf import CsrfProtection
from triode.middleware.sessions import Session
from triode.signing import BadToken
from triode.templating import Page, Redirect, flash, redirect
from triode.templating import style as sheet

WRONG = "Email or password is wrong."


class Accounts(Protocol):
    """What the pages need of `Auth`."""

    login_path: str
    logout_path: str
    password_path: str
    link_path: str
    after_login: str
    after_logout: str
    csrf: CsrfProtection

    @property
    def links(self) -> LoginLinks:
        """Makes and reads one-time links."""
        ...

    async def authenticate(self, email: str, password: str, call: Call) -> User | None:
        """Return whose email and password these are."""
        ...

    async def log_in(self, user: User, call: Call) -> None:
        """Make the session that of a user."""
        ...


class AccountPages:
    """The handlers; `Auth` says where they are and whom they ask."""

    def __init__(self, auth: Accounts) -> None:
        self.auth = auth

    def add_to(self, app: Any) -> None:
        """Add the routes."""
        auth = self.auth
        routes: list[tuple[str, str, Any, str]] = [
            ("GET", auth.login_path, self.show_login, "login"),
            ("POST", auth.login_path, self.log_in, "log_in"),
            ("GET", auth.logout_path, self.show_logout, "logout"),
            ("POST", auth.logout_path, self.log_out, "log_out"),
            ("GET", auth.password_path, self.show_password, "change_password"),
            ("POST", auth.password_path, self.save_password, "save_password"),
            ("GET", auth.link_path + "/{token}", self.show_link, "login_link"),
            ("POST", auth.link_path + "/{token}", self.use_link, "use_login_link"),
            ("GET", sheet.style_path(), sheet.send_style, sheet.ROUTE),
        ]
        for method, path, handler, name in routes:
            app.add_api_route(path, handler, methods=(method,), name=name, include_in_schema=False)

    # --- log in

    async def show_login(self, call: Call) -> Response:
        """Ask for email and password."""
        if _session(call).user is None:
            return self._login_page(call, LoginForm())
        if "next" in call.query_values or has_page(call.app, self.auth.after_login):
            return redirect(self._next(call))
        # Nowhere to go on to: an API, for instance, has no page at "/".
        root = root_path(call)
        return account_page(
            call,
            "account.html",
            logout=root + self.auth.logout_path,
            password=root + self.auth.password_path,
        )

    async def log_in(self, call: Call) -> Response:
        """Check email and password, and begin a session."""
        # SECURITY: also without a session, or another site could log a visitor in as someone.
        await self.auth.csrf.check(call, _session(call))
        form = LoginForm(data=await read_submitted(call))
        if not form.is_valid:
            return self._login_page(call, form, status_code=422)
        email, password = form.cleaned_data["email"], form.cleaned_data["password"]
        try:
            user = await self.auth.authenticate(email, password, call)
        except TooManyAttempts as exc:
            form.add_error(None, exc.message)
            page = self._login_page(call, form, status_code=429)
            page.headers["retry-after"] = str(exc.wait)
            return page
        if user is None:
            form.add_error(None, WRONG)
            return self._login_page(call, form, status_code=401)
        await self.auth.log_in(user, call)
        return redirect(self._next(call))

    def _login_page(self, call: Call, form: Form[Any], *, status_code: int = 200) -> Page:
        return account_page(call, "login.html", form=form, status_code=status_code)

    def _next(self, call: Call) -> str:
        asked = call.query_values.get("next", [""])[0]
        home = self.auth.after_login
        if not has_page(call.app, home):
            home = self.auth.login_path
        return safe_path(asked, fallback=root_path(call) + home)

    # --- log out

    async def show_logout(self, call: Call) -> Response:
        """Ask before logging out; a link alone must not do it."""
        if _session(call).user is None:
            return redirect(root_path(call) + self.auth.login_path)
        return account_page(call, "logout.html")

    async def log_out(self, call: Call) -> Redirect:
        """End the session."""
        _session(call).log_out()
        flash("You are logged out.", "success")
        return redirect(root_path(call) + self.auth.after_logout)

    # --- change the password

    async def show_password(self, call: Call) -> Page:
        """Ask for the current password and a new one."""
        return account_page(call, "password.html", form=self._password_form(call)())

    async def save_password(self, call: Call) -> Response:
        """Change the password, and end every other session of the account."""
        user = require_user(call)
        form = self._password_form(call)(data=await read_submitted(call))
        if form.is_valid and isinstance(form, PasswordForm):
            await self._check_current(form, user, call)
        if form.is_valid:
            try:
                await set_password(user, form.cleaned_data["new_password"])
            except WeakPassword as exc:
                form.add_error("new_password", exc.message)
        if not form.is_valid:
            return account_page(call, "password.html", form=form, status_code=422)
        _session(call).rotate()
        flash("Your password is changed. Every other device is logged out.", "success")
        return redirect(self._next(call))

    def _password_form(self, call: Call) -> type[NewPasswordForm]:
        return PasswordForm if require_user(call).password_hash else NewPasswordForm

    async def _check_current(self, form: PasswordForm, user: User, call: Call) -> None:
        current = form.cleaned_data["current_password"]
        try:
            found = await self.auth.authenticate(user.email, current, call)
        except TooManyAttempts as exc:
            form.add_error(None, exc.message)
            return
        if found is None:
            form.add_error("current_password", "This is not your current password.")

    # --- one-time links

    async def show_link(self, call: Call, token: str) -> Page:
        """Ask before using a link up; mail programs and chats open links by themselves."""
        try:
            target = await self.auth.links.read(token)
        except BadToken as exc:
            return self._dead_link(call, exc)
        return account_page(call, "link.html", email=target.user.email)

    async def use_link(self, call: Call, token: str) -> Response:
        """Use a link up and begin a session."""
        await self.auth.csrf.check(call, _session(call))
        try:
            target = await self.auth.links.use(token)
        except BadToken as exc:
            return self._dead_link(call, exc)
        await self.auth.log_in(target.user, call)
        return redirect(target.next)

    def _dead_link(self, call: Call, exc: BadToken) -> Page:
        return message_page(
            call,
            410,
            "This link does not work any more",
            exc.message,
            back=root_path(call) + self.auth.login_path,
            back_label="Log in with a password",
        )


def _session(call: Call) -> Session:
    session: Session = (call.extras or {})["session"]
    return session
