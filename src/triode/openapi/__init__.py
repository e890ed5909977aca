"""OpenAPI: the document of an application's routes, and the pages that show it.

A module is loaded when a name of it is first used: an application that nobody asks for its
document reads no code of its handlers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triode.openapi.document import get_openapi as get_openapi
    from triode.openapi.pages import get_redoc_html as get_redoc_html
    from triode.openapi.pages import get_swagger_ui_html as get_swagger_ui_html
    from triode.openapi.pages import (
        get_swagger_ui_oauth2_redirect_html as get_swagger_ui_oauth2_redirect_html,
    )
    from triode.openapi.pages import (
        swagger_ui_default_parameters as swagger_ui_default_parameters,
    )
    from triode.openapi.setup import Documentation as Documentation
    from triode.openapi.webhooks import Webhooks as Webhooks

_HOME_OF = {
    "Documentation": "setup",
    "Webhooks": "webhooks",
    "get_openapi": "document",
    "get_redoc_html": "pages",
    "get_swagger_ui_html": "pages",
    "get_swagger_ui_oauth2_redirect_html": "pages",
    "swagger_ui_default_parameters": "pages",
}

__all__ = [
    "Documentation",
    "Webhooks",
    "get_openapi",
    "get_redoc_html",
    "get_swagger_ui_html",
    "get_swagger_ui_oauth2_redirect_html",
    "swagger_ui_default_parameters",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
