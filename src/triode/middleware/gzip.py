"""`GZipMiddleware`, under the name that users of FastAPI and Starlette import."""

from starlette.middleware.gzip import GZipMiddleware

__all__ = ["GZipMiddleware"]
