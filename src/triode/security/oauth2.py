"""OAuth2: bearer tokens, and where a client gets one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import HTTPConnection

from triode.errors import ConfigError
from triode.http import Call
from triode.security.base import (
    OAuthFlow,
    OAuthFlows,
    SchemeModel,
    SecurityBase,
    get_authorization_scheme_param,
)

NO_FLOWS = OAuthFlows()


class OAuth2(SecurityBase):
    """Any flows of OAuth2; the dependency's value is the whole `Authorization` header.

    `flows` is an `OAuthFlows`, or a mapping of the flows' names to theirs as OpenAPI has them.
    """

    def __init__(
        self,
        *,
        flows: OAuthFlows | Mapping[str, Any] = NO_FLOWS,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        model = SchemeModel(type="oauth2", flows=read_flows(flows), description=description)
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


class _OAuth2Bearer(OAuth2):
    """The flows that end in a bearer token, which is the dependency's value."""

    def check(self, authorization: str | None) -> str | None:
        """Return the token in a header's value."""
        scheme, token = get_authorization_scheme_param(authorization)
        if scheme.lower() != "bearer":
            self.refuse()
            return None
        return token


class OAuth2PasswordBearer(_OAuth2Bearer):
    """A token that was given for a user name and password.

    `tokenUrl` is the address of the route that gives it, relative to the document's; `scopes`
    maps each scope to what it means.
    """

    def __init__(
        self,
        tokenUrl: str,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
        refreshUrl: str | None = None,
    ) -> None:
        flow = OAuthFlow(tokenUrl=tokenUrl, refreshUrl=refreshUrl, scopes=scopes or {})
        super().__init__(
            flows=OAuthFlows(password=flow),
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )


class OAuth2AuthorizationCodeBearer(_OAuth2Bearer):
    """A token that an authorization server gave after its user agreed there."""

    def __init__(
        self,
        authorizationUrl: str,
        tokenUrl: str,
        refreshUrl: str | None = None,
        scheme_name: str | None = None,
        scopes: dict[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        flow = OAuthFlow(
            authorizationUrl=authorizationUrl,
            tokenUrl=tokenUrl,
            refreshUrl=refreshUrl,
            scopes=scopes or {},
        )
        super().__init__(
            flows=OAuthFlows(authorizationCode=flow),
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )


NEEDED = {
    "implicit": ("authorizationUrl",),
    "password": ("tokenUrl",),
    "clientCredentials": ("tokenUrl",),
    "authorizationCode": ("authorizationUrl", "tokenUrl"),
}


def read_flows(flows: OAuthFlows | Mapping[str, Any]) -> OAuthFlows:
    """Return flows, each an `OAuthFlow`.

    Raises:
        ConfigError: a flow is not known, or lacks an address that OpenAPI asks for.
    """
    given = flows if isinstance(flows, Mapping) else msgspec.structs.asdict(flows)
    found: dict[str, OAuthFlow] = {}
    for name, flow in given.items():
        if flow is None:
            continue
        if name not in NEEDED:
            raise ConfigError(
                f"OAuth2 has no flow {name!r}. Known are {', '.join(NEEDED)}.",
                code="security-flow",
            )
        try:
            made = flow if isinstance(flow, OAuthFlow) else msgspec.convert(flow, OAuthFlow)
        except msgspec.ValidationError as exc:
            raise ConfigError(
                f"The OAuth2 flow {name!r} cannot be read: {exc}.", code="security-flow"
            ) from exc
        missing = [field for field in NEEDED[name] if not getattr(made, field)]
        if missing:
            raise ConfigError(
                f"The OAuth2 flow {name!r} needs {' and '.join(missing)}.", code="security-flow"
            )
        found[name] = made
    return OAuthFlows(**found)
