"""The names that a program written for FastAPI imports, here under the same modules."""

from importlib import import_module

import pytest

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
    "triode.exceptions": "HTTPException RequestValidationError ResponseValidationError "
    "ValidationException WebSocketException WebSocketRequestValidationError",
    "triode.routing": "APIRoute APIRouter APIWebSocketRoute",
    "triode.middleware.cors": "CORSMiddleware",
    "triode.middleware.gzip": "GZipMiddleware",
    "triode.middleware.httpsredirect": "HTTPSRedirectMiddleware",
    "triode.middleware.trustedhost": "TrustedHostMiddleware",
    "triode.middleware.wsgi": "WSGIMiddleware",
    "triode.param_functions": "Body Cookie Depends File Form Header Path Query Security",
    "triode.params": "Body Cookie Depends File Form Header Param Path Query",
    "triode.requests": "ClientDisconnect HTTPConnection Request",
    "triode.responses": "FileResponse HTMLResponse JSONResponse PlainTextResponse "
    "RedirectResponse Response StreamingResponse",
    "triode.staticfiles": "StaticFiles",
    "triode.templating": "Jinja2Templates",
    "triode.testclient": "TestClient",
    "triode.websockets": "WebSocket WebSocketDisconnect WebSocketState",
}


@pytest.mark.parametrize("module", NAMES)
def test_module_has_the_names(module):
    found = import_module(module)
    assert [name for name in NAMES[module].split() if not hasattr(found, name)] == []
