from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Serve
from triode import Depends, Request, Triode
from triode.openapi.models import (
    APIKey,
    APIKeyIn,
    HTTPBase,
    HTTPBearer,
    OAuth2,
    OAuthFlows,
    OpenIdConnect,
    SecurityBase,
)


class OwnScheme(SecurityBase):
    """A scheme as users of FastAPI write one: it sets what it needs, and calls no `__init__`."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.scheme_name = "own"

    async def __call__(self, request: Request) -> str | None:
        return request.headers.get("x-key")


@pytest.mark.parametrize(
    ("model", "described"),
    [
        (
            APIKey(**{"in": APIKeyIn.header}, name="X-Key"),
            {"type": "apiKey", "name": "X-Key", "in": "header"},
        ),
        (HTTPBase(scheme="digest"), {"type": "http", "scheme": "digest"}),
        (
            HTTPBearer(bearerFormat="JWT"),
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        ),
        (
            OAuth2(flows=OAuthFlows(password={"tokenUrl": "token", "scopes": {}})),
            {"type": "oauth2", "flows": {"password": {"tokenUrl": "token", "scopes": {}}}},
        ),
        (
            OpenIdConnect(openIdConnectUrl="/well-known", description="Ours"),
            {"type": "openIdConnect", "description": "Ours", "openIdConnectUrl": "/well-known"},
        ),
    ],
)
def test_scheme_of_ones_own(serve: Serve, model: Any, described: dict[str, Any]) -> None:
    app = Triode()

    @app.get("/")
    async def show(key: str | None = Depends(OwnScheme(model))) -> str | None:
        return key

    client = serve(app)
    assert client.get("/", headers={"x-key": "a"}).json() == "a"
    assert client.get("/openapi.json").json()["components"]["securitySchemes"] == {"own": described}


def test_key_needs_its_place() -> None:
    with pytest.raises(TypeError, match="APIKey takes name, description and in, not less"):
        APIKey(name="X-Key")
