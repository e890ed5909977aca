from typing import Any

from triode import Triode
from triode.openapi.docs import get_redoc_html
from triode.openapi.utils import get_openapi
from triode.responses import HTMLResponse

app = Triode(
    title="Shop",
    docs_url="/explore",
    redoc_url=None,
    swagger_ui_parameters={"docExpansion": "none", "tryItOutEnabled": True},
    generate_unique_id_function=lambda route: str(route.name),
)


def my_openapi() -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        document["info"]["x-logo"] = {"url": "https://shop.example/logo.svg"}
        app.openapi_schema = document
    return app.openapi_schema


app.openapi = my_openapi  # type: ignore[method-assign]


@app.get("/reference", include_in_schema=False)
async def reference() -> HTMLResponse:
    return get_redoc_html(
        openapi_url="/openapi.json", title="Reference", assets_url=app.documentation.assets_url
    )
