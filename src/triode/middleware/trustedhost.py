"""`TrustedHostMiddleware`, under the name that users of FastAPI and Starlette import."""

from starlette.middleware.trustedhost import TrustedHostMiddleware

__all__ = ["TrustedHostMiddleware"]
