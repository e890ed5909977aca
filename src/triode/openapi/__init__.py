"""OpenAPI: the document of an application's routes, and the pages that show it."""

from triode.openapi.document import get_openapi
from triode.openapi.pages import (
    get_redoc_html,
    get_swagger_ui_html,
    get_swagger_ui_oauth2_redirect_html,
    swagger_ui_default_parameters,
)
from triode.openapi.setup import Documentation
from triode.openapi.webhooks import Webhooks

__all__ = [
    "Documentation",
    "Webhooks",
    "get_openapi",
    "get_redoc_html",
    "get_swagger_ui_html",
    "get_swagger_ui_oauth2_redirect_html",
    "swagger_ui_default_parameters",
]
