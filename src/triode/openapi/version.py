"""The version of OpenAPI that documents are written in."""

from typing import Final

OPENAPI_VERSION: Final = "3.1.0"
