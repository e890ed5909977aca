"""The reader of `Authorization` headers, under the name that users of FastAPI import."""

from triode.security.base import get_authorization_scheme_param

__all__ = ["get_authorization_scheme_param"]
