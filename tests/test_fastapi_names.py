"""The names that a program written for FastAPI imports, here under the same modules."""

from contextlib import ExitStack
from importlib import import_module

import pytest

from triode import Triode, WebSocket, WebSocketDisconnect
from triode.testclient import TestClient as FastAPITestClient
from triode.testing import TestClient

NAMES = {
    "triode": "APIRouter BackgroundTasks Body Cookie Depends FastAPI File Form HTTPException "
    "Header Path Query Request Response Security UploadFile WebSocket WebSocketDisconnect "
    "WebSocketException status",
    "triode.background": "BackgroundTask BackgroundTasks",
    "triode.concurrency": "contextmanager_in_threadpool iterate_in_threadpool run_in_threadpool",
    "triode.datastructures": "URL Address FormData Headers QueryParams State UploadFile",
    "triode.encoders": "jsonable_encoder",
    "triode.exception_handlers": "http_exception_handler request_validation_exception_handler "
    "websocket_request_validation_exception_handler",
    "triode.exceptions": "DependencyScopeError FastAPIDeprecationWarning FastAPIError "
    "HTTPException RequestValidationError ResponseValidationError "
    "ValidationException WebSocketException WebSocketRequestValidationError",
    "triode.routing": "APIRoute APIRouter APIWebSocketRoute",
    "triode.middleware.cors": "CORSMiddleware",
    "triode.middleware.gzip": "GZipMiddleware",
    "triode.middleware.httpsredirect": "HTTPSRedirectMiddleware",
    "triode.middleware.trustedhost": "TrustedHostMiddleware",
    "triode.middleware.wsgi": "WSGIMiddleware",
    "triode.openapi.docs": "get_redoc_html get_swagger_ui_html get_swagger_ui_oauth2_redirect_html",
    "triode.openapi.models": "APIKey APIKeyIn Example HTTPBase HTTPBearer OAuth2 OAuthFlow "
    "OAuthFlows OpenIdConnect SecurityBase",
    "triode.openapi.utils": "get_openapi",
    "triode.param_functions": "Body Cookie Depends File Form Header Path Query Security",
    "triode.params": "Body Cookie Depends File Form Header Param Path Query",
    "triode.requests": "ClientDisconnect HTTPConnection Request",
    "triode.responses": "FileResponse HTMLResponse JSONResponse PlainTextResponse "
    "RedirectResponse Response StreamingResponse",
    "triode.security": "APIKeyCookie APIKeyHeader APIKeyQuery HTTPAuthorizationCredentials "
    "HTTPBasic HTTPBasicCredentials HTTPBearer HTTPDigest OAuth2 OAuth2AuthorizationCodeBearer "
    "OAuth2PasswordBearer OAuth2PasswordRequestForm OAuth2PasswordRequestFormStrict OpenIdConnect "
    "SecurityScopes",
    "triode.security.base": "SecurityBase",
    "triode.security.utils": "get_authorization_scheme_param",
    "triode.sse": "EventSourceResponse ServerSentEvent",
    "triode.staticfiles": "StaticFiles",
    "triode.templating": "Jinja2Templates",
    "triode.testclient": "TestClient",
    "triode.websockets": "WebSocket WebSocketDisconnect WebSocketState",
}


@pytest.mark.parametrize("module", NAMES)
def test_module_has_the_names(module):
    found = import_module(module)
    assert [name for name in NAMES[module].split() if not hasattr(found, name)] == []


def make_listener() -> Triode:
    app = Triode()

    @app.websocket("/listen")
    async def listen(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.send_text(await socket.receive_text())

    return app


def test_a_client_that_leaves_is_told_as_fastapi_tells_it() -> None:
    stack = ExitStack()
    client = FastAPITestClient(make_listener())
    socket = stack.enter_context(client.websocket_connect("/listen", headers={"x-word": "a"}))
    socket.send_text("hello")
    assert socket.receive_text() == "hello"
    with pytest.raises(WebSocketDisconnect) as caught:
        stack.close()
    assert caught.value.code == 1000


def test_own_client_is_not_told_of_its_own_leaving() -> None:
    with TestClient(make_listener()).websocket_connect("/listen") as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"
