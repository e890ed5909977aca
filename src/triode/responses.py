"""Response classes, under the names that users of FastAPI and Starlette import."""

from starlette.responses import (
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

from triode.http.events import EventSourceResponse
from triode.http.files import FileResponse
from triode.http.json_responses import JSONResponse, ORJSONResponse, UJSONResponse
from triode.http.streaming import StreamingResponse

__all__ = [
    "EventSourceResponse",
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "ORJSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "StreamingResponse",
    "UJSONResponse",
]
