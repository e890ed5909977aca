"""Every scheme: what it takes from a request, and what it answers without it."""

from base64 import b64encode
from typing import Annotated, Any

import pytest
from starlette.requests import HTTPConnection, Request
from starlette.websockets import WebSocket

from triode.app import App
from triode.binding.markers import Depends, Security
from triode.binding.plan import Mode
from triode.errors import ConfigError
from triode.http import HTTPException
from triode.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    HTTPDigest,
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OpenIdConnect,
)


def app_with(scheme: Any) -> App:
    app = App(openapi_url=None)

    @app.get("/")
    async def handler(found: Annotated[Any, Security(scheme)]) -> Any:
        return found

    return app


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(text.encode()).decode()}


HEADER = APIKeyHeader(name="X-Key")
OPEN_ID = OpenIdConnect(openIdConnectUrl="https://x.org/.well-known/openid-configuration")
ANY = OAuth2(flows={"password": {"tokenUrl": "token", "scopes": {"me": "Read yourself."}}})
CODE = OAuth2AuthorizationCodeBearer("https://x.org/authorize", "https://x.org/token")


@pytest.mark.parametrize(
    ("scheme", "headers", "expected"),
    [
        (HEADER, {"X-Key": "secret"}, "secret"),
        (APIKeyCookie(name="key"), {"Cookie": "key=secret"}, "secret"),
        (HTTPBearer(), {"Authorization": "bearer a.b"}, {"scheme": "bearer", "credentials": "a.b"}),
        (HTTPDigest(), {"Authorization": "Digest x"}, {"scheme": "Digest", "credentials": "x"}),
        (HTTPBasic(), basic("ann:a:b"), {"username": "ann", "password": "a:b"}),
        (HTTPBasic(), basic("änn:pässwörd"), {"username": "änn", "password": "pässwörd"}),
        (HTTPBasic(), basic(":"), {"username": "", "password": ""}),
        (OAuth2PasswordBearer("token"), {"Authorization": "Bearer  abc"}, "abc"),
        (CODE, {"Authorization": "Bearer abc"}, "abc"),
        (ANY, {"Authorization": "Other abc"}, "Other abc"),
        (OPEN_ID, {"Authorization": "Bearer abc"}, "Bearer abc"),
    ],
)
def test_credentials(serve: Any, scheme: Any, headers: dict[str, str], expected: Any) -> None:
    response = serve(app_with(scheme)).get("/", headers=headers)
    assert (response.status_code, response.json()) == (200, expected)


def test_key_in_the_query_string(serve: Any) -> None:
    client = serve(app_with(APIKeyQuery(name="key")))
    assert client.get("/?key=a&key=b%20c").json() == "b c"
    assert client.get("/?key=").status_code == 401


@pytest.mark.parametrize(
    ("scheme", "headers", "challenge"),
    [
        (HEADER, {}, "APIKey"),
        (HEADER, {"X-Key": ""}, "APIKey"),
        (APIKeyCookie(name="key"), {}, "APIKey"),
        (HTTPBearer(), {}, "Bearer"),
        (HTTPBearer(), {"Authorization": "Bearer"}, "Bearer"),
        (HTTPBearer(), {"Authorization": "Basic abc"}, "Bearer"),
        (HTTPDigest(), {"Authorization": "Basic abc"}, "Digest"),
        (HTTPBasic(), {}, "Basic"),
        (HTTPBasic(realm='The "inner" room'), {}, r'Basic realm="The \"inner\" room"'),
        (HTTPBasic(), {"Authorization": "Basic %%%"}, "Basic"),
        (HTTPBasic(), {"Authorization": "Basic /w=="}, "Basic"),
        (HTTPBasic(), basic("nocolon"), "Basic"),
        (OAuth2PasswordBearer("token"), {"Authorization": "Basic abc"}, "Bearer"),
        (CODE, {}, "Bearer"),
        (ANY, {}, "Bearer"),
        (OPEN_ID, {}, "Bearer"),
    ],
)
def test_missing_credentials(serve: Any, scheme: Any, headers: Any, challenge: str) -> None:
    response = serve(app_with(scheme)).get("/", headers=headers)
    assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})
    assert response.headers["WWW-Authenticate"] == challenge


