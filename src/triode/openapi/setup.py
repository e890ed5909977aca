"""Attach the documentation to an application: the document, its pages and their files.

Nothing is built until it is asked for, and what builds it is not loaded before. A document is kept
until the routes change, and is sent as bytes that were encoded once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableSequence, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

import msgspec

from triode.http import Call, Reply
from triode.later import later, on_demand
from triode.routing import Route, RouteOptions
from triode.schema import describe

if TYPE_CHECKING:
    import hashlib

    from triode.http import reply as replies
    from triode.openapi import bundle, document, operation_ids, pages
    from triode.openapi.context import Json
else:
    later(
        globals(),
        hashlib="hashlib",
        replies="triode.http.reply",
        operation_ids="triode.openapi.operation_ids",
    )
    on_demand(
        globals(),
        bundle="triode.openapi.bundle",
        document="triode.openapi.document",
        pages="triode.openapi.pages",
    )

_MOST_VARIANTS: Final = 8


class DocumentedApp(Protocol):
    """What the documentation needs of an application; the names are FastAPI's."""

    title: str
    version: str
    summary: str | None
    description: str | None
    terms_of_service: str | None
    contact: Mapping[str, Any] | None
    license_info: Mapping[str, Any] | None
    servers: Sequence[Mapping[str, Any]]
    openapi_tags: Sequence[Mapping[str, Any]]
    openapi_external_docs: Mapping[str, Any] | None
    openapi_url: str | None
    openapi_version: str
    docs_url: str | None
    redoc_url: str | None
    root_path_in_servers: bool
    generate_unique_id_function: Callable[[Any], str] | None
    separate_input_output_schemas: bool
    max_body_size: int | None
    middlewares: Any
    problem_details: bool
    swagger_ui_oauth2_redirect_url: str | None
    swagger_ui_init_oauth: Mapping[str, Any] | None
    swagger_ui_parameters: Mapping[str, Any] | None

    @property
    def routes(self) -> MutableSequence[Any]: ...

    @property
    def webhooks(self) -> Any: ...

    def openapi(self) -> Json: ...

    def add_startup(self, hook: Callable[[], Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Encoded:
    """A document as it is sent."""

    content: bytes
    etag: str


class Documentation:
    """The OpenAPI document of an application, and the routes that show it.

    `document` is what `app.openapi()` returns by default; an application that replaces
    `app.openapi` is served what its own function returns.
    """

    def __init__(self, app: DocumentedApp) -> None:
        self.app = app
        self._document: Json | None = None
        self._routes: list[Any] = []
        self._encoded: dict[str, Encoded] = {}
        self._encoded_from: Json | None = None

    @property
    def assets_url(self) -> str:
        """Where the files of the pages are, below the application's root."""
        return f"{self.app.docs_url or self.app.redoc_url or '/docs'}/assets"

    def setup(self) -> None:
        """Add the routes that the application's addresses ask for."""
        app = self.app
        if not app.openapi_url:  # "" as from an empty environment variable means none, too
            return
        app.add_startup(self.check)
        self._add(app.openapi_url, self._serve_document)
        self._add(f"{self.assets_url}/{{name}}", self._serve_asset)
        if app.docs_url:
            self._add(app.docs_url, self._serve_swagger_ui)
            if app.swagger_ui_oauth2_redirect_url:
                self._add(app.swagger_ui_oauth2_redirect_url, self._serve_oauth2_redirect)
        if app.redoc_url:
            self._add(app.redoc_url, self._serve_redoc)

    def check(self) -> None:
        """Find at start-up what would make the document invalid.

        Raises:
            RouteError: two operations have the same id.
            SchemaError: the model of a declared response is no type that can be described.
        """
        operation_ids.OperationIds(self.app.generate_unique_id_function).check(self.app.routes)
        for route in self.app.routes:
            if isinstance(route, Route):
                for response in route.options.responses.values():
                    describe(response.get("model"))

    def document(self) -> Json:
        """Return the document, built again if routes were added or removed since."""
        routes = [*self.app.routes, *self.app.webhooks.routes]
        if self._document is None or not _are_same(routes, self._routes):
            self._document = self._build()
            self._routes = routes
        return self._document

    def encoded(self, root_path: str = "") -> Encoded:
        """Return the document as it is sent under a root path."""
        document = self.app.openapi()
        if document is not self._encoded_from or len(self._encoded) > _MOST_VARIANTS:
            # A root path may come from a header, so the number kept has a limit.
            self._encoded_from = document
            self._encoded = {}
        if root_path not in self._encoded:
            self._encoded[root_path] = _encode(self._with_root_path(document, root_path))
        return self._encoded[root_path]

    def _build(self) -> Json:
        app = self.app
        return document.get_openapi(
            title=app.title,
            version=app.version,
            openapi_version=app.openapi_version,
            summary=app.summary,
            description=app.description,
            terms_of_service=app.terms_of_service,
            contact=app.contact,
            license_info=app.license_info,
            routes=app.routes,
            webhooks=app.webhooks.routes,
            tags=app.openapi_tags,
            servers=app.servers,
            external_docs=app.openapi_external_docs,
            generate_unique_id_function=app.generate_unique_id_function,
            separate_input_output_schemas=app.separate_input_output_schemas,
            middleware=app.middlewares.entries,
            has_body_limit=app.max_body_size is not None,
            problem_details=app.problem_details,
        )

    def _with_root_path(self, document: Json, root_path: str) -> Json:
        servers = document.get("servers", [])
        known = {server.get("url") for server in servers}
        if not root_path or not self.app.root_path_in_servers or root_path in known:
            return document
        return {**document, "servers": [{"url": root_path}, *servers]}

    def _add(self, path: str, handler: Callable[..., Any]) -> None:
        # Not through `add_api_route`: the application's own dependencies are for its own routes.
        options = RouteOptions(include_in_schema=False, response_model=None)
        self.app.routes.append(Route(path, handler, options=options))

    # Not async: a first document of many routes takes a while, which a thread may take.
    def _serve_document(self, call: Call) -> Reply:
        encoded = self.encoded(_root_path(call))
        headers = [(b"etag", encoded.etag.encode("ascii")), (b"cache-control", b"no-cache")]
        if encoded.etag in (call.header(b"if-none-match") or ""):
            return Reply(b"", 304, None, headers)
        return Reply(encoded.content, headers=headers)

    def _serve_swagger_ui(self, call: Call) -> Reply:
        app, root_path = self.app, _root_path(call)
        redirect = app.swagger_ui_oauth2_redirect_url
        page = pages.get_swagger_ui_html(
            openapi_url=f"{root_path}{app.openapi_url}",
            title=f"{app.title} - Swagger UI",
            oauth2_redirect_url=None if redirect is None else root_path + redirect,
            init_oauth=app.swagger_ui_init_oauth,
            swagger_ui_parameters=app.swagger_ui_parameters,
            assets_url=root_path + self.assets_url,
            connect_origins=_origins(app.openapi()),
        )
        return replies.reply_from_response(page)

    async def _serve_oauth2_redirect(self, call: Call) -> Reply:
        assets_url = _root_path(call) + self.assets_url
        page = pages.get_swagger_ui_oauth2_redirect_html(assets_url)
        return replies.reply_from_response(page)

    async def _serve_redoc(self, call: Call) -> Reply:
        root_path = _root_path(call)
        page = pages.get_redoc_html(
            openapi_url=f"{root_path}{self.app.openapi_url}",
            title=f"{self.app.title} - ReDoc",
            assets_url=root_path + self.assets_url,
        )
        return replies.reply_from_response(page)

    async def _serve_asset(self, call: Call, name: str) -> Reply:
        found = bundle.respond(name, call.header(b"accept-encoding") or "")
        return replies.reply_from_response(found)


def _are_same(routes: list[Any], others: list[Any]) -> bool:
    return len(routes) == len(others) and all(
        one is other for one, other in zip(routes, others, strict=True)
    )


def _encode(document: Json) -> Encoded:
    content = msgspec.json.encode(document)
    return Encoded(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _root_path(call: Call) -> str:
    root_path: str = call.scope().get("root_path", "")
    return root_path.rstrip("/")


def _origins(document: Json) -> list[str]:
    """Return the other servers that "Try it out" calls: the API's and its authorization's."""
    urls = [server.get("url", "") for server in document.get("servers", [])]
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        urls.append(scheme.get("openIdConnectUrl", ""))
        for flow in scheme.get("flows", {}).values():
            urls.extend(flow.get(key, "") for key in ("tokenUrl", "refreshUrl"))
    return [url for url in urls if urlsplit(url).scheme in ("http", "https")]
