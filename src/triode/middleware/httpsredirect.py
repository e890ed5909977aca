"""`HTTPSRedirectMiddleware`, under the name that users of FastAPI and Starlette import."""

from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware

__all__ = ["HTTPSRedirectMiddleware"]
