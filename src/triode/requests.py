"""Requests, under the names that users of FastAPI and Starlette import."""

from starlette.requests import ClientDisconnect, HTTPConnection, Request

__all__ = ["ClientDisconnect", "HTTPConnection", "Request"]
