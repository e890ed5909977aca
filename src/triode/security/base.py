"""What every scheme has: a name, words for OpenAPI, and the answer to who shows nothing."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field, structs

from triode.errors import ConfigError
from triode.http import HTTPException


class OAuthFlow(Struct, kw_only=True):
    """One way to a token; the field names are those of OpenAPI."""

    authorizationUrl: str | None = None
    tokenUrl: str | None = None
    refreshUrl: str | None = None
    scopes: dict[str, str] = field(default_factory=dict)


class OAuthFlows(Struct, kw_only=True):
    """The ways to a token that a server offers."""

    implicit: OAuthFlow | dict[str, Any] | None = None
    password: OAuthFlow | dict[str, Any] | None = None
    clientCredentials: OAuthFlow | dict[str, Any] | None = None
    authorizationCode: OAuthFlow | dict[str, Any] | None = None


class SchemeModel(Struct, kw_only=True):
    """A security scheme object of OpenAPI; the field names are OpenAPI's, `in_` is "in"."""

    type: str
    description: str | None = None
    name: str | None = None
    in_: str | None = field(default=None, name="in")
    scheme: str | None = None
    bearerFormat: str | None = None
    flows: OAuthFlows | None = None
    openIdConnectUrl: str | None = None


class SecurityBase:
    """Base of all schemes.

    Attributes:
        model: what OpenAPI says of the scheme.
        scheme_name: its name among the document's `securitySchemes`.
        auto_error: whether a request without credentials is answered with 401. False: the
            dependency's value is None then.
    """

    challenge = "Bearer"
    auto_error = True

    def __init__(
        self, model: SchemeModel, *, scheme_name: str | None = None, auto_error: bool = True
    ) -> None:
        self.model = model
        self.scheme_name = scheme_name or type(self).__name__
        self.auto_error = auto_error

    @property
    def __openapi__(self) -> dict[str, Any]:
        return {"securitySchemes": {self.scheme_name: without_none(self.model)}}

    def __responses__(self, method: str) -> dict[int, str]:
        """Return the response to a request without credentials, for OpenAPI."""
        if not self.auto_error:
            return {}
        error = self.make_not_authenticated_error()
        return {error.status_code: str(error.detail)}

    def make_authenticate_headers(self) -> dict[str, str]:
        """Return the headers of the 401: the challenge that RFC 9110 (11.6.1) asks for."""
        return {"WWW-Authenticate": self.challenge}

    def make_not_authenticated_error(self) -> HTTPException:
        """Return what a request without credentials is answered with; to be overridden."""
        return HTTPException(401, "Not authenticated", headers=self.make_authenticate_headers())

    def refuse(self) -> None:
        """Answer a request without credentials: None, or with `auto_error` the 401."""
        if self.auto_error:
            raise self.make_not_authenticated_error()


def without_none(value: Struct) -> dict[str, Any]:
    """Return a struct as OpenAPI has it, without what was not said."""
    pairs = [(each.encode_name, getattr(value, each.name)) for each in structs.fields(type(value))]
    return {
        name: without_none(part) if isinstance(part, Struct) else part
        for name, part in pairs
        if part is not None
    }


def get_authorization_scheme_param(header: str | None) -> tuple[str, str]:
    """Return the scheme and the credentials of an `Authorization` header, both "" if absent."""
    scheme, _, credentials = (header or "").partition(" ")
    return scheme, credentials.strip()


def quoted(text: str) -> str:
    """Return text as a quoted string of a header (RFC 9110, 5.6.4).

    Raises:
        ConfigError: it holds a character that a header cannot carry.
    """
    if not text.isascii() or not text.isprintable():
        raise ConfigError(
            f"The realm {text!r} cannot stand in a header. Use printable ASCII.",
            code="security-realm",
        )
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
