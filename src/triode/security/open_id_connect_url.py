"""OpenID Connect: tokens of a provider that describes itself at an address."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from triode.http import Call
from triode.security.base import SchemeModel, SecurityBase


class OpenIdConnect(SecurityBase):
    """A provider's tokens; the dependency's value is the whole `Authorization` header.

    `openIdConnectUrl` is the address of the provider's discovery document.
    """

    def __init__(
        self,
        *,
        openIdConnectUrl: str,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        model = SchemeModel(
            type="openIdConnect", openIdConnectUrl=openIdConnectUrl, description=description
        )
        super().__init__(model, scheme_name=scheme_name, auto_error=auto_error)

    def check(self, authorization: str | None) -> str | None:
        """Return what a header's value says, None if there is none and it may be so."""
        if not authorization:
            self.refuse()
            return None
        return authorization

    async def __call__(self, request: HTTPConnection) -> str | None:
        """Return the credentials of a request."""
        return self.check(request.headers.get("Authorization"))

    def __inline__(self, call: Call) -> str | None:
        return self.check(call.header(b"authorization"))
