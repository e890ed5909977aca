"""Server-sent events, under the names that users of FastAPI import."""

from triode.http.events import EventSourceResponse, ServerSentEvent, format_sse_event

__all__ = ["EventSourceResponse", "ServerSentEvent", "format_sse_event"]
