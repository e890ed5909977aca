"""One route: a path, methods, a handler and what is said of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict

from starlette.responses import Response

from triode.binding import Dependency, Endpoint, ResultOptions, compile_endpoint, read_signature
from triode.binding.bodies import FormLimits
from triode.binding.endpoint import Overrides
from triode.binding.markers import DependsInfo
from triode.binding.places import place_of_field
from triode.binding.signature import check_lifetimes, name_of, read_dependency, signature_of
from triode.binding.trimming import Names, Trim
from triode.errors import RouteError, SchemaError, place_of
from triode.http import ASGIApp
from triode.routing.mistakes import check_options, check_status
from triode.routing.path import PathTemplate, parse_path
from triode.schema import MISSING


class RouteKeywords(TypedDict, total=False):
    """What `app.get(path, …)` and its like take; the names and meanings are FastAPI's."""

    response_model: Any
    response_model_include: Names
    response_model_exclude: Names
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_exclude_none: bool
    response_model_by_alias: bool
    status_code: int
    tags: Sequence[str]
    dependencies: Sequence[Any]
    summary: str | None
    description: str | None
    response_description: str
    responses: dict[int | str, dict[str, Any]] | None
    deprecated: bool | None
    operation_id: str | None
    include_in_schema: bool
    response_class: type[Response] | None
    name: str | None
    openapi_extra: dict[str, Any] | None
    callbacks: Sequence[Any]
    generate_unique_id_function: Callable[[Any], str] | None
    sync_to_thread: bool
    max_body_size: int | None
    form_limits: FormLimits | None
    strict_content_type: bool | None
    middleware: Sequence[Any]


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """What a route says of itself besides path, methods and handler.

    `response_model` is `MISSING` where the return annotation is the contract. `status_code` None
    means 200. `max_body_size` is in bytes, None for the application's limit; `form_limits`
    and `strict_content_type` are None for what the application says.
    """

    response_model: Any = MISSING
    response_model_include: Names = None
    response_model_exclude: Names = None
    response_model_exclude_unset: bool = False
    response_model_exclude_defaults: bool = False
    response_model_exclude_none: bool = False
    response_model_by_alias: bool = True
    status_code: int | None = None
    tags: tuple[str, ...] = ()
    dependencies: tuple[DependsInfo, ...] = ()
    summary: str | None = None
    description: str | None = None
    response_description: str = "Successful Response"
    responses: dict[int | str, dict[str, Any]] = field(default_factory=dict)
    deprecated: bool | None = None
    operation_id: str | None = None
    include_in_schema: bool = True
    response_class: type[Response] | None = None
    name: str | None = None
    openapi_extra: dict[str, Any] | None = None
    callbacks: tuple[Any, ...] = ()
    generate_unique_id_function: Callable[[Any], str] | None = None
    sync_to_thread: bool = True
    max_body_size: int | None = None
    form_limits: FormLimits | None = None
    strict_content_type: bool | None = None
    middleware: tuple[Any, ...] = ()

    @property
    def trim(self) -> Trim | None:
        """What the `response_model_…` options leave out of a response, None for nothing."""
        trim = Trim(
            self.response_model_include,
            self.response_model_exclude,
            self.response_model_exclude_unset,
            self.response_model_exclude_defaults,
            self.response_model_exclude_none,
            self.response_model_by_alias,
        )
        return None if trim == Trim() else trim


def make_options(keywords: RouteKeywords) -> RouteOptions:
    """Return route options from keyword arguments.

    Raises:
        RouteError: there is no option of that name.
    """
    check_options(keywords, RouteKeywords.__annotations__)
    values: dict[str, Any] = {
        key: value
        for key, value in keywords.items()
        if value is not None or key == "response_model"
    }
    for name in ("tags", "dependencies", "callbacks", "middleware"):
        if name in values:
            values[name] = tuple(values[name])
    return RouteOptions(**values)