@pytest.mark.parametrize(
    "scheme",
    [
        APIKeyHeader(name="X-Key", auto_error=False),
        APIKeyQuery(name="key", auto_error=False),
        APIKeyCookie(name="key", auto_error=False),
        HTTPBasic(auto_error=False),
        HTTPBearer(auto_error=False),
        HTTPDigest(auto_error=False),
        OAuth2(auto_error=False),
        OAuth2PasswordBearer("token", auto_error=False),
        OpenIdConnect(openIdConnectUrl="/", auto_error=False),
    ],
)
def test_without_auto_error_the_value_is_none(serve: Any, scheme: Any) -> None:
    response = serve(app_with(scheme)).get("/")
    assert (response.status_code, response.json()) == (200, None)


def test_what_a_client_tried_is_refused_without_auto_error(serve: Any) -> None:
    client = serve(app_with(HTTPBasic(auto_error=False)))
    assert client.get("/", headers=basic("nocolon")).status_code == 401


def test_check_runs_without_a_task_or_thread() -> None:
    route: Any = app_with(OAuth2PasswordBearer("token")).routes[0]
    assert route.compiled.mode is Mode.INLINE
    assert "request()" not in route.compiled.source


def test_subclass_with_its_own_check_is_heard(serve: Any) -> None:
    class Token(HTTPBearer):
        async def __call__(self, request: Request) -> str:
            found = await super().__call__(request)
            return f"checked {found.credentials}"

    class Forbidding(HTTPBearer):
        def make_not_authenticated_error(self) -> HTTPException:
            return HTTPException(403, "Show a token.")

    headers = {"Authorization": "Bearer abc"}
    assert serve(app_with(Token())).get("/", headers=headers).json() == "checked abc"
    response = serve(app_with(Forbidding())).get("/")
    assert (response.status_code, response.json()) == (403, {"detail": "Show a token."})


def test_scheme_can_be_called_by_hand(serve: Any) -> None:
    async def either(connection: HTTPConnection) -> str | None:
        return await HEADER(connection) or ""

    response = serve(app_with(either)).get("/", headers={"X-Key": "secret"})
    assert response.json() == "secret"


def test_override_of_a_scheme(serve: Any) -> None:
    app = app_with(HEADER)
    app.dependency_overrides[HEADER] = lambda: "fake"
    assert serve(app).get("/").json() == "fake"


def test_websocket_has_the_same_checks(serve: Any) -> None:
    app = App(openapi_url=None)

    async def connection_of(connection: HTTPConnection) -> HTTPConnection:
        return connection

    @app.websocket("/")
    async def talk(
        websocket: WebSocket,
        key: Annotated[str, Depends(HEADER)],
        connection: Annotated[Any, Depends(connection_of)],
    ) -> None:
        await websocket.accept()
        await websocket.send_json([key, connection is websocket])

    client = serve(app)
    with client.websocket_connect("/", headers={"X-Key": "secret"}) as session:
        assert session.receive_json() == ["secret", True]
    with pytest.raises(Exception, match=r".*") as caught:
        client.websocket_connect("/").__enter__()
    assert caught.value is not None


def test_secrets_are_not_in_the_representation() -> None:
    assert repr(HTTPBasicCredentials("ann", "secret")) == (
        "HTTPBasicCredentials(username='ann', password=…)"
    )
    assert repr(HTTPAuthorizationCredentials("Bearer", "secret")) == (
        "HTTPAuthorizationCredentials(scheme='Bearer', credentials=…)"
    )


@pytest.mark.parametrize(
    ("flows", "message"),
    [
        (
            {"pasword": {"tokenUrl": "token"}},
            "OAuth2 has no flow 'pasword'. Known are implicit, password, clientCredentials, "
            "authorizationCode.",
        ),
        (
            {"authorizationCode": {"tokenUrl": "token"}},
            "The OAuth2 flow 'authorizationCode' needs authorizationUrl.",
        ),
        (
            {"password": {"tokenUrl": 3}},
            "The OAuth2 flow 'password' cannot be read: Expected `str | null`, got `int` - at "
            "`$.tokenUrl`.",
        ),
    ],
)
def test_flows_that_make_no_sense_are_refused(flows: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        OAuth2(flows=flows)
    assert (caught.value.message, caught.value.code) == (message, "security-flow")


def test_realm_cannot_split_the_header() -> None:
    with pytest.raises(ConfigError) as caught:
        HTTPBasic(realm="a\r\nSet-Cookie: b=c")
    assert caught.value.code == "security-realm"
