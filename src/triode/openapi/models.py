"""The parts of a document that schemes and examples are made of, under FastAPI's names."""

from __future__ import annotations

from enum import Enum
from typing import Any, TypedDict

from triode.security.base import OAuthFlow, OAuthFlows, SchemeModel, SecurityBase

OAuthFlowImplicit = OAuthFlow
OAuthFlowPassword = OAuthFlow
OAuthFlowClientCredentials = OAuthFlow
OAuthFlowAuthorizationCode = OAuthFlow


class APIKeyIn(Enum):
    """Where a request has its key."""

    query = "query"
    header = "header"
    cookie = "cookie"


class Example(TypedDict, total=False):
    """One of `openapi_examples`."""

    summary: str | None
    description: str | None
    value: Any
    externalValue: str | None


def APIKey(*, name: str, description: str | None = None, **place: APIKeyIn | str) -> SchemeModel:
    """Return the model of a key; `in` says where it is: `APIKey(**{"in": APIKeyIn.header}, …)`.

    Raises:
        TypeError: something else than `in` is given, or nothing.
    """
    if place.keys() != {"in"}:
        raise TypeError(f"APIKey takes name, description and in, not {', '.join(place) or 'less'}.")
    where = APIKeyIn(place["in"])
    return SchemeModel(type="apiKey", in_=where.value, name=name, description=description)


def HTTPBase(*, scheme: str, description: str | None = None) -> SchemeModel:
    """Return the model of a scheme of the `Authorization` header."""
    return SchemeModel(type="http", scheme=scheme, description=description)


def HTTPBearer(*, bearerFormat: str | None = None, description: str | None = None) -> SchemeModel:
    """Return the model of a bearer token."""
    return SchemeModel(
        type="http", scheme="bearer", bearerFormat=bearerFormat, description=description
    )


def OAuth2(*, flows: OAuthFlows, description: str | None = None) -> SchemeModel:
    """Return the model of OAuth2's flows."""
    return SchemeModel(type="oauth2", flows=flows, description=description)


def OpenIdConnect(*, openIdConnectUrl: str, description: str | None = None) -> SchemeModel:
    """Return the model of an OpenID Connect server."""
    return SchemeModel(
        type="openIdConnect", openIdConnectUrl=openIdConnectUrl, description=description
    )


__all__ = [
    "APIKey",
    "APIKeyIn",
    "Example",
    "HTTPBase",
    "HTTPBearer",
    "OAuth2",
    "OAuthFlow",
    "OAuthFlowAuthorizationCode",
    "OAuthFlowClientCredentials",
    "OAuthFlowImplicit",
    "OAuthFlowPassword",
    "OAuthFlows",
    "OpenIdConnect",
    "SecurityBase",
]