class Route:
    """A path, the methods it answers, and the handler.

    The handler's signature is read when the route is made, so that a mistake is found at import;
    `endpoint` is compiled when it is first asked for.
    """

    def __init__(
        self,
        path: str,
        handler: Callable[..., Any],
        *,
        methods: Iterable[str] = ("GET",),
        options: RouteOptions = RouteOptions(),
    ) -> None:
        self.path = path
        self.handler = handler
        self.options = options
        self.methods = frozenset(method.upper() for method in methods)
        self.name = options.name or getattr(handler, "__name__", type(handler).__name__)
        self.template: PathTemplate = parse_path(path, where=lambda: f" (handler {self.place})")
        address = getattr(handler, "address", None)
        if address is not None:
            self.template = replace(self.template, address=address)
        self.path_format = self.template.format
        if not self.methods:
            raise RouteError(f'"{path}" ({self.place}) answers no method.', code="route-no-method")
        self.dependant = self._read_handler()
        self.response_annotation = self._response_annotation()
        check_status(options.status_code, self.response_annotation, handler, f'"{path}"')
        self._endpoint: Endpoint | None = None

    @property
    def place(self) -> str:
        """The handler and its file:line, for messages."""
        return f"{name_of(self.handler)}, {place_of(inspect.unwrap(self.handler))}"

    @property
    def middleware(self) -> tuple[Any, ...]:
        """The middleware of this route alone, inside those of the application."""
        return self.options.middleware

    @property
    def endpoint(self) -> Endpoint:
        """The compiled endpoint, without overrides."""
        if self._endpoint is None:
            self._endpoint = self.compile()
        return self._endpoint

    def _read_handler(self) -> Dependency:
        if not callable(self.handler):
            raise RouteError(
                f'"{self.path}" has the handler {self.handler!r}, which cannot be called.',
                code="route-handler",
            )
        found = read_signature(self.handler, path_names=self.template.names)
        before = []
        for depends in self.options.dependencies:
            if depends.call is None:
                raise RouteError(
                    f'"{self.path}" ({self.place}) has Depends() without a function.',
                    code="route-dependency",
                )
            before.append(read_dependency(depends.call, depends, self.template.names))
        found.dependencies[:0] = before
        check_lifetimes(found)
        return found

    def _response_annotation(self) -> Any:
        if self.options.response_model is not MISSING:
            return self.options.response_model
        annotation = signature_of(self.handler).return_annotation
        return MISSING if annotation is inspect.Signature.empty else annotation

    def compile(self, overrides: Overrides | None = None) -> Endpoint:
        """Return the compiled endpoint, with dependencies replaced as `overrides` says."""
        options = self.options
        result = ResultOptions(
            annotation=self.response_annotation,
            status_code=options.status_code,
            response_class=options.response_class,
            where=self.place,
            trim=options.trim,
        )
        try:
            return compile_endpoint(
                self.dependant,
                result,
                sync_to_thread=options.sync_to_thread,
                overrides=overrides,
                path_names=self.template.names,
            )
        except SchemaError as exc:
            exc.where = exc.where or place_of(inspect.unwrap(self.handler))
            raise

    def locate(self, field: str) -> tuple[str, ...] | None:
        """Return where a request has the value of a field, None where that is not plain."""
        return place_of_field(self.dependant, field)

    def __repr__(self) -> str:
        return f"<Route {'/'.join(sorted(self.methods))} {self.path} {name_of(self.handler)}>"


class Mount:
    """An ASGI application under a path prefix."""

    def __init__(
        self,
        path: str,
        app: ASGIApp,
        name: str | None = None,
        *,
        middleware: Sequence[Any] = (),
    ) -> None:
        if path and not path.startswith("/"):
            raise RouteError(
                f'The mount path "{path}" does not start with "/". Write "/{path}".',
                code="route-no-slash",
            )
        self.path = path.rstrip("/")
        self.app = app
        self.name = name
        self.middleware = tuple(middleware)

    def matches(self, path: str) -> bool:
        """Whether a path lies under the prefix."""
        return path == self.path or path.startswith(self.path + "/")

    def __repr__(self) -> str:
        return f"<Mount {self.path or '/'} {self.app!r}>"
