"""The maker of the document, under the name that users of FastAPI import."""

from triode.openapi.document import get_openapi

__all__ = ["get_openapi"]
