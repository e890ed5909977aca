"""What OpenAPI says of the schemes."""

from typing import Annotated, Any

import pytest
from openapi_spec_validator import validate

from triode.app import App
from triode.binding.markers import Depends, Security
from triode.security import (
    APIKeyCookie,
    HTTPBasic,
    HTTPBearer,
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OAuthFlow,
    OAuthFlows,
    OpenIdConnect,
)

DISCOVERY = "https://x.org/.well-known/openid-configuration"


def document_of(scheme: Any) -> dict[str, Any]:
    app = App()

    @app.get("/")
    async def handler(found: Annotated[Any, Security(scheme, scopes=["me"])]) -> str:
        return "in"

    document: dict[str, Any] = app.openapi()
    validate(document)
    return document


@pytest.mark.parametrize(
    ("scheme", "name", "expected"),
    [
        (
            APIKeyCookie(name="key", description="Ask us."),
            "APIKeyCookie",
            {"type": "apiKey", "in": "cookie", "name": "key", "description": "Ask us."},
        ),
        (HTTPBasic(scheme_name="door"), "door", {"type": "http", "scheme": "basic"}),
        (
            HTTPBearer(bearerFormat="JWT"),
            "HTTPBearer",
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        ),
        (
            OpenIdConnect(openIdConnectUrl=DISCOVERY),
            "OpenIdConnect",
            {"type": "openIdConnect", "openIdConnectUrl": DISCOVERY},
        ),
        (
            OAuth2PasswordBearer("token", scopes={"me": "Read yourself."}),
            "OAuth2PasswordBearer",
            {
                "type": "oauth2",
                "flows": {"password": {"tokenUrl": "token", "scopes": {"me": "Read yourself."}}},
            },
        ),
        (
            OAuth2AuthorizationCodeBearer("/authorize", "/token", refreshUrl="/refresh"),
            "OAuth2AuthorizationCodeBearer",
            {
                "type": "oauth2",
                "flows": {
                    "authorizationCode": {
                        "authorizationUrl": "/authorize",
                        "tokenUrl": "/token",
                        "refreshUrl": "/refresh",
                        "scopes": {},
                    }
                },
            },
        ),
        (
            OAuth2(flows=OAuthFlows(clientCredentials=OAuthFlow(tokenUrl="/token"))),
            "OAuth2",
            {
                "type": "oauth2",
                "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {}}},
            },
        ),
    ],
)
def test_scheme_in_the_document(scheme: Any, name: str, expected: Any) -> None:
    document = document_of(scheme)
    assert document["components"]["securitySchemes"] == {name: expected}
    assert document["paths"]["/"]["get"]["security"] == [{name: ["me"]}]


def test_401_is_documented_unless_the_value_may_be_none() -> None:
    assert "401" in document_of(HTTPBearer())["paths"]["/"]["get"]["responses"]
    optional = document_of(HTTPBearer(auto_error=False))
    assert "401" not in optional["paths"]["/"]["get"]["responses"]


def test_scheme_of_a_router_is_in_each_operation() -> None:
    app = App(dependencies=[Depends(HTTPBearer())])
    app.add_api_route("/", lambda: None)
    assert app.openapi()["paths"]["/"]["get"]["security"] == [{"HTTPBearer": []}]
