"""The forms of the account pages."""

from __future__ import annotations

import msgspec

from triode.auth.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD
from triode.forms import Form, FormField
from triode.schema import Email


class LoginFields(msgspec.Struct):
    """What the login page asks for."""

    email: Email
    password: str


class LoginForm(Form[LoginFields]):
    """Email and password."""

    attributes = {
        "email": {"autocomplete": "username", "maxlength": "254"},
        "password": {"autocomplete": "current-password", "maxlength": str(LONGEST_PASSWORD)},
    }

    def __getitem__(self, name: str) -> FormField:
        field = super().__getitem__(name)
        # After a wrong password the email is there already, and the password is typed again.
        if name == ("password" if self.is_bound else "email"):
            field.widget.attributes["autofocus"] = ""
        return field


class NewPasswordFields(msgspec.Struct):
    """What setting a first password asks for."""

    new_password: str
    repeat_password: str


class PasswordFields(msgspec.Struct):
    """What changing the password asks for."""

    current_password: str
    new_password: str
    repeat_password: str


_NEW = {
    "autocomplete": "new-password",
    "minlength": str(SHORTEST_PASSWORD),
    "maxlength": str(LONGEST_PASSWORD),
}


class NewPasswordForm(Form[NewPasswordFields]):
    """A new password, twice."""

    attributes = {"new_password": _NEW, "repeat_password": _NEW}
    labels = {"repeat_password": "New password again"}
    help_texts = {"new_password": f"At least {SHORTEST_PASSWORD} characters. Longer is better."}

    def clean(self) -> None:
        """The two must be the same."""
        if self.cleaned_data["new_password"] != self.cleaned_data["repeat_password"]:
            self.add_error("repeat_password", "The two passwords are not the same.")


class PasswordForm(NewPasswordForm):
    """The current password, and a new one twice."""

    target = PasswordFields
    attributes = {
        **NewPasswordForm.attributes,
        "current_password": {"autocomplete": "current-password", "autofocus": ""},
    }
