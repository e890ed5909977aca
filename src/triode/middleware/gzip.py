"""`GZipMiddleware`, under the name that users of FastAPI and Starlette import."""

from triode.middleware.compression import GZipMiddleware

__all__ = ["GZipMiddleware"]
