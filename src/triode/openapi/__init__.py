"""OpenAPI: the document of an application's routes, and the pages that show it.

A module is loaded when a name of it is first used: an application that nobody asks for its
document reads no code of its handlers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from triode.later import handing_on

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
else:
    __getattr__ = handing_on(
        globals(),
        {
            "triode.openapi.document": "get_openapi",
            "triode.openapi.pages": "get_redoc_html get_swagger_ui_html "
            "get_swagger_ui_oauth2_redirect_html swagger_ui_default_parameters",
            "triode.openapi.setup": "Documentation",
            "triode.openapi.webhooks": "Webhooks",
        },
    )

__all__ = [
    "Documentation",
    "Webhooks",
    "get_openapi",
    "get_redoc_html",
    "get_swagger_ui_html",
    "get_swagger_ui_oauth2_redirect_html",
    "swagger_ui_default_parameters",
]
