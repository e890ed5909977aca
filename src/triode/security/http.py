"""The schemes of the `Authorization` header: Basic, Bearer and Digest."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Any

from msgspec import Struct
from starlette.requests import HTTPConnection

from triode.http import Call
from triode.security.base import SchemeModel, SecurityBase, get_authorization_scheme_param, quoted


class HTTPBasicCredentials(Struct, frozen=True):
    """A user name and password, not checked yet. Compare with `secrets.compare_digest`."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"HTTPBasicCredentials(username={self.username!r}, password=…)"


class HTTPAuthorizationCredentials(Struct, frozen=True):
    """The scheme as it was sent, and what follows it."""

    scheme: str
    credentials: str

    def __repr__(self) -> str:
        return f"HTTPAuthorizationCredentials(scheme={self.scheme!r}, credentials=…)"


class HTTPBase(SecurityBase):
    """Any scheme of the `Authorization` header, named by `scheme`."""

    def __init__(
        self,
        *,
        scheme: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        model = SchemeModel(type="http", scheme=scheme, description=description)
        super().__init__(model, scheme_name=scheme_name, auto_error=auto_error)
        self.challenge = scheme.title()

    def check(self, authorization: str | None) -> Any:
        """Return the credentials in a header's value, None if there are none and it may be so."""
        scheme, credentials = get_authorization_scheme_param(authorization)
        if not (scheme and credentials):
            self.refuse()
            return None
        return HTTPAuthorizationCredentials(scheme, credentials)

    async def __call__(self, request: HTTPConnection) -> Any:
        """Return the credentials of a request."""
        return self.check(request.headers.get("Authorization"))

    def __inline__(self, call: Call) -> Any:
        return self.check(call.header(b"authorization"))


class HTTPBearer(HTTPBase):
    """A bearer token: `credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]`."""

    def __init__(
        self,
        *,
        bearerFormat: str | None = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="bearer",
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )
        self.model.bearerFormat = bearerFormat

    def check(self, authorization: str | None) -> HTTPAuthorizationCredentials | None:
        """Return the token in a header's value."""
        return _of_scheme(self, "bearer", authorization)


class HTTPDigest(HTTPBase):
    """Digest credentials, as they were sent: checking the response is the program's part."""

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="digest",
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )

    def check(self, authorization: str | None) -> HTTPAuthorizationCredentials | None:
        """Return the credentials in a header's value."""
        return _of_scheme(self, "digest", authorization)


class HTTPBasic(HTTPBase):
    """A user name and password; a browser asks its user for them.

    What cannot be read is answered with 401 even where `auto_error` is false: the client tried.
    """

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        realm: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="basic",
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )
        self.realm = realm
        self.challenge = f"Basic realm={quoted(realm)}" if realm else "Basic"

    def check(self, authorization: str | None) -> HTTPBasicCredentials | None:
        """Return the user name and password in a header's value.

        Both are UTF-8, as browsers send them (RFC 7617, 2.1); a name holds no colon.
        """
        scheme, credentials = get_authorization_scheme_param(authorization)
        if scheme.lower() != "basic":
            self.refuse()
            return None
        try:
            text = b64decode(credentials).decode("utf-8")
        except (ValueError, binascii.Error) as exc:
            raise self.make_not_authenticated_error() from exc
        username, colon, password = text.partition(":")
        if not colon:
            raise self.make_not_authenticated_error()
        return HTTPBasicCredentials(username, password)


def _of_scheme(
    base: HTTPBase, wanted: str, authorization: str | None
) -> HTTPAuthorizationCredentials | None:
    scheme, credentials = get_authorization_scheme_param(authorization)
    if not credentials or scheme.lower() != wanted:
        base.refuse()
        return None
    return HTTPAuthorizationCredentials(scheme, credentials)
